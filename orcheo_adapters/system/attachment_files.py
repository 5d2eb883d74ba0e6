"""The bytes of attachments as files of the data folder, readable by its owner only."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path

from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.space import FilesSpace
from orcheo_core.errors import AttachmentNotFound, FieldError, InvalidInput, StorageUnavailable
from orcheo_core.ports.attachment_files import AttachmentFiles

_UNFINISHED = ".part"
_LOG = get_logger("attachments")


_PIECE = 64 * 1024


def _piece_of(path: Path, start: int) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(_PIECE)
    except OSError:
        raise AttachmentNotFound from None


class LocalAttachmentFiles(AttachmentFiles):
    """One file an attachment, named by its id; what is still being received ends in ``.part``."""

    def __init__(self, folder: Path) -> None:
        """Keep files in ``folder``, made with the first one."""
        self._folder = folder

    async def write(self, attachment_id: str, chunks: AsyncIterator[bytes], *, size: int) -> None:
        """See the port."""
        unfinished = self._folder / f"{attachment_id}{_UNFINISHED}"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                received = 0
                async for chunk in chunks:
                    received += len(chunk)
                    if received > size:
                        break
                    file.write(chunk)
                if received != size:
                    raise InvalidInput(FieldError("size", f"does not have the announced size of {size} bytes"))
                file.flush()
                await asyncio.to_thread(os.fsync, descriptor)
            unfinished.replace(self._folder / attachment_id)
        except OSError as error:
            raise StorageUnavailable(f"The attachment could not be stored: {error.strerror}.") from None
        finally:
            with suppress(OSError):  # what cannot be written cannot be tidied either; the sweep at start does it
                unfinished.unlink(missing_ok=True)

    def read(self, attachment_id: str) -> bytes:
        """See the port."""
        try:
            return (self._folder / attachment_id).read_bytes()
        except OSError:
            raise AttachmentNotFound from None

    async def pieces(self, attachment_id: str) -> AsyncIterator[bytes]:
        """See the port. No file stays open between two pieces: slow readers would use up the descriptors."""
        path, start = self._folder / attachment_id, 0
        while piece := await asyncio.to_thread(_piece_of, path, start):
            yield piece
            start += len(piece)

    async def remove(self, attachment_ids: Iterable[str]) -> None:
        """See the port."""
        if wanted := tuple(attachment_ids):  # most threads have none
            await asyncio.to_thread(self._remove, wanted)

    def _remove(self, attachment_ids: Iterable[str]) -> None:
        for each in attachment_ids:
            try:
                (self._folder / each).unlink(missing_ok=True)
            except OSError as error:  # what needs it is gone by now, so the sweep at the next start tries again
                _LOG.warning("an attachment could not be deleted: %s", error)

    async def space(self) -> FilesSpace:
        """See the port."""
        return await asyncio.to_thread(files_space, self._folder)

    def ids(self) -> Iterable[str]:
        """See the port; unfinished ones of an earlier process count."""
        return tuple(path.name for path in self._folder.iterdir()) if self._folder.is_dir() else ()


def files_space(folder: Path) -> FilesSpace:
    """The files right in a folder, which need not be there; one that is deleted at this moment is left out."""
    sizes = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for each in entries:
            with suppress(FileNotFoundError):
                sizes.append(each.stat(follow_symlinks=False).st_size)
    return FilesSpace(count=len(sizes), size=sum(sizes))
