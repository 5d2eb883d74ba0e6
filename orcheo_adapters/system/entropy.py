"""The operating system's chance."""

import os
from secrets import token_bytes

from orcheo_core.ports.entropy import Entropy

_AT_ONCE = 4096


class SystemEntropy(Entropy):
    """Bytes fit for secrets.

    Small requests are served from a stock that the operating system fills, as each call of it costs more than the
    rest of making an id. No byte is given twice; a forked process begins with a stock of its own.
    """

    def __init__(self) -> None:
        """An empty stock."""
        self._stock = b""
        self._used = 0
        os.register_at_fork(after_in_child=self._forget)

    def random_bytes(self, count: int) -> bytes:
        """See the port."""
        if count > _AT_ONCE:
            return token_bytes(count)
        if self._used + count > len(self._stock):
            self._stock, self._used = token_bytes(_AT_ONCE), 0
        start = self._used
        self._used += count
        return self._stock[start : self._used]

    def _forget(self) -> None:
        self._stock, self._used = b"", 0
