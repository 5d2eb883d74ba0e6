"""The bytes of attachments."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from orcheo_core.domain.space import FilesSpace


class AttachmentFiles(Protocol):
    """Keeps bytes by attachment id."""

    @abstractmethod
    async def write(self, attachment_id: str, chunks: AsyncIterator[bytes], *, size: int) -> None:
        """Keep exactly ``size`` bytes, durably, or nothing.

        Raises :class:`InvalidInput` (path ``size``) for more or fewer, :class:`StorageUnavailable`.
        """

    @abstractmethod
    def read(self, attachment_id: str) -> bytes:
        """All its bytes; raises :class:`AttachmentNotFound`."""

    @abstractmethod
    def pieces(self, attachment_id: str) -> AsyncIterator[bytes]:
        """Its bytes in pieces of at most 64 KiB, read when they are asked for, without blocking.

        Raises :class:`AttachmentNotFound` at the piece at which it is gone.
        """

    @abstractmethod
    async def remove(self, attachment_ids: Iterable[str]) -> None:
        """Delete these attachments, however many, without blocking; unknown ids are ignored."""

    @abstractmethod
    async def space(self) -> FilesSpace:
        """How many files there are, unfinished ones too, and how much room they take."""

    @abstractmethod
    def ids(self) -> Iterable[str]:
        """Everything that is kept."""
