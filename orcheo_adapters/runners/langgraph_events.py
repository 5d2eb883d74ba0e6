"""From what a LangGraph graph streams to run events."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from langchain_core.messages import AIMessage, AIMessageChunk

from orcheo_adapters.runners.text import encodable, text_delta
from orcheo_core.domain.run import InputAsked, ProgressNote, RunEvent, TextDelta, Usage, UsageReported
from orcheo_core.domain.structured_input import Question

_PARAGRAPH = TextDelta("\n\n")


class GraphEvents:
    """The run events of one stream; keeps what spans several parts of it."""

    modes: ClassVar[tuple[str, ...]] = ("messages", "tasks", "updates", "custom")

    def __init__(self, *, nodes: frozenset[str]) -> None:
        """Take the text of ``nodes``, of all when empty."""
        self._nodes = nodes
        self._message_id: str | None = None
        self._usage: Usage | None = None
        self._interrupts: list[Any] = []

    def of(self, part: Mapping[str, Any]) -> Iterator[RunEvent]:
        """The run events of one part of the stream (a LangGraph ``StreamPart``)."""
        data = part["data"]
        match part["type"]:
            case "messages":
                yield from self._message(*data, path=part["ns"])
            case "tasks" if not part["ns"] and "triggers" in data:
                yield from _node_note(data["name"])
            case "updates" if not part["ns"]:
                self._interrupts += data.get("__interrupt__", ())
            case "custom" if isinstance(data, RunEvent):
                yield data

    def last(self) -> Iterator[RunEvent]:
        """What is known when the stream has ended: the questions of all its interrupts, and what was used."""
        yield from question_events(self._interrupts)
        if self._usage is not None:
            yield UsageReported(self._usage)

    def _message(self, message: Any, metadata: Mapping[str, Any], *, path: Iterable[str]) -> Iterator[RunEvent]:
        if not isinstance(message, AIMessage):
            return
        if message.usage_metadata is not None:
            self._count(message.usage_metadata)
        yield from _tool_notes(message)
        names = {metadata.get("langgraph_node"), *(each.partition(":")[0] for each in path)}
        event = text_delta(str(message.text))
        if event is not None and (not self._nodes or self._nodes & names):
            yield from self._paragraph([event], message_id=message.id)

    def _paragraph(self, events: Iterable[RunEvent], *, message_id: str | None) -> Iterator[RunEvent]:
        """``events``, as a paragraph of their own when something else was said before."""
        for event in events:
            if self._message_id not in (None, message_id):
                yield _PARAGRAPH
            self._message_id = message_id
            yield event

    def _count(self, used: Mapping[str, Any]) -> None:
        usage = Usage(input_tokens=used["input_tokens"], output_tokens=used["output_tokens"])
        self._usage = usage if self._usage is None else self._usage + usage


def question_events(interrupts: Iterable[Any]) -> Iterator[RunEvent]:
    """What the visitor is asked by the interrupts of a graph; each question has the id of its interrupt.

    The one place that knows how an interrupt becomes a run event.
    """
    questions = tuple(
        Question(id=each.id, question=_words_of(each.value), options=_options(each.value)) for each in interrupts
    )
    if questions:
        yield InputAsked(questions=questions)


def _words_of(value: Any) -> str:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Mapping):
        named = (value.get(key) for key in ("question", "message", "text", "description"))
        for text in named:
            if isinstance(text, str) and text:
                return encodable(text)
    return encodable(json.dumps(value, ensure_ascii=False, default=str))


def _options(value: Any) -> tuple[str, ...]:
    """The answers that an interrupt offers, as ``options``; none for free text."""
    offered = value.get("options") if isinstance(value, Mapping) else None
    return tuple(map(str, offered)) if isinstance(offered, list | tuple) else ()


def _node_note(name: str) -> Iterator[ProgressNote]:
    if not name.startswith("_"):
        yield ProgressNote(text=_words(name))


def _tool_notes(message: AIMessage) -> Iterator[ProgressNote]:
    calls: Iterable[Mapping[str, Any]] = message.tool_calls
    if isinstance(message, AIMessageChunk):
        calls = message.tool_call_chunks
    for call in calls:
        if call["name"]:
            yield ProgressNote(text=_words(call["name"]), icon="bolt")


def _words(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]
