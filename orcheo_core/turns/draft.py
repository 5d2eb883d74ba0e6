"""What a run has said so far: run events go in, thread events and items come out. Pure: no clock, no store, no loop."""

from collections.abc import Callable
from functools import singledispatchmethod
from typing import Any, TypeVar

from attrs import evolve

from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    Ending,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    ProgressNoteItem,
    Step,
    StepKind,
    WidgetItem,
)
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation, Item
from orcheo_core.domain.json_values import json_fault
from orcheo_core.domain.run import (
    AnswerEnded,
    ClientToolCalled,
    ContextKept,
    CutShort,
    EffectCaused,
    ImageShown,
    InputAsked,
    NoticeGiven,
    ProgressNote,
    RunEvent,
    SourceCited,
    StepNoted,
    TitleGiven,
    UsageReported,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.structured_input import StructuredInputItem
from orcheo_core.domain.thread_events import (
    Effect,
    ItemAdded,
    ItemDone,
    ItemReplaced,
    Notice,
    PartAdded,
    PartCited,
    PartDelta,
    PartDone,
    Progress,
    StepAdded,
    StepChanged,
    ThreadEvent,
    ThreadUpdated,
)
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import TurnFault
from orcheo_core.domain.widgets import PartLimits

NewItem = TypeVar("NewItem", bound=ItemBase)
_LEFT_OUT_IF_WRONG = (WidgetShown, WidgetChanged, ImageShown)
"""What an answer can do without; anything else that cannot be written as JSON ends the run."""
Stamp = Callable[[], ItemBase]
"""Gives each new item its id, thread, turn and moment."""


class TurnDraft:
    """What a turn has said so far: whole items, and at most one that is being written.

    It changes in place: an answer of n pieces would cost n² as a chain of frozen values.
    """

    def __init__(
        self, *, thread: Thread, stamp: Stamp, limits: PartLimits, acted_upon: WidgetItem | None = None
    ) -> None:
        """Nothing is said yet; ``acted_upon`` is the widget that a :class:`WidgetChanged` means."""
        self.thread = thread
        self.unsaved = False
        """Whether something was said since :meth:`mark_staged`."""
        self.length = 0
        """Characters of text so far."""
        self.cut: CutShort | None = None
        """Why the answer is not whole, if the workflow said so."""
        self.fault: TurnFault | None = None
        """What could not be shown."""
        self._stamp = stamp
        self._limits = limits
        self._acted_upon = acted_upon
        self._answer: _AnswerDraft | None = None
        self._note: _ProgressNoteDraft | None = None
        self._whole: list[Item] = []
        self._saved = 0
        self._untold: list[ThreadEvent] = []
        self._is_visible = False
        self._is_noticed = False
        self._given_thread = thread

    # --- what the run says ------------------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """More text of the answer, which begins with it if none is being written."""
        answer = self._answer or self._begin_answer()
        answer.pieces.append(text)
        self.length += len(text)
        self.unsaved = True

    def apply(self, run_event: RunEvent) -> None:
        """Anything but text; raises :class:`TypeError` and :class:`ValueError` for what a run cannot say."""
        if not isinstance(run_event, _LEFT_OUT_IF_WRONG) and (fault := json_fault(run_event)):
            message = f"{type(run_event).__name__} cannot be kept: {fault}"
            raise ValueError(message)
        if self._answer is not None:
            self._untold += self._answer.delta()
        self._apply(run_event)

    def finish(self, ending: Ending | None = None) -> None:
        """The turn is as whole as it gets; the thread keeps an ``ending``."""
        self._close()
        if ending is not None or not self._is_visible:
            self._add(self._new(EndOfTurnItem, ending=ending))

    @property
    def is_empty(self) -> bool:
        """Whether a visitor was shown nothing: no item (blank text does not count), no notice, no effect."""
        if self._is_noticed or self._note is not None or any(map(_shows, self._whole)):
            return False
        return self._answer is None or not self._answer.shows

    # --- what followers receive -------------------------------------------------------------------------------------

    @property
    def has_news(self) -> bool:
        """Whether an item is whole but not durable: it must become durable before followers see that."""
        return len(self._whole) > self._saved

    def take(self) -> list[ThreadEvent]:
        """What followers have not been sent yet; text since the last time is one event."""
        if self._answer is not None:
            self._untold += self._answer.delta()
        if not self._untold:
            return []
        untold, self._untold = self._untold, []
        return untold

    # --- what is saved ----------------------------------------------------------------------------------------------

    @property
    def is_retitled(self) -> bool:
        """Whether the workflow gave the thread a title."""
        return self.thread is not self._given_thread

    def items(self, *, every: bool = False) -> list[Item]:
        """The items to save: those that are not durable, or ``every`` one of the turn."""
        whole = self._whole if every else self._whole[self._saved :]
        open_draft = self._answer or self._note
        return [*whole, open_draft.item] if open_draft else list(whole)

    def mark_staged(self) -> int:
        """All that :meth:`items` gave is on its way to the store; how many whole items that makes."""
        self.unsaved = False
        return len(self._whole)

    def mark_saved(self, staged: int) -> None:
        """What :meth:`mark_staged` counted is durable now."""
        self._saved = max(self._saved, staged)

    def mark_unsaved(self) -> None:
        """A save has failed: everything is to be saved again."""
        self.unsaved = True
        self._saved = 0

    # --- one method for each kind of run event ----------------------------------------------------------------------

    @singledispatchmethod
    def _apply(self, run_event: object) -> None:
        message = f"a run does not say {type(run_event).__name__}"
        raise TypeError(message)

    @_apply.register
    def _(self, run_event: SourceCited) -> None:
        answer = self._answer or self._begin_answer()
        self._untold.append(answer.cite(run_event.citation))
        self.unsaved = True

    @_apply.register
    def _(self, _event: AnswerEnded) -> None:
        self._close()

    @_apply.register
    def _(self, run_event: StepNoted) -> None:
        note = self._note or self._begin_note(is_reasoning=run_event.step.kind is StepKind.THOUGHT)
        self._untold.append(note.note(run_event.index, run_event.step))
        self.unsaved = True

    @_apply.register
    def _(self, run_event: WidgetShown) -> None:
        if fault := self._limits.widget_fault(run_event.widget) or json_fault(run_event.copy_text):
            self._leave_out(TurnFault("widget_invalid", f"A widget was left out: {fault}."))
            return
        self._close()
        self._add(self._new(WidgetItem, widget=run_event.widget, copy_text=run_event.copy_text))

    @_apply.register
    def _(self, run_event: WidgetChanged) -> None:
        if self._acted_upon is None:
            message = "WidgetChanged needs a widget that the visitor acted upon"
            raise ValueError(message)
        if fault := self._limits.widget_fault(run_event.widget) or json_fault(run_event.copy_text):
            self._leave_out(TurnFault("widget_invalid", f"A changed widget was left out: {fault}."))
            return
        self._acted_upon = self._acted_upon.changed(run_event.widget, run_event.copy_text)
        self._keep(self._acted_upon)
        self._untold.append(ItemReplaced(self._acted_upon))

    @_apply.register
    def _(self, run_event: ImageShown) -> None:
        if fault := self._limits.image_fault(run_event.url):
            self._leave_out(TurnFault("image_invalid", f"An image was left out: {fault}."))
            return
        self._close()
        self._add(self._new(GeneratedImageItem, url=run_event.url))

    @_apply.register
    def _(self, run_event: ClientToolCalled) -> None:
        self._close()
        call = self._new(ClientToolCallItem, call_id="", name=run_event.name, arguments=run_event.arguments)
        self._add(evolve(call, call_id=call.id))

    @_apply.register
    def _(self, run_event: InputAsked) -> None:
        self._close()
        self._add(self._new(StructuredInputItem, questions=run_event.questions))

    @_apply.register
    def _(self, run_event: ContextKept) -> None:
        self._whole.append(self._new(HiddenItem, content=run_event.content))
        self.unsaved = True

    @_apply.register
    def _(self, run_event: TitleGiven) -> None:
        self.thread = self.thread.titled(run_event.title)
        self.unsaved = True
        self._untold.append(ThreadUpdated(self.thread))

    @_apply.register
    def _(self, run_event: ProgressNote) -> None:
        self._untold.append(Progress(text=run_event.text, icon=run_event.icon))

    @_apply.register
    def _(self, _event: UsageReported) -> None:
        """For the owner: visitors do not see it."""

    @_apply.register
    def _(self, run_event: CutShort) -> None:
        self.cut = run_event

    @_apply.register
    def _(self, run_event: EffectCaused) -> None:
        self._is_noticed = True
        self._untold.append(Effect(name=run_event.name, data=run_event.data))

    @_apply.register
    def _(self, run_event: NoticeGiven) -> None:
        self._is_noticed = True
        self._untold.append(Notice(level=run_event.level, message=run_event.message, title=run_event.title))

    # --- items ------------------------------------------------------------------------------------------------------

    def _begin_answer(self) -> "_AnswerDraft":
        self._close()
        self._answer = _AnswerDraft(self._new(AssistantItem))
        self._untold += (ItemAdded(self._answer.item_at_first), PartAdded(item_id=self._answer.item_at_first.id))
        self._is_visible = True
        return self._answer

    def _begin_note(self, *, is_reasoning: bool) -> "_ProgressNoteDraft":
        self._close()
        self._note = _ProgressNoteDraft(self._new(ProgressNoteItem, is_reasoning=is_reasoning))
        self._untold.append(ItemAdded(self._note.item))
        self._is_visible = True
        return self._note

    def _close(self) -> None:
        """End the item that is being written, if any."""
        if self._answer is not None:
            item = self._answer.item
            self._untold += (*self._answer.delta(), PartDone(item_id=item.id, part=item.content[0]), ItemDone(item))
            self._whole.append(item)
        elif self._note is not None:
            self._untold.append(ItemDone(self._note.item))
            self._whole.append(self._note.item)
        self._answer = self._note = None

    def _leave_out(self, fault: TurnFault) -> None:
        """The owner sees the first part that cannot be shown; the visitor sees a notice for each."""
        self.fault = self.fault or fault
        self._is_noticed = True
        self._untold.append(Notice(level="warning", message="A part of this answer cannot be shown."))

    def _add(self, item: Item) -> None:
        self._keep(item)
        self._untold.append(ItemDone(item))

    def _keep(self, item: Item) -> None:
        self._whole.append(item)
        self._is_visible = self.unsaved = True

    def _new(self, cls: type[NewItem], **fields: Any) -> NewItem:
        base = self._stamp()
        return cls(id=base.id, thread_id=base.thread_id, turn_id=base.turn_id, created_at=base.created_at, **fields)


def _shows(item: Item) -> bool:
    if isinstance(item, AssistantItem):
        return bool(item.text.strip() or item.content[0].citations)
    return not isinstance(item, HiddenItem)


class _AnswerDraft:
    """An assistant item that grows; its pieces of text are sent as one delta for all that came in between."""

    def __init__(self, item: AssistantItem) -> None:
        self.item_at_first = item
        self.pieces: list[str] = []
        self._told = 0
        self._citations: list[Citation] = []

    @property
    def item(self) -> AssistantItem:
        part = AnswerPart(text="".join(self.pieces), citations=tuple(self._citations))
        return self.item_at_first.with_answer(part)

    @property
    def shows(self) -> bool:
        """Whether there is anything to see so far."""
        return bool(self._citations) or any(map(str.strip, self.pieces))

    def delta(self) -> tuple[ThreadEvent, ...]:
        """The text since the last time, if any."""
        new = self.pieces[self._told :]
        self._told += len(new)
        return (PartDelta(item_id=self.item_at_first.id, delta="".join(new)),) if new else ()

    def cite(self, citation: Citation) -> ThreadEvent:
        self._citations.append(citation)
        return PartCited(item_id=self.item_at_first.id, position=len(self._citations) - 1, citation=citation)


class _ProgressNoteDraft:
    """A progress note whose steps come one by one."""

    def __init__(self, item: ProgressNoteItem) -> None:
        self._item = item
        self._steps: list[Step] = []

    @property
    def item(self) -> ProgressNoteItem:
        return evolve(self._item, steps=tuple(self._steps))

    def note(self, index: int, step: Step) -> ThreadEvent:
        """A new step, or another look of an earlier one."""
        if index < len(self._steps):
            self._steps[index] = step
            return StepChanged(item_id=self._item.id, index=index, step=step)
        self._steps.append(step)
        return StepAdded(item_id=self._item.id, index=len(self._steps) - 1, step=step)
