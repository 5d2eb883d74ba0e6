"""Maps of tables: columns by name, fields by their forms."""

from enum import StrEnum

import pytest
from attrs import frozen
from sqlite_utils import Database

from orcheo_adapters.sqlite import tables
from orcheo_adapters.sqlite.migrations import migrate
from orcheo_adapters.sqlite.table import FLAG, PLAIN, Column, Form, Group, Table, word


class Colour(StrEnum):
    """A word out of two."""

    RED = "red"
    BLUE = "blue"


@frozen
class Frame:
    """A part of a picture that may be missing."""

    width: int
    is_gilded: bool


@frozen
class Picture:
    """A value with every kind of field."""

    id: str
    colour: Colour | None
    tags: tuple[str, ...]
    frame: Frame | None


PICTURES = Table(
    "pictures",
    Picture,
    Group("frame", Frame, {"frame_width": Column("width"), "gilded": Column("is_gilded", FLAG)}),
    at_first="looks",
    id=PLAIN,
    colour=word(Colour),
    labels=Column("tags", Form(lambda tags: " ".join(tags) or None, lambda text: tuple(text.split()), of_null=())),
)


@pytest.mark.parametrize(
    ("picture", "row"),
    [
        (Picture("a", Colour.RED, ("x", "y"), Frame(3, is_gilded=True)), ("a", "red", "x y", 3, 1)),
        (Picture("b", None, (), None), ("b", None, None, None, None)),
    ],
    ids=["whole", "empty"],
)
def test_a_value_and_its_row_are_the_same(picture: Picture, row: tuple[object, ...]) -> None:
    """In both directions, with a column for each field of a group."""
    assert PICTURES.row(picture) == row
    assert PICTURES.value(row) == picture


def test_statements_name_their_columns() -> None:
    """In the order of the rows, whatever the order in the file is."""
    names = '"id", "colour", "labels", "frame_width", "gilded"'
    assert PICTURES.select == f"SELECT {names} FROM pictures"
    assert PICTURES.replace == f"INSERT OR REPLACE INTO pictures ({names}) VALUES (?, ?, ?, ?, ?)"
    assert PICTURES.update("id = ?").endswith('"frame_width" = ?, "gilded" = ? WHERE id = ?')


@pytest.mark.parametrize(
    "table", [each for each in vars(tables).values() if isinstance(each, Table)], ids=lambda t: t.name
)
def test_a_map_names_columns_of_the_schema(table: Table[object]) -> None:
    """Of the newest one; a column that a map leaves out can be empty, or is set by a statement of its own."""
    database = Database(memory=True)
    migrate(database)
    columns = {each.name for each in database.table(table.name).columns}
    assert {name.strip('"') for name in table.columns.split(", ")} <= columns
