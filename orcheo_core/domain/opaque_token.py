"""Secrets that owners hold: their text form, and the keyed digest that is stored of them.

The text is ``<prefix>`` + 11 base62 characters of public id + 43 of secret (256 bits) + 6 of CRC-32 over all before,
so a scanner recognises one without asking (``orc_(pt|st|is|ct|os)_[0-9A-Za-z]{60}``) and a typing error is seen.
Stored is an HMAC-SHA-256 under a pepper that lives outside the database: who can write a row still cannot make a
working token, and a stolen database opens nothing.
"""

import hmac
from binascii import crc32
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from attrs import field, frozen

from orcheo_core.domain import base62

PUBLIC_ID_WIDTH = 11
_SECRET_WIDTH = 43
_CHECK_WIDTH = 6
_BODY_WIDTH = PUBLIC_ID_WIDTH + _SECRET_WIDTH + _CHECK_WIDTH

RandomBytes = Callable[[int], bytes]
"""Returns this many unpredictable bytes."""


@frozen(kw_only=True)
class OpaqueToken:
    """A secret in its readable parts; neither ``repr`` nor ``str`` shows it, only :meth:`reveal` does."""

    prefix: str
    public_id: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return self.hint

    @property
    def hint(self) -> str:
        """What may be shown of it: prefix and public id."""
        return f"{self.prefix}{self.public_id}…"

    def reveal(self) -> str:
        """The whole secret text, to be shown once or compared."""
        body = f"{self.prefix}{self.public_id}{self.secret}"
        return body + _checksum(body)

    @classmethod
    def generate(cls, prefix: str, random_bytes: RandomBytes) -> "OpaqueToken":
        """A new secret from 8 + 32 random bytes."""
        public_id = base62.encode(int.from_bytes(random_bytes(8)), PUBLIC_ID_WIDTH)
        secret = base62.encode(int.from_bytes(random_bytes(32)), _SECRET_WIDTH)
        return cls(prefix=prefix, public_id=public_id, secret=secret)

    @classmethod
    def parse(cls, prefix: str, text: str) -> "OpaqueToken | None":
        """The parts of ``text``, or None when it has not the form or the checksum of such a secret."""
        body = text[len(prefix) :]
        if not text.startswith(prefix) or len(body) != _BODY_WIDTH or not base62.is_base62(body):
            return None
        if text[-_CHECK_WIDTH:] != _checksum(text[:-_CHECK_WIDTH]):
            return None
        return cls(prefix=prefix, public_id=body[:PUBLIC_ID_WIDTH], secret=body[PUBLIC_ID_WIDTH:-_CHECK_WIDTH])


def _checksum(body: str) -> str:
    return base62.encode(crc32(body.encode()), _CHECK_WIDTH)


@frozen(kw_only=True)
class Pepper:
    """A server-side key for digests, at least 32 bytes; ``id`` is stored beside each digest made with it."""

    id: str
    key: bytes = field(repr=False)

    @key.validator
    def _long_enough(self, _attribute: object, key: bytes) -> None:
        if len(key) < sha256().digest_size:
            message = "a pepper needs at least 32 bytes"
            raise ValueError(message)


@frozen(kw_only=True)
class TokenDigest:
    """What is stored of an opaque token: 64 hex digits and the id of the pepper they were made with."""

    pepper_id: str
    value: str = field(repr=False)


@frozen
class PepperRing:
    """The peppers in use, newest first: the newest makes digests, all of them verify."""

    peppers: tuple[Pepper, ...] = field()

    @peppers.validator
    def _not_empty(self, _attribute: object, peppers: tuple[Pepper, ...]) -> None:
        if not peppers:
            message = "at least one pepper is needed"
            raise ValueError(message)

    def digest(self, token: OpaqueToken) -> TokenDigest:
        """Digest with the newest pepper."""
        newest = self.peppers[0]
        return TokenDigest(pepper_id=newest.id, value=keyed_digest(token.reveal(), newest.key))

    def matches(self, token: OpaqueToken, digest: TokenDigest | None) -> bool:
        """Whether ``digest`` was made of ``token``; takes as long for an unknown one (``None``) as for a wrong one."""
        pepper = self._find(digest)
        value = digest.value if digest else ""
        actual = keyed_digest(token.reveal(), (pepper or self.peppers[0]).key)
        return hmac.compare_digest(actual, value) and pepper is not None

    def derive(self, prefix: str, name: str, random_bytes: RandomBytes) -> tuple[OpaqueToken, str]:
        """A new secret of what is called ``name``, which the server can make again, and the id of its pepper.

        It is for secrets that both sides must know: what is stored is the public id, which is worth nothing without
        the pepper.
        """
        newest, public_id = self.peppers[0], OpaqueToken.generate(prefix, random_bytes).public_id
        return _derived(prefix, name, public_id, newest), newest.id

    def derived(self, prefix: str, name: str, public_id: str, pepper_id: str) -> OpaqueToken | None:
        """The secret that :meth:`derive` made; None when its pepper is gone."""
        pepper = self._named(pepper_id)
        return None if pepper is None else _derived(prefix, name, public_id, pepper)

    def _find(self, digest: TokenDigest | None) -> Pepper | None:
        return self._named(digest.pepper_id if digest else None)

    def _named(self, pepper_id: str | None) -> Pepper | None:
        return next((pepper for pepper in self.peppers if pepper.id == pepper_id), None)


def _derived(prefix: str, name: str, public_id: str, pepper: Pepper) -> OpaqueToken:
    """The blank keeps what is derived apart from what is digested: no token has one."""
    number = int(keyed_digest(f"{prefix} {name} {public_id}", pepper.key), 16)
    return OpaqueToken(prefix=prefix, public_id=public_id, secret=base62.encode(number, _SECRET_WIDTH))


def keyed_digest(text: str, key: bytes) -> str:
    """HMAC-SHA-256 of ``text`` (UTF-8) under ``key``, as 64 hex digits."""
    mac = _begun_with(key).copy()
    mac.update(text.encode())
    return mac.hexdigest()


@lru_cache(maxsize=16)
def _begun_with(key: bytes) -> hmac.HMAC:
    """The part of the digest that depends on the key alone; a copy also keeps the interpreter's lock, where a whole
    digest lets go of it, which costs far more than the digest (``docs/performance.md``)."""
    return hmac.new(key, digestmod="sha256")
