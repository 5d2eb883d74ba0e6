"""The port to feedback that is kept."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.pages import ALL


class FeedbackRepository(Protocol):
    """What visitors thought of answers."""

    @abstractmethod
    async def of_thread(self, thread_id: str, span: tuple[str, str] = ALL) -> Sequence[Feedback]:
        """The feedback on items of a thread, from the one with the first id to the one with the last."""

    @abstractmethod
    def save(self, feedback: Feedback) -> None:
        """Stage an insert or, for the same item, a replacement."""
