"""What later turns know of what was sent, shown and asked before."""

from collections.abc import AsyncIterator, Mapping

from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    EndingKind,
    EndOfTurnItem,
    GeneratedImageItem,
    Step,
    WidgetItem,
)
from orcheo_core.domain.items import TagInput, TextInput
from orcheo_core.domain.run import (
    ClientToolCalled,
    ContextKept,
    ImageShown,
    InputAsked,
    NoticeGiven,
    PastMessage,
    RunContext,
    RunEvent,
    StepNoted,
    TextDelta,
    WidgetShown,
)
from orcheo_core.domain.structured_input import InputStatus, Question, QuestionAnswer, StructuredInputItem
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.chatting import VisitorInput
from tests.core.harness import CoreHarness

CARD = {"type": "Card", "children": []}
TAG = TagInput(id="cat-1", text="the cat", data={"age": 3})
SIZE = Question(id="size", question="Which size?", options=("Small", "Large"))
NAME = Question(id="name", question="For whom?")


async def _bytes() -> AsyncIterator[bytes]:
    yield b"abc"


def context_of(harness: CoreHarness) -> RunContext:
    """What the latest run was given."""
    return harness.runners.runs[-1].request.context


async def past(harness: CoreHarness, visit: Visit, *events: RunEvent) -> tuple[PastMessage, ...]:
    """The history of the message after an answer of these events, without the message before it."""
    turn = await harness.answered(visit, [*events])
    await harness.answered(visit, thread_id=turn.thread_id, text="more")
    return context_of(harness).history[1:]


async def asked(harness: CoreHarness, answers: Mapping[str, QuestionAnswer], status: InputStatus) -> list[PastMessage]:
    """The history after two questions and what the visitor did with them, without the message before them."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [InputAsked(questions=(SIZE, NAME))])
    (item,) = [each for each in await harness.items(turn.thread_id) if isinstance(each, StructuredInputItem)]
    harness.runners.script = ([TextDelta("Thanks")],)
    await harness.core.chatting.add_structured_input(visit, turn.thread_id, item.id, status=status, answers=answers)
    await harness.background.run_all()
    await harness.answered(visit, thread_id=turn.thread_id, text="more")
    return list(context_of(harness).history[1:])


async def test_what_was_said_has_the_same_id_in_each_turn(harness: CoreHarness) -> None:
    """That of a visitor's message is the one that it had while it was answered."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("Hello")])
    first_id = context_of(harness).message_id
    seen = []
    for _ in range(2):
        await harness.answered(visit, thread_id=turn.thread_id, text="more")
        seen.append([past.id for past in context_of(harness).history[:2]])
    assert seen[0] == seen[1] == [first_id, (await harness.items(turn.thread_id))[1].id]


async def test_files_and_mentions_of_earlier_messages_are_there(harness: CoreHarness) -> None:
    """With their bytes and the page's own data; those of the message itself are beside it."""
    visit = await harness.visit()
    attachment = await harness.core.attaching.announce(visit, name="a.txt", size=3, mime_type="text/plain")
    await harness.core.attaching.receive(attachment.id, _bytes(), visit.leave)
    said = VisitorInput(content=(TextInput(text="see "), TAG), attachment_ids=(attachment.id,))
    turn = await harness.core.chatting.create_thread(visit, said)
    assert context_of(harness).tags == (TAG,)
    await harness.background.run_all()
    await harness.answered(visit, thread_id=turn.thread_id, text="more")
    assert (context_of(harness).tags, context_of(harness).attachments) == ((), ())
    first = context_of(harness).history[0]
    (sent,) = first.files
    assert (first.text, first.tags, sent.name, sent.read()) == ("see the cat", (TAG,), "a.txt", b"abc")


async def test_what_was_shown_is_there_with_its_words(harness: CoreHarness) -> None:
    """A widget by what *copy* takes, an image without words."""
    visit = await harness.visit()
    shown = WidgetShown(widget=CARD, copy_text="A list"), WidgetShown(widget=CARD), ImageShown(url="/cat.png")
    with_words, without, image = await past(harness, visit, *shown)
    assert isinstance(with_words.item, WidgetItem)
    assert (with_words.said_by, with_words.text, with_words.item.widget) == ("workflow", "A list", CARD)
    assert without.text == ""
    assert isinstance(image.item, GeneratedImageItem)
    assert (image.text, image.item.url) == ("", "/cat.png")


async def test_a_client_tool_call_is_there_with_its_output(harness: CoreHarness) -> None:
    """As the page gave it."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [ClientToolCalled(name="locate", arguments={"a": 1})])
    harness.runners.script = ([TextDelta("Paris")],)
    await harness.core.chatting.add_tool_output(visit, turn.thread_id, {"place": "Paris"})
    await harness.background.run_all()
    await harness.answered(visit, thread_id=turn.thread_id, text="more")
    call, said = context_of(harness).history[1:]
    assert isinstance(call.item, ClientToolCallItem)
    assert (call.text, call.item.name, call.item.arguments) == ("", "locate", {"a": 1})
    assert (call.item.output, said.text) == ({"place": "Paris"}, "Paris")


async def test_answered_questions_are_what_was_asked_and_what_the_visitor_said(harness: CoreHarness) -> None:
    """So a model reads them as a part of the conversation."""
    answers = {"size": QuestionAnswer(values=("Large",)), "name": QuestionAnswer(values=("Ada",))}
    questions, given, said = await asked(harness, answers, InputStatus.ANSWERED)
    assert questions.item is not None
    assert (questions.id, given.id) == (questions.item.id, f"{questions.item.id}-answers")
    assert (questions.said_by, questions.text) == ("workflow", "Which size?\nFor whom?")
    assert isinstance(questions.item, StructuredInputItem)
    assert (given.said_by, given.text, given.item) == ("visitor", "Which size? Large\nFor whom? Ada", None)
    assert said.text == "Thanks"


async def test_skipped_questions_have_no_answer(harness: CoreHarness) -> None:
    """The visitor said nothing."""
    questions, said = await asked(harness, {}, InputStatus.SKIPPED)
    assert (questions.text, said.text) == ("Which size?\nFor whom?", "Thanks")


async def test_steps_and_notices_are_no_part_of_the_history(harness: CoreHarness) -> None:
    """They stand beside what is said."""
    visit = await harness.visit()
    events = StepNoted(index=0, step=Step(title="Look")), NoticeGiven(message="Mind"), ContextKept(1), TextDelta("Hi")
    assert [(each.text, each.hidden) for each in await past(harness, visit, *events)] == [("", 1), ("Hi", None)]


async def test_an_answer_that_was_stopped_says_so(harness: CoreHarness) -> None:
    """Or a model takes it for a whole one, and goes on with the old request."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("Not said")])
    harness.cancel(turn)
    await harness.background.run_all()
    await harness.answered(visit, thread_id=turn.thread_id, text="more")
    (ending,) = context_of(harness).history[1:]
    assert isinstance(ending.item, EndOfTurnItem)
    assert ending.item.ending is not None
    assert (ending.said_by, ending.text, ending.item.ending.kind) == ("workflow", "", EndingKind.STOPPED)
