"""Counts for the audit: what anyone may do often is one entry a minute, so that it cannot fill the audit."""

from collections import Counter
from datetime import date

from orcheo_core.domain.actor import SERVER_NAME, Actor, Caller, Channel
from orcheo_core.domain.audit import Act
from orcheo_core.domain.durations import counted
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import BudgetExceeded, ForbiddenError, OrcheoError, RateLimited, UnauthenticatedError
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.audit_trail import AuditTrail

UNKNOWN_VISITOR = Actor("visitor:unknown")
"""The actor of a denied login, whose visitor is not known."""
SERVER = Caller(actor=Actor(SERVER_NAME), channel=Channel.HTTP, scopes=frozenset())
"""Who acts when the server does something by itself."""
_REFUSALS = (BudgetExceeded, UnauthenticatedError, ForbiddenError, RateLimited)


class Tally:
    """Counts refusals, denied logins and cancelled chat sessions, and writes one entry for each kind when asked to."""

    def __init__(self, *, store: Store, audit_trail: AuditTrail, clock: Clock) -> None:
        """Join what this service needs."""
        self._store = store
        self._clock = clock
        self._audit_trail = audit_trail
        self._refused: Counter[str] = Counter()
        self._of_workflows: Counter[tuple[str, date, str]] = Counter()
        self._denied: Counter[str] = Counter()
        self._cancelled: dict[tuple[str, Caller], tuple[Workflow, int]] = {}

    def count_refusal(self, error: OrcheoError) -> None:
        """Count this error; only refusals of credentials, scopes, rates and budgets count."""
        if isinstance(error, _REFUSALS):
            policy = f" ({error.policy})" if isinstance(error, BudgetExceeded) else ""
            self._refused[f"{error.code}{policy}"] += 1

    async def count_visitor(self, error: OrcheoError, ref: str) -> None:
        """Count the refusal of a visitor who wanted to reach a workflow, by day, for its owner.

        An unknown ``ref`` (id or handle) is ignored, so strangers cannot fill the memory with made-up ones.
        """
        if not isinstance(error, _REFUSALS):
            return
        try:
            workflow = await self._store.begin().workflows.find(ref)
        except OrcheoError:  # the store does not answer, but the refusal must be
            return
        if workflow is not None:
            self._of_workflows[workflow.id, self._clock.now().date(), error.code] += 1

    def count_denied(self, provider: str, error: OrcheoError) -> None:
        """Count logins that did not come about, which anyone can begin."""
        self._denied[f"{provider}: {error.code}"] += 1

    def count_cancelled(self, caller: Caller, workflow: Workflow, times: int = 1) -> None:
        """Count chat sessions that an app has cancelled."""
        _, before = self._cancelled.get((workflow.id, caller), (workflow, 0))
        self._cancelled[workflow.id, caller] = (workflow, before + times)

    async def write(self) -> None:
        """Make the counts so far durable."""
        refused, self._refused = self._refused, Counter()
        of_workflows, self._of_workflows = self._of_workflows, Counter()
        denied, self._denied = self._denied, Counter()
        cancelled, self._cancelled = self._cancelled, {}
        if not (refused or of_workflows or denied or cancelled):
            return
        change = self._store.begin()
        for code, times in sorted(refused.items()):
            self._audit_trail.record(change, Act.REFUSED, SERVER, note=f"{code}: {counted(times, 'time')}")
        for (workflow_id, day, code), times in of_workflows.items():
            change.usage.add_refusals(workflow_id, day, code, times)
        for what, times in sorted(denied.items()):
            caller = Caller(actor=UNKNOWN_VISITOR, channel=Channel.HTTP, scopes=frozenset())
            self._audit_trail.record(change, Act.LOGIN_DENIED, caller, note=f"{what}: {counted(times, 'time')}")
        for (_, caller), (workflow, times) in cancelled.items():
            note = counted(times, "chat session")
            self._audit_trail.record(change, Act.CHAT_SESSION_CANCELLED, caller, workflow=workflow, note=note)
        try:
            await change.commit()
        except BaseException:
            self._refused.update(refused)
            self._of_workflows.update(of_workflows)
            self._denied.update(denied)
            for (_, caller), (workflow, times) in cancelled.items():
                self.count_cancelled(caller, workflow, times)
            raise
