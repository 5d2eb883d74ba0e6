"""What begins a turn, and what does not."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest
from attrs import evolve

from orcheo_adapters.memory.attachment_files import MemoryAttachmentFiles
from orcheo_adapters.memory.conversations import MemoryItemRepository
from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.component_items import ClientToolCallItem, HiddenItem, WidgetItem
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AssistantItem, InferenceOptions, Item, TextInput, UserItem
from orcheo_core.domain.run import (
    ActionTaken,
    AnswerEnded,
    ClientToolCalled,
    ContextKept,
    EffectCaused,
    ImageShown,
    InputAsked,
    NoticeGiven,
    ProgressNote,
    RunEvent,
    TextDelta,
    TitleGiven,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.structured_input import InputStatus, Question, QuestionAnswer
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.thread_events import ItemDone, ItemReplaced, ThreadCreated, ThreadUpdated, TurnTrouble
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.errors import (
    ActionFailed,
    ActionNotTaken,
    IdempotencyKeyReused,
    ItemNotFound,
    NothingPending,
    ServerStopping,
    ThreadNotFound,
    TurnInProgress,
)
from orcheo_core.ports.unit_of_work import DuplicateTurn
from orcheo_core.services.visitors.acting import ActionInput, _Said
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.chatting import VisitorInput
from orcheo_core.turns.draft import TurnDraft
from orcheo_core.turns.live import Pace
from tests.core.harness import CoreHarness
from tests.fakes.background import FakeBackground
from tests.fakes.clock import START

CARD = {"type": "Card", "children": []}
CALL = ClientToolCalled(name="locate")
ASKED = InputAsked(questions=(Question(id="q", question="Why?"),))


def said(text: str = "Hi", **fields: Any) -> VisitorInput:
    return VisitorInput(content=(TextInput(text=text),), **fields)


async def last_item(harness: CoreHarness, turn: Turn) -> Any:
    return (await harness.items(turn.thread_id))[-1]


async def test_a_repeated_key_gives_the_first_turn(harness: CoreHarness) -> None:
    """While it runs and after."""
    visit = await harness.visit()
    first = await harness.core.chatting.create_thread(visit, said("one", idempotency_key="k"))
    again = await harness.core.chatting.create_thread(visit, said("one", idempotency_key="k"))
    assert again.id == first.id
    assert len(await harness.items(first.thread_id)) == 1


async def test_a_key_with_another_message_is_no_repetition(harness: CoreHarness) -> None:
    """Nothing that was acknowledged may be dropped in silence: not another text, not another thread."""
    visit = await harness.visit()
    chatting = harness.core.chatting
    first = await harness.answered(visit, text="one")
    other = await harness.answered(visit, text="two")
    await chatting.add_user_item(visit, first.thread_id, said("three", idempotency_key="k"))
    await harness.background.run_all()
    for attempt in (
        chatting.add_user_item(visit, first.thread_id, said("four", idempotency_key="k")),
        chatting.add_user_item(visit, other.thread_id, said("three", idempotency_key="k")),
        chatting.create_thread(visit, said("four", idempotency_key="k")),
        chatting.retry(visit, other.thread_id, other.user_item_id, idempotency_key="k"),
    ):
        with pytest.raises(IdempotencyKeyReused):
            await attempt


async def test_a_repeat_after_the_events_are_gone_is_told_what_came_of_it(harness: CoreHarness) -> None:
    """After a restart, say: the items as they are, and how the turn ended."""
    visit = await harness.visit()
    first = await harness.answered(visit, [TextDelta("Yes.")], text="one")
    told = await harness.core.own_threads.replay(visit, await harness.latest(first.thread_id))
    assert [type(each) for each in told] == [ThreadCreated, ItemDone, ItemDone]
    second = await harness.ask(visit, [TextDelta("No")], text="two", thread_id=first.thread_id)
    await harness.core.engine.recover()
    told = await harness.core.own_threads.replay(visit, await harness.latest(first.thread_id))
    assert [type(each) for each in told] == [ThreadUpdated, ItemDone, ItemDone, TurnTrouble]
    assert second.thread_id == first.thread_id


async def test_a_repeat_whose_first_turn_is_gone_is_unknown(harness: CoreHarness) -> None:
    """The thread was deleted between the two."""
    visit = await harness.visit()
    harness.store.error = DuplicateTurn()
    with pytest.raises(ThreadNotFound):
        await harness.core.chatting.create_thread(visit, said(idempotency_key="k"))


async def test_two_requests_with_one_key_at_the_same_time_are_one_turn(harness: CoreHarness) -> None:
    """The second looks for the first before that is stored, and is told of it by the store."""
    visit = await harness.visit()
    first = await harness.core.chatting.create_thread(visit, said(idempotency_key="k"))
    harness.store.overlooks = 1
    assert (await harness.core.chatting.create_thread(visit, said(idempotency_key="k"))).id == first.id


async def test_a_run_that_says_what_no_run_says_has_failed(harness: CoreHarness) -> None:
    """It is the workflow's fault, and the turn ends."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [cast(RunEvent, TextInput(text="an event of a later release"))])
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.FAILED


