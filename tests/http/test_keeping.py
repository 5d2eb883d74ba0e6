"""What strangers leave behind is gone when its time is over, and nothing is kept that the table does not name."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from orcheo_adapters.server.local_owner import local_caller
from orcheo_adapters.server.process import do_housekeeping, open_server
from orcheo_adapters.server.stores import open_store
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.data_folder import DataFolder
from orcheo_core.domain.actor import SERVER_NAME
from orcheo_core.domain.keeping import KEPT, SPENT_IDS, Place
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.services.visitors.admitting import Visit
from tests.adapters.sqlite.files import ask
from tests.app_server import USER_INPUT, TestServer, build_app_server

MONTH = timedelta(days=30)
_STAYS = {
    "kept_text",
    "workflows",
    "publish_tokens",
    "service_tokens",
    "threads",
    "items",
    "turns",
    "audit",
    "audit_chain",
    "spent_ids",
}
"""What is kept for good in these tests: nothing else may be left of a flood. Of used-up ids it is one row a purpose."""
_INDEX = {"indexed_items", "item_texts"}


def tables_of(path: Path) -> set[str]:
    """The tables of a database, those that a virtual one is made of included."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {name for (name,) in rows if not name.startswith("sqlite_")}


def files_of(folder: Path) -> Iterator[str]:
    """The files below a folder, by their paths from there."""
    return (str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


async def test_the_table_names_each_table_of_the_database(tmp_path: Path) -> None:
    """And no table that is not there."""
    await SqliteStore(tmp_path / "orcheo.db").close()
    tables = tables_of(tmp_path / "orcheo.db")
    assert {each for each in tables if not any(kept.holds(each) for kept in KEPT)} == set()
    named = {each for kept in KEPT if kept.place is Place.ROWS for each in kept.where if each.isidentifier()}
    assert named - tables == set()


async def test_the_table_names_each_file_of_a_data_folder_in_use(tmp_path: Path) -> None:
    """With an attachment, and an upload that is under way."""
    settings = ServerSettings.load(environment={"ORCHEO_DATA_DIR": str(tmp_path)})
    folder = DataFolder(tmp_path)
    folder.prepare()
    arrived, go = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"a"
        arrived.set()
        await go.wait()
        yield b"bc"

    async def at_once() -> AsyncIterator[bytes]:
        yield b"abc"

    with folder.locked("http://127.0.0.1:1"):
        async with open_server(settings, open_store("sqlite", folder)) as orcheo:
            core = orcheo.core
            spec = RunnerSpec(kind="python", target="tests.workflows:echo")
            workflow, _ = await core.registering.add(
                local_caller(), handle="echo", name=None, description="", runner=spec
            )
            visit = Visit(workflow=workflow, subject=Subject("anon:vis_1"))
            first, second = [
                await core.attaching.announce(visit, name="a", size=3, mime_type="text/plain") for _ in "ab"
            ]
            await core.attaching.receive(first.id, at_once(), visit.leave)
            upload = asyncio.create_task(core.attaching.receive(second.id, slowly(), visit.leave))
            await arrived.wait()
            found = set(files_of(tmp_path))
            go.set()
            await upload
    assert {each for each in found if not any(kept.holds(each) for kept in KEPT)} == set()
    assert any(each.endswith(".part") for each in found)


async def flood(app_server: TestServer) -> None:
    """What strangers can leave: chat sessions, threads, announcements, files, used-up ids, refusals."""
    for _ in range(20):
        grant = await app_server.grant()
        app_server.client.cookies.clear()
    await app_server.chatkit(grant, "threads.create", input=USER_INPUT)
    for number in range(20):
        answer = await app_server.chatkit(grant, "attachments.create", name="a.txt", size=3, mime_type="text/plain")
        announced = answer.json()["upload_descriptor"]
        if number % 2:
            await app_server.client.put(announced["url"], content=b"abc", headers=announced["headers"])
        await app_server.chatkit(f"{grant}x", "threads.list")
    for spent in app_server.orcheo.spent_ids:
        for number in range(5):
            await spent.spend(f"id{number}")
    await app_server.orcheo.background.wait()


async def test_nothing_is_left_of_a_flood_after_a_month(tmp_path: Path) -> None:
    """Neither rows nor bytes, but for what people said and did; with a retention not even the threads.

    Findings: what is over is forgotten.
    """
    path = tmp_path / "orcheo.db"
    store = SqliteStore(path, synchronous="OFF")
    async with build_app_server(store) as app_server:
        await app_server.publish()
        await flood(app_server)
        await do_housekeeping(app_server.orcheo, store, None)
        counts = {table: ask(path, f"SELECT count(*) FROM {table}")[0][0] for table in tables_of(path)}
        assert min(counts["chat_sessions"], counts["attachments"], counts["spent_ids"]) >= 20
        core = app_server.orcheo.core
        assert core.holding._shares_of.cache_info().currsize == 0
        assert core.limiting._charges_of_turn.cache_info().currsize == 0
        app_server.clock.advance(MONTH)
        await do_housekeeping(app_server.orcheo, store, None)
        left = {table for table in tables_of(path) if ask(path, f"SELECT 1 FROM {table} LIMIT 1")}
        assert ask(path, "SELECT count(*) FROM spent_ids WHERE id <> ''") == [(0,)]
        assert {each for each in left if not each.startswith("item_texts_")} == _STAYS | _INDEX
        assert ask(path, "SELECT count(*) FROM threads WHERE id NOT IN (SELECT thread_id FROM items)") == [(0,)]
        refused = ask(path, f"SELECT count(*) FROM audit WHERE actor = '{SERVER_NAME}'")
        assert refused == [(1,)]
        await do_housekeeping(app_server.orcheo, store, MONTH - timedelta(days=1))
        assert (await store.begin().threads.page(ThreadFilter(), PageQuery())).entries == ()
        assert ask(path, "SELECT count(*) FROM indexed_items") == [(0,)]
        assert ask(path, "SELECT * FROM kept_text") == []
        assert list(app_server.files.ids()) == []
    await store.close()


async def test_the_used_up_ids_of_every_purpose_are_in_the_table(app_server: TestServer) -> None:
    """With the lifetime by which they are removed, also of what is switched off."""
    kept = {each.purpose: each.lifetime for each in app_server.orcheo.spent_ids}
    assert kept == {purpose: each.lifetime for purpose, each in SPENT_IDS.items()}
