"""Text that workflows say and get."""

import codecs
import re

from orcheo_core.domain.run import OUTPUT_LIMIT, TextDelta

MOST_OF_A_PIECE = OUTPUT_LIMIT + 1
"""Characters of one piece that are looked at, while all chats wait: an answer with more has failed anyway."""
_LONE = re.compile("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")


def text_delta(text: str) -> TextDelta | None:
    """The run event of a piece of text, None for an empty one."""
    return TextDelta(encodable(text)) if text else None


def encodable(text: str) -> str:
    """``text`` without lone surrogates, which neither a database nor a browser takes."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", text).encode("utf-16", "surrogatepass").decode("utf-16")
    return text


def decoded(data: bytes) -> str:
    """The text of a file: in UTF-16 where it begins with the mark of it, as some programs on Windows write it."""
    is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if is_utf_16 else "utf-8-sig", "replace")


class WholeCharacters:
    """Joins characters that a writer of UTF-16 cut in half, as services in JavaScript do with emoji."""

    def __init__(self) -> None:
        """Nothing is kept back yet."""
        self._half = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept back."""
        return not self._half

    def take(self, piece: str) -> str:
        """``piece`` after what was kept back; a high surrogate at its end waits for the next piece."""
        if len(piece) > MOST_OF_A_PIECE and not piece.isascii():
            piece = piece[:MOST_OF_A_PIECE]
        if not self._half and (not piece or not "\ud800" <= piece[-1] <= "\udbff"):
            return encodable(piece)
        text = self._half + piece
        self._half = text[-1] if text and "\ud800" <= text[-1] <= "\udbff" else ""
        return encodable(text[: len(text) - len(self._half)])

    def rest(self) -> str:
        """What is left when no piece follows: U+FFFD for a half, else nothing."""
        half, self._half = self._half, ""
        return encodable(half)
