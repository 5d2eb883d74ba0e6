"""What a run has said so far: run events go in, thread events and items come out. Pure: no clock, no store, no loop."""

from collections.abc import Callable, Iterable
from functools import singledispatchmethod
from typing import Any, TypeVar

from attrs import asdict, evolve

from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    Ending,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    Notice,
    ProgressNoteItem,
    StepItem,
    StepKind,
    WidgetItem,
)
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AssistantItem, Item
from orcheo_core.domain.json_values import json_fault, rough_size
from orcheo_core.domain.run import (
    OUTPUT_LIMIT,
    AnswerEnded,
    ClientToolCalled,
    ContextKept,
    CutShort,
    EffectCaused,
    FaultNoted,
    ImageShown,
    InputAsked,
    NoticeGiven,
    ProgressNote,
    RunEvent,
    SourceCited,
    StepNoted,
    StepShown,
    StepsSummed,
    StopOffered,
    TakenBack,
    ThreadChange,
    TitleGiven,
    UsageReported,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.structured_input import StructuredInputItem
from orcheo_core.domain.thread_events import (
    Effect,
    Growth,
    ImageGrew,
    ItemAdded,
    ItemDone,
    ItemEvent,
    ItemRemoved,
    ItemReplaced,
    PartAdded,
    PartDelta,
    PartDone,
    Progress,
    StreamOptions,
    ThreadEvent,
    ThreadUpdated,
    WidgetRedrawn,
)
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import TurnFault
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.ports.runner import RunTooLong
from orcheo_core.turns.open_items import AnswerDraft, OpenItem, ProgressNoteDraft
from orcheo_core.turns.room_to_say import RoomToSay, weight
from orcheo_core.turns.whole_items import WholeItems

NewItem = TypeVar("NewItem", bound=ItemBase)
_LEFT_OUT_IF_WRONG = (WidgetShown, WidgetChanged, ImageShown)
"""What an answer can do without; anything else that cannot be written as JSON ends the run."""
_UNKEPT = (ProgressNote, EffectCaused, UsageReported, CutShort, FaultNoted)
_NOT_KEPT = (*_UNKEPT, TitleGiven, StopOffered, TakenBack, *_LEFT_OUT_IF_WRONG)
"""What leaves nothing in the thread, but for one title, and what is counted apart where it is shown."""
_NAMED = (WidgetItem, GeneratedImageItem)
_KEPT_NOTICES = 10
Stamp = Callable[[], ItemBase]
"""Gives each new item its id, thread, turn and moment."""


class TurnDraft:
    """What a turn has said so far: whole items, and at most one that is being written.

    It changes in place: an answer of n pieces would cost n² as a chain of frozen values.
    """

    def __init__(
        self,
        *,
        thread: Thread,
        stamp: Stamp,
        limits: PartLimits,
        acted_upon: WidgetItem | None = None,
        earlier: Iterable[Item] = (),
    ) -> None:
        """Nothing is said yet; ``acted_upon`` is the widget that a :class:`WidgetChanged` means.

        Widgets and images of ``earlier`` turns can be changed by their ids.
        """
        self.thread = thread
        self.unsaved = False
        """Whether something was said since :meth:`mark_staged`."""
        self.length = 0
        """Characters of text so far."""
        self._room = RoomToSay()
        self.cut: CutShort | None = None
        """Why the answer is not whole, if the workflow said so."""
        self.fault: TurnFault | None = None
        """What could not be shown."""
        self._stamp = stamp
        self._limits = limits
        self._acted_upon = acted_upon
        self.answer: AnswerDraft | None = None
        """The answer that is being written."""
        self._note: ProgressNoteDraft | None = None
        self.has_news = False
        """Whether an item is whole but not durable: it must become durable before followers see that."""
        self._open: dict[str, OpenItem] = {}
        """What the run writes by its ids."""
        self.whole = WholeItems()
        self._named: dict[str, Item] = {each.id: each for each in earlier if isinstance(each, _NAMED)}
        """Widgets and images by what the run calls them."""
        self._earlier = frozenset(self._named)
        self.is_stop_offered = True
        """Whether the visitor may stop the answer."""
        self.untold: list[ThreadEvent] = []
        """What followers have not been sent yet, but for the newest text of :attr:`answer`."""
        self._is_visible = False
        self._is_noticed = False
        self._notices: list[Notice] = []
        self._given_thread = thread

    # --- what the run says ------------------------------------------------------------------------------------------

    def begin_answer(self) -> AnswerDraft:
        """Begin to write an answer: its text is what is added to its pieces, which :attr:`length` counts."""
        self._close()
        self.answer = AnswerDraft(self._new(AssistantItem))
        self.untold += (ItemAdded(self.answer.item_at_first), PartAdded(item_id=self.answer.item_at_first.id))
        self._is_visible = True
        return self.answer

    def apply(self, run_event: RunEvent | ItemEvent) -> int:
        """Anything but text; how many characters of it were looked at, or nearly so.

        Raises :class:`TypeError` and :class:`ValueError` for what a run cannot say, :class:`RunTooLong` for too much.
        """
        seen = self._room.seen
        if isinstance(run_event, ItemEvent):
            self._apply(run_event)
            return self._room.seen - seen
        if not isinstance(run_event, _LEFT_OUT_IF_WRONG):
            size = rough_size(run_event, OUTPUT_LIMIT)
            self._room.seen += size
            if size > OUTPUT_LIMIT:
                raise RunTooLong(f"{type(run_event).__name__} has more than {OUTPUT_LIMIT:,} characters.")
            if fault := json_fault(run_event):
                message = f"{type(run_event).__name__} cannot be kept: {fault}"
                raise ValueError(message)
        self._count(run_event)
        if self.answer is not None:
            self.untold += self.answer.delta()
        self._apply(run_event)
        return self._room.seen - seen

    def _count(self, run_event: RunEvent) -> None:
        """Raise :class:`RunTooLong` when this is more than a thread keeps of one run besides text."""
        if isinstance(run_event, _NOT_KEPT):
            return
        if isinstance(run_event, StepNoted):
            before = self._note.step(run_event.index) if self._note else None
            self._room.keep(weight(run_event.step) - (weight(before) if before else 0))
        else:
            self._room.keep(weight(run_event))

    def new_id(self) -> str:
        """The id of the next item."""
        return self._stamp().id

    def finish(self, ending: Ending | None = None) -> None:
        """The turn is as whole as it gets; the thread keeps its notices and an ``ending``."""
        self._close()
        for item_id in [*self._open]:
            self._end_open(self._open.pop(item_id).item)
        for notice in self._notices:
            self._add(self._new(EndOfTurnItem, notice=notice))
        if ending is not None or not self._is_visible:
            self._add(self._new(EndOfTurnItem, ending=ending))

    @property
    def is_empty(self) -> bool:
        """Whether a visitor was shown nothing: no item (blank text does not count), no notice, no effect."""
        is_shown = self._is_noticed or self._note is not None or (self.answer is not None and self.answer.shows)
        return not (is_shown or any(map(_shows, self.whole.items)))

    # --- what followers receive -------------------------------------------------------------------------------------

    def take(self) -> list[ThreadEvent]:
        """What followers have not been sent yet; text since the last time is one event."""
        if self.answer is not None:
            self.untold += self.answer.delta()
        untold = self.untold
        if untold:
            self.untold = []
        return untold

    # --- what is saved ----------------------------------------------------------------------------------------------

    @property
    def is_retitled(self) -> bool:
        """Whether the workflow gave the thread a title."""
        return self.thread is not self._given_thread

    @property
    def growing(self) -> set[str]:
        """The ids of items that the run writes by their ids and that are not whole."""
        return set(self._open)

    def is_growing(self, item_id: str) -> bool:
        """Whether it is one of these."""
        return item_id in self._open

    def items(self, *, every: bool = False) -> list[Item]:
        """The items to save: those that are not durable, or ``every`` one of the turn."""
        whole = self.whole.items if every else [item for _, item in self.whole.unsaved() if item is not None]
        if not (self.answer or self._note or self._open):
            return whole
        open_drafts = [each.item for each in (self.answer, self._note, *self._open.values()) if each and each.is_kept]
        return [*whole, *open_drafts]

    def removals(self) -> list[str]:
        """The ids of items to remove from the store."""
        return [item_id for item_id, item in self.whole.unsaved() if item is None] if self.whole.has_gone else []

    def mark_staged(self) -> int:
        """All that :meth:`items` gave is on its way to the store; the number of the last of them."""
        self.unsaved = False
        return self.whole.number

    def mark_saved(self, staged: int) -> None:
        """What :meth:`mark_staged` numbered is durable now."""
        self.whole.saved = max(self.whole.saved, staged)
        self.has_news = self.whole.number > self.whole.saved

    def mark_unsaved(self) -> None:
        """A save has failed: everything is to be saved again."""
        self.unsaved = True
        self.whole.saved = 0
        self.has_news = self.whole.number > 0

    # --- one method for each kind of run event ----------------------------------------------------------------------

    @singledispatchmethod
    def _apply(self, run_event: object) -> None:
        message = f"a run does not say {type(run_event).__name__}"
        raise TypeError(message)

    @_apply.register
    def _(self, run_event: SourceCited) -> None:
        answer = self.answer or self.begin_answer()
        self.untold.append(answer.cite(run_event.citation))
        self.unsaved = True

    @_apply.register
    def _(self, _event: AnswerEnded) -> None:
        self._close()

    @_apply.register
    def _(self, run_event: StepNoted) -> None:
        note = self._note or self._begin_note(is_reasoning=run_event.step.kind is StepKind.THOUGHT)
        self.untold.append(note.note(run_event.index, run_event.step))
        self.unsaved = True

    @_apply.register
    def _(self, run_event: WidgetShown) -> None:
        if fault := self._limits.widget_fault(run_event.widget) or json_fault(run_event.copy_text):
            self._leave_out_widget(run_event, f"A widget was left out: {fault}.")
            return
        self._room.show([run_event.widget, run_event.copy_text])
        content = {"widget": run_event.widget, "copy_text": run_event.copy_text}
        item = self._named_item(run_event.id, WidgetItem, content)
        self._show(item, None if run_event.is_whole else WidgetRedrawn(item_id=item.id, widget=run_event.widget))

    @_apply.register
    def _(self, run_event: WidgetChanged) -> None:
        if self._acted_upon is None:
            message = "WidgetChanged needs a widget that the visitor acted upon"
            raise ValueError(message)
        if fault := self._limits.widget_fault(run_event.widget) or json_fault(run_event.copy_text):
            self._leave_out_widget(run_event, f"A changed widget was left out: {fault}.")
            return
        self._room.show([run_event.widget, run_event.copy_text])
        self._acted_upon = self._acted_upon.changed(run_event.widget, run_event.copy_text)
        self._keep(self._acted_upon)
        self.untold.append(ItemReplaced(self._acted_upon))

    @_apply.register
    def _(self, run_event: ImageShown) -> None:
        if fault := self._limits.image_fault(run_event.url):
            self._room.refuse(run_event.url, self._limits.image_bytes)
            self._leave_out(TurnFault("image_invalid", f"An image was left out: {fault}."))
            return
        self._room.show(run_event.url)
        item = self._named_item(run_event.id, GeneratedImageItem, {"url": run_event.url})
        growth = ImageGrew(item_id=item.id, url=run_event.url, progress=run_event.progress)
        self._show(item, None if run_event.is_whole else growth)

    @_apply.register
    def _(self, run_event: TakenBack) -> None:
        item = self._named.pop(run_event.id, None)
        if item is None:
            message = f"TakenBack needs the id of a widget or an image, not {run_event.id!r}"
            raise ValueError(message)
        self._open.pop(item.id, None)
        self._take_back(item.id)

    @_apply.register
    def _(self, run_event: StepsSummed) -> None:
        note = self._note or self._begin_note(is_reasoning=False)
        note.sum_up(**asdict(run_event))
        self.unsaved = True

    @_apply.register
    def _(self, run_event: StepShown) -> None:
        self._close()
        self._add(self._new(StepItem, step=run_event.step))

    @_apply.register
    def _(self, run_event: ClientToolCalled) -> None:
        self._close()
        call = self._new(ClientToolCallItem, call_id="", name=run_event.name, arguments=run_event.arguments)
        self._add(evolve(call, call_id=run_event.call_id or call.id))

    @_apply.register
    def _(self, run_event: InputAsked) -> None:
        self._close()
        self._add(self._new(StructuredInputItem, questions=run_event.questions))

    @_apply.register
    def _(self, run_event: ContextKept) -> None:
        self._end(self._new(HiddenItem, content=run_event.content))
        self.unsaved = True

    @_apply.register
    def _(self, run_event: ThreadChange) -> None:
        self.thread = changed_thread(self.thread, run_event)
        self.unsaved = True
        self.untold.append(ThreadUpdated(self.thread))

    @_apply.register
    def _(self, run_event: StopOffered) -> None:
        self.is_stop_offered = run_event.is_offered
        self.untold.append(StreamOptions(allow_cancel=run_event.is_offered))

    @_apply.register
    def _(self, run_event: ProgressNote) -> None:
        self.untold.append(Progress(text=run_event.text, icon=run_event.icon))

    @_apply.register
    def _(self, _event: UsageReported) -> None:
        """For the owner: visitors do not see it."""

    @_apply.register
    def _(self, run_event: CutShort) -> None:
        self.cut = run_event

    @_apply.register
    def _(self, run_event: FaultNoted) -> None:
        self.fault = self.fault or TurnFault(run_event.code, run_event.reason)

    @_apply.register
    def _(self, run_event: EffectCaused) -> None:
        self._is_noticed = True
        self.untold.append(Effect(name=run_event.name, data=run_event.data))

    @_apply.register
    def _(self, run_event: NoticeGiven) -> None:
        self._tell(Notice(level=run_event.level, message=run_event.message, title=run_event.title))

    # --- items that the run writes by their ids -----------------------------------------------------------------------

    @_apply.register
    def _(self, event: ItemAdded) -> None:
        self._lengthen(self._room.item(event.item))
        self._open[event.item.id] = OpenItem(event.item)
        self.untold.append(event)
        self._is_visible = self.unsaved = True

    @_apply.register(ItemDone)
    @_apply.register(ItemReplaced)
    def _(self, event: ItemDone | ItemReplaced) -> None:
        item = event.item
        was_shown = self._open.pop(item.id, None) is not None or item.id in self.whole
        if fault := self._fault_of(item):
            self._refuse(item)
            self._leave_out(fault)
            if was_shown:
                self._take_back(item.id)
            return
        self._lengthen(self._room.item(item))
        self._end(item)
        self.unsaved = True
        if not isinstance(item, HiddenItem):
            self._is_visible = True
            self.untold.append(event)

    @_apply.register
    def _(self, event: ItemRemoved) -> None:
        self._open.pop(event.item_id, None)
        self._take_back(event.item_id)

    @_apply.register
    def _(self, event: Growth) -> None:
        growing = self._open.get(event.item_id)
        if growing is None:
            message = f"{type(event).__name__} needs an item that was added and is not whole yet"
            raise ValueError(message)
        if isinstance(event, ImageGrew) and self._limits.image_fault(event.url):
            self._room.refuse(event.url, self._limits.image_bytes)
            return  # the whole image will be found to be too large
        self._lengthen(self._room.growth(event))
        growing.grow(event)
        self.unsaved = self.unsaved or growing.is_kept
        last = self.untold[-1] if self.untold else None
        if isinstance(event, PartDelta) and isinstance(last, PartDelta) and last.place == event.place:
            self.untold[-1] = evolve(last, delta=last.delta + event.delta)
        else:
            self.untold.append(event)

    def _fault_of(self, item: Item) -> TurnFault | None:
        if isinstance(item, WidgetItem):
            fault = self._limits.widget_fault(item.widget) or json_fault(item.copy_text)
            return TurnFault("widget_invalid", f"A widget was left out: {fault}.") if fault else None
        if isinstance(item, GeneratedImageItem) and item.url is not None:
            fault = self._limits.image_fault(item.url)
            return TurnFault("image_invalid", f"An image was left out: {fault}.") if fault else None
        return None

    def _refuse(self, item: Item) -> None:
        """Count a widget or an image, as if it had been shown."""
        if isinstance(item, WidgetItem):
            self._room.refuse([item.widget, item.copy_text], self._limits.widget_bytes)
        else:
            self._room.refuse(getattr(item, "url", None), self._limits.image_bytes)

    def _lengthen(self, characters: int) -> None:
        if self.length + characters > OUTPUT_LIMIT:
            raise RunTooLong
        self.length += characters

    def _end_open(self, item: Item) -> None:
        """Of what was not ended: what shows something is whole as it is, the rest is gone."""
        if _shows(item) and not self._fault_of(item):
            self._add(item)
        else:
            self._take_back(item.id)

    def _take_back(self, item_id: str) -> None:
        self.whole.put(item_id, None)
        self.has_news = self.unsaved = True
        self.untold.append(ItemRemoved(item_id))

    # --- items ------------------------------------------------------------------------------------------------------

    def _begin_note(self, *, is_reasoning: bool) -> ProgressNoteDraft:
        self._close()
        self._note = ProgressNoteDraft(self._new(ProgressNoteItem, is_reasoning=is_reasoning))
        self.untold.append(ItemAdded(self._note.item))
        self._is_visible = True
        return self._note

    def _close(self) -> None:
        """End the item that is being written, if any."""
        if self.answer is not None:
            item = self.answer.item
            self.untold += (*self.answer.delta(), PartDone(item_id=item.id, part=item.content[0]), ItemDone(item))
            self._end(item)
        elif self._note is not None:
            self.untold.append(ItemDone(self._note.item))
            self._end(self._note.item)
        self.answer = self._note = None

    def _named_item(self, name: str | None, cls: type[NewItem], content: dict[str, Any]) -> NewItem:
        """The item of this name with this content: a new one where the run has shown none."""
        before = self._named.get(name) if name else None
        item: NewItem
        if isinstance(before, cls):
            item = evolve(before, **content)
        else:
            self._close()
            item = self._new(cls, **content)
        if name and isinstance(item, _NAMED):
            self._named[name] = item
        return item

    def _show(self, item: Item, growth: Growth | None) -> None:
        """A widget or an image that is whole (no ``growth``), begins, or grows."""
        growing = self._open.get(item.id)
        if growth is not None and growing is not None:
            growing.grow(growth)
            self.untold.append(growth)
            return
        is_known = growing is None and (item.id in self.whole or item.id in self._earlier)
        if growth is not None and not is_known:
            self._open[item.id] = OpenItem(item)
            self.untold.append(ItemAdded(item))
            self._is_visible = True
            return
        self._open.pop(item.id, None)
        self._keep(item)
        self.untold.append(ItemReplaced(item) if is_known else ItemDone(item))

    def _leave_out_widget(self, event: WidgetShown | WidgetChanged, reason: str) -> None:
        self._room.refuse([event.widget, event.copy_text], self._limits.widget_bytes)
        self._leave_out(TurnFault("widget_invalid", reason))

    def _leave_out(self, fault: TurnFault) -> None:
        """The owner sees the first part that cannot be shown; the visitor sees a notice for each."""
        self.fault = self.fault or fault
        self._tell(Notice(level="warning", message="A part of this answer cannot be shown."))

    def _tell(self, notice: Notice) -> None:
        """Send a notice now, and keep the first few different ones for those who open the thread later."""
        self._is_noticed = True
        self.untold.append(notice)
        if notice not in self._notices and len(self._notices) < _KEPT_NOTICES:
            self._notices.append(notice)

    def _add(self, item: Item) -> None:
        self._keep(item)
        self.untold.append(ItemDone(item))

    def _keep(self, item: Item) -> None:
        self._end(item)
        self._is_visible = self.unsaved = True

    def _end(self, item: Item) -> None:
        self.whole.put(item.id, item)
        self.has_news = True

    def _new(self, cls: type[NewItem], **fields: Any) -> NewItem:
        base = self._stamp()
        return cls(id=base.id, thread_id=base.thread_id, turn_id=base.turn_id, created_at=base.created_at, **fields)


def changed_thread(thread: Thread, change: ThreadChange) -> Thread:
    """The thread with another title, or with other settings."""
    if isinstance(change, TitleGiven):
        return thread.titled(change.title)
    return evolve(thread, settings=change.settings)


def _shows(item: Item) -> bool:
    if isinstance(item, AssistantItem):
        return bool(item.text.strip() or any(part.citations for part in item.content))
    if isinstance(item, GeneratedImageItem):
        return item.url is not None
    return not isinstance(item, HiddenItem)
