"""How many connections may be open: fewer than the process has file descriptors, and not all for one address.

Without a bound of its own the accept loop meets the system's, and then writes tracebacks in place of answers.
"""

import resource
from collections import Counter
from collections.abc import Callable
from time import monotonic

from orcheo_adapters.http.client_address import address_key
from orcheo_adapters.system.logs import get_logger

MOST = 8_192
MOST_BY_ADDRESS = 1_024
"""What one other machine may have open: ten megabytes of the server's memory."""
RESERVE = 96
"""Descriptors that are kept for the database, files, and connections that are about to be refused."""
_THIS_MACHINE = frozenset({address_key("127.0.0.1"), address_key("::1")})
OWNERS_SHARE = 16
"""Of the reserve, for connections from this machine: when others hold all, its owner must still be able to act."""
_WANTED_DESCRIPTORS = 65_536
_LOG_EVERY_SECONDS = 60.0
_LOG = get_logger("http")


def raise_descriptor_limit() -> None:
    """Take as many descriptors as the system allows this process, up to what the server can use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _WANTED_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def descriptor_limit() -> int:
    """How many descriptors this process may have now: an operator can change it while the server runs."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _WANTED_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


class Connections:
    """Counts the open connections of one server, in all and by client address (IPv6: by /64 network)."""

    def __init__(
        self, descriptors: Callable[[], int] = descriptor_limit, seconds: Callable[[], float] = monotonic
    ) -> None:
        """Stay below what ``descriptors`` says; ``seconds`` times the lines in the log."""
        self._descriptors = descriptors
        self._seconds = seconds
        self._open: Counter[str] = Counter()
        self._all = 0
        self._refused = 0
        self._said_at: float | None = None

    def enter(self, host: str) -> str | None:
        """Count one more connection; return the key to leave by, or None when there are too many."""
        most = max(1, min(MOST, self._descriptors() - RESERVE))
        key = address_key(host)
        most_of_it = _most_by_address(key, most)
        most_in_all = most + OWNERS_SHARE if key in _THIS_MACHINE else most
        if self._all >= most_in_all or self._open[key] >= most_of_it:
            self._refuse(most, most_of_it)
            return None
        self._open[key] += 1
        self._all += 1
        return key

    def leave(self, key: str) -> None:
        """The connection is gone."""
        self._all -= 1
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def _refuse(self, most: int, most_of_it: int) -> None:
        self._refused += 1
        now = self._seconds()
        if self._said_at is None or now - self._said_at >= _LOG_EVERY_SECONDS:
            text = "%d connections refused: %d are open; at most %d in all and %d for one address"
            _LOG.warning(text, self._refused, self._all, most, most_of_it)
            self._said_at, self._refused = now, 0


def _most_by_address(key: str, most: int) -> int:
    """Three quarters of all, so that one address leaves room; less for other machines.

    From this machine come a reverse proxy's connections, which are those of many visitors.
    """
    share = max(1, most * 3 // 4)
    return share if key in _THIS_MACHINE else min(share, MOST_BY_ADDRESS)
