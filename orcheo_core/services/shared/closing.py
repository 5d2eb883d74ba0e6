"""Closing: what keeps visitors out and ends their chats, also where the disk takes nothing."""

from datetime import timedelta

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.audit import Act
from orcheo_core.domain.publish_token import TokenEnd
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import ClosedUntilRestart, ConcurrentChange, StorageUnavailable
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.turns.register import ENDED, VISITORS_WORK, Place, Register


class Closing:
    """Closes workflows; what cannot be stored holds in memory, and is stored as soon as that is possible."""

    def __init__(self, *, store: Store, clock: Clock, audit_trail: AuditTrail, register: Register) -> None:
        """Nothing is held in memory yet."""
        self._store = store
        self._clock = clock
        self._audit_trail = audit_trail
        self._register = register
        self._held: dict[str, Caller] = {}

    def holds(self, workflow_id: str) -> bool:
        """Whether this workflow is closed in memory only, with all its chats ended."""
        return workflow_id in self._held

    async def close(self, caller: Caller, closed: Workflow, act: Act, note: str = "", *, ends_chats: bool) -> Workflow:
        """Store a workflow that is private from now on; with ``ends_chats`` all its chats end at once.

        Raises :class:`ConcurrentChange`, and :class:`ClosedUntilRestart` when it could not be stored.
        """
        try:
            await self._store_closed(caller, closed, act, note, ends_chats=ends_chats)
        except StorageUnavailable as error:
            self._held[closed.id] = caller
            self._stop(closed.id)
            raise ClosedUntilRestart(f"{closed.handle} is closed and its chats are ended. {error.detail}") from error
        if ends_chats:
            self._stop(closed.id)
        return closed

    async def settle(self) -> None:
        """Store what is held in memory, as far as that is possible by now."""
        for workflow_id, caller in tuple(self._held.items()):
            change = self._store.begin()
            workflow = await change.workflows.find(workflow_id)
            if workflow is not None:
                now = self._clock.now()
                closed = workflow.unpublished(at=now) if workflow.is_public else workflow.chats_ended(at=now)
                act = Act.UNPUBLISHED if workflow.is_public else Act.SESSIONS_ENDED
                try:
                    await self._store_closed(caller, closed, act, "was held in memory", ends_chats=True)
                except (StorageUnavailable, ConcurrentChange):
                    continue
            self._held.pop(workflow_id, None)

    async def _store_closed(self, caller: Caller, closed: Workflow, act: Act, note: str, *, ends_chats: bool) -> None:
        change, now = self._store.begin(), closed.updated_at
        await stage_ends(change, closed, TokenEnd.REVOKED, timedelta(0))
        change.workflows.save(closed)
        self._audit_trail.record(change, act, caller, workflow=closed, note=note)
        if ends_chats:
            change.chat_sessions.end_all(closed.id, now)
        await change.commit(must_land=True)

    def _stop(self, workflow_id: str) -> None:
        self._register.stop(ENDED, Place(workflow_id=workflow_id), VISITORS_WORK)


async def stage_ends(change: UnitOfWork, workflow: Workflow, end: TokenEnd, grace: timedelta) -> None:
    """Stage the end of all publish tokens that work when the workflow was changed."""
    now = workflow.updated_at
    for publish_token in await change.publish_tokens.live(workflow.id, now):
        change.publish_tokens.save(publish_token.ended(end, at=now, grace=grace))
