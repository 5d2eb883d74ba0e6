"""The answer of an endpoint that speaks chat completions, as endpoints really write it: bytes in, run events out.

Pure: connections and waiting are the runner's. Fields are read as they come, since gateways leave out, double and
rename them; what decides is only what was said, and whether the endpoint came to an end.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from orcheo_adapters.runners.endings import CUT, FILTERED, cut_short
from orcheo_adapters.runners.endpoint_answers import (
    MOST_CALLS,
    AnswerBrokenOff,
    AnswerNotUnderstood,
    Documents,
    ToolCall,
    TooManyCalls,
    counted,
    fail_without_text,
    plain,
    said_error,
)
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.reasoning import ReasoningNote, ThinkTags
from orcheo_adapters.runners.text import WholeCharacters, encodable
from orcheo_core.domain.run import CutShort, RunEvent, TextDelta, UsageReported
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.runner import RunFailed


@define
class _Call:
    """A call of a tool while it comes in."""

    id: str
    name: str = ""
    arguments: list[str] = field(factory=list)
    """In pieces: joined with each one, long ones would be copied as often as there are pieces."""


_BROKEN = frozenset({"error", "network_error"})


class Completion:
    """One answer while it comes in: server-sent events as asked for, one JSON object, or JSON lines."""

    def __init__(self, *, shows_reasoning: bool, has_tools: bool = False) -> None:
        """Nothing is said yet; ``has_tools`` says whether calls can be carried out."""
        self._has_tools = has_tools
        self.id = ""
        self.approvals: list[Mapping[str, Any]] = []
        """None of both is known to this API."""
        self._calls: dict[Any, _Call] = {}
        self.is_ended = False
        """Whether the endpoint said that the answer is whole, by a reason or by ``[DONE]``."""
        self.is_over = False
        """Whether nothing that follows counts."""
        self._documents = Documents()
        self._shows_reasoning = shows_reasoning
        self._reason = ""
        self._odd: str | None = None
        """What came first, while nothing of a completion has come."""
        self._is_completion = False
        self._has_text = self._has_thought = False
        self._usage: Mapping[str, Any] | None = None
        self._tags = ThinkTags()
        self._note = ReasoningNote()
        self._characters = WholeCharacters()
        self._thought_characters = WholeCharacters()

    @property
    def calls(self) -> list[ToolCall]:
        """The calls to carry out before the model continues."""
        named = [each for each in self._calls.values() if each.name] if self._has_tools else []
        return [ToolCall(each.id, each.name, "".join(each.arguments)) for each in named]

    def push(self, chunk: bytes) -> Iterator[RunEvent]:
        """More of the body; :class:`RunFailed` for anything else, or an error of the endpoint."""
        if not self.is_over:
            for document in self._documents.push(chunk):
                yield from self._document(document)
            self._note_end()

    def finish(self) -> Iterator[RunEvent]:
        """Nothing follows: the last events.

        Raises :class:`RunFailed` for an answer that broke off, holds no text, or only calls tools.
        """
        yield from self._last()
        yield from self._text(self._characters.rest(), self._tags.rest())
        yield from self._note.end()
        if self._usage is not None:
            yield _usage(self._usage)
        if self._odd is not None:
            raise AnswerNotUnderstood(self._odd)
        if not self.is_ended:
            raise AnswerBrokenOff(has_begun=self._is_completion)
        if self._reason in _BROKEN:
            raise RunFailed(
                code="endpoint_failed", reason=f"The endpoint broke off with the finish_reason {self._reason!r}."
            )
        if self.calls:
            return
        if not self._has_text:
            fail_without_text(self._reason, self._wanted, has_thought=self._has_thought)
        yield from self._cut_short()

    def _last(self) -> Iterator[RunEvent]:
        for document in () if self.is_over else self._documents.end():
            if self._documents.is_whole:
                self._tags = ThinkTags(is_whole=True)
            yield from self._document(document)
        self.is_ended = self.is_ended or self._documents.is_whole
        self._note_end()

    def _note_end(self) -> None:
        if self._documents.is_over:
            self.is_ended = self.is_over = True

    def _document(self, document: Any) -> Iterator[RunEvent]:
        if not isinstance(document, dict):
            raise AnswerNotUnderstood(str(document))
        error = document if _is_error(document) else document.get("error")
        if error:
            raise said_error(error)
        if isinstance(document.get("usage"), dict):
            self._usage = document["usage"]  # some endpoints count up in every event: the last one holds
        choices = document.get("choices")
        if isinstance(choices, list):
            self._odd, self._is_completion = None, True
        elif not self._is_completion and "choices" not in document and self._odd is None:
            self._odd = json.dumps(document, ensure_ascii=False)
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and choice.get("index", 0) in (0, None):
                yield from self._choice(choice)

    def _choice(self, choice: dict[str, Any]) -> Iterator[RunEvent]:
        for said in (choice.get("delta"), choice.get("message")):
            is_repeated = said is choice.get("message") and self._has_text  # at the end, what was streamed before
            if isinstance(said, dict) and not is_repeated:
                yield from self._said(said)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:  # some write an empty one into every event
            self._reason, self.is_ended = reason.lower(), True

    def _said(self, said: dict[str, Any]) -> Iterator[RunEvent]:
        thought = said.get("reasoning_content") or said.get("reasoning")  # some send both, with the same text
        if isinstance(thought, str):
            yield from self._think(thought)
        content = said.get("content")
        content = [content] if isinstance(content, dict) else content
        for kind, text in _parts(content) if isinstance(content, list) else [("text", plain(content))]:
            yield from self._think(text) if kind == "thought" else self._write(text)
        if not content:
            yield from self._write(plain(said.get("refusal")))
        calls = said.get("tool_calls") or ([said["function_call"]] if said.get("function_call") else ())
        for call in calls:
            self._add_call(call)

    def _add_call(self, call: Any) -> None:
        """A piece of a call: its name comes once, its arguments in pieces."""
        function = at(call, "function") or call
        if not (isinstance(call, dict) and isinstance(function, dict)):
            return
        name, place = _tool(call), call.get("index", call.get("id", len(self._calls)))
        known = self._calls.get(place)
        if known is None:
            if len(self._calls) == MOST_CALLS:
                raise TooManyCalls
            known = self._calls[place] = _Call(id=f"call_{place}")
        known.id = plain(call.get("id")) or known.id
        known.name = name or known.name
        known.arguments.append(plain(function.get("arguments")))

    def _write(self, text: str) -> Iterator[RunEvent]:
        text = self._characters.take(text)
        if text:
            yield from self._text("", self._tags.take(text))

    def _text(self, last: str, said: Iterator[tuple[str, str]]) -> Iterator[RunEvent]:
        for kind, text in (*said, ("text", last)):
            if kind == "thought":
                yield from self._think(text)
            elif text:
                yield from self._note.end()
                self._has_text = self._has_text or bool(text.strip())
                yield TextDelta(text)

    def _think(self, text: str) -> Iterator[RunEvent]:
        self._has_thought = self._has_thought or bool(text.strip())
        if self._shows_reasoning and (text := self._thought_characters.take(text)):
            yield from self._note.think(text)

    def _cut_short(self) -> Iterator[RunEvent]:
        yield from cut_short(self._reason)
        if self._wanted and self._reason not in CUT | FILTERED:
            yield CutShort(code="tools_missing", reason=f"The model also wanted to call {', '.join(self._wanted)}.")

    @property
    def _wanted(self) -> list[str]:
        return [each.name for each in self._calls.values() if each.name]


def _parts(content: list[Any]) -> Iterator[tuple[str, str]]:
    """Text and thoughts of a list of parts; pictures and references are passed over."""
    for part in content:
        if isinstance(part, str):
            yield "text", part
        elif isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
            thought = part.get("thinking", part.get("text"))
            for _kind, text in _parts(thought) if isinstance(thought, list) else [("text", plain(thought))]:
                yield "thought", text
        elif isinstance(part, dict) and part.get("type") in ("text", "output_text"):
            yield "text", plain(part.get("text"))


def _is_error(document: dict[str, Any]) -> bool:
    """Whether a document is itself the error: some endpoints send it bare, in an event of the name ``error``."""
    type_ = document.get("type")
    is_typed = isinstance(type_, str) and type_.endswith("error") and "message" in document
    return document.get("object") == "error" or (is_typed and "choices" not in document)


def _tool(call: Any) -> str:
    function = call.get("function", call) if isinstance(call, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return encodable(name[:100]) if isinstance(name, str) else ""


def _usage(usage: Mapping[str, Any]) -> UsageReported:
    inward, outward = counted(usage, "prompt_tokens", "completion_tokens")
    return UsageReported(Usage(input_tokens=inward, output_tokens=outward))
