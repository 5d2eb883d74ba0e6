"""Text for people: what comes from outside made harmless, and lines that fit the terminal.

``width`` is the number of columns of the terminal; None means that there is no terminal, and nothing is wrapped.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import wrap

import click

_DRIVES_TERMINAL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_COMMAND = re.compile(r"`[^`]*`|pip install (?:-e )?\S+")
_NO_BREAK = "\0"
"""Stands for a blank at which no line ends; clean text has none."""
_GAP = "  "


def clean(text: object) -> str:
    """Text without control and direction characters, so that it cannot drive the terminal or pose as other text."""
    return _DRIVES_TERMINAL.sub("", str(text))


def escaped(json_text: str) -> str:
    """JSON text with the same characters written as ``\\u…``: the same value, harmless to look at."""
    return _DRIVES_TERMINAL.sub(lambda match: f"\\u{ord(match[0]):04x}", json_text)


def one_line(text: object) -> str:
    """Clean text whose line ends and runs of blanks are single blanks."""
    return " ".join(clean(text).split())


def paragraph(text: object, width: int | None, *, label: str = "") -> str:
    """One paragraph behind a label, its further lines under its first; words and commands are never broken.

    A command in backticks that is too long for a line has one of its own.
    """
    room = (width or 0) - len(label)
    if width is None or room <= 0:
        return one_line(text)
    lines = _wrapped(one_line(text), room)
    return f"\n{' ' * len(label)}".join(lines)


def moment(text: str | None, *, local: bool | None = None) -> str:
    """A time of the wire, to the minute: at a terminal in local time with its offset, elsewhere in UTC.

    None becomes empty text.
    """
    if local is None:
        local = sys.stdout is not None and sys.stdout.isatty()
    try:
        at = datetime.fromisoformat(text).astimezone(None if local else UTC) if text else None
    except ValueError:
        return str(text)
    if at is None:
        return ""
    offset = f"{at:%z}"
    return f"{at:%Y-%m-%d %H:%M} {f'{offset[:3]}:{offset[3:]}' if at.utcoffset() else 'UTC'}"


def field_lines(fields: Mapping[str, object], width: int | None) -> Iterator[str]:
    """Labels with their values, one below the other; a value too wide for its place gets a line of its own."""
    column = max(map(len, fields), default=0) + len(_GAP)
    for label, value in fields.items():
        lines = [line for text in clean(value).split("\n") for line in _fitting(text, column, width)]
        shown = click.style(label, dim=True)
        if width is not None and any(column + _columns(line) > width for line in lines):
            yield shown
            yield from lines
        else:
            yield shown + " " * (column - len(label)) + f"\n{' ' * column}".join(lines)


def table_lines(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    """Rows under their titles, a line each.

    When they are too wide, the last cell of each row goes below it; a few cells that are much longer than the others
    then get a line of their own; and when that is too wide as well, each row becomes a block of labelled fields. No
    word is broken and nothing is left out.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    whole = list(_aligned([titles, *cells]))
    if width is None or max(map(_columns, whole)) <= width:
        yield click.style(whole[0], bold=True)
        yield from whole[1:]
        return
    short = [list(titles[:-1]), *(row[:-1] for row in cells)]
    for longest in (width, width // 3):
        lines = list(_aligned(short, longest))
        if max(_columns(part) for line in lines for part in line.split("\n")) <= width and _mostly_flat(lines):
            yield click.style(lines[0], bold=True)
            for line, row in zip(lines[1:], cells, strict=True):
                yield line
                yield from (_GAP + part for part in _fitting(row[-1], len(_GAP), width) if part)
            return
    yield from _blocks(titles, cells, width)


def _mostly_flat(lines: Sequence[str]) -> bool:
    return sum("\n" in line for line in lines) * 2 < len(lines)


def _blocks(titles: Sequence[str], cells: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    for number, row in enumerate(cells):
        if number:
            yield ""
        fields = {_label(title): cell for title, cell in zip(titles, row, strict=True) if cell}
        yield from field_lines(fields, width)


def _label(title: str) -> str:
    """``DAY (UTC)`` as ``Day (UTC)``: what is in brackets is an abbreviation."""
    name, bracket, rest = title.partition("(")
    return name.capitalize() + bracket + rest


def _fitting(text: str, column: int, width: int | None) -> list[str]:
    if width is None or column >= width:
        return [text]
    return _wrapped(text, width - column) or [""]


def _wrapped(text: str, width: int) -> list[str]:
    kept = _COMMAND.sub(lambda found: found[0].replace(" ", _NO_BREAK), text)
    lines = wrap(kept, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _aligned(rows: Sequence[Sequence[str]], longest: int | None = None) -> Iterator[str]:
    """Each row with its cells in columns; after a cell longer than ``longest`` the row continues on the next line."""
    widths = [
        max((size for size in map(_columns, column) if longest is None or size <= longest), default=0)
        for column in zip(*rows, strict=True)
    ]
    for row in rows:
        line = ""
        for cell, at, width in zip(row, _starts(widths), widths, strict=True):
            line = line + " " * (at - _columns(line.rpartition("\n")[2])) + cell
            if _columns(cell) > width:
                line += "\n"
        yield line.rstrip()


def _starts(widths: Sequence[int]) -> Iterator[int]:
    at = 0
    for width in widths:
        yield at
        at += width + len(_GAP)


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes; Chinese letters take two, accents and joiners none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # only here: most lists are plain ASCII, and need not wait for it

    return cell_len(text)
