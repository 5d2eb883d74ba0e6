"""What a turn has told so far, as numbered frames, and who follows them."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from orcheo_core.errors import BudgetExceeded

UNCOUNTED_BYTES = 256 * 1024
"""Of the frames of a turn, so that most turns need no counting: 500 at once, as many as may run, take 125 MiB."""


class Room(Protocol):
    """What the frames of one turn are counted against."""

    @abstractmethod
    def grow(self, amount: int) -> BudgetExceeded | None:
        """Count this number of bytes more, which are there already; return why they are too many, if they are."""

    @abstractmethod
    def release(self) -> None:
        """Give back all of it; it may grow again."""


class Relay:
    """The frames of one turn; it knows nothing else of it, so that it can be kept when the turn is over.

    Frame n is thread event n of the turn, encoded; resuming counts by these numbers. The frames are counted as long as
    they can be found or someone follows them.
    """

    __slots__ = ("_counted", "_followers", "_is_findable", "_room", "frames", "is_over", "size")

    def __init__(self, room: Room) -> None:
        """Begin without frames."""
        self.frames: list[bytes] = []
        self.size = 0
        """Bytes of all frames."""
        self.is_over = False
        """Whether no more frames will come."""
        self._followers: dict[Callable[[], None], None] = {}
        self._room = room
        self._counted = 0
        self._is_findable = True

    def add(self, frames: list[bytes]) -> BudgetExceeded | None:
        """Give these frames the next numbers and wake the followers; return why no more have room, if so."""
        self.frames += frames
        self.size += sum(map(len, frames))
        refusal = self._count() if self.size > self._counted + UNCOUNTED_BYTES else None
        for wake in tuple(self._followers):
            wake()
        return refusal

    def break_off(self) -> None:
        """No more frames will come, although the last one is missing; may be called again."""
        self.is_over = True
        self.forget()
        for wake in (*self._followers,):
            wake()

    def follow(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever there are new frames, and at the end; it must return at once."""
        self._followers[wake] = None
        if self.size > self._counted + UNCOUNTED_BYTES:  # it was found just before it was forgotten
            self._count()

    def leave(self, wake: Callable[[], None]) -> None:
        """Do not call ``wake`` any more."""
        self._followers.pop(wake, None)
        self._release_unless_needed()

    def forget(self) -> None:
        """It cannot be found any more: only those who follow now need its frames."""
        self._is_findable = False
        self._release_unless_needed()

    def _count(self) -> BudgetExceeded | None:
        if not (self._is_findable or self._followers):
            return None
        more, self._counted = self.size - self._counted, self.size
        return self._room.grow(more)

    def _release_unless_needed(self) -> None:
        if self._counted and not (self._is_findable or self._followers):
            self._counted = 0
            self._room.release()
