"""The bytes of attachments in this process's memory."""

from collections.abc import AsyncIterator, Iterable

from orcheo_core.domain.space import FilesSpace
from orcheo_core.errors import AttachmentNotFound, FieldError, InvalidInput
from orcheo_core.ports.attachment_files import AttachmentFiles

_PIECE = 64 * 1024


class MemoryAttachmentFiles(AttachmentFiles):
    """Gone with the process."""

    def __init__(self) -> None:
        """Empty."""
        self._files: dict[str, bytes] = {}

    async def write(self, attachment_id: str, chunks: AsyncIterator[bytes], *, size: int) -> None:
        """See the port."""
        received = bytearray()
        async for chunk in chunks:
            received += chunk
            if len(received) > size:
                break
        if len(received) != size:
            raise InvalidInput(FieldError("size", f"does not have the announced size of {size} bytes"))
        self._files[attachment_id] = bytes(received)

    def read(self, attachment_id: str) -> bytes:
        """See the port."""
        if attachment_id not in self._files:
            raise AttachmentNotFound
        return self._files[attachment_id]

    async def pieces(self, attachment_id: str) -> AsyncIterator[bytes]:
        """See the port."""
        for start in range(0, len(self.read(attachment_id)), _PIECE):
            yield self.read(attachment_id)[start : start + _PIECE]

    async def remove(self, attachment_ids: Iterable[str]) -> None:
        """See the port."""
        for each in attachment_ids:
            self._files.pop(each, None)

    async def space(self) -> FilesSpace:
        """See the port."""
        return FilesSpace(count=len(self._files), size=sum(map(len, self._files.values())))

    def ids(self) -> Iterable[str]:
        """See the port."""
        return tuple(self._files)
