"""Small signed JSON objects: anyone can read them, only this server can make them."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta

from attrs import field, frozen
from itsdangerous import BadData, SignatureExpired

from orcheo_adapters.auth.clocked_signer import ClockedSigner
from orcheo_core.ports.clock import Clock


class SealBroken(Exception):
    """The text was not made here, not for this purpose, or changed on the way."""


class SealExpired(Exception):
    """The text is genuine and too old."""


@frozen(kw_only=True)
class Opened:
    """What a genuine text says, and when it was signed."""

    values: dict[str, str] = field(repr=False)
    signed_at: datetime


class Seal:
    """Signs objects of strings for one purpose: ``<base64 of JSON>.<time>.<signature>``."""

    def __init__(self, keys: tuple[bytes, ...], purpose: str, *, longest: int, clock: Clock) -> None:
        """``keys``: newest first; texts of more than ``longest`` characters are neither made nor read."""
        self._signer = ClockedSigner(keys, purpose, clock)
        self._longest = longest

    def close(self, values: dict[str, str]) -> str:
        """The text that says ``values``; raises :class:`ValueError` when they are too long."""
        packed = urlsafe_b64encode(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()).rstrip(b"=")
        text = self._signer.sign(packed).decode("ascii")
        if len(text) > self._longest:
            message = "too much to sign"
            raise ValueError(message)
        return text

    def open(self, text: str, *, lifetime: timedelta) -> Opened:
        """What a genuine text of the last ``lifetime`` says; raises :class:`SealBroken`, :class:`SealExpired`."""
        if len(text) > self._longest or not text.isascii():
            raise SealBroken
        try:
            packed, at = self._signer.opened(text, lifetime=lifetime)
        except SignatureExpired:
            raise SealExpired from None
        except BadData:
            raise SealBroken from None
        values = json.loads(urlsafe_b64decode(packed + b"=" * (-len(packed) % 4)))
        return Opened(values=values, signed_at=at)
