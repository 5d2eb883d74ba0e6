"""Who may use the owner API: service tokens."""

from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.opaque_token import OpaqueToken, PepperRing
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX, ServiceToken
from orcheo_core.errors import ServiceTokenInvalid
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.audit_trail import AuditTrail


class OwnerAccess:
    """Issues and verifies service tokens."""

    def __init__(
        self, *, store: Store, clock: Clock, entropy: Entropy, peppers: PepperRing, audit_trail: AuditTrail
    ) -> None:
        """Join the ports this service needs."""
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._peppers = peppers
        self._audit_trail = audit_trail

    async def issue(self, caller: Caller, *, owner: Actor, scopes: frozenset[Scope]) -> str:
        """A new service token for ``owner``; its text is in this answer only."""
        secret = OpaqueToken.generate(SERVICE_TOKEN_PREFIX, self._entropy.random_bytes)
        change = self._store.begin()
        change.service_tokens.save(
            ServiceToken(
                public_id=secret.public_id,
                digest=self._peppers.digest(secret),
                owner=owner,
                scopes=scopes,
                issued_at=self._clock.now(),
            )
        )
        self._audit_trail.record(change, Act.SERVICE_TOKEN_ISSUED, caller, note=secret.hint)
        await change.commit()
        return secret.reveal()

    async def authenticate(self, text: str, channel: Channel) -> Caller:
        """Who holds this service token; :class:`ServiceTokenInvalid` for anything that is not a live one."""
        secret = OpaqueToken.parse(SERVICE_TOKEN_PREFIX, text)
        if secret is None:
            raise ServiceTokenInvalid
        record = await self._store.begin().service_tokens.find(secret.public_id)
        if not self._peppers.matches(secret, record.digest if record else None) or record is None:
            raise ServiceTokenInvalid
        return Caller(actor=record.owner, channel=channel, scopes=record.scopes)
