"""Who may use the owner API: the life of service tokens."""

from contextlib import suppress
from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.opaque_token import OpaqueToken, PepperRing
from orcheo_core.domain.pages import Page, PageQuery, unknown_cursor
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX, ServiceToken
from orcheo_core.errors import (
    ScopeMissing,
    ServiceTokenEnded,
    ServiceTokenInvalid,
    ServiceTokenNotFound,
    StorageUnavailable,
)
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.shared.audit_trail import AuditTrail

_NO_GRACE = timedelta(0)
_NOT_OURS = "This server has no such service token."
_WHERE_FROM = "It may be incomplete, or belong to another server: ORCHEO_URL says which one is asked."
_NOTE_EVERY = timedelta(minutes=1)


@frozen(kw_only=True)
class IssuedServiceToken:
    """A new service token, whose text is shown this once."""

    record: ServiceToken
    text: str = field(repr=False)


class OwnerAccess:
    """Issues, verifies, rotates and revokes service tokens."""

    def __init__(
        self, *, store: Store, clock: Clock, entropy: Entropy, peppers: PepperRing, audit_trail: AuditTrail
    ) -> None:
        """Join the ports this service needs."""
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._peppers = peppers
        self._audit_trail = audit_trail
        self._noted: dict[str, datetime] = {}
        """When the use of each service token was noted last by this process."""

    async def issue(self, caller: Caller, *, owner: Actor, scopes: frozenset[Scope], label: str = "") -> str:
        """A new service token for ``owner``, for the server itself. Its text is returned only here."""
        change = self._store.begin()
        issued = self._stage_new(change, caller, owner=owner, scopes=scopes, label=label)
        await change.commit()
        return issued.text

    async def create(
        self, caller: Caller, *, owner: Actor, scopes: frozenset[Scope], label: str, lifetime: timedelta | None
    ) -> IssuedServiceToken:
        """A new service token with scopes that the caller has; for another owner only if the caller is an operator.

        Raises :class:`ScopeMissing`, :class:`InvalidInput`.
        """
        self.before_create(caller, owner=owner, scopes=scopes)
        change = self._store.begin()
        issued = self._stage_new(change, caller, owner=owner, scopes=scopes, label=label, lifetime=lifetime)
        await change.commit()
        return issued

    def before_create(self, caller: Caller, *, owner: Actor, scopes: frozenset[Scope]) -> None:
        """Raise as :meth:`create` does; nothing is changed."""
        if owner != caller.actor and not caller.is_operator:
            raise ScopeMissing(f"A service token for another owner needs the scope {Scope.OPERATOR}.")
        _check_has_all(caller, scopes)

    async def page(self, caller: Caller, query: PageQuery) -> Page[ServiceToken]:
        """The caller's service tokens, an operator's page of all, newest first; former ones too.

        Raises :class:`InvalidInput` for a cursor that names no service token of the caller.
        """
        tokens = self._store.begin().service_tokens
        after = None if query.after is None else await tokens.find(query.after)
        if query.after is not None and (after is None or not _may_see(caller, after)):
            raise unknown_cursor("service token")
        return await tokens.page(None if caller.is_operator else caller.actor.name, limit=query.limit, after=after)

    async def rotate(self, caller: Caller, public_id: str, *, grace: timedelta = _NO_GRACE) -> IssuedServiceToken:
        """Another service token in place of this one, with its scopes, label and lifetime; it ends after ``grace``.

        As the answer holds the new secret, the caller needs all its scopes. Raises :class:`ServiceTokenNotFound`,
        :class:`ServiceTokenEnded`, :class:`ScopeMissing`, :class:`ConcurrentChange`.
        """
        change = self._store.begin()
        former = await self._find_rotatable(change, caller, public_id)
        change.service_tokens.end(former, self._clock.now() + grace, is_final=not grace)
        note = f"{former.hint}, grace {int(grace.total_seconds())} s"
        self._audit_trail.record(change, Act.SERVICE_TOKEN_ROTATED, caller, note=note)
        issued = self._stage_new(
            change, caller, owner=former.owner, scopes=former.scopes, label=former.label, lifetime=former.lifetime
        )
        await change.commit(must_land=True)
        return issued

    async def before_rotate(self, caller: Caller, public_id: str) -> ServiceToken:
        """The service token that :meth:`rotate` would replace; raises as that does."""
        return await self._find_rotatable(self._store.begin(), caller, public_id)

    async def before_revoke(self, caller: Caller, public_id: str) -> ServiceToken:
        """The service token that :meth:`revoke` would end; raises as that does."""
        return await self._find_live(self._store.begin(), caller, public_id)

    async def revoke(self, caller: Caller, public_id: str) -> ServiceToken:
        """End a service token now, in its grace period too.

        Raises :class:`ServiceTokenNotFound`, :class:`ServiceTokenEnded`, :class:`ConcurrentChange`.
        """
        change = self._store.begin()
        former, now = await self._find_live(change, caller, public_id), self._clock.now()
        change.service_tokens.end(former, now, is_final=True)
        self._audit_trail.record(change, Act.SERVICE_TOKEN_REVOKED, caller, note=former.hint)
        await change.commit(must_land=True)
        return evolve(former, ended_at=now, is_final=True)

    async def authenticate(self, text: str, channel: Channel) -> Caller:
        """Who holds this service token, which has been used by that.

        Raises :class:`ServiceTokenInvalid` for anything that never was one, :class:`ServiceTokenRevoked` and
        :class:`ServiceTokenExpired` for one that is over.
        """
        record = await self.check(text)
        await self._note_use(record)
        return Caller(
            actor=record.owner, channel=channel, scopes=record.scopes, label=record.label, token_id=record.public_id
        )

    async def _note_use(self, record: ServiceToken) -> None:
        """Keep when it was used last, at most once a minute; no request fails because that cannot be kept."""
        now, public_id = self._clock.now(), record.public_id
        last = self._noted.get(public_id, record.last_used_at)
        if last is not None and timedelta(0) <= now - last < _NOTE_EVERY:
            return
        self._noted[public_id] = now
        change = self._store.begin()
        change.service_tokens.used(public_id, now)
        with suppress(StorageUnavailable):
            await change.commit()

    async def check(self, text: str) -> ServiceToken:
        """The record of a service token that is good now; raises as :meth:`authenticate`."""
        secret = OpaqueToken.parse(SERVICE_TOKEN_PREFIX, text)
        if secret is None:
            raise _no_service_token(text)
        record = await self._store.begin().service_tokens.find(secret.public_id)
        if not self._peppers.matches(secret, record.digest if record else None) or record is None:
            raise _no_service_token(text)
        refusal = record.refusal(self._clock.now())
        if refusal is not None:
            raise refusal
        return record

    async def _find_live(self, change: UnitOfWork, caller: Caller, public_id: str) -> ServiceToken:
        record = await change.service_tokens.find(public_id)
        if record is None or not _may_see(caller, record):
            raise ServiceTokenNotFound(f"No service token of yours has the id {public_id!r}.")
        if not record.is_live(self._clock.now()):
            raise ServiceTokenEnded
        return record

    async def _find_rotatable(self, change: UnitOfWork, caller: Caller, public_id: str) -> ServiceToken:
        former = await self._find_live(change, caller, public_id)
        _check_has_all(caller, former.scopes)
        if former.ended_at is not None:
            raise ServiceTokenEnded("This service token was already rotated; its grace period is running.")
        return former

    def _stage_new(
        self,
        change: UnitOfWork,
        caller: Caller,
        *,
        owner: Actor,
        scopes: frozenset[Scope],
        label: str = "",
        lifetime: timedelta | None = None,
    ) -> IssuedServiceToken:
        secret = OpaqueToken.generate(SERVICE_TOKEN_PREFIX, self._entropy.random_bytes)
        now = self._clock.now()
        record = ServiceToken(
            public_id=secret.public_id,
            digest=self._peppers.digest(secret),
            owner=owner,
            scopes=scopes,
            issued_at=now,
            label=label,
            expires_at=_after(now, lifetime),
        )
        change.service_tokens.save(record)
        self._audit_trail.record(change, Act.SERVICE_TOKEN_ISSUED, caller, note=f"{secret.hint} for {owner}")
        return IssuedServiceToken(record=record, text=secret.reveal())


def _no_service_token(text: str) -> ServiceTokenInvalid:
    """Also for something that is known by its first letters to be another credential."""
    if text.startswith(PUBLISH_TOKEN_PREFIX):
        return ServiceTokenInvalid(
            "This is a publish token, which is for chats. The owner API needs a service token (orc_st_…).",
        )
    return ServiceTokenInvalid(_NOT_OURS, hint=_WHERE_FROM)


def _may_see(caller: Caller, record: ServiceToken) -> bool:
    return caller.is_operator or record.owner == caller.actor


def _after(now: datetime, lifetime: timedelta | None) -> datetime | None:
    return None if lifetime is None else now + lifetime


def _check_has_all(caller: Caller, scopes: frozenset[Scope]) -> None:
    lacking = ", ".join(sorted(scopes - caller.scopes))
    if lacking:
        raise ScopeMissing(
            f"A service token can only be given scopes that you have yourself; you lack {lacking}.",
            hint="Use a service token that has these scopes, or leave them out.",
        )
