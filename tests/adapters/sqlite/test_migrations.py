"""Which files are opened, and what happens to the schema of those that are."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.errors import DatabaseUnreadable, SchemaTooNew
from orcheo_adapters.sqlite.migrations import FEWER_PAGES, PUBLICATION_NUMBERS, STEPS
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.items import AssistantItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.turn import TurnFault
from orcheo_core.errors import StorageUnavailable, TurnInProgress
from orcheo_core.ports.repositories.workflows import WorkflowRepository
from tests import samples
from tests.adapters.sqlite.files import ask, opened
from tests.conformance.keeping import keep

TABLES = "SELECT name, sql FROM sqlite_schema ORDER BY name"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database file will be."""
    return tmp_path / "orcheo.db"


def file_of_version(path: Path, version: int) -> bytes:
    """Make a database of this schema version; its bytes."""
    with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    return path.read_bytes()


def test_a_new_file_has_the_newest_schema_and_is_private(path: Path) -> None:
    """Opening a path where nothing is makes a database that only its owner can read."""
    with opened(path):
        assert path.stat().st_mode & 0o777 == 0o600
    assert ask(path, "PRAGMA user_version") == [(len(STEPS),)]
    assert ("workflows",) in [(name,) for name, _ in ask(path, TABLES)]


def test_files_beside_a_private_database_are_private_too(path: Path) -> None:
    """The write-ahead log holds the same rows, so no one else can read it either."""
    with opened(path):
        beside = [each for each in path.parent.iterdir() if each != path]
        assert {each.name for each in beside} == {"orcheo.db-wal", "orcheo.db-shm"}
        assert {each.stat().st_mode & 0o777 for each in beside} == {0o600}


async def test_a_reopened_file_keeps_its_rows_and_its_schema(path: Path) -> None:
    """The second opening migrates nothing."""
    first = SqliteStore(path)
    await keep(first, samples.workflow())
    await first.close()
    schema = ask(path, TABLES)
    second = SqliteStore(path)
    workflows: WorkflowRepository = second.begin().workflows
    assert await workflows.find("wf_1") == samples.workflow()
    await second.close()
    assert ask(path, TABLES) == schema


def test_a_file_of_a_newer_release_is_refused_untouched(path: Path) -> None:
    """Whoever goes back a release must find the file as the newer one left it."""
    before = file_of_version(path, len(STEPS) + 1)
    with pytest.raises(SchemaTooNew, match=f"version {len(STEPS) + 1}; this release of Orcheo knows up to"):
        SqliteStore(path)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["orcheo.db"]


def test_a_file_that_is_no_database_is_refused_untouched(path: Path) -> None:
    """A file of something else is neither read nor overwritten."""
    path.write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(DatabaseUnreadable, match=r"orcheo\.db cannot be opened"):
        SqliteStore(path)
    assert path.read_bytes() == b"Dear diary, " * 1_000


def test_a_truncated_database_is_refused(path: Path) -> None:
    """A copy that broke off half-way is noticed at the opening, not in the middle of a chat."""
    whole = file_of_version(path, len(STEPS))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatabaseUnreadable):
        SqliteStore(path)


@pytest.mark.parametrize("place", ["a folder", "below a file", "in no folder"])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, place: str) -> None:
    """The error names the path, whatever stands in the way."""
    (tmp_path / "a folder").mkdir()
    (tmp_path / "file").touch()
    paths = {"a folder": "a folder", "below a file": "file/orcheo.db", "in no folder": "nowhere/orcheo.db"}
    with pytest.raises(StorageUnavailable, match=paths[place]):
        SqliteStore(tmp_path / paths[place])


