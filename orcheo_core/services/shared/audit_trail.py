"""Writing audit entries into the unit of work whose act they describe."""

from collections.abc import Callable, Sequence
from functools import partial

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.audit import Act, AuditEntry
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.workflow import Workflow
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.notices import Notices, NullNotices
from orcheo_core.ports.unit_of_work import UnitOfWork
from orcheo_core.services.shared.identifiers import Identifiers

AuditListener = Callable[[AuditEntry], None]
"""Called on the event loop with an entry that has become durable; must neither block nor raise."""


class AuditTrail:
    """Stages one entry an act, so that act and entry become durable together."""

    def __init__(
        self,
        clock: Clock,
        identifiers: Identifiers,
        listeners: Sequence[AuditListener] = (),
        notices: Notices | None = None,
    ) -> None:
        """Draw time and ids from these; tell each listener of each entry once it is durable."""
        self._clock = clock
        self._identifiers = identifiers
        self._listeners = tuple(listeners)
        self._notices = notices or NullNotices()

    def record(
        self, change: UnitOfWork, act: Act, caller: Caller, *, workflow: Workflow | None = None, note: str = ""
    ) -> None:
        """Stage an entry in ``change``; ``note`` must not hold a secret."""
        entry = AuditEntry(
            id=self._identifiers.new(IdKind.AUDIT_ENTRY),
            at=self._clock.now(),
            act=act,
            actor=caller.actor,
            channel=caller.channel,
            workflow_id=workflow.id if workflow else None,
            note=note,
            handle=workflow.handle if workflow else None,
            actor_label=caller.label,
        )
        change.audit.append(entry)
        self._notices.acted(change, entry)
        for listener in self._listeners:
            change.after_commit(partial(listener, entry))
