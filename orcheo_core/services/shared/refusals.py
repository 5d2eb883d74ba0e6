"""Refusals in the audit: counted by code, so that refused requests cannot fill the audit."""

from collections import Counter

from orcheo_core.domain.actor import SERVER_NAME, Actor, Caller, Channel
from orcheo_core.domain.audit import Act
from orcheo_core.domain.durations import counted
from orcheo_core.errors import BudgetExceeded, ForbiddenError, OrcheoError, RateLimited, UnauthenticatedError
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.audit_trail import AuditTrail

SERVER = Caller(actor=Actor(SERVER_NAME), channel=Channel.HTTP, scopes=frozenset())
"""Who acts when the server does something by itself."""


class Refusals:
    """Counts refusals, and writes one entry for each code when asked to."""

    def __init__(self, *, store: Store, audit_trail: AuditTrail) -> None:
        """Join what this service needs."""
        self._store = store
        self._audit_trail = audit_trail
        self._counted: Counter[str] = Counter()

    def count(self, error: OrcheoError) -> None:
        """Count this error; only refusals of credentials, scopes, rates and budgets count."""
        if isinstance(error, BudgetExceeded):
            self._counted[f"{error.code} ({error.policy})"] += 1
        elif isinstance(error, (UnauthenticatedError, ForbiddenError, RateLimited)):
            self._counted[error.code] += 1

    async def write(self) -> None:
        """Make the counts so far durable."""
        refused, self._counted = self._counted, Counter()
        if not refused:
            return
        change = self._store.begin()
        for code, times in sorted(refused.items()):
            self._audit_trail.record(change, Act.REFUSED, SERVER, note=f"{code}: {counted(times, 'time')}")
        try:
            await change.commit()
        except BaseException:
            self._counted.update(refused)
            raise
