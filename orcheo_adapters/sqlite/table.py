"""One map a table: what its columns are called, and how the fields of a value are kept in them.

The map makes every list of columns in SQL and both directions between values and rows, so a column is named in one
place and never known by its position.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, Generic, TypeVar

import attrs
import orjson
from attrs import frozen

from orcheo_adapters.sqlite.statements import ManyRows, Row
from orcheo_core.domain.actor import Actor
from orcheo_core.domain.subject import Subject

V = TypeVar("V")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 (UTC)."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def moment_of(micros: int) -> datetime:
    """The other way."""
    return _EPOCH + timedelta(microseconds=micros)


def to_json(document: object) -> str:
    """As compact JSON."""
    return orjson.dumps(document).decode()


def marks(values: Collection[object]) -> str:
    """A question mark for each value."""
    return ", ".join("?" * len(values))


@frozen
class Form:
    """How a field is kept in its column; None is kept as NULL."""

    keep: Callable[[Any], Any] | None = None
    """None for what SQLite takes as it is."""
    read: Callable[[Any], Any] | None = None
    of_null: Any = None
    """What NULL stands for."""

    def kept(self, value: Any) -> Any:
        """What the column keeps of a value."""
        return value if value is None or self.keep is None else self.keep(value)

    def value(self, kept: Any) -> Any:
        """The other way."""
        if kept is None:
            return self.of_null
        return kept if self.read is None else self.read(kept)


PLAIN = Form()
MOMENT = Form(to_micros, moment_of)
FLAG = Form(int, bool)
SUBJECT = Form(attrgetter("key"), Subject)
ACTOR = Form(attrgetter("name"), Actor)


def word(kind: type[StrEnum]) -> Form:
    """A word out of a few; kept as a plain text, as sqlite3 looks for an adapter of any other type each time."""
    return Form(str, kind)


@frozen
class Column:
    """A column whose field is called differently."""

    field: str
    form: Form = PLAIN


@frozen
class Group:
    """Several columns that keep one field; all are NULL where the field is None, and the first one only there."""

    field: str
    kind: Callable[..., Any]
    columns: Mapping[str, Column]
    row: Callable[[Any], Row] = attrs.field(init=False)
    """The values of the columns."""

    @row.default
    def _written_out(self) -> Callable[[Any], Row]:
        of_value, of_none = _row_maker(self.columns.values()), (None,) * len(self.columns)
        return lambda value: of_none if value is None else of_value(value)

    def value(self, row: Row) -> object | None:
        """The field."""
        if row[0] is None:
            return None
        read = {each.field: each.form.value(kept) for each, kept in zip(self.columns.values(), row, strict=True)}
        field: object = self.kind(**read)
        return field


def _row_maker(columns: Iterable[Column], groups: Iterable[Group] = ()) -> Callable[[Any], Row]:
    """What makes the row of a value, written out as attrs writes out its methods: each turn makes several rows."""
    keeps: dict[str, Any] = {}
    kept: list[str] = []
    for at, each in enumerate(columns):
        if each.form.keep is None:
            kept.append(f"value.{each.field}")
        else:
            keeps[f"keep_{at}"] = each.form.keep
            kept.append(f"None if (field := value.{each.field}) is None else keep_{at}(field)")
    for group in groups:
        keeps[f"row_of_{group.field}"] = group.row
        kept.append(f"*row_of_{group.field}(value.{group.field})")
    maker: Callable[[Any], Row] = eval(f"lambda value: ({', '.join(kept)},)", keeps)  # noqa: S307 - all of it is ours
    return maker


class Table(Generic[V]):
    """A table of values of one class."""

    def __init__(
        self, name: str, kind: Callable[..., V], /, *groups: Group, at_first: str = "", **columns: Form | Column
    ) -> None:
        """``columns`` by their names; those whose field has the same name have just a form.

        ``at_first`` names a column without a field that is 0 in a new row.
        """
        self.name = name
        self._kind = kind
        named = {column: each if isinstance(each, Column) else Column(column, each) for column, each in columns.items()}
        self._groups = groups
        self._fields = [each.field for each in named.values()]
        forms = [each.form for each in named.values()]
        self._row = _row_maker(named.values(), groups)
        self._read = [(at, form.value) for at, form in enumerate(forms) if form.read or form.of_null]
        self._names = [*named, *(column for group in groups for column in group.columns)]
        self.columns = ", ".join(f'"{each}"' for each in self._names)
        """For SQL, in the order of the rows."""
        self.select = f"SELECT {self.columns} FROM {name}"  # noqa: S608 - the names are ours
        self.insert = self._insertion(at_first)
        self.replace = f"INSERT OR REPLACE INTO {name} ({self.columns}) VALUES ({marks(self._names)})"  # noqa: S608 - ours

    def row(self, value: V) -> Row:
        """The values of all columns."""
        return self._row(value)

    def value(self, row: Row) -> V:
        """The value of a row with all columns."""
        own = list(row[: len(self._fields)])
        for at, read in self._read:
            own[at] = read(own[at])
        fields = dict(zip(self._fields, own, strict=True))
        at = len(own)
        for group in self._groups:
            fields[group.field] = group.value(row[at : at + len(group.columns)])
            at += len(group.columns)
        return self._kind(**fields)

    def update(self, where: str) -> str:
        """The statement that sets all columns of a row; their values come before those of ``where``."""
        changes = ", ".join(f'"{each}" = ?' for each in self._names)
        return f"UPDATE {self.name} SET {changes} WHERE {where}"  # noqa: S608 - the names are ours

    def _insertion(self, at_first: str) -> ManyRows:
        columns, row = self.columns, marks(self._names)
        if at_first:
            columns, row = f"{columns}, {at_first}", f"{row}, 0"
        begin = f"INSERT INTO {self.name} ({columns}) VALUES "  # noqa: S608 - the names are ours
        return ManyRows(f"{begin}({row})", f"{begin}{{}}", row=f"({row})")
