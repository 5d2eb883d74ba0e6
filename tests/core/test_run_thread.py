"""A run that reads and writes its own thread: items by their ids."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    EndingKind,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    ProgressNoteItem,
    Step,
    StepItem,
    WidgetItem,
)
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation, Item, TextInput, UserItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.run import (
    OUTPUT_LIMIT,
    ClientToolCalled,
    ImageShown,
    StepNoted,
    StepShown,
    StepsSummed,
    StopOffered,
    TakenBack,
    TextDelta,
    ThreadSet,
    TitleGiven,
    WidgetShown,
)
from orcheo_core.domain.sources import Source
from orcheo_core.domain.thread_events import (
    Growth,
    ImageGrew,
    ItemAdded,
    ItemDone,
    ItemRemoved,
    ItemReplaced,
    PartAdded,
    PartCited,
    PartDelta,
    PartDone,
    StepAdded,
    StepChanged,
    StreamOptions,
    ThreadUpdated,
    TurnTrouble,
    WidgetPartRedrawn,
    WidgetRedrawn,
    WidgetTextGrew,
)
from orcheo_core.domain.threads import Thread, ThreadSettings, ThreadStatus
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.errors import AttachmentNotFound, StopNotOffered
from orcheo_core.ports.run_thread import RunIsOver, RunThread
from orcheo_core.ports.runner import RunFailed, RunTooLong
from orcheo_core.services.visitors.acting import ActionInput
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.turns.draft import TurnDraft
from orcheo_core.turns.open_items import grown
from orcheo_core.turns.run_thread import DraftThread
from tests.core.harness import ADA, CoreHarness
from tests.fakes.clock import START
from tests.fakes.turn import SUBJECT

CARD = {"type": "Card", "children": [{"type": "Text", "id": "text", "value": "One"}]}
OTHER = {"type": "Card", "children": [{"type": "Text", "id": "text", "value": "Two"}]}
CITATION = Citation(source=Source(title="A page", url="https://example.org"))
WHOLE = PageQuery(limit=100)


class Written:
    """A draft, and the thread over it."""

    def __init__(self, limits: PartLimits | None = None, ids: int = 1_000) -> None:
        numbered = (f"msg_{n:03}" for n in range(ids))
        self.draft = TurnDraft(
            thread=Thread(id="thr_1", workflow_id="wf_1", subject=SUBJECT, created_at=START, updated_at=START),
            stamp=lambda: ItemBase(id=next(numbered), thread_id="thr_1", turn_id="trn_1", created_at=START),
            limits=limits or PartLimits(),
        )
        self.thread = DraftThread(draft=self.draft, new_id=self.draft.new_id, say=self._say)

    def _say(self, event: Any) -> bool:
        self.draft.apply(event)
        return True

    def new(self, cls: Callable[..., Item], **fields: Any) -> Any:
        """An item with the next id."""
        return new_item(self.thread, cls, **fields)

    def tell(self, *events: Any) -> None:
        """Say all of them."""
        for event in events:
            self.thread.tell(event)

    def told(self) -> list[Any]:
        """What followers have not been told before."""
        return self.draft.take()


def new_item(thread: RunThread, cls: Callable[..., Item], **fields: Any) -> Any:
    base = {"id": thread.new_item_id(), "thread_id": thread.thread.id, "turn_id": "trn_1", "created_at": START}
    return cls(**base, **fields)


def test_an_answer_of_several_parts_grows_by_its_id() -> None:
    """Pieces that follow each other are told as one; the whole item is what was put together."""
    written = Written()
    answer = written.new(AssistantItem)
    written.tell(
        ItemAdded(answer),
        PartAdded(item_id=answer.id),
        PartDelta(item_id=answer.id, delta="Hel"),
        PartDelta(item_id=answer.id, delta="lo"),
        PartCited(item_id=answer.id, position=0, citation=CITATION),
        PartDelta(item_id=answer.id, delta="Two", index=1),
        PartDone(item_id=answer.id, part=AnswerPart(text="Hello")),
    )
    deltas = [each for each in written.told() if isinstance(each, PartDelta)]
    assert [(each.index, each.delta) for each in deltas] == [(0, "Hello"), (1, "Two")]
    [growing] = written.draft.items()
    assert growing == evolve(answer, content=(AnswerPart(text="Hello", citations=(CITATION,)), AnswerPart(text="Two")))
    assert written.draft.length == len("HelloTwo")
    written.tell(ItemDone(growing))
    assert written.draft.whole.items == [growing]
    assert written.draft.length == len("HelloTwo")
    assert not written.draft.is_empty


async def test_items_that_grow_beside_each_other_are_kept_apart() -> None:
    """A widget in the middle of an answer does not end it."""
    written = Written()
    answer, widget = written.new(AssistantItem), written.new(WidgetItem, widget=CARD)
    written.tell(ItemAdded(answer), PartDelta(item_id=answer.id, delta="One "), ItemDone(widget))
    written.tell(PartDelta(item_id=answer.id, delta="two"))
    assert (await written.thread.page(WHOLE)).entries == (widget,)
    assert await written.thread.find(answer.id) is None
    written.draft.finish()
    assert next(each for each in written.draft.whole.items if isinstance(each, AssistantItem)).text == "One two"


def widget_after(*growths: Callable[[str], Growth]) -> WidgetItem:
    written = Written()
    item = written.new(WidgetItem, widget=CARD)
    written.tell(ItemAdded(item), *(grow(item.id) for grow in growths))
    assert not written.draft.items(), "it is not saved before it is whole"
    written.draft.finish()
    [whole] = written.draft.whole.items
    assert isinstance(whole, WidgetItem)
    return whole


def test_a_widget_grows() -> None:
    """As a whole, by a component, and by the text of one; what it was made of stays as it is."""
    assert widget_after(lambda item: WidgetRedrawn(item_id=item, widget=OTHER)).widget == OTHER
    other = OTHER["children"][0]
    assert isinstance(other, dict)
    redrawn = widget_after(lambda item: WidgetPartRedrawn(item_id=item, component_id="text", component=other))
    assert redrawn.widget == OTHER
    longer = widget_after(
        lambda item: WidgetTextGrew(item_id=item, component_id="text", delta=" and"),
        lambda item: WidgetTextGrew(item_id=item, component_id="text", delta=" two", is_whole=True),
    )
    assert longer.widget["children"][0] == {"type": "Text", "id": "text", "value": "One and two", "streaming": False}
    assert CARD["children"] == [{"type": "Text", "id": "text", "value": "One"}]


def test_an_image_is_kept_when_it_is_whole() -> None:
    """What is shown on the way is told and not saved; one that is too large is not even told."""
    written = Written(PartLimits(image_bytes=40))
    image = written.new(GeneratedImageItem)
    written.tell(
        ItemAdded(image),
        ImageGrew(item_id=image.id, url="data:image/png;base64,A", progress=0.5),
        ImageGrew(item_id=image.id, url=f"data:image/png;base64,{'A' * 40}"),
    )
    assert [each.url for each in written.told() if isinstance(each, ImageGrew)] == ["data:image/png;base64,A"]
    assert written.draft.items() == []
    written.draft.finish()
    assert [getattr(each, "url", None) for each in written.draft.whole.items] == ["data:image/png;base64,A"]


def test_steps_are_added_and_changed() -> None:
    """At any place; and an image of which nothing was seen is taken back at the end."""
    written = Written()
    note, image = written.new(ProgressNoteItem), written.new(GeneratedImageItem)
    written.tell(
        ItemAdded(note),
        ItemAdded(image),
        StepAdded(item_id=note.id, index=0, step=Step(title="B")),
        StepAdded(item_id=note.id, index=0, step=Step(title="A")),
        StepChanged(item_id=note.id, index=1, step=Step(title="C")),
    )
    [growing] = written.draft.items()
    assert [each.title for each in growing.steps] == ["A", "C"]  # type: ignore[union-attr]  # it is a note
    written.draft.finish()
    assert written.draft.whole.items == [growing]
    assert written.draft.removals() == [image.id]


@pytest.mark.parametrize(
    ("cls", "fields", "growth"),
    [
        (WidgetItem, {"widget": CARD}, lambda item: PartDelta(item_id=item, delta="x")),
        (WidgetItem, {"widget": CARD}, lambda item: StepAdded(item_id=item, index=0, step=Step())),
        (ProgressNoteItem, {}, lambda item: StepChanged(item_id=item, index=0, step=Step())),
        (ProgressNoteItem, {}, lambda item: WidgetRedrawn(item_id=item, widget=CARD)),
        (ProgressNoteItem, {}, lambda item: WidgetTextGrew(item_id=item, component_id="a", delta="x")),
        (ProgressNoteItem, {}, lambda item: ImageGrew(item_id=item, url="/a.png")),
        (WidgetItem, {"widget": CARD}, lambda item: WidgetTextGrew(item_id=item, component_id="none", delta="x")),
        (WidgetItem, {"widget": CARD}, lambda item: WidgetRedrawn(item_id=item, widget={"a": float("nan")})),
    ],
)
def test_what_does_not_fit_an_item_is_refused(cls: Any, fields: Any, growth: Callable[[str], Growth]) -> None:
    """The run has made a mistake, which its owner reads."""
    written = Written()
    item = written.new(cls, **fields)
    written.tell(ItemAdded(item))
    with pytest.raises(ValueError, match=r"does not fit|no component|cannot be kept"):
        written.tell(growth(item.id))


def test_text_grows_in_answers_that_are_open_only() -> None:
    """What is whole is replaced as a whole."""
    item = Written().new(AssistantItem)
    with pytest.raises(ValueError, match="does not fit"):
        grown(PartDelta(item_id=item.id, delta="x"), item)


def test_only_growing_items_grow_and_only_known_ones_are_written() -> None:
    """Another thread's item cannot be named."""
    written = Written()
    item = written.new(StepItem, step=Step(title="Done"))
    written.tell(ItemDone(item))
    with pytest.raises(ValueError, match="not whole yet"):
        written.tell(PartDelta(item_id=item.id, delta="x"))
    for wrong in (evolve(item, id="msg_of_another"), evolve(item, thread_id="thr_2")):
        with pytest.raises(ValueError, match="neither"):
            written.tell(ItemReplaced(wrong))
    with pytest.raises(ValueError, match="neither"):
        written.tell(ItemRemoved("msg_of_another"))
    with pytest.raises(ValueError, match="cannot be kept"):
        written.tell(ItemDone(written.new(HiddenItem, content=float("nan"))))


