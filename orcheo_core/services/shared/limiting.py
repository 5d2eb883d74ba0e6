"""Limiting: how much of the server one visitor, one address and one workflow may use."""

from collections.abc import Awaitable, Sequence
from functools import lru_cache
from typing import TypeVar

from orcheo_core.domain.rate import Charge, RatePlan
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import (
    CanvasTicketInvalid,
    GrantInvalid,
    IdentityInvalid,
    OwnerSessionMissing,
    PublishTokenInvalid,
    ServiceTokenInvalid,
)
from orcheo_core.ports.rate_limiter import RateLimiter
from orcheo_core.services.visitors.admitting import Visit

T = TypeVar("T")

_KEPT = 4_096
"""Charges of this many visitors are kept: they are the same for every turn."""

TURN_BYTES = 32 * 1024
READ_BYTES = 1024 * 1024
"""Each full one of these makes a turn, or a read, count once more."""

_NOT_GENUINE = (
    CanvasTicketInvalid,
    GrantInvalid,
    IdentityInvalid,
    OwnerSessionMissing,
    PublishTokenInvalid,
    ServiceTokenInvalid,
)
"""What a guess earns. An expired grant or a rotated publish token was genuine once: it is refused, not counted."""


class Limiting:
    """Counts what costs against the rates of the server; every method raises :class:`RateLimited` when over."""

    def __init__(self, *, limiter: RateLimiter, plan: RatePlan) -> None:
        """Count with ``limiter`` against the rates of ``plan``."""
        self._limiter = limiter
        self._plan = plan
        self._charges_of_turn = lru_cache(_KEPT)(
            lambda workflow_id, key, address: plan.turn(workflow_id, Subject(key), address)
        )
        self._charges_of_read = lru_cache(_KEPT)(plan.read)

    async def begin_turn(self, visit: Visit, *, size: int = 0) -> None:
        """A visitor wants a turn by ``size`` bytes: counted by subject, by address and by workflow, all or none."""
        if visit.rules is not None and visit.chat_session_id is not None:
            await self._take([visit.rules.turn(visit.chat_session_id)])
        cost = 1 + size // TURN_BYTES
        await self._take(self._charges_of_turn(visit.workflow.id, visit.subject.key, visit.address), cost)

    async def open_chat_session(self, *, address: str) -> None:
        """Count a request for a chat session."""
        await self._take(self._plan.chat_session(address=address))

    async def open_chat_session_of_app(self, program: Subject) -> None:
        """Count a request of an app for a chat session, whatever others at its address do."""
        await self._take(self._plan.chat_session_of_app(program))

    async def is_under_pressure(self, workflow_id: str) -> bool:
        """Whether a workflow has so high a rate of anonymous visitors that the next one must solve a challenge."""
        return await self._limiter.take(self._plan.effortless_session(workflow_id=workflow_id)) is not None

    async def log_in(self, *, address: str) -> None:
        """Count a step of a sign-in."""
        await self._take(self._plan.login(address=address))

    async def report_page_event(self, *, address: str) -> None:
        """Count a report of a page."""
        await self._take(self._plan.page_event(address=address))

    async def read(self, subject: Subject, *, address: str = "", size: int = 0) -> None:
        """A visitor reads, stops a turn or renews a grant; a file counts by its bytes."""
        await self._take(self._charges_of_read(subject.key, address), 1 + size // READ_BYTES)

    async def read_unknown(self, *, address: str) -> None:
        """Count a read that needs no chat session."""
        await self._take(self._charges_of_read(address, ""))

    async def authenticate(self, check: Awaitable[T], *, address: str) -> T:
        """Return what ``check`` answers; raise :class:`RateLimited` for one failure too many from this address.

        The check always comes first: a right credential passes whatever others behind the same address have sent,
        since its 256 random bits were not guessed. Only invalid credentials are counted.
        """
        try:
            return await check
        except _NOT_GENUINE:
            await self._take(self._plan.failed_authentication(address=address))
            raise

    def forget(self) -> None:
        """Make the charges of each visitor again when they are needed: most are gone by then."""
        self._charges_of_turn.cache_clear()
        self._charges_of_read.cache_clear()

    async def _take(self, charges: Sequence[Charge], cost: int = 1) -> None:
        refused = await self._limiter.take(charges, cost)
        if refused is not None:
            raise refused.reason
