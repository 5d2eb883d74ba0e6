"""What visitors read beside an answer: that it is not whole, or that files were not read."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from orcheo_core.domain.run import CutShort, NoticeGiven, RunEvent

CUT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"})
FILTERED = frozenset(
    {"content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "refusal"}
)
"""Reasons for the end of an answer, in small letters, as the usual endpoints and clients give them."""

CUT_NOTICE = "The answer was cut off at the model's limit. Write “continue” to read on."
FILTER_NOTICE = "The answer was stopped by the model's content filter and may be incomplete."


def cut_short(reason: str) -> Iterator[RunEvent]:
    """What the thread keeps and the visitor reads of an answer that ended for this reason; nothing for a whole one."""
    if reason in CUT:
        yield CutShort(code="answer_cut_off", reason=f"The model reached its limit of tokens ({reason}).")
        yield NoticeGiven(message=CUT_NOTICE, level="warning")
    elif reason in FILTERED:
        yield CutShort(code="answer_filtered", reason=f"The endpoint's content filter stopped it ({reason}).")
        yield NoticeGiven(message=FILTER_NOTICE, level="warning")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def not_read(files: Iterable[_Named]) -> Iterator[RunEvent]:
    """What the visitor reads of files that a workflow does not get; nothing when there are none."""
    if names := ", ".join(each.name for each in files):
        yield NoticeGiven(message=f"This workflow cannot read attachments of this kind: {names}.")
