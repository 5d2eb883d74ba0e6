"""What a model thinks before it answers: told apart from the answer, shown as a note."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.run import StepNoted
from orcheo_core.domain.shown_text import cut_to

Said = tuple[Literal["thought", "text"], str]

LONGEST_NOTE = 32_000
"""Characters of reasoning that are shown."""

_TAGS = {f"<{name}>": f"</{name}>" for name in ("think", "thinking", "thought")} | {"[think]": "[/think]"}
"""In small letters and without blanks; models write them in any, and with blanks in them."""
_MOST_IN_TAG = 4
"""Blanks in one place of a tag."""


def _pattern(tags: Iterable[str], *, before: str = "") -> re.Pattern[str]:
    """Matches any of these tags, with blanks where models write them: around names and slashes.

    Only ASCII letters count: ``ı``, ``İ`` and the Kelvin sign are text.
    """
    blanks = rf"\s{{0,{_MOST_IN_TAG}}}"
    forms = (blanks.join(map(re.escape, re.findall(r"\w+|\W", each))) for each in tags)
    return re.compile(f"{before}(?:{'|'.join(forms)})", re.IGNORECASE | re.ASCII)


_OPENING = _pattern(_TAGS)
_CLOSING = {tag: _pattern([tag]) for tag in _TAGS.values()}
_ANY_TAG = _pattern([*_TAGS, *_TAGS.values()], before="(?<!`)")
_LONGEST_TAG = max(map(len, _TAGS.values())) + 3 * _MOST_IN_TAG
_FIRST_UPDATE = 80
_MOST_BLANKS = 1_000
"""What is kept of the blanks before the first word."""


class ThinkTags:
    """Tells a thought in tags at the very beginning of an answer (``<think>…</think>``) from the text after it.

    Models without a reasoning parser in front of them write like this. The pieces may be cut anywhere; tags further
    on are text, and capitals are as good as small letters. Some templates put the opening tag into the prompt, so that
    the answer has only the closing one: with ``is_whole`` the first piece is all of it, and what stands before that tag
    is a thought too. In a stream it was shown before the tag came.
    """

    def __init__(self, *, is_whole: bool = False) -> None:
        """At the beginning of the answer."""
        self._is_whole = is_whole
        self._state: Literal["begin", "thought", "after", "text"] = "begin"
        self._held = ""
        self._end_tag = ""

    def take(self, piece: str) -> Iterator[Said]:
        """What is certain of ``piece`` and of what was held back before it."""
        if self._state == "text":
            yield "text", piece
            return
        self._held += piece
        if self._state == "begin":
            self._begin()
        if self._state == "thought":
            yield from self._think()
        if self._state == "after":
            self._held = self._held.lstrip()
            self._state = "text" if self._held else "after"
        if self._state == "text":
            yield from self.rest()

    def rest(self) -> Iterator[Said]:
        """What was held back, when no piece follows or nothing has to be waited for; blanks alone are nothing."""
        held, self._held = self._held, ""
        if held and (self._state == "text" or held.strip()):
            yield "thought" if self._state == "thought" else "text", held

    def _begin(self) -> None:
        begun = self._held.lstrip()
        if not begun:  # blanks without end would be looked at again with each piece
            self._held = self._held[-_MOST_BLANKS:]
            return
        if opening := _OPENING.match(begun):
            self._state, self._end_tag = "thought", _TAGS[_bare(opening[0])]
            self._held = begun[opening.end() :].lstrip()
        elif self._is_whole and (end_tag := _unopened(begun)):
            self._state, self._end_tag, self._held = "thought", end_tag, begun
        elif len(begun) >= _LONGEST_TAG or not any(each.startswith(_bare(begun)) for each in _TAGS):
            self._state = "text"

    def _think(self) -> Iterator[Said]:
        thought, end = self._held, _CLOSING[self._end_tag].search(self._held)
        if end:
            self._state, thought, self._held = "after", thought[: end.start()], thought[end.end() :]
        else:
            kept = _overlap(thought, self._end_tag)
            thought, self._held = thought[: len(thought) - kept], thought[len(thought) - kept :]
        if thought:
            yield "thought", thought


def _bare(text: str) -> str:
    """In small letters, without blanks."""
    return "".join(text.split()).lower()


def _unopened(text: str) -> str:
    """The closing tag that is the first tag of ``text``, if one is; a tag in backquotes is talked about."""
    first = _ANY_TAG.search(text)
    tag = _bare(first[0]) if first else ""
    return tag if tag in _CLOSING else ""


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``tag``."""
    at = text.find(tag[0], max(0, len(text) - _LONGEST_TAG + 1))
    while at >= 0 and not tag.startswith(_bare(text[at:])):
        at = text.find(tag[0], at + 1)
    return len(text) - at if at >= 0 else 0


def without_thoughts(text: str) -> str:
    """An earlier answer as the model should read it again."""
    tags = ThinkTags(is_whole=True)
    said = [*tags.take(text), *tags.rest()]
    return "".join(piece for kind, piece in said if kind == "text")


class ReasoningNote:
    """A growing thought as steps of a note.

    The note is repeated as a whole with each step, so a step comes only when it has grown by an eighth: the sum of all
    steps stays in proportion to the text.
    """

    def __init__(self) -> None:
        """Nothing is thought yet."""
        self._text = ""
        self._next = 0

    def think(self, piece: str) -> Iterator[StepNoted]:
        """More of the thought; blanks before the first word are dropped."""
        self._text = (self._text + piece)[: LONGEST_NOTE + 1] if self._text else piece.lstrip()
        if self._text and self._next <= len(self._text) <= LONGEST_NOTE:
            self._next = len(self._text) + max(_FIRST_UPDATE, len(self._text) // 8)
            yield self._step(StepState.LOADING)

    def end(self) -> Iterator[StepNoted]:
        """The thought is over; another one begins another note."""
        if self._text:
            yield self._step(StepState.COMPLETE)
        self._text, self._next = "", 0

    def _step(self, state: StepState) -> StepNoted:
        text = self._text.rstrip()
        return StepNoted(index=0, step=Step(kind=StepKind.THOUGHT, content=cut_to(text, LONGEST_NOTE), state=state))