def test_a_migration_that_fails_leaves_nothing_behind(path: Path) -> None:
    """A file that someone else's program made, with a table of the same name as ours, stays as it was."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE threads (id)")
    with pytest.raises(DatabaseUnreadable, match="threads"):
        SqliteStore(path)
    assert ask(path, TABLES) == [("threads", "CREATE TABLE threads (id)")]
    assert ask(path, "PRAGMA user_version") == [(0,)]


async def test_publish_tokens_of_an_older_file_get_a_holder(path: Path) -> None:
    """Each its own, as the threads of programs were by their publish token's id."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in STEPS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        columns = "'wf_1', 'echo', 'Echo', '', 'ada', '{\"kind\": \"python\", \"target\": \"a:b\"}', 1, 1, 1"
        connection.execute(f"INSERT INTO workflows VALUES ({columns}, NULL, NULL, NULL, NULL, NULL)")
        connection.execute("INSERT INTO publish_tokens VALUES ('pt1', 'wf_1', 'p1', 'd', 1, NULL, NULL)")
        connection.execute("INSERT INTO chat_sessions VALUES ('cs_1', 'wf_1', 'anon:vis_1', 'page', 1, 2, NULL)")
        connection.commit()
    store = SqliteStore(path)
    token = await store.begin().publish_tokens.find("pt1")
    chat_session = await store.begin().chat_sessions.find("cs_1")
    assert token is not None
    assert chat_session is not None
    assert (token.holder_id, chat_session.app_user) == ("pt1", None)
    await store.close()


async def test_chat_sessions_of_an_older_file_belong_to_the_publication_that_they_were_opened_under(path: Path) -> None:
    """One from before the workflow was published again is renewed as little as before."""
    with closing(sqlite3.connect(path)) as connection:
        for step in STEPS[: STEPS.index(PUBLICATION_NUMBERS)]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {STEPS.index(PUBLICATION_NUMBERS)}")
        runner = '{"kind": "python", "target": "a:b"}'
        connection.execute(
            "INSERT INTO workflows (id, handle, name, description, owner, runner, created_at, updated_at, revision, "
            "published_at, published_by, require_login, publish_token_id) "
            f"VALUES ('wf_1', 'echo', 'Echo', '', 'ada', '{runner}', 1, 1, 1, 5, 'ada', 0, 'pt1')"
        )
        for number, opened_at in ((1, 4), (2, 5)):
            row = f"'cs_{number}', 'wf_1', 'anon:vis_1', 'page', {opened_at}, 9, NULL, NULL"
            connection.execute(f"INSERT INTO chat_sessions VALUES ({row})")
        connection.commit()
    store = SqliteStore(path)
    workflow = await store.begin().workflows.find("wf_1")
    found = [await store.begin().chat_sessions.find(f"cs_{number}") for number in (1, 2)]
    assert workflow is not None
    assert [each.publication_number == workflow.publication_number for each in found if each] == [False, True]
    await store.close()


async def test_threads_of_an_older_file_keep_all_that_was_said_judged_and_found(path: Path) -> None:
    """Items, turns, feedback and the search index get other keys; the turn that ran is found by the recovery."""
    older = STEPS.index(FEWER_PAGES)
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("audit_link", 2, lambda *_: "", deterministic=True)
        connection.create_function("folded", 1, lambda text: text, deterministic=True)
        for step in STEPS[:older]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {older}")
        runner = '{"kind": "python", "target": "a:b"}'
        connection.execute(
            "INSERT INTO workflows (id, handle, name, description, owner, runner, created_at, updated_at, revision) "
            f"VALUES ('wf_1', 'echo', 'Echo', '', 'ada', '{runner}', 1, 1, 1)"
        )
        for thread in (1, 2):
            connection.execute(f"INSERT INTO threads VALUES ('thr_{thread}', 'wf_1', 'anon:vis_1', 1, 1, NULL, 0)")
            body = f'{{"content": [{{"text": "xylophone {thread}", "citations": []}}]}}'
            connection.execute(
                f"INSERT INTO items VALUES ('msg_{thread}', 'thr_{thread}', 'trn_{thread}', 1, 'assistant', '{body}')"
            )
            connection.execute(f"INSERT INTO feedback VALUES ('thr_{thread}', 'msg_{thread}', 'positive', 1)")
        ended = "'msg_0', 'msg_1', 1, 'failed', 2, 'key', '[]', 3, 4, 1, 'failed', 'it broke'"
        connection.execute(f"INSERT INTO turns VALUES ('trn_1', 'wf_1', 'thr_1', 'anon:vis_1', {ended})")
        running = "'msg_0', 'msg_2', 1, 'running', NULL, NULL, '[]', NULL, NULL, 0, NULL, NULL"
        connection.execute(f"INSERT INTO turns VALUES ('trn_2', 'wf_1', 'thr_2', 'anon:vis_1', {running})")
        connection.execute("INSERT INTO indexed_items VALUES (7, 'msg_1', 'thr_1')")
        connection.execute("INSERT INTO item_texts (rowid, text) VALUES (7, 'xylophone 1')")
        connection.commit()
    store = SqliteStore(path)
    found = store.begin()
    threads = await found.threads.page(ThreadFilter(words=("xylophone",)), PageQuery(limit=9))
    assert [each.id for each in threads.entries] == ["thr_1"]  # the other one's turn has not ended
    assert [each.item_id for each in await found.feedback.of_thread("thr_2")] == ["msg_2"]
    item, turn = await found.items.find("thr_1", "msg_1"), await found.turns.latest("thr_1")
    assert isinstance(item, AssistantItem)
    assert turn is not None
    assert (item.content[0].text, turn.fault) == ("xylophone 1", TurnFault("failed", "it broke"))
    assert turn == await found.turns.find_by_key("wf_1", turn.subject, "key")
    assert [each.id for each in await found.turns.running()] == ["trn_2"]
    with pytest.raises(TurnInProgress):
        await keep(store, samples.turn(3, thread_id="thr_2"))
    found.threads.remove("thr_1")
    await found.commit()
    await store.close()
    assert ask(path, "SELECT count(*) FROM feedback") == [(1,)]
    assert ask(path, "SELECT count(*) FROM indexed_items") == ask(path, "SELECT count(*) FROM item_texts") == [(0,)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "PRAGMA foreign_key_check") == []
