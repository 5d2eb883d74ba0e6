"""Owners in the browser: tickets, and the owner sessions that they open."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from attrs import define, evolve, field, frozen

from orcheo_core.domain.actor import Actor, Caller, Channel
from orcheo_core.domain.audit import Act
from orcheo_core.domain.flags import Flag
from orcheo_core.domain.login import EndedLogins, Identity
from orcheo_core.domain.opaque_token import OpaqueToken, PepperRing
from orcheo_core.domain.owner_rule import OwnerRule
from orcheo_core.domain.owner_session import (
    CANVAS_TICKET_LIFETIME,
    CANVAS_TICKET_PREFIX,
    OWNER_SESSION_LIFETIME,
    OWNER_SESSION_PREFIX,
    OwnerSession,
)
from orcheo_core.domain.pages import PAGE_LIMIT
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX, ServiceToken
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
    expires_at: datetime
    """When it ends at the latest: in its own time, or with the service token behind it."""

    @property
    def idle_ends_at(self) -> datetime:
        """When it ends unless it is used again."""
        return min(self.session.idle_ends_at, self.expires_at)


@frozen(kw_only=True)
class Opened:
    """An owner session that begins; ``secret`` is for the browser's cookie, and shown this once."""

    signed_in: SignedIn
    secret: str = field(repr=False)


