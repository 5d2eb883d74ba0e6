"""What the server has under way with a workflow's process: runs, and questions about the workflow."""

import asyncio
from abc import abstractmethod
from typing import Any, Protocol

from orcheo_adapters.runners.isolation.frames import BrokenProtocol, Kind
from orcheo_adapters.runners.isolation.messages import decode_failure, loads
from orcheo_core.ports.runner import RunFailed


def ended(reason: str) -> RunFailed:
    """The error of a run whose process is gone."""
    return RunFailed("process_ended", f"{reason} It is started again with the next message.")


class Exchange(Protocol):
    """A run or a question under way."""

    number: int

    @abstractmethod
    def take(self, kind: Kind, payload: bytes) -> None:
        """A frame about it."""

    @abstractmethod
    def fail(self, error: Exception) -> None:
        """The process is gone."""


class Question(Exchange):
    """A question about the workflow."""

    def __init__(self, number: int, answer: "asyncio.Future[Any]") -> None:
        """``answer`` is given when it comes."""
        self.number = number
        self.answer = answer

    def take(self, kind: Kind, payload: bytes) -> None:
        """See the base class."""
        if kind is Kind.FAILED:
            self.fail(decode_failure(payload))
        elif kind is Kind.REPLY and not self.answer.done():
            try:
                self.answer.set_result(loads(payload))
            except ValueError as error:
                message = "an answer that is not JSON"
                raise BrokenProtocol(message) from error

    def fail(self, error: Exception) -> None:
        """See the base class."""
        if not self.answer.done():
            self.answer.set_exception(error)
