"""A turn: what a visitor said, with all that answers it."""

from datetime import datetime
from enum import StrEnum

from attrs import evolve, field

from orcheo_core.domain.subject import Subject
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.values import value


class TurnStatus(StrEnum):
    """Where a turn stands; all but ``RUNNING`` are final."""

    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@value
class TurnFault:
    """Why a turn has no answer, or not a whole one: a stable code and a short reason, for the workflow's owner."""

    code: str
    reason: str


@value(kw_only=True)
class Turn:
    """One turn; ``user_item_id`` is the item it answers, ``answer_id`` the item the answer is written into.

    A repeated ``idempotency_key`` of the same subject in the same workflow means the same turn.
    ``replaces`` are the items a retry takes the place of: they go when its answer is durable.
    ``usage`` is what its run reported, None when it reported nothing. ``fault`` is for the owner, never for visitors.
    """

    id: str
    workflow_id: str
    thread_id: str
    subject: Subject
    user_item_id: str
    answer_id: str
    started_at: datetime
    status: TurnStatus = TurnStatus.RUNNING
    ended_at: datetime | None = None
    idempotency_key: str | None = None
    replaces: tuple[str, ...] = ()
    usage: Usage | None = None
    fault: TurnFault | None = None
    first_event_at: datetime | None = None
    """When its workflow said something first."""

    @property
    def is_running(self) -> bool:
        """Whether its answer is still being written."""
        return self.status is TurnStatus.RUNNING

    def ended(
        self,
        status: TurnStatus,
        at: datetime,
        fault: TurnFault | None = None,
        first_event_at: datetime | None = None,
    ) -> "Turn":
        """Ended with a final status; the first end stays."""
        if not self.is_running:
            return self
        return Turn(
            id=self.id,
            workflow_id=self.workflow_id,
            thread_id=self.thread_id,
            subject=self.subject,
            user_item_id=self.user_item_id,
            answer_id=self.answer_id,
            started_at=self.started_at,
            status=status,
            ended_at=at,
            idempotency_key=self.idempotency_key,
            replaces=self.replaces,
            usage=self.usage,
            fault=fault,
            first_event_at=first_event_at,
        )

    def with_usage(self, usage: Usage) -> "Turn":
        """With this on top of what was used before."""
        return evolve(self, usage=usage if self.usage is None else self.usage + usage)


@value(kw_only=True)
class TurnSum:
    """Turns of a workflow summed up: how many, how many of them failed, by how many visitors, what they used."""

    turns: int = 0
    failed: int = 0
    visitors: int = 0
    usage: Usage = field(factory=Usage)
    latest_at: datetime | None = None
    """When the latest of them began."""
    latest_failed: Turn | None = None