@define(kw_only=True, eq=False)
class OwnerSessions:
    """Issues tickets, opens owner sessions by them, and verifies and ends owner sessions.

    The scopes are those that the service token behind it has at that moment, and the session ends with that token; of
    one that began by a login they are those of the operator's rule, and it ends when the rule is changed.
    """

    _store: Store
    _clock: Clock
    _entropy: Entropy
    _peppers: PepperRing
    _audit_trail: AuditTrail
    _gate: FeatureGate
    _rules: Sequence[OwnerRule] = ()

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
        caller = await self._require(issued)
        kept = evolve(self._secret(), public_id=issued.public_id)
        session = issued.opened(self._peppers.digest(kept), now, address=address, user_agent=user_agent)
        change = self._store.begin()
        change.owner_sessions.open(session)
        self._audit_trail.record(change, Act.OWNER_SIGNED_IN, caller, note=_note(session))
        try:
            await change.commit(must_land=True)
        except ConcurrentChange:
            raise CanvasTicketInvalid from None
        return Opened(signed_in=await self._signed_in(session, caller), secret=kept.reveal())

    async def open_by_rule(self, rule: OwnerRule, identity: Identity, *, address: str, user_agent: str) -> Opened:
        """The owner session of a person who has just signed in at an identity provider.

        Raises :class:`FeatureDisabled`.
        """
        secret, now = self._secret(), self._clock.now()
        begun = OwnerSession(
            public_id=secret.public_id,
            digest=self._peppers.digest(secret),
            owner=rule.owner,
            rule=rule.key,
            issuer=identity.issuer,
            sub=identity.sub,
            sid=identity.session,
            label=identity.display_name,
            issued_at=now,
        )
        session = begun.opened(begun.digest, now, address=address, user_agent=user_agent)
        caller = await self._require(session)
        change = self._store.begin()
        change.owner_sessions.add(session)
        self._audit_trail.record(change, Act.OWNER_SIGNED_IN, caller, note=_note(session))
        await change.commit(must_land=True)
        return Opened(signed_in=await self._signed_in(session, caller), secret=secret.reveal())

    async def authenticate(self, text: str) -> SignedIn:
        """The owner session of this secret, which has been used by that.

        Raises :class:`OwnerSessionMissing` for anything that never was one, :class:`OwnerSessionEnded` for one that is
        over, and :class:`FeatureDisabled`.
        """
        session = await self._find(OpaqueToken.parse(OWNER_SESSION_PREFIX, text))
        if session is None:
            raise OwnerSessionMissing
        caller, now = await self._require_open(session), self._clock.now()
        if session.seen_at is None or not timedelta(0) <= now - session.seen_at < _NOTE_EVERY:
            change = self._store.begin()
            change.owner_sessions.used(session.public_id, now)
            with suppress(StorageUnavailable):
                await change.commit()
        return await self._signed_in(session, caller)

    async def still(self, public_id: str) -> Caller:
        """Who asks now under a session that was good before; looking does not count as using it.

        Raises :class:`OwnerSessionEnded`, :class:`FeatureDisabled`.
        """
        session = await self._store.begin().owner_sessions.find(public_id)
        if session is None:
            raise OwnerSessionEnded
        return await self._require_open(session)

    async def of(self, owner: Actor) -> Sequence[OwnerSession]:
        """The owner sessions of an owner that are not over, newest first, 100 at most."""
        now = self._clock.now()
        opened = self._store.begin().owner_sessions.opened
        found = await opened(owner, now - OWNER_SESSION_LIFETIME, limit=PAGE_LIMIT)
        return [each for each in found if each.refusal(now) is None and await self._caller(each) is not None]

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

    async def end_logins(self, ended: EndedLogins) -> None:
        """End the owner sessions that began with logins that an identity provider has ended."""
        now = self._clock.now()
        repository = self._store.begin().owner_sessions
        while found := await repository.opened(ended, now - OWNER_SESSION_LIFETIME, limit=PAGE_LIMIT):
            change = self._store.begin()
            for each in found:
                caller = Caller(actor=each.owner, channel=Channel.HTTP, scopes=frozenset(), label=each.label)
                change.owner_sessions.end(each.public_id, now)
                self._audit_trail.record(change, Act.OWNER_SIGNED_OUT, caller, note=f"{each.hint} by the provider")
            await change.commit(must_land=True)

    def _secret(self) -> OpaqueToken:
        return OpaqueToken.generate(OWNER_SESSION_PREFIX, self._entropy.random_bytes)

    async def _find(self, secret: OpaqueToken | None) -> OwnerSession | None:
        """What this genuine secret belongs to."""
        if secret is None:
            return None
        found = await self._store.begin().owner_sessions.find(secret.public_id)
        return found if self._peppers.matches(secret, found.digest if found else None) else None

    async def _require_open(self, session: OwnerSession) -> Caller:
        """Who asks under an owner session that has not ended by itself either."""
        refusal = session.refusal(self._clock.now())
        if refusal is not None:
            raise refusal
        return await self._require(session)

    async def _require(self, session: OwnerSession) -> Caller:
        """Who asks under an owner session.

        Raises :class:`OwnerSessionEnded` when what it began by has ended, and :class:`FeatureDisabled`.
        """
        caller = await self._caller(session)
        if caller is None:
            behind = "rule for owners" if session.rule else "service token"
            raise OwnerSessionEnded(f"The {behind} that this owner session began by has ended or was changed.")
        self._gate.require(Flag.CANVAS, session.owner)
        return caller

    async def _caller(self, session: OwnerSession) -> Caller | None:
        """Who asks under an owner session, None when what it began by has ended."""
        behind: ServiceToken | OwnerRule | None
        if session.rule:
            behind = next((each for each in self._rules if each.key == session.rule), None)
            label = session.label
        else:
            behind = await self._live_token(session.token_id)
            label = behind.label if behind else ""
        if behind is None:
            return None
        return Caller(actor=session.owner, channel=Channel.CANVAS, scopes=behind.scopes, label=label)

    async def _signed_in(self, session: OwnerSession, caller: Caller) -> SignedIn:
        token = None if session.rule else await self._live_token(session.token_id)
        ends = (token.expires_at, token.ended_at) if token else ()
        expires_at = min([session.expires_at, *(each for each in ends if each is not None)])
        return SignedIn(session=session, caller=caller, expires_at=expires_at)

    async def _live_token(self, token_id: str) -> ServiceToken | None:
        token = await self._store.begin().service_tokens.find(token_id)
        return token if token is not None and token.is_live(self._clock.now()) else None


def _note(session: OwnerSession) -> str:
    """What the session is called, and whom or what it began by."""
    if session.rule:
        return f"{session.hint} by oidc:{session.issuer}#{session.sub}"
    return f"{session.hint} by {SERVICE_TOKEN_PREFIX}{session.token_id}…"