def test_what_cannot_be_shown_is_left_out_with_a_notice() -> None:
    """A widget that was shown while it was right is taken away again."""
    written = Written()
    widget, image = written.new(WidgetItem, widget=CARD), written.new(GeneratedImageItem, url="ftp://x")
    written.tell(ItemAdded(widget), ItemDone(evolve(widget, widget={"type": "Weird"})), ItemDone(image))
    assert written.draft.whole.items == []
    assert written.draft.removals() == [widget.id]
    assert written.draft.fault is not None
    assert written.draft.fault.code == "widget_invalid"


def test_the_limits_hold_for_items_by_id() -> None:
    """Of text, of what else is kept, and of what is shown."""
    written = Written()
    answer = written.new(AssistantItem)
    written.tell(ItemAdded(answer), PartDelta(item_id=answer.id, delta="x" * OUTPUT_LIMIT))
    written.tell(ItemDone(evolve(answer, content=(AnswerPart(text="x" * OUTPUT_LIMIT),))))
    with pytest.raises(RunTooLong):
        written.tell(ItemDone(written.new(AssistantItem, content=(AnswerPart(text="y"),))))
    written.draft.finish()
    assert len(written.draft.whole.items) == 1
    half = written.new(HiddenItem, content="x" * (OUTPUT_LIMIT // 2 + 1))
    written.tell(ItemDone(half), ItemReplaced(half))
    with pytest.raises(RunTooLong, match="besides text"):
        written.tell(ItemDone(written.new(HiddenItem, content="x" * (OUTPUT_LIMIT // 2))))


async def test_what_is_taken_back_is_gone() -> None:
    """Before it is saved, and after; what is said again stands behind."""
    written = Written()
    first, second = written.new(StepItem, step=Step(title="1")), written.new(StepItem, step=Step(title="2"))
    written.tell(ItemDone(first), ItemDone(second))
    draft = written.draft
    draft.mark_saved(draft.mark_staged())
    assert draft.items() == []
    changed = evolve(first, step=Step(title="1!"))
    written.tell(ItemReplaced(changed), ItemRemoved(second.id))
    assert (draft.items(), draft.removals(), draft.whole.gone) == ([changed], [second.id], {second.id})
    draft.mark_saved(draft.mark_staged())
    assert (draft.items(), draft.removals(), draft.has_news) == ([], [], False)
    draft.mark_unsaved()
    assert (draft.items(), draft.removals()) == ([changed], [second.id])
    assert (await written.thread.page(WHOLE)).entries == (changed,)


async def test_hidden_items_are_read_and_not_told() -> None:
    """They make an answer no fuller either."""
    written = Written()
    written.tell(ItemDone(written.new(HiddenItem, content="secret")))
    assert written.told() == []
    assert written.draft.is_empty
    assert len((await written.thread.page(WHOLE)).entries) == 1
    with pytest.raises(AttachmentNotFound):
        await written.thread.read_file("atc_1")


# --- in a turn ------------------------------------------------------------------------------------------------------


async def turn_of(harness: CoreHarness, *work: Any, visit: Visit | None = None, **options: Any) -> Turn:
    """A turn in which this is done, in this order: run events, or something with the thread."""

    def step(do: Any) -> Any:
        async def done() -> None:
            await do(harness.runners.runs[-1].thread())

        return done if callable(do) and not isinstance(do, Exception) else do

    return await harness.answered(visit or await harness.visit(), *map(step, work), **options)


async def texts_of(thread: RunThread, **query: Any) -> Sequence[str]:
    page = await thread.page(PageQuery(**{"limit": 100, **query}))
    return [getattr(each, "text", "") or type(each).__name__ for each in page.entries]


async def answer(thread: RunThread, text: str) -> AssistantItem:
    item: AssistantItem = new_item(thread, AssistantItem, content=(AnswerPart(text=text),))
    thread.tell(ItemDone(item))
    return item


async def test_a_run_reads_what_the_visitor_and_itself_have_said(harness: CoreHarness) -> None:
    """The message is there before the run begins; a page goes on where another one ends."""
    seen: list[Any] = []

    async def work(thread: RunThread) -> None:
        await answer(thread, "One")
        await answer(thread, "Two")
        seen.append(await texts_of(thread))
        newest = await thread.page(PageQuery(limit=2, newest_first=True))
        seen.append(([each.text for each in newest.entries], newest.has_more))  # type: ignore[union-attr]  # they have
        rest = await thread.page(PageQuery(limit=2, newest_first=True, after=newest.entries[-1].id))
        seen.append(([type(each) for each in rest.entries], rest.has_more))

    turn = await turn_of(harness, work, text="Hi")
    assert seen == [["Hi", "One", "Two"], (["Two", "One"], True), ([UserItem], False)]
    assert [getattr(each, "text", None) for each in await harness.items(turn.thread_id)] == ["Hi", "One", "Two"]


async def test_a_page_of_a_long_thread_stands_before_what_the_run_has_said(harness: CoreHarness) -> None:
    """Oldest first, the run's own items come last, and are on no page before."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("One")], text="1")
    seen: list[Any] = []

    async def work(thread: RunThread) -> None:
        await answer(thread, "Own")
        page = await thread.page(PageQuery(limit=2))
        seen.append(([each.text for each in page.entries], page.has_more))  # type: ignore[union-attr]  # they have
        seen.append(await texts_of(thread, after=page.entries[-1].id))

    await turn_of(harness, work, visit=visit, thread_id=turn.thread_id, text="2")
    assert seen == [(["1", "One"], True), ["2", "Own"]]


async def test_a_run_changes_and_takes_back_earlier_items(harness: CoreHarness) -> None:
    """Of its own thread, once it has found them; later turns and reloads see that."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("Old")], text="1")
    _, old = await harness.items(turn.thread_id)
    found: list[Any] = []

    async def change(thread: RunThread) -> None:
        item = await thread.find(old.id)
        assert isinstance(item, AssistantItem)
        thread.tell(ItemReplaced(item.with_answer(AnswerPart(text="New"))))
        found.append(await thread.find("msg_unknown"))

    second = await turn_of(harness, change, visit=visit, thread_id=turn.thread_id, text="2")
    assert [getattr(each, "text", "") for each in await harness.items(turn.thread_id)][:3] == ["1", "New", "2"]
    assert found == [None]
    assert any(isinstance(each, ItemReplaced) for each in await harness.told(second))

    async def remove(thread: RunThread) -> None:
        await texts_of(thread)
        thread.tell(ItemRemoved(old.id))
        found.append(await thread.find(old.id))
        found.append(old.id in [each.id for each in (await thread.page(WHOLE)).entries])

    await turn_of(harness, remove, visit=visit, thread_id=turn.thread_id, text="3")
    assert old.id not in [each.id for each in await harness.items(turn.thread_id)]
    assert found == [None, None, False]


async def test_a_retry_does_not_see_what_it_takes_the_place_of(harness: CoreHarness) -> None:
    """As ChatKit's own server deletes it before."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("Old")], text="1")
    seen: list[Any] = []

    async def work() -> None:
        thread = harness.runners.runs[-1].thread()
        seen.append(await texts_of(thread, newest_first=True))
        await answer(thread, "New")

    harness.runners.script = (work,)
    await harness.core.chatting.retry(visit, turn.thread_id, turn.user_item_id)
    await harness.background.run_all()
    assert seen == [["1"]]
    assert [getattr(each, "text", "") for each in await harness.items(turn.thread_id)] == ["1", "New"]


async def test_a_run_may_have_nothing_to_show(harness: CoreHarness) -> None:
    """A workflow that writes items itself knows what it does."""

    async def work(thread: RunThread) -> None:
        thread.tell(ItemDone(new_item(thread, HiddenItem, content="kept")))

    turn = await turn_of(harness, work)
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.COMPLETED
    assert [type(each) for each in await harness.items(turn.thread_id)] == [UserItem, HiddenItem, EndOfTurnItem]


async def test_the_end_of_a_turn_ends_writing(harness: CoreHarness) -> None:
    """A task that goes on cannot write into a thread whose turn is over."""
    kept: list[RunThread] = []

    async def work(thread: RunThread) -> None:
        await answer(thread, "Hi")
        kept.append(thread)

    await turn_of(harness, work)
    with pytest.raises(RunIsOver):
        await answer(kept[0], "late")


async def test_a_stopped_run_may_still_say_what_is_kept(harness: CoreHarness) -> None:
    """Until it has ended."""

    async def work(thread: RunThread) -> None:
        harness.cancel(turn_now())
        thread.tell(ItemDone(new_item(thread, HiddenItem, content="stopped")))

    def turn_now() -> Turn:
        return next(iter(harness.core.live_turns)).turn

    turn = await turn_of(harness, work)
    kinds = [type(each) for each in await harness.items(turn.thread_id)]
    assert kinds == [UserItem, HiddenItem, EndOfTurnItem]
    ending = (await harness.items(turn.thread_id))[-1]
    assert isinstance(ending, EndOfTurnItem)
    assert ending.ending
    assert ending.ending.kind is EndingKind.STOPPED


async def test_a_run_sets_title_and_settings_of_its_thread(harness: CoreHarness) -> None:
    """They are told, kept, and known to later turns."""
    visit = await harness.visit()
    settings = ThreadSettings(
        status=ThreadStatus.LOCKED, reason="Paid", image_domains=("example.org",), metadata={"n": 1}
    )

    async def work(thread: RunThread) -> None:
        thread.tell(TitleGiven("Mine"))
        thread.tell(ThreadSet(settings))

    turn = await turn_of(harness, work, visit=visit)
    updated = [each.thread for each in await harness.told(turn) if isinstance(each, ThreadUpdated)]
    assert [(each.title, each.settings) for each in updated] == [("Mine", ThreadSettings()), ("Mine", settings)]
    stored = await harness.store.begin().threads.find(turn.thread_id)
    assert stored
    assert (stored.title, stored.settings) == ("Mine", settings)
    await harness.answered(visit, [TextDelta("Hi")], thread_id=turn.thread_id)
    assert harness.runners.runs[-1].request.context.thread_settings == settings


async def test_only_files_of_the_thread_are_read(harness: CoreHarness) -> None:
    """Another thread's are not to be found."""
    visit = await harness.visit()
    first = await harness.answered(visit)
    sent = await harness.core.attaching.announce(visit, name="a.txt", size=2, mime_type="text/plain")
    await harness.files.write(sent.id, chunks(b"Hi"), size=2)
    change = harness.store.begin()
    change.attachments.save(evolve(sent, is_uploaded=True).sent_in(first.thread_id))
    await change.commit()
    read: list[bytes] = []

    async def work(thread: RunThread) -> None:
        read.append(await thread.read_file(sent.id))

    await turn_of(harness, work, visit=visit, thread_id=first.thread_id)
    assert read == [b"Hi"]
    other = await turn_of(harness, work, visit=visit)
    assert (await harness.latest(other.thread_id)).status is TurnStatus.FAILED


async def chunks(data: bytes) -> Any:
    yield data


async def test_a_workflow_can_switch_the_stop_off(harness: CoreHarness) -> None:
    """The page is told, and a stop is refused; another thread's is not."""
    visit = await harness.visit()
    refused: list[bool] = []

    async def work(_thread: RunThread) -> None:
        for live in harness.core.live_turns:
            with pytest.raises(StopNotOffered):
                await harness.core.chatting.cancel(visit, live.turn.thread_id)
            refused.append(live.stopped_as is None)

    turn = await turn_of(harness, [StopOffered(is_offered=False)], work, [TextDelta("Hi")], visit=visit)
    options = [each.allow_cancel for each in await harness.told(turn) if isinstance(each, StreamOptions)]
    assert (options, refused) == ([True, False], [True])
    await harness.core.chatting.cancel(visit, turn.thread_id)


@pytest.mark.parametrize("allow_retry", [True, False])
async def test_a_failure_has_the_words_of_the_workflow(harness: CoreHarness, allow_retry: bool) -> None:
    """And says whether to try again makes sense."""
    failure = RunFailed("closed", "It is closed.", visitor_message="We are closed.", allow_retry=allow_retry)
    turn = await turn_of(harness, failure)
    assert (await harness.told(turn))[-1] == TurnTrouble(message="We are closed.", allow_retry=allow_retry)


# --- without a turn -------------------------------------------------------------------------------------------------


async def test_an_action_at_once_writes_its_thread(harness: CoreHarness) -> None:
    """New items, changed ones, what is taken back, title and settings are kept; the page gets what was replaced."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("Old")])
    _, old = await harness.items(turn.thread_id)

    async def work() -> None:
        run = harness.runners.runs[-1]
        assert run.request.is_at_once
        thread = run.thread()
        item = await thread.find(old.id)
        assert isinstance(item, AssistantItem)
        await answer(thread, "Another")
        thread.tell(ItemReplaced(item.with_answer(AnswerPart(text="New"))))
        gone = await answer(thread, "Gone")
        thread.tell(ItemRemoved(gone.id))
        thread.tell(TitleGiven("Mine"))
        thread.tell(ItemDone(new_item(thread, WidgetItem, widget={"type": "Weird"})))

    harness.runners.script = (work, [ThreadSet(ThreadSettings(metadata={"n": 1}))])
    changed = await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="change"))
    assert isinstance(changed, AssistantItem)
    assert (changed.id, changed.text) == (old.id, "New")
    assert [getattr(each, "text", "") for each in await harness.items(turn.thread_id)] == ["Hi", "New", "Another"]
    stored = await harness.store.begin().threads.find(turn.thread_id)
    assert stored
    assert (stored.title, stored.settings.metadata) == ("Mine", {"n": 1})
    assert "A widget was left out" in str(harness.telemetry.left_outs)


async def test_a_probe_reads_what_is_written_by_ids(harness: CoreHarness) -> None:
    """Text of answers, and that something was shown."""
    await harness.add()

    async def work() -> None:
        thread = harness.runners.runs[-1].thread()
        thread.tell(ItemDone(new_item(thread, UserItem, content=(TextInput(text="Hello"),))))
        assert await thread.find("msg_unknown") is None
        await answer(thread, "Hi there")
        thread.tell(ItemDone(new_item(thread, WidgetItem, widget=CARD)))

    harness.runners.script = (work,)
    services = harness.core.owner_services
    _, probe = await services.registering.check(ADA, "echo", services.probing)
    assert probe.answer == "Hi there"


# --- by names of the workflow's own ---------------------------------------------------------------------------------


def said_by(*run_events: Any, earlier: Sequence[Item] = ()) -> tuple[TurnDraft, list[Any]]:
    """A draft after these run events, and what followers were sent."""
    ids = (f"msg_{n:03}" for n in range(100))
    draft = TurnDraft(
        thread=Thread(id="thr_1", workflow_id="wf_1", subject=SUBJECT, created_at=START, updated_at=START),
        stamp=lambda: ItemBase(id=next(ids), thread_id="thr_1", turn_id="trn_1", created_at=START),
        limits=PartLimits(),
        earlier=earlier,
    )
    for each in run_events:
        draft.apply(each)
    return draft, draft.take()


def test_a_widget_changes_by_its_name() -> None:
    """It is one item; while it grows, nothing of it is saved."""
    draft, told = said_by(
        WidgetShown(widget=CARD, id="w", is_whole=False),
        WidgetShown(widget=OTHER, id="w", is_whole=False),
    )
    assert [type(each) for each in told] == [ItemAdded, WidgetRedrawn]
    assert draft.items() == []
    draft.apply(WidgetShown(widget=OTHER, id="w"))
    draft.apply(WidgetShown(widget=CARD, id="w", is_whole=False))
    assert [type(each) for each in draft.take()] == [ItemDone, ItemReplaced]
    [item] = draft.whole.items
    assert isinstance(item, WidgetItem)
    assert item.widget == CARD


def test_a_widget_of_an_earlier_turn_changes_by_its_id() -> None:
    """As the history has it; it can be taken back as well."""
    item = WidgetItem(id="msg_0", thread_id="thr_1", turn_id="trn_0", created_at=START, widget=CARD)
    draft, told = said_by(WidgetShown(widget=OTHER, id="msg_0"), earlier=[item])
    assert told == [ItemReplaced(evolve(item, widget=OTHER))]
    draft.apply(TakenBack("msg_0"))
    assert (draft.take(), draft.removals()) == ([ItemRemoved("msg_0")], ["msg_0"])
    with pytest.raises(ValueError, match="not 'msg_0'"):
        draft.apply(TakenBack("msg_0"))


def test_an_image_is_shown_while_it_is_made() -> None:
    """With its progress; the name of one kind does not mean an item of the other."""
    draft, told = said_by(
        ImageShown(url="/1.png", id="i", is_whole=False),
        ImageShown(url="/2.png", id="i", is_whole=False, progress=0.5),
        ImageShown(url="/3.png", id="i"),
        WidgetShown(widget=CARD, id="i"),
    )
    assert [type(each) for each in told] == [ItemAdded, ImageGrew, ItemDone, ItemDone]
    assert [type(each) for each in draft.whole.items] == [GeneratedImageItem, WidgetItem]
    assert told[1].progress == 0.5


def test_steps_are_summed_up_and_stand_alone() -> None:
    """And a call has the id that its model knows."""
    draft, _ = said_by(
        StepsSummed(duration=3),
        StepNoted(index=0, step=Step(title="Search")),
        StepsSummed(title="Searched", icon="search", expanded=True),
        StepShown(Step(title="Booked")),
        ClientToolCalled(name="open", call_id="call_1"),
        ClientToolCalled(name="open"),
    )
    note, alone, call, other = draft.whole.items
    assert isinstance(note, ProgressNoteItem)
    assert (note.title, note.icon, note.duration, note.expanded) == ("Searched", "search", None, True)
    assert isinstance(alone, StepItem)
    assert isinstance(call, ClientToolCallItem)
    assert isinstance(other, ClientToolCallItem)
    assert (call.call_id, other.call_id) == ("call_1", other.id)