def test_text_of_an_action_without_a_turn_is_left_out() -> None:
    """There is no answer that it could belong to; the log names it once."""
    thread = Thread(id="thr_1", workflow_id="wf_1", subject=Subject("anon:vis_1"), created_at=START, updated_at=START)
    item = ItemBase(id="msg_1", thread_id="thr_1", turn_id="trn_1", created_at=START)
    draft = TurnDraft(thread=thread, stamp=lambda: item, limits=PartLimits())
    heard = _Said(draft, MemoryStore(), MemoryAttachmentFiles(), Pace(FakeBackground().pause))
    assert heard.text("one")
    assert heard.text("two")
    assert (heard.kept, list(heard.left_out)) == ([], ["TextDelta"])


async def test_a_repeated_retry_gives_the_first_one(harness: CoreHarness) -> None:
    """While it runs and after."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    retry = harness.core.chatting.retry
    first = await retry(visit, turn.thread_id, turn.user_item_id, idempotency_key="r")
    assert await retry(visit, turn.thread_id, turn.user_item_id, idempotency_key="r") == first


async def test_a_thread_has_one_running_turn(harness: CoreHarness) -> None:
    """The second message waits for the visitor, not in the server."""
    visit = await harness.visit()
    turn = await harness.ask(visit)
    with pytest.raises(TurnInProgress):
        await harness.ask(visit, thread_id=turn.thread_id)


async def test_nobody_writes_into_another_visitors_thread(harness: CoreHarness) -> None:
    """It is as unknown as none."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    stranger = evolve(visit, subject=Subject("anon:other"))
    for attempt in (
        harness.ask(stranger, thread_id=turn.thread_id),
        harness.core.chatting.retry(stranger, turn.thread_id, turn.user_item_id),
        harness.core.chatting.cancel(stranger, turn.thread_id),
        harness.core.chatting.add_tool_output(stranger, turn.thread_id, 1),
        harness.core.chatting.act(stranger, turn.thread_id, ActionInput(type="a")),
    ):
        with pytest.raises(ThreadNotFound):
            await attempt


async def test_a_stopping_server_begins_no_turn(harness: CoreHarness) -> None:
    """And keeps nothing of the message."""
    visit = await harness.visit()
    harness.core.register.close()
    with pytest.raises(ServerStopping):
        await harness.ask(visit)


