"""Threads with long messages and long answers."""

from pathlib import Path

from attrs import evolve

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.component_items import ClientToolCallItem
from orcheo_core.domain.items import TextInput, UserItem
from orcheo_core.domain.pages import PAGE_BYTES, PageQuery
from orcheo_core.domain.run import RunContext
from orcheo_core.domain.workflow import HISTORY_BYTES
from tests.app_server import TestServer, build_app_server, events_of

LONG = "x" * 100_000
HISTORY: list[str] = []


def remembers(_text: str, context: RunContext) -> str:
    """Keep what it was given."""
    HISTORY[:] = [past.text for past in context.history]
    return "done"


async def _say(app_server: TestServer, grant: str, text: str, thread_id: str | None = None) -> list[dict[str, object]]:
    said = {"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}}
    if thread_id is None:
        return events_of(await app_server.chatkit(grant, "threads.create", input=said))
    return events_of(await app_server.chatkit(grant, "threads.add_user_message", thread_id=thread_id, input=said))


async def test_a_workflow_gets_the_newest_of_a_long_history(tmp_path: Path) -> None:
    """About a mebibyte: a bound in messages alone would let one visitor fill the memory with a few runs."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    async with build_app_server(store) as app_server:
        await app_server.publish()
        grant = await app_server.grant()
        thread: dict[str, str] = (await _say(app_server, grant, "the first"))[0]["thread"]  # type: ignore[assignment]
        for _ in range(6):
            await _say(app_server, grant, LONG, thread["id"])
        await _say(app_server, grant, "the last", thread["id"])
        await app_server.result("workflows.edit", ref="echo", target="tests.http.test_long_histories:remembers")
        await _say(app_server, grant, "?", thread["id"])
        assert 0.8 * HISTORY_BYTES < sum(map(len, HISTORY)) <= HISTORY_BYTES
        assert HISTORY[-1] == "the last"
        assert "the first" not in HISTORY
    await store.close()


async def test_the_output_of_a_call_is_answered_without_reading_megabytes(tmp_path: Path) -> None:
    """Calls without output are removed as far back as a page of items goes, which is bounded in bytes too."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    async with build_app_server(store) as app_server:
        await app_server.publish()
        grant = await app_server.grant()
        thread: dict[str, str] = (await _say(app_server, grant, "the first"))[0]["thread"]  # type: ignore[assignment]
        said = (await store.begin().items.page(thread["id"], PageQuery())).entries[0]
        assert isinstance(said, UserItem)
        change = store.begin()
        ids = [f"msg_{'z' * 25}{number}" for number in range(5)]
        for at in (0, 3, 4):
            call = ClientToolCallItem(
                id=ids[at],
                thread_id=said.thread_id,
                turn_id=said.turn_id,
                created_at=said.created_at,
                call_id=ids[at],
                name="ask",
                arguments={},
            )
            change.items.save(call)
        for at in (1, 2):
            change.items.save(evolve(said, id=ids[at], content=(TextInput(text="x" * (PAGE_BYTES * 2 // 3)),)))
        await change.commit()
        await app_server.chatkit(grant, "threads.add_client_tool_output", thread_id=thread["id"], result={"yes": True})
        kept = [await store.begin().items.find(thread["id"], each) for each in ids]
        assert [each is not None for each in kept] == [True, True, True, False, True]
    await store.close()
