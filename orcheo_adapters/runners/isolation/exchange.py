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
    def take(self, kind: Kind, payload: bytes) -> bool:
        """A frame about it; whether it means anything: others are bounded in number."""

    @abstractmethod
    def fail(self, error: Exception) -> None:
        """The process is gone."""


class Question(Exchange):
    """A question about the workflow."""

    def __init__(self, number: int, answer: "asyncio.Future[Any]") -> None:
        """``answer`` is given when it comes."""
        self.number = number
        self.answer = answer

    def take(self, kind: Kind, payload: bytes) -> bool:
        """See the base class."""
        if self.answer.done() or kind not in (Kind.FAILED, Kind.REPLY):
            return False
        if kind is Kind.FAILED:
            self.fail(decode_failure(payload))
            return True
        try:
            self.answer.set_result(loads(payload))
        except ValueError as error:
            message = "an answer that is not JSON"
            raise BrokenProtocol(message) from error
        return True

    def fail(self, error: Exception) -> None:
        """See the base class."""
        if not self.answer.done():
            self.answer.set_exception(error)
