"""JSON Web Signatures (RFC 7515) read strictly: the only file that imports python-jose.

python-jose accepts much that is not a sound signature, so this checks first, in this order: length, shape,
canonical base64, a flat header without repeated keys, one key with one pinned algorithm. What the header and the
claims must say is the caller's to check: chat grants and id tokens differ in it.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import partial
from typing import Any, NoReturn

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jose import jwk, jws
from jose.backends.base import Key

_OTHERS: dict[str, hashes.HashAlgorithm | None] = {
    "PS256": hashes.SHA256(),
    "PS384": hashes.SHA384(),
    "PS512": hashes.SHA512(),
    "EdDSA": None,
    "Ed25519": None,
}
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_FLAT_OBJECT = re.compile(rb"\{[^{}\[\]]*\}")


def reject(what: str) -> NoReturn:
    """Raise :class:`ValueError`; ``what`` quotes nothing of the text that is refused."""
    message = f"not acceptable: {what}"
    raise ValueError(message)


@frozen(kw_only=True)
class UnverifiedJws:
    """A text of the right form; nothing in it is to be believed before :meth:`JwsKey.verify`."""

    text: str = field(repr=False)
    header: dict[str, Any]
    body: bytes = field(repr=False)


def read_jws(text: str, *, longest: int) -> UnverifiedJws:
    """Take a compact serialization apart; raises :class:`ValueError` or :class:`RecursionError`."""
    if len(text) > longest or not _SHAPE.fullmatch(text):
        reject("length or shape")
    header, body, _signature = [decode_canonical(segment) for segment in text.split(".")]
    if not _FLAT_OBJECT.fullmatch(header):  # before it is parsed: depth could hurt the parser
        reject("nesting")
    return UnverifiedJws(text=text, header=parse_object(header), body=body)


def decode_canonical(segment: str) -> bytes:
    """The bytes of a base64url segment, which must be written the one right way (RFC 4648 §3.5)."""
    data = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if urlsafe_b64encode(data).rstrip(b"=").decode() != segment:
        reject("base64")
    return data


def parse_object(data: bytes) -> dict[str, Any]:
    """A JSON object without repeated keys, at its outermost level."""
    if not data.startswith(b"{"):
        reject("no object")
    pairs = json.loads(data, object_pairs_hook=list)
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        reject("repeated key")
    return parsed


class _PublicKey(Key):
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


@frozen(kw_only=True)
class JwsKey:
    """A key with the one algorithm that it is for."""

    algorithm: str
    _key: Key = field(repr=False, alias="key")

    @classmethod
    def of_secret(cls, secret: bytes) -> "JwsKey":
        """A secret of our own, for HS256 (RFC 7518 §3.2)."""
        return cls(algorithm="HS256", key=jwk.construct(secret, "HS256"))

    @classmethod
    def of_public_jwk(cls, members: Mapping[str, str], algorithm: str) -> "JwsKey":
        """Another party's public key, for an asymmetric algorithm; ``members`` are those of the public key only."""
        if algorithm.startswith("HS") or "d" in members or "k" in members:
            reject("no public key")
        if algorithm in _OTHERS:
            return cls(algorithm=algorithm, key=_PublicKey(members, algorithm))
        return cls(algorithm=algorithm, key=jwk.construct(dict(members), algorithm))

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, str]) -> str:
        """The compact serialization of ``claims``; the header gets ``alg`` and the members of ``header``."""
        text: str = jws.sign(dict(claims), self._key, headers=dict(header), algorithm=self.algorithm)
        return text

    def verify(self, unverified: UnverifiedJws) -> bytes:
        """The body, which this key has signed by its own algorithm; any exception means that it has not."""
        verified: bytes = jws.verify(unverified.text, self._key, [self.algorithm])
        if verified != unverified.body:
            reject("payload")
        return verified
