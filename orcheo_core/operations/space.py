"""Operations on the server itself: the room that it takes."""

from attrs import frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.keeping import KEPT
from orcheo_core.domain.space import FilesSpace, StoreSpace, TableSpace
from orcheo_core.operations.operation import Effect, Operation
from orcheo_core.operations.services import OwnerServices

_KIB = 1024.0
COMPACT_HINT = "The file is of an older release, which cannot give space back by itself: stop the server, then run "


@frozen(kw_only=True)
class ShowSpace:
    """Everything."""


@frozen(kw_only=True)
class TableSpaceView:
    """A table with its indexes: how many rows, how many bytes (null where the store cannot tell), what is in it."""

    name: str
    rows: int
    size: int | None
    kept: str

    @classmethod
    def of(cls, table: TableSpace) -> "TableSpaceView":
        """The view of a table."""
        kept = dict.fromkeys(each.name for each in KEPT if each.holds(table.name))
        return cls(name=table.name, rows=table.rows, size=table.size, kept=", ".join(kept))


@frozen(kw_only=True)
class SpaceView:
    """The room that the server takes, in bytes; largest tables first.

    ``unused`` is the part of the database that no row uses. ``gives_back`` says whether housekeeping gives it back.
    """

    table_spaces: tuple[TableSpaceView, ...]
    database: int
    unused: int
    log: int
    attachments: int
    attachment_files: int
    gives_back: bool
    message: str


def view_of(store: StoreSpace, files: FilesSpace | None) -> SpaceView:
    """What people and programs read of it."""
    largest_first = sorted(store.tables, key=lambda each: (-(each.size or 0), -each.rows, each.name))
    count, size = (files.count, files.size) if files else (0, 0)
    message = (
        f"The database takes {shown_size(store.size)}, of which {shown_size(store.unused)} are unused, and its log "
        f"{shown_size(store.log)}. {count} attachments take {shown_size(size)}."
    )
    if not store.gives_back and store.unused:
        message += f" {COMPACT_HINT}`orcheo compact`."
    return SpaceView(
        table_spaces=tuple(map(TableSpaceView.of, largest_first)),
        database=store.size,
        unused=store.unused,
        log=store.log,
        attachments=size,
        attachment_files=count,
        gives_back=store.gives_back,
        message=message,
    )


def shown_size(size: int) -> str:
    """Bytes as people read them."""
    shown, unit = float(size), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if shown < _KIB:
            break
        shown, unit = shown / _KIB, larger
    return f"{shown:.0f} {unit}" if unit == "bytes" else f"{shown:.1f} {unit}"


async def _show(services: OwnerServices, _caller: Caller, _request: ShowSpace) -> SpaceView:
    return view_of(*await services.space.look())


SPACE_OPERATIONS = (
    Operation(
        name="server.space",
        command=("server", "space"),
        summary="Show how much room everything takes.",
        guide="Use it when the server's disk fills up. Returns bytes by table. For operators.",
        request=ShowSpace,
        result=SpaceView,
        scope=Scope.OPERATOR,
        effect=Effect.READ,
        handle=_show,
        idempotent=True,
    ),
)
