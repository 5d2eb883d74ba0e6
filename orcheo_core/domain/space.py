"""How much room everything takes."""

from attrs import frozen


@frozen(kw_only=True)
class TableSpace:
    """One table with its indexes; ``size`` is in bytes, None where the store cannot tell."""

    name: str
    rows: int
    size: int | None = None


@frozen(kw_only=True)
class StoreSpace:
    """What a store takes, in bytes; all zero for one without a file."""

    tables: tuple[TableSpace, ...]
    size: int = 0
    """The file."""
    unused: int = 0
    """Of the file, what removed rows have left and no other row uses yet."""
    log: int = 0
    """The log of the latest changes beside the file."""
    gives_back: bool = True
    """Whether housekeeping can give unused space back to the disk."""


@frozen(kw_only=True)
class FilesSpace:
    """Some files: how many, and their bytes in all."""

    count: int
    size: int
