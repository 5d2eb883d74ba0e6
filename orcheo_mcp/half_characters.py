"""Halves of characters in what an assistant sends: JSON may have them, but the MCP library answers no such line."""

import os
import re
from threading import Thread

_LOW = rb"u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}(\\" + _LOW + rb")?|" + _LOW + rb"|.)")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def replace_halves(line: bytes) -> bytes:
    """The line with U+FFFD for each escaped half of a character, as models write when they cut an emoji in two."""
    return _ESCAPE.sub(_whole, line)


def _whole(found: "re.Match[bytes]") -> bytes:
    is_half = found[1] is None and _SURROGATE.match(found[0])
    return b"\\ufffd" if is_half else found[0]


def mend_standard_input() -> None:
    """Put a pipe in the place of standard input, into which a thread writes its lines without halves."""
    source, (inner, outer) = os.dup(0), os.pipe()
    os.dup2(inner, 0)
    os.close(inner)
    Thread(target=_copy, args=(source, outer), daemon=True).start()


def _copy(source: int, outer: int) -> None:
    with os.fdopen(source, "rb") as lines, os.fdopen(outer, "wb") as mended:
        for line in filter(bytes.strip, lines):
            mended.write(replace_halves(line))
            mended.flush()
