"""itsdangerous as it should be used: SHA-256 and HMAC, a purpose for each signature, several keys, our clock."""

from hashlib import sha256

from itsdangerous import TimestampSigner

from orcheo_core.ports.clock import Clock

MIN_KEY_BYTES = 32


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
