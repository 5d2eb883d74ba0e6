"""Work in the background."""

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

_Result = TypeVar("_Result")

Wake = Callable[[], None]


class Background(Protocol):
    """Starts work and keeps hold of it; the core knows no event loop but through this."""

    @abstractmethod
    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Begin ``work`` soon; it outlives the caller. What it raises is reported, not lost."""

    @property
    @abstractmethod
    def soon(self) -> Callable[[Callable[[], None]], object]:
        """A function that calls its argument as soon as everything that is ready now has run.

        A property, so that a caller can keep the function and save a call each time.
        """

    @abstractmethod
    async def woken(self, follow: Callable[[Wake], None], leave: Callable[[Wake], None]) -> None:
        """Give ``follow`` something to call, return once it was called, and give the same to ``leave``."""

    @abstractmethod
    async def pause(self) -> None:
        """Return when everything that is ready now has had its turn."""

    @abstractmethod
    def interruptible(self) -> AbstractAsyncContextManager[Callable[[], None]]:
        """Give what breaks off the block from elsewhere: what the block awaits is cancelled then."""

    async def together(self, *works: Coroutine[Any, Any, _Result]) -> list[_Result]:
        """Do ``works``, which raise nothing, at the same time where that is possible; their results in this order."""
        return [await work for work in works]
