"""Watching: owners see turns of their workflows while they run, for as long as they may read transcripts."""

from attrs import define, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.errors import ScopeMissing, ThreadNotFound
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.owners.sessions import OwnerSessions
from orcheo_core.services.owners.threads import find_visible_thread
from orcheo_core.services.owners.workflows import find_visible
from orcheo_core.turns.live import LiveTurns
from orcheo_core.turns.register import Place, Register
from orcheo_core.turns.relay import Relay
from orcheo_core.turns.watch import Watch


@frozen(kw_only=True)
class Followed:
    """The latest turn of a thread, and where that is."""

    place: Place
    relay: Relay | None
    """None when there is no turn whose frames are still kept."""


@define(kw_only=True, eq=False)
class Watching:
    """What owners may look at while it happens; operators may look at all."""

    _store: Store
    _register: Register
    _live_turns: LiveTurns
    _sessions: OwnerSessions

    async def place(self, caller: Caller, ref: str, thread_id: str | None = None) -> Place:
        """A workflow, or one thread of it.

        Raises :class:`ScopeMissing`, :class:`WorkflowNotFound`, :class:`ThreadNotFound`, :class:`ServerStopping`.
        """
        _require_scope(caller)
        self._register.check_open()
        change = self._store.begin()
        workflow = await find_visible(change, caller, ref)
        if thread_id is not None:
            found, _ = await find_visible_thread(change, caller, thread_id)
            if found.id != workflow.id:
                raise ThreadNotFound
        return Place(workflow_id=workflow.id, thread_id=thread_id)

    def watch(self, place: Place) -> Watch:
        """The news of a place."""
        return Watch(self._register, place)

    async def follow(self, caller: Caller, thread_id: str) -> Followed:
        """The latest turn of a thread, as its visitor sees it.

        Raises :class:`ScopeMissing`, :class:`ThreadNotFound`, :class:`ServerStopping`.
        """
        _require_scope(caller)
        self._register.check_open()
        change = self._store.begin()
        _, thread = await find_visible_thread(change, caller, thread_id)
        turn = await change.turns.latest(thread_id)
        relay = self._live_turns.find(turn.id) if turn else None
        return Followed(place=Place(workflow_id=thread.workflow_id, thread_id=thread_id), relay=relay)

    async def check(self, session_id: str, place: Place) -> None:
        """Raise what ends a look at a place that an owner session began: the session, its scopes or the place ended."""
        caller = await self._sessions.still(session_id)
        _require_scope(caller)
        change = self._store.begin()
        if place.thread_id is None:
            await find_visible(change, caller, place.workflow_id or "")
        else:
            await find_visible_thread(change, caller, place.thread_id)


def _require_scope(caller: Caller) -> None:
    if not caller.may(Scope.TRANSCRIPTS_READ):
        raise ScopeMissing(f"This needs the scope {Scope.TRANSCRIPTS_READ}.")
