"""What agents say, as run events: text, tool calls and thoughts, whichever framework they are of."""

import json
from collections.abc import Iterator
from typing import Any

from orcheo_adapters.runners.agui.options import Options
from orcheo_adapters.runners.reasoning import ThinkTags
from orcheo_adapters.runners.steps import ONLY_THOUGHTS, StepNotes, words
from orcheo_adapters.runners.text import WholeCharacters
from orcheo_core.domain.component_items import StepState
from orcheo_core.domain.run import AnswerEnded, RunEvent, TextDelta, UsageReported
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.runner import NothingSaid


class Said:
    """Makes run events of what one agent says in one turn, and keeps what spans several of them.

    A thought in tags at the beginning of a message is a thought, as models without a reasoning parser write it.
    """

    def __init__(self, options: Options) -> None:
        """``options`` say what of the agent's work is shown."""
        self._notes = StepNotes(detail=options.steps, shows_thoughts=options.shows_reasoning)
        self._characters = WholeCharacters()
        self._tags = ThinkTags()
        self._calls: dict[str, tuple[str, str]] = {}
        """Titles and arguments of tool calls, by their ids."""
        self._answered: set[str] = set()
        """Ids of those whose results are known."""
        self._is_message_over = False
        self._is_answer_over = False
        self.has_text = False
        """Whether any text came, and if it was a thought in tags."""
        self._has_answered = False
        self.has_called = False
        """Whether a tool was called, shown or not."""
        self._has_thought = False

    def text(self, piece: str) -> Iterator[RunEvent]:
        """More text of a message: of the answer, or of a thought in tags before it."""
        if not piece:
            return
        if self._is_message_over:
            yield from self._halves()
            self._is_message_over, self._is_answer_over, self._tags = False, self._has_answered, ThinkTags()
        self.has_text = True
        yield from self._told_apart(self._tags.take(piece))

    def whole(self, answer: str) -> Iterator[RunEvent]:
        """The answer in one piece, where no text came before."""
        if not self.has_text:
            self._is_message_over, self._tags = False, ThinkTags(is_whole=True)
            yield from self.text(answer)

    def end_message(self) -> None:
        """Text that follows is another message of the agent."""
        self._is_message_over = True

    def think(self, piece: str) -> Iterator[RunEvent]:
        """More of what the model thinks."""
        if piece:
            yield from self._halves()
            yield from self._think(piece)

    def call(self, call_id: str, name: str, arguments: Any = None) -> Iterator[RunEvent]:
        """A tool is called; said again with more arguments, the step shows those. After its result it is nothing."""
        if call_id in self._answered:
            return
        self.has_called = True
        self.end_message()
        yield from self._halves()
        self._calls[call_id] = words(name) or "Tool", _as_text(arguments)
        yield from self._noted(call_id, "", StepState.LOADING)

    def result(self, call_id: str, result: Any = None, *, has_failed: bool = False) -> Iterator[RunEvent]:
        """A tool has answered."""
        if call_id in self._calls and call_id not in self._answered:
            self._answered.add(call_id)
            state = StepState.NONE if has_failed else StepState.COMPLETE
            yield from self._noted(call_id, _as_text(result), state)

    def passed_on(self, name: str) -> Iterator[RunEvent]:
        """Another agent continues."""
        call_id = f"to {name} {len(self._calls)}"
        yield from self.call(call_id, f"→ {name}")
        yield from self.result(call_id)

    def used(self, input_tokens: Any, output_tokens: Any) -> Iterator[RunEvent]:
        """What a call of the model has used; nothing when it is not known."""
        counts = [each if isinstance(each, int) and each > 0 else 0 for each in (input_tokens, output_tokens)]
        if any(counts):
            yield UsageReported(Usage(input_tokens=counts[0], output_tokens=counts[1]))

    def check_end(self) -> None:
        """Raise :class:`NothingSaid` for an agent that has thought and done nothing else, shown or not."""
        if self._has_thought and not (self._has_answered or self.has_called):
            raise NothingSaid(ONLY_THOUGHTS)

    def rest(self) -> Iterator[RunEvent]:
        """What is left when the agent says no more, also after an error."""
        yield from self._halves()
        yield from self._notes.close()

    def _noted(self, call_id: str, result: str, state: StepState) -> Iterator[RunEvent]:
        title, arguments = self._calls[call_id]
        detail = " → ".join(filter(None, (arguments, result))) if result else arguments
        yield from self._notes.note(call_id, title, detail, state)

    def _told_apart(self, said: Iterator[tuple[str, str]]) -> Iterator[RunEvent]:
        for kind, text in said:
            yield from self._think(text) if kind == "thought" else self._answer(text)

    def _think(self, text: str) -> Iterator[RunEvent]:
        self._has_thought = self._has_thought or bool(text.strip())
        yield from self._notes.think(text)

    def _answer(self, text: str) -> Iterator[RunEvent]:
        yield from self._notes.close()
        if self._is_answer_over:
            yield AnswerEnded()
        self._is_answer_over, self._has_answered = False, True
        if whole := self._characters.take(text):
            yield TextDelta(whole)

    def _halves(self) -> Iterator[RunEvent]:
        yield from self._told_apart(self._tags.rest())
        if rest := self._characters.rest():
            yield TextDelta(rest)


def arguments_of(text: Any) -> Any:
    """The arguments of a tool call, which frameworks give as JSON text or as an object."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _as_text(value: Any) -> str:
    """Arguments or a result: text as it is, anything else as JSON; an object without its braces."""
    value = arguments_of(value)
    if value is None or value == {}:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_as_text(each)}" for key, each in value.items())
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return type(value).__name__
