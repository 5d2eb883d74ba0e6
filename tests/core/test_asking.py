"""An owner asks a workflow of their own."""

import pytest

from orcheo_core.domain.component_items import Step, StepKind
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import (
    ClientToolCalled,
    ContextKept,
    CutShort,
    InputAsked,
    NoticeGiven,
    SourceCited,
    StepNoted,
    TextDelta,
    WidgetShown,
)
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import Question
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import NoAnswer, StorageUnavailable, ThreadNotFound, WorkflowNotFound
from orcheo_core.services.owners.asking import Asked
from orcheo_core.turns.register import ENDED, EVERYWHERE, SHUT_DOWN, Stop
from tests.core.harness import ADA, BOB, CoreHarness, build_hall


@pytest.fixture
def harness() -> CoreHarness:
    """A harness with a private workflow to add."""
    return build_hall()


async def ask(harness: CoreHarness, text: str = "Hi", thread_id: str | None = None) -> Asked:
    """Ask, and wait for the answer."""
    return await harness.core.owner_services.asking.ask(ADA, "echo", text, thread_id)


async def test_a_private_workflow_answers_its_owner_with_its_sources(harness: CoreHarness) -> None:
    """Under the owner's own name, so that the thread is told apart from visitors'; each source once."""
    await harness.add()
    source = Source(title="Handbook", url="https://example.org/handbook")
    harness.runners.script = (
        [
            TextDelta("Thirty "),
            SourceCited(Citation(source=source)),
            SourceCited(Citation(source=source, index=3)),
            TextDelta("days."),
        ],
    )
    asked = await ask(harness)
    assert asked.text == "Thirty days."
    assert asked.sources == (source,)
    thread = await harness.store.begin().threads.find(asked.thread_id)
    assert thread is not None
    assert thread.subject == Subject.owner(ADA.actor)


async def test_a_conversation_goes_on(harness: CoreHarness) -> None:
    """In the thread of the first answer; one that does not exist is refused."""
    await harness.add()
    first = await ask(harness)
    second = await ask(harness, "And then?", first.thread_id)
    assert second.thread_id == first.thread_id
    assert len(await harness.items(first.thread_id)) == 4
    with pytest.raises(ThreadNotFound) as caught:
        await ask(harness, "Hi", "thr_nobody")
    assert caught.value.hint == (
        "Only a thread that you began yourself can be continued. Leave the id out to begin a new one."
    )


async def test_a_failed_answer_says_why(harness: CoreHarness) -> None:
    """To its owner, who is asking."""
    await harness.add()
    harness.runners.script = ([TextDelta("So far ")], RuntimeError("no such table"))
    with pytest.raises(NoAnswer) as caught:
        await ask(harness)
    assert caught.value.detail
    assert "orcheo thread show thr_" in caught.value.hint


async def test_an_answer_is_what_a_visitor_reads(harness: CoreHarness) -> None:
    """Not what the workflow thought, did or kept for itself; the options of a question and a widget are in it."""
    await harness.add()
    harness.runners.script = (
        [
            StepNoted(index=0, step=Step(kind=StepKind.THOUGHT, content="They seem angry.")),
            ContextKept("remember: angry"),
            TextDelta("Sorry."),
            WidgetShown(widget={"type": "Card", "children": []}),
            InputAsked(
                questions=(Question(id="a", question="Which?", options=("S", "M")), Question(id="b", question="Why?"))
            ),
        ],
    )
    asked = await ask(harness)
    assert asked.text == 'Sorry.\n\n{"type": "Card", "children": []}\n\nWhich? (S / M)\nWhy?'
    assert asked.notices == ()


async def test_a_call_of_a_tool_of_the_page_is_not_taken_for_an_answer(harness: CoreHarness) -> None:
    """Its name alone would be."""
    await harness.add()
    harness.runners.script = ([ClientToolCalled(name="locate", arguments={"near": "Rome"})],)
    assert (await ask(harness)).text == 'Calls a tool of the page: locate({"near": "Rome"})'


async def test_an_answer_that_is_not_whole_says_so(harness: CoreHarness) -> None:
    """With the words that the visitor saw beside it, and the reason for the owner."""
    await harness.add()
    harness.runners.script = (
        [TextDelta("Half an"), NoticeGiven(message="Cut off."), CutShort(code="cut", reason="The limit is 5 tokens.")],
    )
    asked = await ask(harness)
    assert asked.text == "Half an"
    assert asked.notices == ("Cut off.", "The limit is 5 tokens.")


@pytest.mark.parametrize("why", [ENDED, SHUT_DOWN])
async def test_an_answer_that_was_stopped_is_no_answer(harness: CoreHarness, why: Stop) -> None:
    """By the end of the server, or of all chats."""
    await harness.add()
    harness.runners.script = (
        [TextDelta("So far ")],
        lambda: harness.core.register.stop(why, EVERYWHERE),
        [TextDelta("and no more")],
    )
    with pytest.raises(NoAnswer):
        await ask(harness)


async def test_an_answer_that_could_not_be_saved_is_no_answer(harness: CoreHarness) -> None:
    """On a full disk the store still has it as running."""
    await harness.add()

    def fill_the_disk() -> None:
        harness.store.error = StorageUnavailable()

    harness.runners.script = (fill_the_disk, [TextDelta("Hi")])
    with pytest.raises(NoAnswer, match="could not be saved") as caught:
        await ask(harness)
    assert "doctor" in caught.value.hint


async def test_others_cannot_ask(harness: CoreHarness) -> None:
    """They do not learn that there is such a workflow."""
    await harness.add()
    with pytest.raises(WorkflowNotFound):
        await harness.core.owner_services.asking.ask(BOB, "echo", "Hi", None)
