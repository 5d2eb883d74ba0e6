"""Id tokens: what must hold before anything in one is believed (OpenID Connect Core, section 3.1.3.7)."""

from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any

from attrs import field, frozen

from orcheo_adapters.auth.oidc.key_set import KeySet
from orcheo_adapters.auth.strict_jws import parse_object, read_jws, reject

LONGEST_ID_TOKEN = 16_384
_QUOTED = 255
SKEW_SECONDS = 60
"""So far may the provider's clock be ahead of ours."""

OLDEST_SECONDS = 600
"""An id token comes straight from the provider: one that was issued longer ago is another one's."""


@frozen(kw_only=True)
class Expected:
    """What an id token must say for this login attempt."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    now: datetime


def verified_claims(text: str, keys: KeySet, expected: Expected) -> Mapping[str, Any]:
    """The claims of a genuine id token; any exception means that it is none.

    Raises :class:`KeyUnknown` when no key of the set fits, so that the set can be fetched anew.
    """
    unverified = read_jws(text, longest=LONGEST_ID_TOKEN)
    kid, algorithm = _read_header(unverified.header)
    claims = parse_object(keys.choose(kid=kid, algorithm=algorithm).verify(unverified))
    _check_parties(claims, expected)
    _check_times(claims, int(expected.now.timestamp()))
    return claims


def _read_header(header: Mapping[str, Any]) -> tuple[str | None, str]:
    kid, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(algorithm, str) or not isinstance(kid, str | None) or ("kid" in header and kid is None):
        reject("header")
    if "crit" in header or "b64" in header:
        reject("crit")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":  # RFC 8725 §3.11: other kinds of token say so
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
    if claims.get("azp", None if len(audiences) > 1 else expected.client_id) != expected.client_id:
        reject("azp")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not compare_digest(nonce.encode(), expected.nonce.encode()):
        reject("nonce")
    if not isinstance(claims.get("sub"), str):
        reject("sub")


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    issued_at, expires_at = _seconds(claims, "iat"), _seconds(claims, "exp")
    if now >= expires_at:
        reject("exp")
    if not now - OLDEST_SECONDS <= issued_at <= now + SKEW_SECONDS:
        reject("iat")
    if "nbf" in claims and _seconds(claims, "nbf") > now + SKEW_SECONDS:
        reject("nbf")


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int:  # not isinstance: True is no time
        reject(name)
    return value
