"""Public keys of others: the only file that imports python-jose.

python-jose accepts much that is not a sound signature; what it gets was read by :mod:`orcheo_adapters.auth.strict_jws`.
"""

from collections.abc import Mapping
from functools import partial

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jose import jwk, jws
from jose.backends.base import Key

from orcheo_adapters.auth.strict_jws import UnverifiedJws, decode_canonical, reject

_OTHERS: dict[str, hashes.HashAlgorithm | None] = {
    "PS256": hashes.SHA256(),
    "PS384": hashes.SHA384(),
    "PS512": hashes.SHA512(),
    "EdDSA": None,
    "Ed25519": None,
}


@frozen
class PublicKey:
    """Another party's key, with the one algorithm that it is for."""

    _algorithm: str
    _key: Key = field(repr=False)

    @classmethod
    def of_jwk(cls, members: Mapping[str, str], algorithm: str) -> "PublicKey":
        """From the members of a public JWK; ``algorithm`` is an asymmetric one."""
        if algorithm.startswith("HS") or "d" in members or "k" in members:
            reject("no public key")
        if algorithm in _OTHERS:
            return cls(algorithm, _OtherKey(members, algorithm))
        return cls(algorithm, jwk.construct(dict(members), algorithm))

    def verify(self, unverified: UnverifiedJws) -> bytes:
        """The body, which this key has signed by its own algorithm; any exception means that it has not."""
        verified: bytes = jws.verify(unverified.text, self._key, [self._algorithm])
        if verified != unverified.body:
            reject("payload")
        return verified


class _OtherKey(Key):
    """A public key for an algorithm that python-jose does not have."""

    def __init__(self, members: Mapping[str, str], algorithm: str) -> None:
        """From the members of a public JWK (RFC 7518 §3.5, RFC 8037 §3.1)."""
        digest = _OTHERS[algorithm]
        if digest is None:
            self._check = Ed25519PublicKey.from_public_bytes(decode_canonical(members["x"])).verify
            return
        modulus, exponent = (int.from_bytes(decode_canonical(members[name])) for name in ("n", "e"))
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        scheme = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
        self._check = partial(key.verify, padding=scheme, algorithm=digest)

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Whether ``sig`` signs ``msg``."""
        try:
            self._check(sig, msg)
        except InvalidSignature:
            return False
        return True