async def test_the_run_gets_what_the_visitor_sent_and_what_was_said_before(harness: CoreHarness) -> None:
    """Text, quote, wishes and history."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("first")], text="one")
    wished = InferenceOptions(model="large")
    await harness.core.chatting.add_user_item(
        visit, turn.thread_id, said("two", quoted_text="first", inference_options=wished)
    )
    request = harness.runners.runs[-1].request
    assert (request.text, request.context.quoted_text, request.context.inference_options) == ("two", "first", wished)
    assert [(past.said_by, past.text) for past in request.context.history] == [
        ("visitor", "one"),
        ("workflow", "first"),
    ]


async def test_a_retry_replaces_the_answer_once_the_new_one_is_durable(harness: CoreHarness) -> None:
    """Until then the old one stays."""
    visit = await harness.visit()
    first = await harness.answered(visit, [TextDelta("old")])
    harness.runners.script = ([TextDelta("new")],)
    retried = await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id)
    assert [each.text for each in await harness.items(first.thread_id) if isinstance(each, AssistantItem)] == ["old"]
    await harness.background.run_all()
    items = await harness.items(first.thread_id)
    assert [each.text for each in items if isinstance(each, AssistantItem)] == ["new"]
    assert harness.runners.runs[-1].request.context.history == ()
    assert retried.replaces


async def test_a_failed_retry_keeps_the_old_answer(harness: CoreHarness) -> None:
    """Nothing is lost to an attempt."""
    visit = await harness.visit()
    first = await harness.answered(visit, [TextDelta("old")])
    harness.runners.script = (ValueError("no"),)
    await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id)
    await harness.background.run_all()
    assert [each.text for each in await harness.items(first.thread_id) if isinstance(each, AssistantItem)] == ["old"]


async def test_a_stopped_try_goes_when_the_next_one_begins(harness: CoreHarness) -> None:
    """Its half answer would look whole beside the next one, which may be stopped too; a whole answer stays."""
    visit = await harness.visit()
    first = await harness.answered(visit, [TextDelta("whole")])
    for said in ("half", "third"):
        harness.runners.script = ([TextDelta(said)], ValueError("no"))
        await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id)
        await harness.background.run_all()
        items = await harness.items(first.thread_id)
        assert [each.text for each in items if isinstance(each, AssistantItem)] == ["whole", said]
        assert [type(each).__name__ for each in items][-1] == "EndOfTurnItem"
    harness.runners.script = ([TextDelta("new")],)
    await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id)
    await harness.background.run_all()
    items = await harness.items(first.thread_id)
    assert [type(each).__name__ for each in items] == ["UserItem", "AssistantItem"]


async def test_a_retry_of_an_earlier_message_keeps_what_follows(harness: CoreHarness) -> None:
    """Until its answer is there: the last try answers another message."""
    visit = await harness.visit()
    first = await harness.answered(visit, [TextDelta("one")])
    await harness.answered(visit, [TextDelta("half")], ValueError("no"), thread_id=first.thread_id)
    before = await harness.items(first.thread_id)
    harness.runners.script = (ValueError("no"),)
    await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id)
    await harness.background.run_all()
    assert (await harness.items(first.thread_id))[: len(before)] == before


async def test_a_retry_of_a_long_tail_replaces_all_of_it(harness: CoreHarness) -> None:
    """More than one page of items."""
    visit = await harness.visit()
    first = await harness.answered(visit, *([WidgetShown(widget=CARD)] for _ in range(130)))
    retried = await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id)
    assert len(retried.replaces) == 130


async def test_a_changed_message_is_answered_in_the_place_of_the_old_one(harness: CoreHarness) -> None:
    """The old answer goes at once, also when the new one fails; the same request again gives the same turn."""
    visit = await harness.visit()
    first = await harness.answered(visit, [TextDelta("old")])
    harness.runners.script = (ValueError("no"),)
    words = {"content": (TextInput(text="Another question"),), "idempotency_key": "edit"}
    edited = await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id, **words)  # type: ignore[arg-type] # of two kinds
    await harness.background.run_all()
    items = await harness.items(first.thread_id)
    assert [type(each).__name__ for each in items] == ["UserItem", "EndOfTurnItem"]
    assert isinstance(items[0], UserItem)
    assert items[0].text == "Another question"
    assert harness.runners.runs[-1].request.text == "Another question"
    again = await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id, **words)  # type: ignore[arg-type] # of two kinds
    assert again.id == edited.id
    other = {**words, "content": (TextInput(text="A third"),)}
    with pytest.raises(IdempotencyKeyReused):
        await harness.core.chatting.retry(visit, first.thread_id, first.user_item_id, **other)  # type: ignore[arg-type] # of two kinds


async def test_only_a_visitors_item_can_be_answered_again(harness: CoreHarness) -> None:
    """Not an answer."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    with pytest.raises(ItemNotFound):
        await harness.core.chatting.retry(visit, turn.thread_id, turn.answer_id)


