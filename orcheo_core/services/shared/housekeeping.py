"""Housekeeping: removes what is too old, by the table of what is kept."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from orcheo_core.domain.keeping import CHAT_SESSIONS, DELIVERIES, ENDED_TURNS, UNSENT_FILES, Kept
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.owners.threads import Transcripts
from orcheo_core.services.visitors.attaching import Attaching
from orcheo_core.turns.live import LiveTurns


class Housekeeping:
    """Removes each kind that has a lifetime; what fails keeps nothing else from being removed."""

    def __init__(
        self, *, store: Store, clock: Clock, attaching: Attaching, transcripts: Transcripts, live_turns: LiveTurns
    ) -> None:
        """Join what this service needs."""
        self._store = store
        self._clock = clock
        self._attaching = attaching
        self._transcripts = transcripts
        self._live_turns = live_turns
        self.removes: dict[Kept, Callable[[datetime], Awaitable[object]]] = {
            CHAT_SESSIONS: self._chat_sessions,
            UNSENT_FILES: attaching.remove_unsent,
            DELIVERIES: self._deliveries,
            ENDED_TURNS: self._ended_turns,
        }
        """What removes all of a kind from before a moment."""

    async def remove_aged(self, retention: timedelta | None) -> int:
        """Remove what is too old by now; how many threads were, by ``retention``.

        Raises the last error that came up, after everything was tried.
        """
        failure: Exception | None = None
        purged = 0
        for kept, remove in self.removes.items():
            try:
                await remove(self._clock.now() - kept.lifetime)
            except Exception as error:  # noqa: BLE001 - the next kind must not wait for this one
                failure = error
        if retention is not None:
            purged = await self._transcripts.purge_older(retention)
        if failure is not None:
            raise failure
        return purged

    async def _chat_sessions(self, before: datetime) -> None:
        change = self._store.begin()
        change.chat_sessions.remove_expired(before)
        await change.commit()

    async def _deliveries(self, before: datetime) -> None:
        change = self._store.begin()
        change.deliveries.remove_older(before)
        await change.commit()

    async def _ended_turns(self, before: datetime) -> None:
        self._live_turns.forget(before)
