"""Space: how much room everything takes that the server keeps."""

from attrs import define

from orcheo_core.domain.space import FilesSpace, StoreSpace
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.unit_of_work import Store


@define(kw_only=True, eq=False)
class Space:
    """For operators; looking takes long where there is much."""

    _store: Store
    _files: AttachmentFiles

    async def look(self) -> tuple[StoreSpace, FilesSpace]:
        """What the store takes, and the attachments."""
        return await self._store.space(), await self._files.space()
