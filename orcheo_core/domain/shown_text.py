"""Short texts that people give and other people read: names, labels, file names.

Letters, marks, symbols and joiners of every script are taken: Persian needs U+200C, many emoji U+200D. Refused is what
hides or moves other text on a screen: control characters, line and paragraph separators, halves of characters, and
the direction characters (``Bidi_Control`` of the Unicode character database).
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from orcheo_core.errors import FieldError, InvalidInput

_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSEEN_CARRIERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CONTENTS = {"widget": "widget", "hidden_context": "content"}
"""Which detail an entry of a transcript is made of, by kind."""
JOINERS = "\u200c\u200d"
"""Of which Persian, Indic scripts and many emoji are made; Python does not call them printable."""
_MARKS = frozenset({"Mn", "Mc", "Me"})
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_JOINED = frozenset(JOINERS).union(
    *(map(chr, each) for each in (range(0x1160, 0x1200), range(0x1F3FB, 0x1F400), range(0xE0020, 0xE0080)))
)
"""Joiners, Hangul vowels and final letters, skin tones, and the tags of flags such as Scotland's."""
_VIRAMA = 9
"""The combining class of the sign that ties the next letter to the one before."""
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Zs"})
"""General categories that show nothing by themselves."""


def plain_blanks(text: str) -> str:
    """``text`` with every other blank (no-break, ideographic, …) as a plain one."""
    return _BLANKS.sub(" ", text)


def without_refused(text: str) -> str:
    """``text`` without the characters that may not be shown."""
    return _REFUSED.sub("", text)


def cut_to(text: str, most: int) -> str:
    """``text`` if it has at most ``most`` characters; else its beginning with a ``…``, so that both fit.

    What a reader sees as one character stays whole: letters with marks, conjuncts, joined emoji, skin tones, flags (the
    clusters of UAX #29, as far as Python's Unicode data tells them). Only one as long as all of it is split.
    """
    if len(text) <= most:
        return text
    end = next((at for at in range(most - 1, 0, -1) if _is_border(text, at)), most - 1)
    return f"{text[:end].rstrip()}…"


def _is_border(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == "\u200d" or unicodedata.combining(before) == _VIRAMA:
        return False
    if after in _FLAG_LETTERS:  # two of them are a flag
        return (at - len(text[:at].rstrip(_FLAG_LETTERS))) % 2 == 0
    return after not in _JOINED and unicodedata.category(after) not in _MARKS


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


def readable(kind: str, text: str, details: Mapping[str, Any]) -> str:
    """What an entry of a transcript says to people, with what was quoted, its sources, and the names of its files.

    A widget or hidden context without words is shown as its JSON, a call of a tool with its arguments and its output,
    a question with its options and the answer. Of an image whose URL is its data, the data is left out.
    """
    if kind == "structured_input":
        return "\n".join(map(_question, details["questions"]))
    if kind == "client_tool_call":
        arguments = details.get("arguments")
        called = f"{text}({_json(arguments) if arguments else ''})"
        return called if details.get("is_pending") else f"{called} → {_json(details.get('output'))}"
    quoted = [f"Quoted: {details['quoted_text']}"] if details.get("quoted_text") else []
    files = [f"Attached: {each['name']}" for each in details.get("attachments", ())]
    sources = dict.fromkeys(map(_source, details.get("sources", ())))
    content = details.get(_CONTENTS.get(kind, ""))
    head, comma, data = text.partition(",")
    if kind == "generated_image" and comma and head.startswith("data:"):
        return f"{head}, {len(data):,} characters"
    if not text and content not in (None, ""):
        return _json(content)
    return "\n".join(filter(None, (*quoted, text, *files, *sources)))


def _source(source: Mapping[str, Any]) -> str:
    """A title alone may be the name of the file."""
    where = source["url"] or source["filename"]
    return " ".join(dict.fromkeys(filter(None, ("Source:", source["title"], where))))


def _question(question: Mapping[str, Any]) -> str:
    options, answer = " / ".join(question["options"]), question["answer"]
    given = ", ".join(answer["values"]) or "(skipped)" if answer else ""
    return " ".join(filter(None, (question["question"], options and f"({options})", given and f"→ {given}")))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
