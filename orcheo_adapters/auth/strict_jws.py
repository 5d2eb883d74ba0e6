"""JSON Web Signatures (RFC 7515) read strictly, and those that a secret of our own makes.

What is read is checked in this order: length, shape, canonical base64, a flat header without repeated keys, one key
with one pinned algorithm. What the header and the claims must say is the caller's to check: chat grants and id tokens
differ in it. Public keys of others are in :mod:`orcheo_adapters.auth.oidc.public_key`, with the libraries they need.
"""

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, NoReturn

from attrs import field, frozen

_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_FLAT_OBJECT = re.compile(rb"\{[^{}\[\]]*\}")


def reject(what: str) -> NoReturn:
    """Raise :class:`ValueError`; ``what`` quotes nothing of the text that is refused."""
    message = f"not acceptable: {what}"
    raise ValueError(message)


@frozen(kw_only=True)
class UnverifiedJws:
    """A text of the right form; nothing in it is to be believed before a key has verified it."""

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


@frozen
class SecretKey:
    """A secret of our own, for HS256 (RFC 7518 §3.2)."""

    _secret: bytes = field(repr=False)

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, str]) -> str:
        """The compact serialization of ``claims``; the header gets ``alg`` and the members of ``header``."""
        signed = b".".join(_encode(_json(each)) for each in ({"alg": "HS256", **header}, claims))
        return b".".join((signed, _encode(self._mac(signed)))).decode()

    def verify(self, unverified: UnverifiedJws) -> bytes:
        """The body, which this secret has signed; raises :class:`ValueError` where it has not."""
        signed, _, signature = unverified.text.rpartition(".")
        if unverified.header.get("alg") != "HS256" or not hmac.compare_digest(
            self._mac(signed.encode()), decode_canonical(signature)
        ):
            reject("signature")
        return unverified.body

    def _mac(self, signed: bytes) -> bytes:
        return hmac.digest(self._secret, signed, "sha256")


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(members), separators=(",", ":")).encode()


def _encode(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
