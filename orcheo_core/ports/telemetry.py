"""What operators get to see of the turns, and of the pages."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol

from orcheo_core.domain.page_event import PageEvent
from orcheo_core.domain.turn import Turn


class Telemetry(Protocol):
    """Receives notes about what happens; never text of a conversation, never a secret."""

    @abstractmethod
    def turn_ended(self, turn: Turn) -> None:
        """A turn came to its end, whichever."""

    @abstractmethod
    def run_failed(self, turn: Turn, error: Exception) -> None:
        """A workflow raised ``error``; visitors only see a fixed sentence."""

    def action_not_taken(self, workflow_id: str, action_type: str) -> None:
        """A page sent an action to a workflow that takes none."""

    def left_out(self, turn: Turn, what: str) -> None:
        """Something that a workflow said could not be kept; ``what`` names it without its content."""

    @abstractmethod
    def save_failed(self, turn: Turn, error: Exception) -> None:
        """The store did not take what a turn has said; it is tried again."""

    def page_event(self, event: PageEvent) -> None:
        """A page reported an event, which adds to its counter; adapters that count none need no such method."""
        del event

    def page_counts(self) -> Mapping[PageEvent, int]:
        """How often each event was reported since the start; empty where they are not counted here."""
        return {}
