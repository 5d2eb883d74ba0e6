"""The operating system's chance."""

from secrets import token_bytes

from orcheo_core.ports.entropy import Entropy


class SystemEntropy(Entropy):
    """Bytes fit for secrets."""

    def random_bytes(self, count: int) -> bytes:
        """See the port."""
        return token_bytes(count)
