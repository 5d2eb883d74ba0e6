"""An identity provider's public keys, and the strict choice among them (RFC 7517, RFC 8725 §3.1)."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from orcheo_adapters.auth.oidc.public_key import PublicKey
from orcheo_adapters.auth.strict_jws import decode_canonical, reject

_MOST = 100
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2_048, 8_192
_MEMBERS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}

_KINDS: dict[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
"""What kind of key each algorithm needs; any other algorithm, ``none`` and the symmetric ones above all, is refused."""


_QUOTED = 255


class KeyUnknown(ValueError):
    """No key of the set fits; a set that is fetched again might hold one."""


@frozen
class KeySet:
    """The keys that a provider publishes, as they came."""

    keys: tuple[Mapping[str, Any], ...]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "KeySet":
        """Raises :class:`ValueError` for anything but a key set; keys of unused kinds are ignored."""
        keys = document.get("keys")
        if not isinstance(keys, list) or len(keys) > _MOST:
            reject("key set")
        return cls(tuple(each for each in keys if isinstance(each, dict)))

    def choose(self, *, kid: str | None, algorithm: str) -> PublicKey:
        """The one key that may have signed this; by kid, kind, use and algorithm.

        Raises :class:`KeyUnknown` when none fits, :class:`ValueError` when more than one does or the key is unusable.
        """
        if algorithm not in _KINDS:
            reject("algorithm")
        fitting = [each for each in self.keys if _fits(each, kid, algorithm)]
        if not fitting:
            raise KeyUnknown(f"not acceptable: no key of the provider fits kid {kid!r:.{_QUOTED}} and {algorithm}")
        if len(fitting) > 1:
            reject("more than one key fits")
        return _public_key(fitting[0], algorithm)


def _fits(key: Mapping[str, Any], kid: str | None, algorithm: str) -> bool:
    kty, crv = _KINDS[algorithm]
    # A member that is null is not there: serializers of some providers write them all.
    operations = key.get("key_ops") if key.get("key_ops") is not None else ["verify"]
    return (
        (kid is None or key.get("kid") == kid)
        and key.get("kty") == kty
        and (crv is None or key.get("crv") == crv)
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, algorithm)
        and isinstance(operations, list)
        and "verify" in operations
    )


def _public_key(key: Mapping[str, Any], algorithm: str) -> PublicKey:
    members = {name: key[name] for name in _MEMBERS[key["kty"]]}
    if not all(isinstance(each, str) for each in members.values()):
        reject("key")
    if key["kty"] == "RSA":
        _check_rsa(members)
    return PublicKey.of_jwk(members, algorithm)


def _check_rsa(members: Mapping[str, str]) -> None:
    modulus, exponent = (int.from_bytes(decode_canonical(members[name])) for name in ("n", "e"))
    if not _LEAST_RSA_BITS <= modulus.bit_length() <= _MOST_RSA_BITS:
        reject("RSA key length")
    if not 3 <= exponent < 1 << 32 or exponent % 2 == 0:
        reject("RSA exponent")
