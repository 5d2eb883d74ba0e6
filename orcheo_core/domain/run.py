"""A run: one execution of a workflow for a turn, and what the runner says meanwhile."""

from attrs import frozen

from orcheo_core.domain.items import Citation
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec


@frozen
class TextDelta:
    """More text of the answer."""

    text: str


@frozen
class SourceCited:
    """A source of what was said so far."""

    citation: Citation


@frozen(kw_only=True)
class ProgressNote:
    """What the workflow is doing right now; shown, not kept."""

    text: str
    icon: str | None = None


@frozen(kw_only=True)
class Usage:
    """What a run has used of a language model, in that model's own units of text."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


@frozen
class UsageReported:
    """Usage on top of what was reported before in this run; for the owner, visitors do not see it."""

    usage: Usage


RunEvent = TextDelta | SourceCited | ProgressNote | UsageReported


@frozen(kw_only=True)
class PastMessage:
    """One earlier entry of the thread: who said it (``visitor`` or ``workflow``) and its text."""

    said_by: str
    text: str


@frozen(kw_only=True)
class RunContext:
    """What a workflow may know of the turn it answers."""

    workflow_id: str
    thread_id: str
    turn_id: str
    subject: Subject
    history: tuple[PastMessage, ...] = ()
    """Earlier entries of the thread, oldest first; at most :data:`HISTORY_LENGTH`."""


HISTORY_LENGTH = 40

OUTPUT_LIMIT = 1_000_000
"""Characters of text that one run may say."""


@frozen(kw_only=True)
class RunRequest:
    """One order to a runner: what to execute, with which text, in which context."""

    spec: RunnerSpec
    text: str
    context: RunContext
    time_limit: float | None = None
    """Seconds for this run when that is less than the runner gives; a runner never takes longer."""