async def test_a_tool_output_goes_on_once(harness: CoreHarness) -> None:
    """A repeated key gives the same turn although nothing waits any more; without it there is nothing to answer."""
    visit = await harness.visit()
    asked = await harness.answered(visit, [CALL, CALL])
    dangling = (await harness.items(asked.thread_id))[1]
    harness.runners.script = ([TextDelta("there")],)
    go_on = harness.core.chatting.add_tool_output
    turn = await go_on(visit, asked.thread_id, {"at": 1}, idempotency_key="k")
    assert await go_on(visit, asked.thread_id, {"at": 1}, idempotency_key="k") == turn
    await harness.background.run_all()
    with pytest.raises(NothingPending):
        await go_on(visit, asked.thread_id, {"at": 2})
    items = await harness.items(asked.thread_id)
    calls = [each for each in items if isinstance(each, ClientToolCallItem)]
    assert [(each.output, each.is_pending) for each in calls] == [({"at": 1}, False)]
    assert dangling.id not in {each.id for each in items}
    assert harness.runners.runs[-1].request.context.cause == calls[0]
    assert harness.runners.runs[-1].request.text == '{"at": 1}'


async def test_questions_are_answered_once(harness: CoreHarness) -> None:
    """And by their own id."""
    visit = await harness.visit()
    asked = await harness.answered(visit, [ASKED])
    item = await last_item(harness, asked)
    answers = {"q": QuestionAnswer(values=("because",))}

    async def answer(item_id: str, key: str | None = None) -> Turn:
        return await harness.core.chatting.add_structured_input(
            visit, asked.thread_id, item_id, status=InputStatus.ANSWERED, answers=answers, idempotency_key=key
        )

    with pytest.raises(ItemNotFound):
        await answer(asked.user_item_id)
    turn = await answer(item.id, "k")
    assert await answer(item.id, "k") == turn
    await harness.background.run_all()
    with pytest.raises(NothingPending):
        await answer(item.id)


@pytest.mark.parametrize("what", ["questions", "tool"])
async def test_what_was_given_is_given_again_after_a_failure(harness: CoreHarness, what: str) -> None:
    """The questions are not asked again; what the failed try has left goes. A whole answer is not for this."""
    visit = await harness.visit()
    first = await harness.answered(visit, [ASKED if what == "questions" else CALL, ContextKept("kept")])
    [*_, item] = [each for each in await harness.items(first.thread_id) if not isinstance(each, HiddenItem)]
    chatting, thread_id = harness.core.chatting, first.thread_id
    with pytest.raises(ItemNotFound):
        await chatting.retry(visit, thread_id, item.id)
    harness.runners.script = ([TextDelta("half")], ValueError("no"))
    answers = {"q": QuestionAnswer(values=("because",))}
    if what == "questions":
        await chatting.add_structured_input(visit, thread_id, item.id, status=InputStatus.ANSWERED, answers=answers)
    else:
        await chatting.add_tool_output(visit, thread_id, {"at": 1})
    await harness.background.run_all()
    failed = harness.runners.runs[-1].request
    before = await harness.items(thread_id)
    harness.runners.script = ([TextDelta("whole")],)
    again = await chatting.retry(visit, thread_id, item.id, idempotency_key="r")
    assert await chatting.retry(visit, thread_id, item.id, idempotency_key="r") == again
    await harness.background.run_all()
    request = harness.runners.runs[-1].request
    assert (request.text, request.context.cause, request.context.history) == (
        failed.text,
        failed.context.cause,
        failed.context.history,
    )
    assert failed.context.history
    items = await harness.items(thread_id)
    assert items[:-1] == before[:-2]
    assert [each.text for each in items if isinstance(each, AssistantItem)] == ["whole"]
    with pytest.raises(ItemNotFound):
        await chatting.retry(visit, thread_id, item.id)


