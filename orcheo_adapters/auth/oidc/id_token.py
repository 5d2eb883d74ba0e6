"""Id tokens: what must hold before anything in one is believed (OpenID Connect Core, section 3.1.3.7)."""

from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from math import isfinite
from typing import Any

from attrs import field, frozen

from orcheo_adapters.auth.oidc.key_set import KeySet
from orcheo_adapters.auth.strict_jws import parse_object, read_jws, reject

LONGEST_ID_TOKEN = 16_384
_QUOTED = 255
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
SKEW_SECONDS = 60
"""Seconds that the provider's clock may be ahead."""

OLDEST_SECONDS = 600
"""An id token comes straight from the provider: one that was issued longer ago is another one's."""


@frozen(kw_only=True)
class Expected:
    """What an id token must say for this login attempt."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    now: datetime
    audiences: frozenset[str] = frozenset()
    """Others that may stand beside the client id."""
    max_age: int | None = None
    """Seconds since the visitor last showed there who they are."""


def verified_claims(text: str, keys: KeySet, expected: Expected) -> Mapping[str, Any]:
    """The claims of a genuine id token; any exception means that it is not genuine.

    Raises :class:`KeyUnknown` when no key of the set fits, so that the set can be fetched again.
    """
    claims = _signed_claims(text, keys, kinds=frozenset({"JWT"}))
    _check_parties(claims, expected)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not compare_digest(nonce.encode(), expected.nonce.encode()):
        reject("nonce")
    if not isinstance(claims.get("sub"), str):
        reject("sub")
    now = int(expected.now.timestamp())
    _check_times(claims, now)
    if expected.max_age is not None and now - _seconds(claims, "auth_time") > expected.max_age + SKEW_SECONDS:
        reject("auth_time: the provider did not ask again who it is")
    return claims


def verified_logout(text: str, keys: KeySet, expected: Expected) -> Mapping[str, Any]:
    """The claims of a genuine logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).

    Any exception means that it is not genuine; :class:`KeyUnknown` as in :func:`verified_claims`.
    """
    claims = _signed_claims(text, keys, kinds=frozenset({"JWT", "LOGOUT+JWT"}))
    _check_parties(claims, expected)
    now = int(expected.now.timestamp())
    _check_times({"exp": now + 1, **claims}, now)  # older providers leave exp out
    if _LOGOUT_EVENT not in dict(claims.get("events") or ()) or "nonce" in claims:
        reject("events or nonce")
    names = (claims.get("sub", ""), claims.get("sid", ""), claims.get("jti", ""))
    if not all(isinstance(each, str) for each in names) or not claims.get("jti") or not any(names[:2]):
        reject("sub, sid or jti")
    return claims


def _signed_claims(text: str, keys: KeySet, *, kinds: frozenset[str]) -> Mapping[str, Any]:
    unverified = read_jws(text, longest=LONGEST_ID_TOKEN)
    kid, algorithm = _read_header(unverified.header, kinds)
    return parse_object(keys.choose(kid=kid, algorithm=algorithm).verify(unverified))


def _read_header(header: Mapping[str, Any], kinds: frozenset[str]) -> tuple[str | None, str]:
    kid, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(algorithm, str) or not isinstance(kid, str | None) or ("kid" in header and kid is None):
        reject("header")
    if "crit" in header or "b64" in header:
        reject("crit")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() not in kinds:  # RFC 8725 §3.11: other kinds of token say so
        reject("typ")
    return kid, algorithm


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        reject(f"iss: {str(claims.get('iss'))[:_QUOTED]!r} is not {expected.issuer!r}")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not all(isinstance(each, str) for each in audiences):
        reject("aud")
    if expected.client_id not in audiences:
        reject(f"aud: {audiences!r:.{_QUOTED}} does not hold {expected.client_id!r}")
    others = set(audiences) - {expected.client_id}
    is_ours = not others or others <= expected.audiences  # OpenID Connect Core, errata set 2, asks for trust, not azp
    if claims.get("azp", expected.client_id if is_ours else None) != expected.client_id:
        reject(f"azp: {claims.get('azp')!r:.{_QUOTED}} beside the audiences {audiences!r:.{_QUOTED}}")


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    issued_at, expires_at = _seconds(claims, "iat"), _seconds(claims, "exp")
    if now >= expires_at:
        reject("exp")
    if not now - OLDEST_SECONDS <= issued_at <= now + SKEW_SECONDS:
        reject("iat")
    if "nbf" in claims and _seconds(claims, "nbf") > now + SKEW_SECONDS:
        reject("nbf")


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    """A NumericDate, which may have a fraction (RFC 7519, section 2)."""
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        reject(name)
    return value
