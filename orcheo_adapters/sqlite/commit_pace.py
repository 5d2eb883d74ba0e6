"""Where to commit: on the event loop while the disk is quick, otherwise on the writer thread."""

import time
from collections.abc import Callable

from attrs import define

TOO_SLOW = 0.001
"""Seconds of a commit from which on handing it to the writer thread costs the other visitors less."""

_IN_A_ROW = 3
"""A single slow commit may be another program's doing."""

_REST = 1.0
"""Seconds for which the thread commits after the disk was slow; then the loop tries again."""


@define
class CommitPace:
    """Remembers how the last commits went; those slower than ``too_slow`` seconds belong on the thread."""

    too_slow: float = TOO_SLOW
    _now: Callable[[], float] = time.monotonic
    _slow_ones: int = 0
    _slow_until: float = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether the next commit may hold up the event loop."""
        return self.too_slow > 0 and self._now() >= self._slow_until

    def took(self, seconds: float) -> None:
        """Note the time of a commit on the event loop."""
        self._slow_ones = self._slow_ones + 1 if seconds > self.too_slow else 0
        if self._slow_ones >= _IN_A_ROW:
            self._slow_ones = 0
            self._slow_until = self._now() + _REST
