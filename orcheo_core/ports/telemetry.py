"""What operators get to see of the turns."""

from abc import abstractmethod
from typing import Protocol

from orcheo_core.domain.turn import Turn


class Telemetry(Protocol):
    """Receives notes about what happens; never text of a conversation, never a secret."""

    @abstractmethod
    def turn_ended(self, turn: Turn) -> None:
        """A turn came to its end, whichever."""

    @abstractmethod
    def run_failed(self, turn: Turn, error: Exception) -> None:
        """A workflow raised ``error``; visitors only see a fixed sentence."""

    @abstractmethod
    def save_failed(self, turn: Turn, error: Exception) -> None:
        """The store did not take what a turn has said; it is tried again."""
