"""A turn while it runs: run events become thread events, and items to keep."""

from collections.abc import Callable, Generator, Iterator
from functools import singledispatchmethod
from typing import Any, TypeVar

from attrs import asdict, evolve

from orcheo_core.domain.answer_draft import AnswerDraft, ProgressNoteDraft
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    Ending,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    ProgressNoteItem,
    StepKind,
    WidgetItem,
)
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AssistantItem, Item
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
    TextDelta,
    TitleGiven,
    UsageReported,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.structured_input import StructuredInputItem
from orcheo_core.domain.thread_events import (
    Effect,
    ItemDone,
    ItemReplaced,
    Notice,
    Progress,
    ThreadEvent,
    ThreadUpdated,
)
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import TurnFault
from orcheo_core.domain.widgets import image_fault, widget_fault

NewItem = TypeVar("NewItem", bound=ItemBase)
Stamp = Callable[[], ItemBase]
"""Gives each new item its id, thread, turn and moment."""


class TurnDraft:
    """What a turn has said so far: whole items, and at most one that is being written."""

    def __init__(self, *, thread: Thread, stamp: Stamp, acted_upon: WidgetItem | None = None) -> None:
        """Nothing is said yet; ``acted_upon`` is the widget that a :class:`WidgetChanged` means."""
        self.thread = thread
        self.unsaved = False
        """Whether something was said since :meth:`mark_saved`."""
        self.length = 0
        """Characters of text so far."""
        self.cut: CutShort | None = None
        """Why the answer is not whole, if the workflow said so."""
        self.fault: TurnFault | None = None
        """What could not be shown."""
        self._stamp = stamp
        self._acted_upon = acted_upon
        self._open: AnswerDraft | ProgressNoteDraft | None = None
        self._whole: list[Item] = []
        self._saved = 0
        self._is_visible = False
        self._is_noticed = False
        self._given_thread = thread

    @property
    def is_retitled(self) -> bool:
        """Whether the workflow gave the thread a title."""
        return self.thread is not self._given_thread

    @property
    def has_news(self) -> bool:
        """Whether an item is whole that is not durable: it must be before anybody is told so."""
        return len(self._whole) > self._saved

    @property
    def is_empty(self) -> bool:
        """Whether a visitor was shown nothing: no item (blank text is none), no notice, no effect."""
        shown = (item for item in self.items(every=True) if not isinstance(item, HiddenItem))
        return not self._is_noticed and not any(_shows(each) for each in shown)

    def items(self, *, every: bool = False) -> list[Item]:
        """The items to save: those since :meth:`mark_saved`, or ``every`` one of the turn."""
        whole = self._whole if every else self._whole[self._saved :]
        return [*whole, self._open.item] if self._open else list(whole)

    def mark_saved(self) -> None:
        """All that :meth:`items` gave is durable now."""
        self.unsaved = False
        self._saved = len(self._whole)

    def mark_unsaved(self) -> None:
        """A save has failed: everything is to be saved again."""
        self.unsaved = True
        self._saved = 0

    def apply(self, run_event: RunEvent) -> list[ThreadEvent]:
        """What the browser is told of this run event."""
        if type(run_event) is TextDelta:  # the one that comes by the thousand
            answer = self._open
            if type(answer) is AnswerDraft:
                self.unsaved = True
                self.length += len(run_event.text)
                return [answer.write(run_event.text)]
        return list(self._apply(run_event))

    def finish(self, ending: Ending | None = None) -> list[ThreadEvent]:
        """What the browser is told when the turn is as whole as it gets; the thread keeps an ``ending``."""
        events = list(self._close())
        if ending is not None or not self._is_visible:
            events.append(self._add(self._new(EndOfTurnItem, ending=ending)))
        return events

    @singledispatchmethod
    def _apply(self, run_event: object) -> Iterator[ThreadEvent]:
        message = f"a run does not say {type(run_event).__name__}"
        raise TypeError(message)

    @_apply.register
    def _(self, run_event: TextDelta) -> Iterator[ThreadEvent]:
        answer = yield from self._answer()
        self.length += len(run_event.text)
        yield answer.write(run_event.text)

    @_apply.register
    def _(self, run_event: SourceCited) -> Iterator[ThreadEvent]:
        answer = yield from self._answer()
        yield answer.cite(run_event.citation)

    @_apply.register
    def _(self, _event: AnswerEnded) -> Iterator[ThreadEvent]:
        yield from self._close()

    @_apply.register
    def _(self, run_event: StepNoted) -> Iterator[ThreadEvent]:
        note = yield from self._note(is_reasoning=run_event.step.kind is StepKind.THOUGHT)
        yield note.note(run_event.index, run_event.step)

    @_apply.register
    def _(self, run_event: WidgetShown) -> Iterator[ThreadEvent]:
        if fault := widget_fault(run_event.widget):
            yield self._left_out(TurnFault("widget_invalid", f"A widget was left out: {fault}."))
            return
        yield from self._close()
        yield self._add(self._new(WidgetItem, widget=run_event.widget, copy_text=run_event.copy_text))

    @_apply.register
    def _(self, run_event: WidgetChanged) -> Iterator[ThreadEvent]:
        if self._acted_upon is None:
            message = "WidgetChanged needs a widget that the visitor acted upon"
            raise ValueError(message)
        if fault := widget_fault(run_event.widget):
            yield self._left_out(TurnFault("widget_invalid", f"A changed widget was left out: {fault}."))
            return
        self._acted_upon = self._acted_upon.changed(run_event.widget, run_event.copy_text)
        self._add(self._acted_upon)
        yield ItemReplaced(self._acted_upon)

    @_apply.register
    def _(self, run_event: ImageShown) -> Iterator[ThreadEvent]:
        if fault := image_fault(run_event.url):
            yield self._left_out(TurnFault("image_invalid", f"An image was left out: {fault}."))
            return
        yield from self._close()
        yield self._add(self._new(GeneratedImageItem, url=run_event.url))

    @_apply.register
    def _(self, run_event: ClientToolCalled) -> Iterator[ThreadEvent]:
        yield from self._close()
        call = self._new(ClientToolCallItem, call_id="", name=run_event.name, arguments=run_event.arguments)
        yield self._add(evolve(call, call_id=call.id))

    @_apply.register
    def _(self, run_event: InputAsked) -> Iterator[ThreadEvent]:
        yield from self._close()
        yield self._add(self._new(StructuredInputItem, questions=run_event.questions))

    @_apply.register
    def _(self, run_event: ContextKept) -> Iterator[ThreadEvent]:
        self._whole.append(self._new(HiddenItem, content=run_event.content))
        self.unsaved = True
        yield from ()

    @_apply.register
    def _(self, run_event: TitleGiven) -> Iterator[ThreadEvent]:
        self.thread = self.thread.titled(run_event.title)
        self.unsaved = True
        yield ThreadUpdated(self.thread)

    @_apply.register
    def _(self, run_event: ProgressNote) -> Iterator[ThreadEvent]:
        yield Progress(text=run_event.text, icon=run_event.icon)

    @_apply.register
    def _(self, _event: UsageReported) -> Iterator[ThreadEvent]:
        yield from ()

    @_apply.register
    def _(self, run_event: CutShort) -> Iterator[ThreadEvent]:
        self.cut = run_event
        yield from ()

    @_apply.register
    def _(self, run_event: EffectCaused) -> Iterator[ThreadEvent]:
        self._is_noticed = True
        yield Effect(name=run_event.name, data=run_event.data)

    @_apply.register
    def _(self, run_event: NoticeGiven) -> Iterator[ThreadEvent]:
        self._is_noticed = True
        yield Notice(level=run_event.level, message=run_event.message, title=run_event.title)

    def _answer(self) -> Generator[ThreadEvent, None, AnswerDraft]:
        """The answer that is being written, begun when there is none."""
        if type(self._open) is not AnswerDraft:
            yield from self._close()
            self._open = AnswerDraft(self._new(AssistantItem))
            yield from self._open.begin()
        self._is_visible = self.unsaved = True
        return self._open

    def _note(self, *, is_reasoning: bool) -> Generator[ThreadEvent, None, ProgressNoteDraft]:
        """The progress note that is being written, begun when there is none; its first step says what kind it is."""
        if type(self._open) is not ProgressNoteDraft:
            yield from self._close()
            self._open = ProgressNoteDraft(self._new(ProgressNoteItem, is_reasoning=is_reasoning))
            yield from self._open.begin()
        self._is_visible = self.unsaved = True
        return self._open

    def _close(self) -> Iterator[ThreadEvent]:
        """End what is being written."""
        if self._open is not None:
            draft, self._open = self._open, None
            self._whole.append(draft.item)
            yield from draft.finish()

    def _left_out(self, fault: TurnFault) -> ThreadEvent:
        """The first part that cannot be shown is what the owner is told of; the visitor is told of each."""
        self.fault = self.fault or fault
        self._is_noticed = True
        return Notice(level="warning", message="A part of this answer cannot be shown.")

    def _add(self, item: Item) -> ThreadEvent:
        self._whole.append(item)
        self._is_visible = self.unsaved = True
        return ItemDone(item)

    def _new(self, cls: type[NewItem], **fields: Any) -> NewItem:
        return cls(**asdict(self._stamp(), recurse=False), **fields)


def _shows(item: Item) -> bool:
    return bool(item.text.strip() or item.content[0].citations) if isinstance(item, AssistantItem) else True
