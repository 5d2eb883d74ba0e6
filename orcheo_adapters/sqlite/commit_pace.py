"""Where to commit: on the event loop while the disk is quick, otherwise on the writer thread."""

import time
from collections.abc import Callable

from attrs import define

TOO_SLOW = 0.001
"""Seconds of a commit from which on handing it to the writer thread costs the other visitors less."""

_IN_A_ROW = 3
"""A single slow commit may be another program's doing."""

_REST, _LONGEST_REST = 1.0, 60.0
"""Seconds for which the thread commits after the disk was slow; then the loop tries one commit.

If that is slow too, the next rest is twice as long: on a slow disk, streams are not held up more often than needed.
"""


_CROWD = 64
"""Rounds with a single change after which changes count as coming one by one."""
_SAMPLE = 16
"""Every so often a change waits a round nevertheless, to see whether others come."""


@define
class CommitPace:
    """Remembers how the last commits went; those slower than ``too_slow`` seconds belong on the thread."""

    too_slow: float = TOO_SLOW
    _now: Callable[[], float] = time.monotonic
    _slow_ones: int = 0
    _slow_until: float = 0.0
    _rest: float = _REST
    _crowd: int = _CROWD
    _alone: int = 0

    @property
    def is_quick(self) -> bool:
        """Whether the next commit may hold up the event loop."""
        return self.too_slow > 0 and self._now() >= self._slow_until

    @property
    def is_alone(self) -> bool:
        """Whether changes come one by one, so that waiting a round of the event loop for others is in vain."""
        if self._crowd > 0:
            return False
        self._alone = (self._alone + 1) % _SAMPLE
        return self._alone != 0

    def came_together(self, changes: int) -> None:
        """Note how many changes waited for one round of the event loop."""
        self._crowd = _CROWD if changes > 1 else max(0, self._crowd - 1)

    def took(self, seconds: float) -> None:
        """Note the time of a commit on the event loop."""
        if seconds <= self.too_slow:
            self._slow_ones, self._rest = 0, _REST
            return
        self._slow_ones += 1
        if self._slow_ones >= _IN_A_ROW:
            self._slow_ones = _IN_A_ROW - 1  # after the rest one slow commit is enough
            self._slow_until = self._now() + self._rest
            self._rest = min(self._rest * 2, _LONGEST_REST)
