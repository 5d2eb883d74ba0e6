"""Items while they are being written: an answer, a progress note.

They change in place: an answer of n pieces would cost n² as a chain of frozen values.
"""

from collections.abc import Iterator

from attrs import evolve

from orcheo_core.domain.component_items import ProgressNoteItem, Step
from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation
from orcheo_core.domain.thread_events import (
    ItemAdded,
    ItemDone,
    PartAdded,
    PartCited,
    PartDelta,
    PartDone,
    StepAdded,
    StepChanged,
    ThreadEvent,
)


class AnswerDraft:
    """An assistant item that grows."""

    def __init__(self, item: AssistantItem) -> None:
        """Begin with ``item``, whose content is still empty."""
        self._item = item
        self._pieces: list[str] = []
        self._citations: list[Citation] = []

    @property
    def item(self) -> AssistantItem:
        """The item as far as it is written."""
        return self._item.with_answer(self._part)

    @property
    def _part(self) -> AnswerPart:
        return AnswerPart(text="".join(self._pieces), citations=tuple(self._citations))

    def begin(self) -> Iterator[ThreadEvent]:
        """The item appears."""
        yield ItemAdded(self._item)
        yield PartAdded(item_id=self._item.id)

    def write(self, text: str) -> ThreadEvent:
        """More text."""
        self._pieces.append(text)
        return PartDelta(item_id=self._item.id, delta=text)

    def cite(self, citation: Citation) -> ThreadEvent:
        """A source of the text so far."""
        self._citations.append(citation)
        return PartCited(item_id=self._item.id, position=len(self._citations) - 1, citation=citation)

    def finish(self) -> Iterator[ThreadEvent]:
        """The item is whole."""
        item = self.item
        yield PartDone(item_id=item.id, part=item.content[0])
        yield ItemDone(item)


class ProgressNoteDraft:
    """A progress note whose steps come one by one."""

    def __init__(self, item: ProgressNoteItem) -> None:
        """Begin with ``item``, which has no steps yet."""
        self._item = item
        self._steps: list[Step] = []

    @property
    def item(self) -> ProgressNoteItem:
        """The item as far as it is written."""
        return evolve(self._item, steps=tuple(self._steps))

    def begin(self) -> Iterator[ThreadEvent]:
        """The item appears."""
        yield ItemAdded(self._item)

    def note(self, index: int, step: Step) -> ThreadEvent:
        """A new step, or another look of an earlier one."""
        if index < len(self._steps):
            self._steps[index] = step
            return StepChanged(item_id=self._item.id, index=index, step=step)
        self._steps.append(step)
        return StepAdded(item_id=self._item.id, index=len(self._steps) - 1, step=step)

    def finish(self) -> Iterator[ThreadEvent]:
        """The item is whole."""
        yield ItemDone(self.item)
