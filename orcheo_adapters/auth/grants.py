"""Chat grants as JWTs, read by :mod:`orcheo_adapters.auth.strict_jws`.

HS256 (RFC 7518 §3.2), header exactly ``alg``, ``kid``, ``typ`` (explicit typing: RFC 8725 §3.11), all claims required
and checked once more.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from secrets import token_bytes
from typing import Any

from attrs import evolve, field, frozen

from orcheo_adapters.auth.clocked_signer import SKEW_SECONDS
from orcheo_adapters.auth.strict_jws import SecretKey, parse_object, read_jws, reject
from orcheo_core.domain.chat_session import GRANT_LIFETIME, LONGEST_GRANT, GrantClaims
from orcheo_core.domain.opaque_token import RandomBytes
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import GrantExpired, GrantInvalid, StorageUnavailable
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.grants import Grants

MAX_GRANT_LENGTH = 4_096
"""Room for the longest subject, each character of which may take twelve in JSON."""
MIN_KEY_BYTES = 32

_ALGORITHM = "HS256"
_TYPE = "chat+jwt"
_KID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LIFETIME = int(GRANT_LIFETIME.total_seconds())
_LONGEST = int(LONGEST_GRANT.total_seconds())
_CACHE_SIZE = 4_096
_KID_BYTES = 6


@frozen(kw_only=True)
class GrantKey:
    """A key of grants; ``kid`` is public and names it in each grant."""

    kid: str = field()
    key: bytes = field(repr=False)
    until: datetime | None = None
    """When a key that signs no more dies."""

    @kid.validator
    def _well_formed(self, _attribute: object, kid: str) -> None:
        if not _KID.fullmatch(kid):
            message = "a kid is 1 to 64 letters, digits, dots, hyphens and underscores"
            raise ValueError(message)

    @key.validator
    def _long_enough(self, _attribute: object, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            message = f"a grant key needs at least {MIN_KEY_BYTES} bytes"
            raise ValueError(message)


class JwtGrants(Grants):
    """Signs with the newest key, verifies with all that are alive; remembers what it verified until it ends."""

    def __init__(
        self,
        keys: tuple[GrantKey, ...],
        *,
        issuer: str,
        clock: Clock,
        random_bytes: RandomBytes = token_bytes,
        keep: Callable[[tuple[GrantKey, ...]], None] | None = None,
    ) -> None:
        """``keys``: newest first, at least one, each ``kid`` once; ``issuer``: the server's name in ``iss``.

        ``keep`` makes keys durable; without it rotated ones are gone with the process.
        """
        self._issuer = issuer
        self._clock = clock
        self._random_bytes = random_bytes
        self._keep = keep
        self._install(keys)

    def _install(self, keys: tuple[GrantKey, ...]) -> None:
        self._ring = {each.kid: (each, SecretKey(each.key)) for each in keys}
        if not keys or len(self._ring) != len(keys):
            message = "grant keys need one entry at least, and a kid of its own for each"
            raise ValueError(message)
        self._newest = keys[0].kid
        self._verified: dict[str, _Payload] = {}

    def rotate(self) -> str:
        """See :meth:`Grants.rotate`; a retired key dies when the last grant it may have signed is over."""
        now = self._clock.now()
        retired = (evolve(each, until=each.until or now + LONGEST_GRANT) for each, _ in self._ring.values())
        new = GrantKey(kid=self._random_bytes(_KID_BYTES).hex(), key=self._random_bytes(MIN_KEY_BYTES))
        keys = (new, *(each for each in retired if each.until is not None and each.until > now))
        if self._keep is not None:
            try:
                self._keep(keys)
            except OSError as error:
                raise StorageUnavailable(f"The new key cannot be kept: {error.strerror}.") from None
        self._install(keys)
        return new.kid

    def sign(self, claims: GrantClaims) -> str:
        """See :meth:`Grants.sign`. Times are cut to whole seconds.

        Raises :class:`ValueError` for claims no server would accept: too long a life, too long a text.
        """
        payload = _Payload.of(claims, self._issuer)
        payload.check(self._issuer)
        _, newest = self._ring[self._newest]
        grant = newest.sign(payload.as_claims(), {"kid": self._newest, "typ": _TYPE})
        if len(grant) > MAX_GRANT_LENGTH:
            message = "the claims are too long for a grant"
            raise ValueError(message)
        return grant

    def verify(self, grant: str) -> GrantClaims:
        """See :meth:`Grants.verify`."""
        payload = self._verified.get(grant)
        if payload is None:
            payload = self._payload(grant)
            self._remember(grant, payload)
        now = self._clock.now().timestamp()
        if not payload.nbf - SKEW_SECONDS <= now < payload.exp:
            # Genuine, so no guess: a page whose grant is of another time is given a new one.
            self._verified.pop(grant, None)
            raise GrantExpired
        return payload.as_grant_claims()

    def forget(self) -> None:
        """Remember no grant that is over."""
        now = self._clock.now().timestamp()
        self._verified = {grant: payload for grant, payload in self._verified.items() if now < payload.exp}

    def _payload(self, grant: str) -> "_Payload":
        try:
            return self._genuine(grant)
        except Exception:  # noqa: BLE001 - whatever a stranger's text does to a parser, it is not a grant
            if "." in grant:
                raise GrantInvalid from None
            # as after a slip with the clipboard
            said = "This is neither a chat grant nor a publish token."
            raise GrantInvalid(said, hint=GrantInvalid.either_hint) from None

    def _genuine(self, grant: str) -> "_Payload":
        unverified = read_jws(grant, longest=MAX_GRANT_LENGTH)
        key, jws_key = self._ring[_kid_of(unverified.header)]
        if key.until is not None and self._clock.now() >= key.until:
            reject("key")
        body = jws_key.verify(unverified)
        payload = _Payload.parse(parse_object(body))
        payload.check(self._issuer)
        return payload

    def _remember(self, grant: str, payload: "_Payload") -> None:
        if len(self._verified) >= _CACHE_SIZE:
            self._verified.clear()
        self._verified[grant] = payload


def _kid_of(header: Mapping[str, Any]) -> str:
    kid = header.get("kid")
    if not isinstance(kid, str) or header != {"alg": _ALGORITHM, "kid": kid, "typ": _TYPE}:
        reject("header")
    return kid


@frozen(kw_only=True)
class _Payload:
    """The claims of a grant as they are on the wire, each of exactly its type."""

    iss: str
    aud: str
    sub: str
    sid: str
    jti: str
    iat: int
    nbf: int
    exp: int
    off: tuple[str, ...] | None = None
    """Only in grants of chat sessions with rules of their own; a list on the wire."""

    @classmethod
    def of(cls, claims: GrantClaims, issuer: str) -> "_Payload":
        issued_at = int(claims.issued_at.timestamp())
        return cls(
            iss=issuer,
            aud=claims.workflow_id,
            sub=claims.subject.key,
            sid=claims.chat_session_id,
            jti=claims.grant_id,
            iat=issued_at,
            nbf=issued_at,
            exp=int(claims.expires_at.timestamp()),
            off=claims.off,
        )

    @classmethod
    def parse(cls, claims: Mapping[str, Any]) -> "_Payload":
        for name, kind in _REQUIRED.items():
            if type(claims[name]) is not kind:  # not isinstance: True is not a time
                reject(name)
        if "off" not in claims:
            return cls(**claims)
        off = claims["off"]
        if type(off) is not list or not all(type(each) is str for each in off):
            reject("off")
        return cls(**{**claims, "off": tuple(off)})

    def check(self, issuer: str) -> None:
        """What must hold whatever the time is."""
        if self.iss != issuer or not all((self.aud, self.sub, self.sid, self.jti)):
            reject("iss, aud, sub, sid or jti")
        longest = _LIFETIME if self.off is None else _LONGEST
        if not 0 < self.exp - self.iat <= longest or not self.iat <= self.nbf < self.exp:
            reject("lifetime")
        _moment(self.iat), _moment(self.exp)

    def as_claims(self) -> dict[str, str | int | list[str]]:
        off = {} if self.off is None else {"off": list(self.off)}
        return {name: getattr(self, name) for name in _REQUIRED} | off

    def as_grant_claims(self) -> GrantClaims:
        return GrantClaims(
            workflow_id=self.aud,
            chat_session_id=self.sid,
            subject=Subject(self.sub),
            grant_id=self.jti,
            issued_at=_moment(self.iat),
            expires_at=_moment(self.exp),
            off=self.off,
        )


_REQUIRED: dict[str, type] = {name: kind for name, kind in _Payload.__annotations__.items() if name != "off"}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
