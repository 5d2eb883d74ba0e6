"""itsdangerous as it should be used: SHA-256 and HMAC, a purpose for each signature, several keys, our clock."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from itsdangerous import SignatureExpired, TimestampSigner

from orcheo_core.ports.clock import Clock

MIN_KEY_BYTES = 32

SKEW_SECONDS = 30
"""A clock that was put back by so much, or another node's that runs ahead, makes no signature void."""


class ClockedSigner(TimestampSigner):
    """Signs with the newest key, verifies with all of them."""

    def __init__(self, keys: tuple[bytes, ...], purpose: str, clock: Clock) -> None:
        """``keys``: newest first, 32 bytes at least each; a signature is valid for one purpose only."""
        if not keys or min(map(len, keys)) < MIN_KEY_BYTES:
            message = f"cookie keys need one entry at least, of {MIN_KEY_BYTES} bytes at least"
            raise ValueError(message)
        oldest_first = list(reversed(keys))  # the library signs with the last
        super().__init__(oldest_first, salt=purpose, key_derivation="hmac", digest_method=sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        """Whole seconds since 1970, by our clock."""
        return int(self._clock.now().timestamp())

    def opened(self, text: str, *, lifetime: timedelta, skew: float = SKEW_SECONDS) -> tuple[bytes, datetime]:
        """What was signed, and when; a moment within ``skew`` seconds from now on counts as now.

        Raises :class:`SignatureExpired` outside of that time, and other :class:`BadData` for what is not genuine.
        """
        value, at = self.unsign(text, return_timestamp=True)
        now = datetime.fromtimestamp(self.get_timestamp(), UTC)
        age = (now - at).total_seconds()
        if not -skew <= age <= lifetime.total_seconds():
            message = f"signed {age} seconds ago"
            raise SignatureExpired(message, payload=value, date_signed=at)
        return value, min(at, now)
