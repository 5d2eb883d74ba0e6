"""Execution of workflows."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from orcheo_core.domain.run import RunEvent, RunRequest
from orcheo_core.domain.workflow import RunnerSpec


class RunTimedOut(Exception):
    """The workflow used up its time."""


class RunTooLong(Exception):
    """The workflow said more than :data:`~orcheo_core.domain.run.OUTPUT_LIMIT` characters."""


class Run(Protocol):
    """One execution under way."""

    @abstractmethod
    def batches(self) -> AsyncIterator[Sequence[RunEvent]]:
        """What the workflow says, once, until it is done or stopped; what is there at the moment is one batch.

        Raises whatever the workflow raises, and :class:`RunTimedOut`. After :meth:`stop` it just ends, soon.
        """

    @abstractmethod
    def stop(self) -> None:
        """Ask the workflow to stop; may be called at any time and more than once."""


class Runner(Protocol):
    """Executes workflows of one kind."""

    @abstractmethod
    def check(self, spec: RunnerSpec) -> None:
        """Raise :class:`InvalidInput` (path ``target``) when this cannot be executed here."""

    @abstractmethod
    def run(self, request: RunRequest) -> Run:
        """Prepare an execution; nothing happens before its batches are asked for."""


class Runners(Protocol):
    """The runners of this server by kind."""

    @abstractmethod
    def get(self, kind: str) -> Runner:
        """The runner of this kind; :class:`InvalidInput` (path ``runner``) when there is none."""

    @abstractmethod
    def executes_code(self, kind: str) -> bool:
        """Whether registering a workflow of this kind needs the scope ``workflows:code``."""
