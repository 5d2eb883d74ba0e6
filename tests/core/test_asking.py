"""An owner asks a workflow of their own."""

import pytest

from orcheo_core.domain.items import Citation, Source
from orcheo_core.domain.run import SourceCited, TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import NoAnswer, ThreadNotFound, WorkflowNotFound
from orcheo_core.services.owners.asking import Asked
from orcheo_core.turns.register import ENDED, EVERYWHERE, SHUT_DOWN, Stop
from tests.core.hall import ADA, BOB, Hall, build_hall


@pytest.fixture
def hall() -> Hall:
    """A hall with a private workflow to add."""
    return build_hall()


async def ask(hall: Hall, text: str = "Hi", thread_id: str | None = None) -> Asked:
    """Ask, and wait for the answer."""
    return await hall.core.owner_services.asking.ask(ADA, "echo", text, thread_id)


async def test_a_private_workflow_answers_its_owner_with_its_sources(hall: Hall) -> None:
    """Under the owner's own name, so that the thread is told apart from visitors'; each source once."""
    await hall.add()
    source = Source(title="Handbook", url="https://example.org/handbook")
    hall.runners.script = (
        [
            TextDelta("Thirty "),
            SourceCited(Citation(source=source)),
            SourceCited(Citation(source=source, index=3)),
            TextDelta("days."),
        ],
    )
    asked = await ask(hall)
    assert asked.text == "Thirty days."
    assert asked.sources == (source,)
    thread = await hall.store.begin().threads.find(asked.thread_id)
    assert thread is not None
    assert thread.subject == Subject.owner(ADA.actor)


async def test_a_conversation_goes_on(hall: Hall) -> None:
    """In the thread of the first answer; one that does not exist is refused."""
    await hall.add()
    first = await ask(hall)
    second = await ask(hall, "And then?", first.thread_id)
    assert second.thread_id == first.thread_id
    assert len(await hall.items(first.thread_id)) == 4
    with pytest.raises(ThreadNotFound) as caught:
        await ask(hall, "Hi", "thr_nobody")
    assert caught.value.hint == (
        "Only a thread that you began yourself can be continued. Leave the id out to begin a new one."
    )


async def test_a_failed_answer_says_why(hall: Hall) -> None:
    """To its owner, who is asking."""
    await hall.add()
    hall.runners.script = ([TextDelta("So far ")], RuntimeError("no such table"))
    with pytest.raises(NoAnswer) as caught:
        await ask(hall)
    assert caught.value.detail
    assert "orcheo thread show thr_" in caught.value.hint


@pytest.mark.parametrize("why", [ENDED, SHUT_DOWN])
async def test_an_answer_that_was_stopped_is_no_answer(hall: Hall, why: Stop) -> None:
    """By the end of the server, or of all chats."""
    await hall.add()
    hall.runners.script = (
        [TextDelta("So far ")],
        lambda: hall.core.register.stop(why, EVERYWHERE),
        [TextDelta("and no more")],
    )
    with pytest.raises(NoAnswer):
        await ask(hall)


async def test_others_cannot_ask(hall: Hall) -> None:
    """They do not learn that there is such a workflow."""
    await hall.add()
    with pytest.raises(WorkflowNotFound):
        await hall.core.owner_services.asking.ask(BOB, "echo", "Hi", None)
