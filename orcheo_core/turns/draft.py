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
    Notice,
    ProgressNoteItem,
    Step,
    StepKind,
    WidgetItem,
)
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation, Item
from orcheo_core.domain.json_values import json_fault, json_length
from orcheo_core.domain.run import (
    OUTPUT_LIMIT,
    SHOWN_LIMIT,
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
from orcheo_core.ports.runner import RunTooLong

NewItem = TypeVar("NewItem", bound=ItemBase)
_LEFT_OUT_IF_WRONG = (WidgetShown, WidgetChanged, ImageShown)
"""What an answer can do without; anything else that cannot be written as JSON ends the run."""
_NOT_KEPT = (ProgressNote, EffectCaused, UsageReported, CutShort, TitleGiven, *_LEFT_OUT_IF_WRONG)
"""What leaves nothing in the thread, but for one title, and what is counted apart where it is shown."""
_LEAST_PART = 100
"""Characters that each part counts for, as its row takes space however little is in it."""
MOST_SHOWN = 10_000
"""Widgets and images of one run: each is an item in memory until the end, however small."""
_KEPT_NOTICES = 10
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
        self._kept = self._shown = 0
        """Characters of what the thread keeps besides text; those of widgets and images are counted apart."""
        self._parts = 0
        """Widgets and images, and changes of widgets."""
        self.cut: CutShort | None = None
        """Why the answer is not whole, if the workflow said so."""
        self.fault: TurnFault | None = None
        """What could not be shown."""
        self._stamp = stamp
        self._limits = limits
        self._acted_upon = acted_upon
        self.answer: AnswerDraft | None = None
        """The answer that is being written."""
        self._note: _ProgressNoteDraft | None = None
        self.has_news = False
        """Whether an item is whole but not durable: it must become durable before followers see that."""
        self._whole: list[Item] = []
        self._saved = 0
        self.untold: list[ThreadEvent] = []
        """What followers have not been sent yet, but for the newest text of :attr:`answer`."""
        self._is_visible = False
        self._is_noticed = False
        self._notices: list[Notice] = []
        self._given_thread = thread

    # --- what the run says ------------------------------------------------------------------------------------------

    def begin_answer(self) -> "AnswerDraft":
        """Begin to write an answer: its text is what is added to its pieces, which :attr:`length` counts."""
        self._close()
        self.answer = AnswerDraft(self._new(AssistantItem))
        self.untold += (ItemAdded(self.answer.item_at_first), PartAdded(item_id=self.answer.item_at_first.id))
        self._is_visible = True
        return self.answer

    def apply(self, run_event: RunEvent) -> None:
        """Anything but text.

        Raises :class:`TypeError` and :class:`ValueError` for what a run cannot say, :class:`RunTooLong` for too much.
        """
        if not isinstance(run_event, _LEFT_OUT_IF_WRONG) and (fault := json_fault(run_event)):
            message = f"{type(run_event).__name__} cannot be kept: {fault}"
            raise ValueError(message)
        self._count(run_event)
        if self.answer is not None:
            self.untold += self.answer.delta()
        self._apply(run_event)

    def _count(self, run_event: RunEvent) -> None:
        """Raise :class:`RunTooLong` when this is more than a thread keeps of one run besides text."""
        if isinstance(run_event, _NOT_KEPT):
            return
        if isinstance(run_event, StepNoted):
            before = self._note.step(run_event.index) if self._note else None
            self._kept += _weight(run_event.step) - (_weight(before) if before else 0)
        else:
            self._kept += _weight(run_event)
        if self._kept > OUTPUT_LIMIT:
            raise RunTooLong(
                f"The workflow has said more than {OUTPUT_LIMIT:,} characters besides text: "
                "sources, steps, questions, tool calls, notices, hidden context."
            )

    def _count_shown(self, part: object) -> None:
        self._shown += _weight(part)
        self._parts += 1
        if self._shown > SHOWN_LIMIT:
            raise RunTooLong(f"The workflow has shown more than {SHOWN_LIMIT:,} characters of widgets and images.")
        if self._parts > MOST_SHOWN:
            raise RunTooLong(f"The workflow has shown more than {MOST_SHOWN:,} widgets and images.")

    def finish(self, ending: Ending | None = None) -> None:
        """The turn is as whole as it gets; the thread keeps its notices and an ``ending``."""
        self._close()
        for notice in self._notices:
            self._add(self._new(EndOfTurnItem, notice=notice))
        if ending is not None or not self._is_visible:
            self._add(self._new(EndOfTurnItem, ending=ending))

    @property
    def is_empty(self) -> bool:
        """Whether a visitor was shown nothing: no item (blank text does not count), no notice, no effect."""
        if self._is_noticed or self._note is not None or any(map(_shows, self._whole)):
            return False
        return self.answer is None or not self.answer.shows

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

    def items(self, *, every: bool = False) -> list[Item]:
        """The items to save: those that are not durable, or ``every`` one of the turn."""
        whole = self._whole if every else self._whole[self._saved :]
        open_draft = self.answer or self._note
        return [*whole, open_draft.item] if open_draft else list(whole)

    def mark_staged(self) -> int:
        """All that :meth:`items` gave is on its way to the store; how many whole items that makes."""
        self.unsaved = False
        return len(self._whole)

    def mark_saved(self, staged: int) -> None:
        """What :meth:`mark_staged` counted is durable now."""
        self._saved = max(self._saved, staged)
        self.has_news = len(self._whole) > self._saved

    def mark_unsaved(self) -> None:
        """A save has failed: everything is to be saved again."""
        self.unsaved = True
        self._saved = 0
        self.has_news = bool(self._whole)

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
            self._leave_out(TurnFault("widget_invalid", f"A widget was left out: {fault}."))
            return
        self._count_shown([run_event.widget, run_event.copy_text])
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
        self._count_shown([run_event.widget, run_event.copy_text])
        self._acted_upon = self._acted_upon.changed(run_event.widget, run_event.copy_text)
        self._keep(self._acted_upon)
        self.untold.append(ItemReplaced(self._acted_upon))

    @_apply.register
    def _(self, run_event: ImageShown) -> None:
        if fault := self._limits.image_fault(run_event.url):
            self._leave_out(TurnFault("image_invalid", f"An image was left out: {fault}."))
            return
        self._count_shown(run_event.url)
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
        self._end(self._new(HiddenItem, content=run_event.content))
        self.unsaved = True

    @_apply.register
    def _(self, run_event: TitleGiven) -> None:
        self.thread = self.thread.titled(run_event.title)
        self.unsaved = True
        self.untold.append(ThreadUpdated(self.thread))

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
    def _(self, run_event: EffectCaused) -> None:
        self._is_noticed = True
        self.untold.append(Effect(name=run_event.name, data=run_event.data))

    @_apply.register
    def _(self, run_event: NoticeGiven) -> None:
        self._tell(Notice(level=run_event.level, message=run_event.message, title=run_event.title))

    # --- items ------------------------------------------------------------------------------------------------------

    def _begin_note(self, *, is_reasoning: bool) -> "_ProgressNoteDraft":
        self._close()
        self._note = _ProgressNoteDraft(self._new(ProgressNoteItem, is_reasoning=is_reasoning))
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
        self._whole.append(item)
        self.has_news = True

    def _new(self, cls: type[NewItem], **fields: Any) -> NewItem:
        base = self._stamp()
        return cls(id=base.id, thread_id=base.thread_id, turn_id=base.turn_id, created_at=base.created_at, **fields)


def _weight(part: object) -> int:
    """Characters that a part of an answer counts for."""
    return max(_LEAST_PART, len(part) if isinstance(part, str) else json_length(part))


def _shows(item: Item) -> bool:
    if isinstance(item, AssistantItem):
        return bool(item.text.strip() or item.content[0].citations)
    return not isinstance(item, HiddenItem)


class AnswerDraft:
    """An assistant item that grows; its pieces of text are sent as one delta for all that came in between."""

    def __init__(self, item: AssistantItem) -> None:
        self.item_at_first = item
        self.pieces: list[str] = []
        self.told = 0
        """How many of the pieces followers have been sent."""
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
        told, self.told = self.told, len(self.pieces)
        if told == self.told:
            return ()
        return (PartDelta(item_id=self.item_at_first.id, delta="".join(self.pieces[told:])),)

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

    def step(self, index: int) -> Step | None:
        """The step as it looks now, None for a new one."""
        return self._steps[index] if index < len(self._steps) else None

    def note(self, index: int, step: Step) -> ThreadEvent:
        """A new step, or another look of an earlier one."""
        if index < len(self._steps):
            self._steps[index] = step
            return StepChanged(item_id=self._item.id, index=index, step=step)
        self._steps.append(step)
        return StepAdded(item_id=self._item.id, index=len(self._steps) - 1, step=step)
