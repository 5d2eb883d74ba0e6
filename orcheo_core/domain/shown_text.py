"""Short texts that people give and other people read: names, labels, file names.

Letters, marks, symbols and joiners of every script are taken: Persian needs U+200C, many emoji U+200D. Refused is what
hides or moves other text on a screen: control characters, line and paragraph separators, halves of characters, and
the direction characters (``Bidi_Control`` of the Unicode character database).
"""

import re
import unicodedata

from orcheo_core.errors import FieldError, InvalidInput

_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSEEN_CARRIERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Zs"})
"""General categories that show nothing by themselves."""


def plain_blanks(text: str) -> str:
    """``text`` with every other blank (no-break, ideographic, …) as a plain one."""
    return _BLANKS.sub(" ", text)


def without_refused(text: str) -> str:
    """``text`` without the characters that may not be shown."""
    return _REFUSED.sub("", text)


def with_unseen_named(text: str) -> str:
    """``text`` with every character that hides or carries something unseen written as ``<U+E0041>``.

    For text of strangers that people read: tag characters, zero-width characters and direction characters can carry
    orders to an assistant or make one text pass for another. Line ends, tabs, and the joiners and selectors of scripts
    and emoji between visible characters stay.
    """
    return _UNSEEN_CARRIERS.sub(lambda match: f"<U+{ord(match[0]):04X}>", text.replace("\r\n", "\n"))


def has_something_to_see(text: str) -> bool:
    """Whether a reader sees anything: blanks and joiners alone do not make a name."""
    return any(unicodedata.category(each) not in _UNSEEN for each in text)


def check_shown(path: str, text: str, *, longest: int) -> None:
    """Raise :class:`InvalidInput` unless ``text`` can be shown; the error names the character that is refused."""
    refused = _REFUSED.search(text)
    if refused is not None:
        raise InvalidInput(FieldError(path, f"must not contain {_named(refused[0])}"))
    if len(text) > longest:
        raise InvalidInput(FieldError(path, f"must be at most {longest} characters"))


def check_name(path: str, text: str, *, longest: int) -> None:
    """As :func:`check_shown`, and there must be something to see."""
    check_shown(path, text, longest=longest)
    if not has_something_to_see(text):
        raise InvalidInput(FieldError(path, f"must be 1 to {longest} characters, at least one of them visible"))


def _named(character: str) -> str:
    code = ord(character)
    name = unicodedata.name(character, "half of a character" if 0xD800 <= code <= 0xDFFF else "a control character")
    return f"U+{code:04X} ({name.lower()})"
