"""Housekeeping: removes what is too old, by the table of what is kept."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from orcheo_core.domain.keeping import (
    CANVAS_TICKETS,
    CHAT_SESSIONS,
    DELIVERIES,
    ENDED_TURNS,
    OWNER_SESSIONS,
    REFUSALS,
    UNSENT_FILES,
    Kept,
)
from orcheo_core.domain.pages import PAGE_LIMIT
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.owners.threads import Transcripts
from orcheo_core.services.visitors.attaching import Attaching
from orcheo_core.turns.live import LiveTurns

_JUMP = timedelta(minutes=5)
_STEADY = timedelta(hours=1)


class Housekeeping:
    """Removes each kind that has a lifetime; what fails keeps nothing else from being removed."""

    def __init__(
        self, *, store: Store, clock: Clock, attaching: Attaching, transcripts: Transcripts, live_turns: LiveTurns
    ) -> None:
        """Join what this service needs."""
        self._store = store
        self._clock = clock
        self._transcripts = transcripts
        self._live_turns = live_turns
        self.removes: dict[Kept, Callable[[datetime], Awaitable[object]]] = {
            CHAT_SESSIONS: self._chat_sessions,
            CANVAS_TICKETS: partial(self._owner_sessions, tickets_only=True),
            OWNER_SESSIONS: partial(self._owner_sessions, tickets_only=False),
            UNSENT_FILES: attaching.remove_unsent,
            DELIVERIES: self._deliveries,
            REFUSALS: self._refusals,
            ENDED_TURNS: self._ended_turns,
        }
        """What removes all of a kind from before a moment."""
        self._offset = clock.now() - clock.elapsed()
        self._steady_since = clock.elapsed()
        self._has_jumped = False

    async def remove_aged(self, retention: timedelta | None, *forget: Callable[[], Awaitable[object]]) -> int:
        """Remove what is too old by now; how many threads were, by ``retention``.

        A clock that jumps to the future makes everything old, so after a jump nothing is removed until the clock was
        steady for an hour; threads, which no one can bring back, not before that in any process. The same holds for
        what ``forget`` forgets: ids that may be forgotten are refused, and once the clock is right again that would be
        all new ones, for as long as it was ahead. Raises the last error that came up, after everything was tried.
        """
        is_steady = self._look_at_clock()
        if self._has_jumped and not is_steady:
            return 0
        failure: Exception | None = None
        purged, now = 0, self._clock.now()
        parts: list[Callable[[], Awaitable[object]]] = [partial(self._make_ends_final, now)]
        parts += [partial(remove, now - kept.lifetime) for kept, remove in self.removes.items()]
        for do in (*parts, *(forget if is_steady else ())):
            try:
                await do()
            except Exception as error:  # noqa: BLE001 - the next kind must not wait for this one
                failure = error
        if retention is not None and is_steady:
            purged = await self._transcripts.purge_older(retention)
        if failure is not None:
            raise failure
        return purged

    def _look_at_clock(self) -> bool:
        """Whether the clock has gone with the time that went by for an hour."""
        elapsed = self._clock.elapsed()
        offset = self._clock.now() - elapsed
        if abs(offset - self._offset) > _JUMP:
            self._steady_since, self._has_jumped = elapsed, True
        self._offset = offset
        return elapsed - self._steady_since >= _STEADY

    async def _make_ends_final(self, now: datetime) -> None:
        change = self._store.begin()
        change.publish_tokens.make_ends_final(now)
        change.service_tokens.make_ends_final(now)
        await change.commit()

    async def _chat_sessions(self, before: datetime) -> None:
        """A few at a time: with what apps have said of their users they can be gigabytes."""
        while await self._store.begin().chat_sessions.any_expired(before):
            change = self._store.begin()
            change.chat_sessions.remove_expired(before, PAGE_LIMIT)
            await change.commit(must_land=True)

    async def _owner_sessions(self, before: datetime, *, tickets_only: bool) -> None:
        change = self._store.begin()
        change.owner_sessions.remove_older(before, tickets_only=tickets_only)
        await change.commit(must_land=True)

    async def _deliveries(self, before: datetime) -> None:
        change = self._store.begin()
        change.deliveries.remove_older(before)
        await change.commit(must_land=True)

    async def _refusals(self, before: datetime) -> None:
        change = self._store.begin()
        change.usage.remove_refusals(before.date())
        await change.commit(must_land=True)

    async def _ended_turns(self, before: datetime) -> None:
        self._live_turns.forget(before)
