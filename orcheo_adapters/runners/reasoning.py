"""What a model thinks before it answers: told apart from the answer, shown as a note."""

import re
from collections.abc import Iterator
from typing import Literal

from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.run import StepNoted
from orcheo_core.domain.shown_text import cut_to

Said = tuple[Literal["thought", "text"], str]

LONGEST_NOTE = 32_000
"""Characters of reasoning that are shown."""

_TAGS = {f"<{name}>": f"</{name}>" for name in ("think", "thinking", "thought")} | {"[think]": "[/think]"}
"""In small letters; models write them in any."""
_ANY_TAG = re.compile("(?<!`)(?:" + "|".join(map(re.escape, [*_TAGS, *_TAGS.values()])) + ")", re.IGNORECASE)
_LONGEST_TAG = max(map(len, _TAGS.values()))
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
        beginning = begun[:_LONGEST_TAG].lower()
        tag = next((each for each in _TAGS if beginning.startswith(each)), None)
        if tag is not None:
            self._state, self._end_tag, self._held = "thought", _TAGS[tag], begun[len(tag) :].lstrip()
        elif self._is_whole and (end_tag := _unopened(begun)):
            self._state, self._end_tag, self._held = "thought", end_tag, begun
        elif not any(each.startswith(beginning) for each in _TAGS):
            self._state = "text"

    def _think(self) -> Iterator[Said]:
        thought, end = self._held, re.search(re.escape(self._end_tag), self._held, re.IGNORECASE)
        if end:
            self._state, thought, self._held = "after", thought[: end.start()], thought[end.end() :]
        else:
            kept = _overlap(thought, self._end_tag)
            thought, self._held = thought[: len(thought) - kept], thought[len(thought) - kept :]
        if thought:
            yield "thought", thought


def _unopened(text: str) -> str:
    """The closing tag that is the first tag of ``text``, if one is; a tag in backquotes is talked about."""
    first = _ANY_TAG.search(text)
    tag = first[0].lower() if first else ""
    return tag if tag in _TAGS.values() else ""


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``tag``."""
    end = text[1 - len(tag) :].lower()
    return next((length for length in range(len(tag) - 1, 0, -1) if end.endswith(tag[:length])), 0)


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