async def test_a_retry_removes_nothing_that_was_said_meanwhile(
    harness: CoreHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that comes and is answered between what the retry reads stays, with its answer."""
    visit = await harness.visit()
    first = await harness.answered(visit, [ASKED])
    [*_, item] = await harness.items(first.thread_id)
    chatting, thread_id = harness.core.chatting, first.thread_id
    harness.runners.script = (ValueError("no"),)
    await chatting.add_structured_input(visit, thread_id, item.id, status=InputStatus.SKIPPED, answers={})
    await harness.background.run_all()
    read = MemoryItemRepository.classes_after

    async def say_first(repository: MemoryItemRepository, *of: str) -> Mapping[str, type[Item]]:
        monkeypatch.undo()
        harness.runners.script = ([TextDelta("heard")],)
        await chatting.add_user_item(visit, thread_id, VisitorInput(content=(TextInput(text="More"),)))
        await harness.background.run_all()
        return await read(repository, *of)

    monkeypatch.setattr(MemoryItemRepository, "classes_after", say_first)
    with pytest.raises(ItemNotFound):
        await chatting.retry(visit, thread_id, item.id)
    assert [each.text for each in await harness.items(thread_id) if isinstance(each, UserItem)][1:] == ["More"]
    assert [each.text for each in await harness.items(thread_id) if isinstance(each, AssistantItem)][-1] == "heard"


async def test_an_action_runs_the_workflow_with_its_widget(harness: CoreHarness) -> None:
    """The widget that the workflow changes is the one acted upon."""
    visit = await harness.visit()
    shown = await harness.answered(visit, [WidgetShown(widget=CARD)])
    widget = await last_item(harness, shown)
    harness.runners.script = ([WidgetChanged(widget={"type": "Basic"})],)
    await harness.core.chatting.act(visit, shown.thread_id, ActionInput(type="go", payload=1, item_id=widget.id))
    await harness.background.run_all()
    assert harness.runners.runs[-1].request.context.cause == ActionTaken(type="go", payload=1, widget=widget)
    stored = await harness.store.begin().items.find(shown.thread_id, widget.id)
    assert isinstance(stored, WidgetItem)
    assert stored.widget == {"type": "Basic"}


async def test_an_action_needs_a_widget_or_none(harness: CoreHarness) -> None:
    """A message is no widget; an action of the page itself has none."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    with pytest.raises(ItemNotFound):
        await harness.core.chatting.act(visit, turn.thread_id, ActionInput(type="go", item_id=turn.user_item_id))
    begun = await harness.core.chatting.act(visit, turn.thread_id, ActionInput(type="go"))
    assert begun.user_item_id == ""


async def test_an_action_carried_out_at_once_changes_its_widget(harness: CoreHarness) -> None:
    """Without a turn, even while one runs."""
    visit = await harness.visit()
    shown = await harness.answered(visit, [WidgetShown(widget=CARD)])
    widget = await last_item(harness, shown)
    await harness.ask(visit, thread_id=shown.thread_id)
    harness.runners.script = ([WidgetChanged(widget={"type": "Basic"})],)
    asked = ActionInput(type="go", item_id=widget.id)
    changed = await harness.core.acting.act_now(visit, shown.thread_id, asked)
    assert changed == evolve(widget, widget={"type": "Basic"})
    assert await harness.store.begin().items.find(shown.thread_id, widget.id) == changed


async def test_an_action_that_changes_nothing_gives_nothing(harness: CoreHarness) -> None:
    """With a widget or without."""
    visit = await harness.visit()
    shown = await harness.answered(visit, [WidgetShown(widget=CARD)])
    widget = await last_item(harness, shown)
    harness.runners.script = ([TextDelta("no")],)
    for item_id in (widget.id, None):
        asked = ActionInput(type="go", item_id=item_id)
        assert await harness.core.acting.act_now(visit, shown.thread_id, asked) is None


async def test_an_action_that_fails_says_so(harness: CoreHarness) -> None:
    """The workflow's own words go to the log."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.script = (ValueError("secret"),)
    with pytest.raises(ActionFailed) as caught:
        await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    assert "secret" not in caught.value.detail
    assert [str(each) for each in harness.telemetry.run_failures] == ["secret"]


async def test_cancel_stops_the_turn_of_the_thread_only(harness: CoreHarness) -> None:
    """Another thread of the same visitor goes on."""
    visit = await harness.visit()
    one, other = await harness.ask(visit), await harness.ask(visit)
    await harness.core.chatting.cancel(visit, one.thread_id)
    await harness.background.run_all()
    statuses = [(await harness.latest(turn.thread_id)).status for turn in (one, other)]
    assert statuses == [TurnStatus.CANCELLED, TurnStatus.COMPLETED]


async def test_a_key_of_a_turn_that_went_with_its_thread_is_no_turn(harness: CoreHarness) -> None:
    """Another visitor's key means nothing here."""
    visit: Visit = await harness.visit()
    await harness.core.chatting.create_thread(visit, said(idempotency_key="k"))
    stranger = evolve(visit, subject=Subject("anon:other"))
    turn = await harness.core.chatting.create_thread(stranger, said(idempotency_key="k"))
    items = await harness.items(turn.thread_id)
    assert isinstance(items[0], UserItem)


async def test_a_workflow_for_texts_only_gets_no_action(harness: CoreHarness) -> None:
    """Neither kind of action runs it; the log names the action, and nothing of the thread changes."""
    visit = await harness.visit()
    turn = await harness.answered(visit, text="delete my account")
    harness.runners.is_for_texts_only = True
    for attempt in (harness.core.chatting.act, harness.core.acting.act_now):
        with pytest.raises(ActionNotTaken):
            await attempt(visit, turn.thread_id, ActionInput(type="else"))
    assert len(harness.runners.runs) == 1
    assert harness.telemetry.actions_not_taken == [(visit.workflow.id, "else")] * 2
    assert len(await harness.items(turn.thread_id)) == 2


async def test_an_action_never_comes_with_the_last_message_as_its_text(harness: CoreHarness) -> None:
    """It would be carried out a second time; it is in the history, where it was said."""
    visit = await harness.visit()
    turn = await harness.answered(visit, text="delete my account")
    await harness.core.chatting.act(visit, turn.thread_id, ActionInput(type="else"))
    request = harness.runners.runs[-1].request
    assert request.text == ""
    assert [past.text for past in request.context.history] == ["delete my account", "Hello"]


@pytest.mark.parametrize(("output", "text"), [("Bern", "Bern"), (None, "null"), ([1, "ü"], '[1, "ü"]')])
async def test_the_text_of_a_tool_output_is_the_output(harness: CoreHarness, output: Any, text: str) -> None:
    """Text as it is, all else as JSON."""
    visit = await harness.visit()
    asked = await harness.answered(visit, [CALL], text="delete my account")
    await harness.core.chatting.add_tool_output(visit, asked.thread_id, output)
    assert harness.runners.runs[-1].request.text == text


@pytest.mark.parametrize(
    ("answers", "status", "text"),
    [
        ({"q": ("because",)}, InputStatus.ANSWERED, "Why? because"),
        ({"q": ("a", "b"), "r": ("c",)}, InputStatus.ANSWERED, "Why? a, b\nWho? c"),
        ({}, InputStatus.SKIPPED, ""),
    ],
)
async def test_the_text_of_answers_is_the_answers(
    harness: CoreHarness, answers: dict[str, tuple[str, ...]], status: InputStatus, text: str
) -> None:
    """Each behind its question when there are several."""
    visit = await harness.visit()
    questions = (Question(id="q", question="Why?"), Question(id="r", question="Who?"))
    asked = await harness.answered(visit, [InputAsked(questions=questions)])
    given = {name: QuestionAnswer(values=values) for name, values in answers.items()}
    item = await last_item(harness, asked)
    await harness.core.chatting.add_structured_input(visit, asked.thread_id, item.id, status=status, answers=given)
    assert harness.runners.runs[-1].request.text == text


async def test_the_text_of_a_single_answer_is_the_answer_alone(harness: CoreHarness) -> None:
    """As someone would type it."""
    visit = await harness.visit()
    asked = await harness.answered(visit, [ASKED])
    item = await last_item(harness, asked)
    answers = {"q": QuestionAnswer(values=("S",))}
    await harness.core.chatting.add_structured_input(
        visit, asked.thread_id, item.id, status=InputStatus.ANSWERED, answers=answers
    )
    assert harness.runners.runs[-1].request.text == "S"


async def test_an_action_at_once_keeps_title_and_context_and_names_what_it_leaves_out(harness: CoreHarness) -> None:
    """A message has no turn to be in: the log says what was not kept."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.script = ([ContextKept({"n": 1}), TitleGiven("Liked"), TextDelta("lost")],)
    await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="like"))
    assert isinstance(await last_item(harness, turn), HiddenItem)
    thread = await harness.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    assert thread.title == "Liked"
    assert harness.telemetry.left_outs == ["TextDelta of an action that was carried out without a turn"]


async def test_each_kind_of_event_of_an_action_at_once_is_kept_or_named(harness: CoreHarness) -> None:
    """Row P8: whatever it is; those of one kind once."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    shown: list[RunEvent] = [
        WidgetShown(widget=CARD),
        WidgetShown(widget=CARD),
        ImageShown(url="https://x.example/a.png"),
        CALL,
        ASKED,
        EffectCaused(name="cart"),
        NoticeGiven(message="Sold out."),
        ProgressNote(text="Looking"),
        AnswerEnded(),
    ]
    harness.runners.script = (shown,)
    await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="like"))
    kinds = dict.fromkeys(type(each).__name__ for each in shown)
    assert [each.partition(" ")[0] for each in harness.telemetry.left_outs] == [*kinds]


