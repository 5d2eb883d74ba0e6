"""From what a callable gives to run events."""

import codecs
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

import attrs

from orcheo_adapters.runners.endings import cut_short
from orcheo_adapters.runners.pieces import SHAPES, end_reason
from orcheo_adapters.runners.readable import readable
from orcheo_adapters.runners.text import MOST_OF_A_PIECE, WholeCharacters
from orcheo_core.domain.run import RunEvent, TextDelta
from orcheo_core.ports.runner import RunFailed

_ACCEPTED = (
    "A workflow can give: text (str, or bytes in UTF-8), run events, None, a message or dict with content or text, "
    "chunks and events of the usual model clients, and a generator, iterator or list of these"
)

_LINE = "Write what the visitor is to read: return str(…), or yield the text of each piece."

_UTF_8 = codecs.getincrementaldecoder("utf-8")
_DEEPEST = 4
"""Levels at which an object may hold another one instead of text."""


class AnswerPieces:
    """Makes run events of the pieces of one answer, and keeps what spans several of them.

    Halves of characters are joined. Text that is repeated with more behind it each time is read as one growing text.
    """

    def __init__(self) -> None:
        """Nothing was given yet."""
        self._characters = WholeCharacters()
        self._bytes: codecs.IncrementalDecoder | None = None
        """What a character in pieces of bytes waits in, once there are any."""
        self._growth = _Growth()
        self._has_text = False
        self._has_spoken = False
        self._end_reason = ""

    def take(self, piece: Any, *, is_result: bool = False) -> list[RunEvent]:
        """The run events of ``piece``; raises :class:`RunFailed` when it is not understood.

        ``is_result`` says that it is all that the callable gave: then fields of a model are read as text too.
        """
        if type(piece) is str and self._characters.is_empty and piece.isascii():  # as most are
            text = self._growth.take(self._counted(piece, is_whole=False))
            return [TextDelta(text)] if text else []
        if isinstance(piece, RunEvent) and not isinstance(piece, TextDelta):
            return [*self._text(self._growth.settled()), piece]
        if isinstance(piece, TextDelta):
            return self._text(self._growth.settled() + self._own_text(piece))
        return self._text(self._growth.take(self._read(piece, is_result=is_result)))

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for the next piece, so that plain ASCII text can be passed on as it is."""
        return self._growth.is_growing is False and self._characters.is_empty

    def rest(self) -> list[RunEvent]:
        """What is left when no piece follows."""
        half = "" if self._bytes is None else self._bytes.decode(b"", final=True)
        text = self._text(self._growth.settled() + half)
        if not self._characters.is_empty:
            text += _deltas(self._characters.rest())
        return [*text, *cut_short(self._end_reason)] if self._end_reason and self._has_spoken else text

    def _text(self, text: str) -> list[RunEvent]:
        return _deltas(self._characters.take(text)) if text else []

    def _own_text(self, piece: TextDelta) -> str:
        if not isinstance(piece.text, str):
            raise not_understood(piece.text)
        return piece.text

    def _read(self, piece: Any, *, is_result: bool) -> str:
        found, is_whole = piece, False
        for _ in range(_DEEPEST):
            if (text := self._plain_text(found)) is not None:
                return self._counted(text, is_whole=is_whole)
            self._end_reason = end_reason(found) or self._end_reason
            shape = next((each for each in SHAPES if each.fits(found)), None)
            if shape is None:
                break
            if (found := shape.text(found)) is None:
                return ""
            is_whole = is_whole or shape.is_whole
        if is_readable(found, is_inside=found is not piece and is_whole, is_result=is_result):
            return self._counted(readable(found), is_whole=True)
        raise not_understood(piece)

    def _plain_text(self, found: Any) -> str | None:
        if isinstance(found, str):
            return found
        if not isinstance(found, bytes | bytearray | memoryview):
            return None
        if self._bytes is None:
            self._bytes = _UTF_8("replace")
        return self._bytes.decode(bytes(memoryview(found).cast("B")[: 4 * MOST_OF_A_PIECE]))

    def _counted(self, text: str, *, is_whole: bool) -> str:
        if is_whole and self._has_text:
            return ""
        self._has_text = self._has_text or (bool(text) and not is_whole)
        self._has_spoken = self._has_spoken or bool(text.strip())
        return text


def is_readable(found: Any, *, is_inside: bool, is_result: bool) -> bool:
    """Whether the fields of ``found`` can stand as an answer: those of a result, or of what a result holds.

    A model among the pieces of a stream is an event that is not known, and its fields are not meant for visitors.
    """
    if is_inside and isinstance(found, int | float | Mapping | list | tuple):
        return True
    is_model = callable(getattr(found, "model_dump", None)) or attrs.has(type(found)) or is_dataclass(found)
    return is_model and not isinstance(found, type) and (is_inside or is_result)


class _Growth:
    """Tells text that grows from one piece to the next (each begins with the one before) from plain pieces.

    Three such pieces at the beginning of an answer are proof; the second one waits for the third.
    """

    def __init__(self) -> None:
        self._said = ""
        self._held = ""
        self.is_growing: bool | None = None
        """None until it is certain."""

    def take(self, text: str) -> str:
        """What is new in ``text``."""
        if self.is_growing is False or not text:
            return text
        if not self._said:
            self._said = text
            return text
        if self._held:
            self.is_growing = _grows(self._held, text)
            held, self._held = self._held, ""
            return self._grown(text) if self.is_growing else held + text
        if self.is_growing:
            return self._grown(text)
        if _grows(self._said, text):
            self._held = text
            return ""
        self.is_growing = False
        return text

    def settled(self) -> str:
        """What waits, as plain text: something else than a piece of text follows."""
        held, self._held = self._held, ""
        if self.is_growing is None and (held or self._said):
            self.is_growing = False
        return held

    def _grown(self, text: str) -> str:
        before, self._said = self._said, text
        return text[len(before) :] if text.startswith(before) else text


def _grows(before: str, after: str) -> bool:
    return len(after) > len(before) and after.startswith(before)


def _deltas(text: str) -> list[RunEvent]:
    return [TextDelta(text)] if text else []


def not_understood(piece: Any) -> RunFailed:
    """The error that names the type of what was given, what can be given, and the line to write."""
    kind = type(piece)
    where = "" if kind.__module__ == "builtins" else f" (of {kind.__module__})"
    reason = f"The workflow gave a value of the type {kind.__name__}{where}, which is not understood. {_ACCEPTED}."
    return RunFailed(code="answer_not_understood", reason=f"{reason} {_LINE}")
