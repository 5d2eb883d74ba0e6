"""Space: how much room everything takes that the server keeps."""

from orcheo_core.domain.space import FilesSpace, StoreSpace
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.unit_of_work import Store


class Space:
    """For operators; looking takes long where there is much."""

    def __init__(self, *, store: Store, files: AttachmentFiles) -> None:
        """Join what this service needs."""
        self._store = store
        self._files = files

    async def look(self) -> tuple[StoreSpace, FilesSpace]:
        """What the store takes, and the attachments."""
        return await self._store.space(), await self._files.space()