async def test_a_silent_action_is_no_failure(harness: CoreHarness) -> None:
    """A message without an answer is one; an action may be carried out without a word."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.script = ([],)
    begun = await harness.core.chatting.act(visit, turn.thread_id, ActionInput(type="like"))
    await harness.background.run_all()
    latest = await harness.latest(turn.thread_id)
    assert (latest.id, latest.status) == (begun.id, TurnStatus.COMPLETED)


async def test_a_tool_call_that_waits_is_given_up_with_the_next_message(harness: CoreHarness) -> None:
    """A page that opens the thread later does not make it; one that is open is told."""
    visit = await harness.visit()
    asked = await harness.answered(visit, [CALL])
    turn = await harness.answered(visit, [TextDelta("Fine")], text="Never mind", thread_id=asked.thread_id)
    call = (await harness.items(asked.thread_id))[1]
    assert isinstance(call, ClientToolCallItem)
    assert (call.is_pending, call.output) == (False, None)
    assert ItemReplaced(call) in await harness.told(turn)
    with pytest.raises(NothingPending):
        await harness.core.chatting.add_tool_output(visit, asked.thread_id, 1)


async def test_a_workflow_sees_whether_its_thread_has_a_title(harness: CoreHarness) -> None:
    """The beginning of the first message is none: a workflow that gives one if there is none gives one."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TitleGiven("Tea " * 40)], [TextDelta("Yes")])
    await harness.answered(visit, [TextDelta("Yes")], thread_id=turn.thread_id)
    titles = [run.request.context.thread_title for run in harness.runners.runs]
    assert titles == [None, ("Tea " * 20)[:79].rstrip() + "…"]


