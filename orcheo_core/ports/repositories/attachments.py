"""The port to attachments that are kept."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.budget import Claim


class AttachmentRepository(Protocol):
    """What is known of attachments; their bytes lie elsewhere."""

    @abstractmethod
    async def find(self, attachment_id: str) -> Attachment | None:
        """The attachment with this id, whosoever's it is: the caller compares workflow and subject."""

    @abstractmethod
    async def ids(self, *, workflow_id: str, thread_id: str | None = None) -> Sequence[str]:
        """The ids of all attachments of a workflow, or of one of its threads."""

    @abstractmethod
    async def unsent(self, before: datetime, limit: int) -> Sequence[str]:
        """The ids of attachments that no message has and that were announced before ``before``, oldest first."""

    @abstractmethod
    def add(self, attachment: Attachment, claims: Sequence[Claim] = ()) -> None:
        """Stage a new attachment under budgets of what is not sent yet.

        Commit counts what each holder has and raises :class:`BudgetExceeded` for the first claim without room. The
        address of a claim is kept with the attachment until it is sent.
        """

    @abstractmethod
    def save(self, attachment: Attachment) -> None:
        """Stage a change; commit raises :class:`ConcurrentChange` when it was removed in between."""

    @abstractmethod
    def remove(self, attachment_id: str) -> None:
        """Stage a removal; one that was sent with a message stays, an unknown one is ignored."""
