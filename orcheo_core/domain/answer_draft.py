"""An answer while it is being written."""

from collections.abc import Iterator

from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation
from orcheo_core.domain.run import ProgressNote, RunEvent, SourceCited, TextDelta, UsageReported
from orcheo_core.domain.thread_events import (
    ItemAdded,
    ItemDone,
    PartAdded,
    PartCited,
    PartDelta,
    PartDone,
    Progress,
    ThreadEvent,
)


class AnswerDraft:
    """Turns run events into thread events and keeps the text so far.

    The one domain class that changes in place: an answer of n pieces would cost n² as a chain of frozen values.
    """

    def __init__(self, item: AssistantItem) -> None:
        """Begin with ``item``, whose content is still empty."""
        self._item = item
        self._pieces: list[str] = []
        self._citations: list[Citation] = []
        self._begun = False
        self.length = 0
        """Characters of text so far."""
        self.unsaved = False
        """Whether something was said since :meth:`mark_saved`."""

    @property
    def item(self) -> AssistantItem:
        """The item as far as it is written."""
        part = AnswerPart(text="".join(self._pieces), citations=tuple(self._citations))
        return self._item.with_answer(part) if self._begun else self._item

    @property
    def is_empty(self) -> bool:
        """Whether the workflow has said nothing yet."""
        return not self._begun

    def mark_saved(self) -> None:
        """All of :attr:`item` is durable now."""
        self.unsaved = False

    def apply(self, run_event: RunEvent) -> Iterator[ThreadEvent]:
        """What the browser is told of this run event."""
        if isinstance(run_event, UsageReported):
            return
        if isinstance(run_event, ProgressNote):
            yield Progress(text=run_event.text, icon=run_event.icon)
            return
        yield from self._begin()
        self.unsaved = True
        if isinstance(run_event, TextDelta):
            self._pieces.append(run_event.text)
            self.length += len(run_event.text)
            yield PartDelta(item_id=self._item.id, delta=run_event.text)
        else:
            yield self._cite(run_event)

    def finish(self) -> Iterator[ThreadEvent]:
        """What the browser is told when the answer is as whole as it gets; nothing when nothing was said."""
        if not self._begun:
            return
        item = self.item
        yield PartDone(item_id=item.id, part=item.content[0])
        yield ItemDone(item)

    def _begin(self) -> Iterator[ThreadEvent]:
        if self._begun:
            return
        self._begun = True
        yield ItemAdded(self._item)
        yield PartAdded(item_id=self._item.id)

    def _cite(self, cited: SourceCited) -> PartCited:
        self._citations.append(cited.citation)
        return PartCited(item_id=self._item.id, position=len(self._citations) - 1, citation=cited.citation)