async def test_a_long_first_message_is_cut_to_a_title_with_a_mark(harness: CoreHarness) -> None:
    """So that its reader sees that more was said; a short one is the title as it is."""
    visit = await harness.visit()
    for said, title in (("Tea " * 40, ("Tea " * 20)[:79].rstrip() + "…"), ("x" * 80, "x" * 80)):
        turn = await harness.answered(visit, text=said)
        assert (await harness.core.own_threads.read(visit, turn.thread_id)).thread.title == title


async def test_a_title_that_is_emptied_is_none(harness: CoreHarness) -> None:
    """As it was in the beginning, for the workflow."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    await harness.core.own_threads.set_title(visit, turn.thread_id, "Mine")
    thread = await harness.core.own_threads.set_title(visit, turn.thread_id, " ")
    assert (thread.title, thread.is_titled) == (None, False)


async def test_the_same_message_twice_at_once_is_one_turn(harness: CoreHarness) -> None:
    """Neither has seen the other when it begins; the store tells the second one."""
    visit = await harness.visit()
    chatting = harness.core.chatting
    begun = [chatting.create_thread(visit, said("one", idempotency_key="k")) for _ in range(2)]
    first, second = await asyncio.gather(*begun)
    assert first == second
    assert len(harness.core.live_turns) == 1


async def test_a_repeated_message_or_action_gives_the_first_turn(harness: CoreHarness) -> None:
    """Whatever begins the turn, one rule holds."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    chatting = harness.core.chatting
    one = await chatting.add_user_item(visit, turn.thread_id, said("two", idempotency_key="k"))
    assert await chatting.add_user_item(visit, turn.thread_id, said("two", idempotency_key="k")) == one
    await harness.background.run_all()
    two = await chatting.act(visit, turn.thread_id, ActionInput(type="buy"), idempotency_key="a")
    assert await chatting.act(visit, turn.thread_id, ActionInput(type="buy"), idempotency_key="a") == two
