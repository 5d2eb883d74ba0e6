"""Signed identities as JSON Web Tokens: HS256 under the workflow's identity secret, read strictly."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_adapters.auth.strict_jws import SecretKey, UnverifiedJws, parse_object, read_jws, reject
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.host_identity import IDENTITY_LIFETIME, IDENTITY_SECRET_PREFIX, IDENTITY_SKEW, HostVisitor
from orcheo_core.domain.opaque_token import PepperRing
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import IdentityExpired, IdentityInvalid
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.host_identities import HostIdentities
from orcheo_core.ports.unit_of_work import Store

LONGEST_IDENTITY = 2_048
_HEADER_NAMES = frozenset({"alg", "typ", "kid"})


class JwtHostIdentities(HostIdentities):
    """Tries the live secrets of the workflow, of which there are two at most times of a rotation."""

    def __init__(self, peppers: PepperRing, *, clock: Clock, store: Store) -> None:
        """``peppers``: what the secrets are made of."""
        self._peppers = peppers
        self._clock = clock
        self.ended = SpentIds("ended-identity", IDENTITY_LIFETIME + IDENTITY_SKEW, clock=clock, store=store)

    def verify(self, identity: str, workflow: Workflow) -> HostVisitor:
        """See the port."""
        now = self._clock.now()
        try:
            visitor = self._genuine(identity, workflow, now)
        except Exception:  # noqa: BLE001 - whatever a stranger's text does to a parser, it is not an identity
            raise IdentityInvalid from None
        if now >= visitor.expires_at:
            raise IdentityExpired
        if _digest(identity) in self.ended or not self.ended.remembers(visitor.issued_at):
            raise IdentityExpired("This identity was ended by a logout.")
        return visitor

    async def end(self, identity: str, visitor: HostVisitor) -> None:
        """See the port."""
        await self.ended.spend(_digest(identity), made_at=visitor.issued_at)

    def _genuine(self, identity: str, workflow: Workflow, now: datetime) -> HostVisitor:
        unverified = read_jws(identity, longest=LONGEST_IDENTITY)
        header = unverified.header
        if header.get("alg") != "HS256" or header.get("typ", "JWT") != "JWT" or not header.keys() <= _HEADER_NAMES:
            reject("header")
        claims = self._signed(unverified, workflow, now)
        if claims.get("aud", workflow.id) not in (workflow.id, workflow.handle):
            reject("aud")
        issued_at, expires_at = _moment(claims, "iat"), _moment(claims, "exp")
        not_before = _moment({"nbf": claims["iat"], **claims}, "nbf")
        if (
            max(issued_at, not_before) > now + IDENTITY_SKEW
            or not timedelta(0) < expires_at - issued_at <= IDENTITY_LIFETIME
        ):
            reject("times")
        user = AppUser(user=_text(claims, "sub"), display_name=_text({"name": "", **claims}, "name"))
        return HostVisitor(user=user, issued_at=issued_at, expires_at=expires_at)

    def _signed(self, unverified: UnverifiedJws, workflow: Workflow, now: datetime) -> Mapping[str, Any]:
        for key in workflow.identity_keys:
            if not key.is_live(now) or unverified.header.get("kid", key.id) != key.id:
                continue
            secret = self._peppers.derived(IDENTITY_SECRET_PREFIX, workflow.id, key.id, key.pepper_id)
            if secret is None:
                continue
            try:
                return parse_object(SecretKey(secret.reveal().encode()).verify(unverified))
            except Exception:  # noqa: BLE001, S112 - this secret has not signed it; another one may have
                continue
        return reject("signature")


def _digest(identity: str) -> str:
    return sha256(identity.encode()).hexdigest()


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    seconds = claims[name]
    if type(seconds) not in (int, float):
        reject(name)
    return datetime.fromtimestamp(seconds, UTC)


def _text(claims: Mapping[str, Any], name: str) -> str:
    text = claims[name]
    if not isinstance(text, str):
        reject(name)
    return text
