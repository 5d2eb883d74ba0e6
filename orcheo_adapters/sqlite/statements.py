"""What a change is made of: statements, of which those about one row are carried out for many changes at once."""

import asyncio
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

from orcheo_core.errors import ConcurrentChange

Row = tuple[Any, ...]
_ROWS_AT_ONCE = 32
"""Rows that one statement takes at most: each number of them is a statement of its own, which is prepared once."""
_SMALL = 16
"""Parts that a change may have to be written on the event loop."""


class Statement(NamedTuple):
    """One statement of a change.

    ``check`` looks at the cursor and raises when a rule is broken; ``touches`` names the table and key (None: any) of
    cached rows that it changes; ``erases`` says that it removes what people said.
    """

    sql: str
    values: Row = ()
    check: Callable[[sqlite3.Cursor], None] | None = None
    touches: tuple[str, str | None] | None = None
    erases: bool = False

    def carry_out(self, writer: sqlite3.Connection) -> None:
        """Execute it, and raise when a rule is broken."""
        cursor = writer.execute(self.sql, self.values)
        if self.check is not None:
            self.check(cursor)


class Many(Protocol):
    """Carries out one statement for the rows of several changes.

    Each execution lets go of the interpreter's lock and has to get it back, which costs more than the row itself.
    """

    @abstractmethod
    def carry_out(self, writer: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Raise when a rule is broken for any of these rows."""


Part = Statement | tuple[Many, Row]
"""A part of a change: a statement of its own, or a row for one that is carried out for many."""


class ManyRows(Many):
    """A statement that writes one row."""

    def __init__(self, one: str, many: str, *, row: str, must_hit: bool = False) -> None:
        """``one`` takes the values of a row; in ``many``, ``{}`` stands for rows, of which ``row`` is one.

        With ``must_hit`` it is a broken rule when it finds fewer rows than it was given.
        """
        self._one = one
        self._must_hit = must_hit
        self._many = [many.format(", ".join([row] * (size + 1))) for size in range(_ROWS_AT_ONCE)]

    def carry_out(self, writer: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """See the base class; raises :class:`ConcurrentChange`."""
        if len(rows) == 1:
            cursor = writer.execute(self._one, rows[0])
            if self._must_hit and cursor.rowcount != 1:
                raise ConcurrentChange
            return
        for at in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[at : at + _ROWS_AT_ONCE]
            cursor = writer.execute(self._many[len(some) - 1], tuple(chain.from_iterable(some)))
            if self._must_hit and cursor.rowcount != len(some):
                raise ConcurrentChange


class Lookup(Many):
    """A statement that looks at something and changes nothing: what several changes ask alike is looked at once.

    What it looks at must not be written by :class:`ManyRows`: changes of such rows are carried out together, so that
    one could come between the look and what depends on it.
    """

    def __init__(self, sql: str, check: Callable[[sqlite3.Cursor], None]) -> None:
        """``check`` raises when a rule is broken."""
        self._sql = sql
        self._check = check

    def carry_out(self, writer: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """See the base class."""
        for values in dict.fromkeys(rows):
            self._check(writer.execute(self._sql, values))


def changed_one(cursor: sqlite3.Cursor) -> None:
    """Raise :class:`ConcurrentChange` unless a statement has found its row."""
    if cursor.rowcount != 1:
        raise ConcurrentChange


class Change:
    """What lands together, and the caller who waits for that."""

    __slots__ = ("chore", "done", "is_by_rows", "is_small", "loop", "parts", "touching")

    def __init__(
        self,
        parts: Sequence[Part],
        loop: asyncio.AbstractEventLoop,
        chore: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        """``chore`` is done alone and outside of any transaction, instead of parts."""
        self.parts = parts
        self.loop = loop
        self.done: asyncio.Future[None] = loop.create_future()
        self.chore = chore
        self.is_by_rows = True
        """Whether each of its parts can be carried out together with those of others."""
        self.is_small = len(parts) <= _SMALL
        """Whether it changes a few rows by their keys: a removal or a change of a whole table may take long."""
        self.touching: list[Statement] = []
        """Those that change cached rows, or remove what people said."""
        for each in parts:
            if isinstance(each, Statement):
                self.is_by_rows = False
                if each.erases or each.touches is not None:
                    self.touching.append(each)
                    if each.erases or each.touches is None or each.touches[1] is None:
                        self.is_small = False

    def carry_out(self, writer: sqlite3.Connection) -> None:
        """Execute it, and raise when a rule is broken."""
        for each in self.parts:
            if isinstance(each, Statement):
                each.carry_out(writer)
            else:
                many, row = each
                many.carry_out(writer, (row,))

    def resolve(self, outcome: Exception | None) -> None:
        """Let the caller know; on its own loop only."""
        done = self.done
        if done.done():
            return
        if outcome is None:
            done.set_result(None)
        else:
            done.set_exception(outcome)
