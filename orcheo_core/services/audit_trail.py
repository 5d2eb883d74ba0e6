"""Writing audit entries into the unit of work whose act they describe."""

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.audit import Act, AuditEntry
from orcheo_core.domain.ids import IdKind
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import UnitOfWork
from orcheo_core.services.identifiers import Identifiers


class AuditTrail:
    """Stages one entry an act, so that act and entry become durable together."""

    def __init__(self, clock: Clock, identifiers: Identifiers) -> None:
        """Draw time and ids from these."""
        self._clock = clock
        self._identifiers = identifiers

    def record(
        self, change: UnitOfWork, act: Act, caller: Caller, *, workflow_id: str | None = None, note: str = ""
    ) -> None:
        """Stage an entry in ``change``; ``note`` must not hold a secret."""
        change.audit.append(
            AuditEntry(
                id=self._identifiers.new(IdKind.AUDIT_ENTRY),
                at=self._clock.now(),
                act=act,
                actor=caller.actor,
                channel=caller.channel,
                workflow_id=workflow_id,
                note=note,
            )
        )
