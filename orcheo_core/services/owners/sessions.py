"""Owners in the browser: tickets, and the owner sessions that they open."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from attrs import define, evolve, field, frozen

from orcheo_core.domain.actor import Actor, Caller, Channel
from orcheo_core.domain.audit import Act
from orcheo_core.domain.flags import Flag
from orcheo_core.domain.opaque_token import OpaqueToken, PepperRing
from orcheo_core.domain.owner_session import (
    CANVAS_TICKET_LIFETIME,
    CANVAS_TICKET_PREFIX,
    OWNER_SESSION_LIFETIME,
    OWNER_SESSION_PREFIX,
    OwnerSession,
)
from orcheo_core.domain.pages import PAGE_LIMIT
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.errors import (
    CanvasTicketInvalid,
    ConcurrentChange,
    OwnerSessionEnded,
    OwnerSessionMissing,
    OwnerSessionNotFound,
    ServiceTokenNeeded,
    StorageUnavailable,
)
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.services.shared.feature_gate import FeatureGate

_NOTE_EVERY = timedelta(minutes=1)


@frozen(kw_only=True)
class CanvasTicket:
    """A new ticket, whose text is shown this once."""

    expires_at: datetime
    text: str = field(repr=False)


@frozen(kw_only=True)
class SignedIn:
    """An owner session that is good now, and who asks under it."""

    session: OwnerSession
    caller: Caller


@frozen(kw_only=True)
class Opened:
    """An owner session that begins; ``secret`` is for the browser's cookie, and shown this once."""

    signed_in: SignedIn
    secret: str = field(repr=False)


@define(kw_only=True, eq=False)
class OwnerSessions:
    """Issues tickets, opens owner sessions by them, and verifies and ends owner sessions.

    The scopes are those that the service token behind it has at that moment, and the session ends with that token.
    """

    _store: Store
    _clock: Clock
    _entropy: Entropy
    _peppers: PepperRing
    _audit_trail: AuditTrail
    _gate: FeatureGate

    async def issue_ticket(self, caller: Caller) -> CanvasTicket:
        """A ticket for who holds a service token: an owner session must not outlast its end by opening another.

        Raises :class:`ServiceTokenNeeded`, :class:`FeatureDisabled`.
        """
        if not caller.token_id:
            raise ServiceTokenNeeded
        self._gate.require(Flag.CANVAS, caller.actor)
        secret, now = OpaqueToken.generate(CANVAS_TICKET_PREFIX, self._entropy.random_bytes), self._clock.now()
        ticket = OwnerSession(
            public_id=secret.public_id,
            digest=self._peppers.digest(secret),
            owner=caller.actor,
            token_id=caller.token_id,
            issued_at=now,
        )
        change = self._store.begin()
        change.owner_sessions.add(ticket)
        await change.commit(must_land=True)
        return CanvasTicket(expires_at=now + CANVAS_TICKET_LIFETIME, text=secret.reveal())

    async def open(self, ticket: str, *, address: str, user_agent: str) -> Opened:
        """The owner session of a ticket, which is used up by that.

        Raises :class:`CanvasTicketInvalid`, :class:`OwnerSessionEnded` where the service token has ended since, and
        :class:`FeatureDisabled`.
        """
        secret = OpaqueToken.parse(CANVAS_TICKET_PREFIX, ticket)
        issued = await self._find(secret)
        if secret is None or issued is None:
            raise CanvasTicketInvalid
        now = self._clock.now()
        refusal = issued.ticket_refusal(now)
        if refusal is not None:
            raise refusal
        caller = await self._caller(issued)
        kept = evolve(
            OpaqueToken.generate(OWNER_SESSION_PREFIX, self._entropy.random_bytes), public_id=issued.public_id
        )
        session = issued.opened(self._peppers.digest(kept), now, address=address, user_agent=user_agent)
        change = self._store.begin()
        change.owner_sessions.open(session)
        self._audit_trail.record(change, Act.OWNER_SIGNED_IN, caller, note=_note(session))
        try:
            await change.commit(must_land=True)
        except ConcurrentChange:
            raise CanvasTicketInvalid from None
        return Opened(signed_in=SignedIn(session=session, caller=caller), secret=kept.reveal())

    async def authenticate(self, text: str) -> SignedIn:
        """The owner session of this secret, which has been used by that.

        Raises :class:`OwnerSessionMissing` for anything that never was one, :class:`OwnerSessionEnded` for one that is
        over, and :class:`FeatureDisabled`.
        """
        session = await self._find(OpaqueToken.parse(OWNER_SESSION_PREFIX, text))
        if session is None:
            raise OwnerSessionMissing
        now = self._clock.now()
        refusal = session.refusal(now)
        if refusal is not None:
            raise refusal
        caller = await self._caller(session)
        if session.seen_at is None or not timedelta(0) <= now - session.seen_at < _NOTE_EVERY:
            change = self._store.begin()
            change.owner_sessions.used(session.public_id, now)
            with suppress(StorageUnavailable):
                await change.commit()
        return SignedIn(session=session, caller=caller)

    async def of(self, owner: Actor) -> Sequence[OwnerSession]:
        """The owner sessions of an owner that are not over, newest first, 100 at most."""
        now = self._clock.now()
        opened = self._store.begin().owner_sessions.opened
        found = await opened(owner.name, now - OWNER_SESSION_LIFETIME, limit=PAGE_LIMIT)
        return [each for each in found if each.refusal(now) is None and await self._live_token(each) is not None]

    def features(self, owner: Actor) -> dict[str, bool]:
        """Which features are switched on for an owner, by the keys of their flags."""
        return {flag.value: self._gate.is_on(flag, owner) for flag in Flag}

    async def end(self, caller: Caller, public_id: str) -> None:
        """End an owner session of the caller's at once; raises :class:`OwnerSessionNotFound`."""
        change, now = self._store.begin(), self._clock.now()
        session = await change.owner_sessions.find(public_id)
        if session is None or session.owner != caller.actor or session.refusal(now) is not None:
            raise OwnerSessionNotFound
        change.owner_sessions.end(public_id, now)
        self._audit_trail.record(change, Act.OWNER_SIGNED_OUT, caller, note=_note(session))
        await change.commit(must_land=True)

    async def _find(self, secret: OpaqueToken | None) -> OwnerSession | None:
        """What this genuine secret belongs to."""
        if secret is None:
            return None
        found = await self._store.begin().owner_sessions.find(secret.public_id)
        return found if self._peppers.matches(secret, found.digest if found else None) else None

    async def _caller(self, session: OwnerSession) -> Caller:
        """Who asks under an owner session; raises as :meth:`open` for the service token behind it."""
        token = await self._live_token(session)
        if token is None:
            raise OwnerSessionEnded("The service token that this owner session was opened with has ended.")
        self._gate.require(Flag.CANVAS, session.owner)
        return Caller(actor=session.owner, channel=Channel.CANVAS, scopes=token.scopes, label=token.label)

    async def _live_token(self, session: OwnerSession) -> ServiceToken | None:
        token = await self._store.begin().service_tokens.find(session.token_id)
        return token if token is not None and token.is_live(self._clock.now()) else None


def _note(session: OwnerSession) -> str:
    """Ids alone: what opened it, and what it is called."""
    return f"{session.hint} by orc_st_{session.token_id}…"
