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


RunEvent = TextDelta | SourceCited | ProgressNote


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


@frozen(kw_only=True)
class RunRequest:
    """One order to a runner: what to execute, with which text, in which context."""

    spec: RunnerSpec
    text: str
    context: RunContext
