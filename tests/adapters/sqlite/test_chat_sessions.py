"""What keeps changes of very many chat sessions short."""

from pathlib import Path

from orcheo_adapters.sqlite.store import SqliteStore
from tests import samples
from tests.adapters.sqlite.files import ask
from tests.conformance.keeping import keep

_OPEN = "SELECT count(*) FROM chat_sessions WHERE ended_at IS NULL"


async def test_many_are_ended_by_one_row(tmp_path: Path) -> None:
    """None of theirs is written: that could take seconds, and hundreds of megabytes of a disk that is full."""
    path = tmp_path / "orcheo.db"
    store = SqliteStore(path)
    await keep(store, samples.workflow(1), samples.workflow(2), samples.chat_session(1, of=2))
    await keep(store, *[samples.chat_session(number) for number in range(100, 200)])
    for workflow, left in (("wf_1", 101), ("wf_2", 100)):
        change = store.begin()
        change.chat_sessions.end_all(workflow, samples.moment(60))
        await change.commit()
        assert ask(path, _OPEN) == [(left,)]
    for number in (1, 100, 199):
        chat_session = await store.begin().chat_sessions.find(f"cs_{number}")
        assert chat_session
        assert chat_session.ended_at == samples.moment(60)
    await store.close()
