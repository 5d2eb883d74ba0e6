"""From what a LangGraph graph streams to run events."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from attrs import define, field
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage, convert_to_messages

from orcheo_adapters.runners.endings import cut_short
from orcheo_adapters.runners.langgraph_questions import questions_of
from orcheo_adapters.runners.pieces import AnswerPieces, at, end_reason, last_or_joined
from orcheo_adapters.runners.text import WholeCharacters, encodable
from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.run import (
    InputAsked,
    ProgressNote,
    RunEvent,
    TextDelta,
    Usage,
    UsageReported,
    WidgetShown,
)
from orcheo_core.domain.widgets import WIDGET_BYTES_MOST, widget_fault

_LOG = get_logger("runners")
_PARAGRAPH = TextDelta("\n\n")
_NOTE_KEYS = ("progress", "status", "message", "text")


class GraphEvents:
    """The run events of one stream; keeps what spans several parts of it.

    What streams is compared with what the nodes return: an answer is said once, whichever way it comes.
    """

    modes: ClassVar[tuple[str, ...]] = ("messages", "tasks", "updates", "custom", "values")

    def __init__(self, *, nodes: frozenset[str], is_silent: bool = False) -> None:
        """Take the text of ``nodes``, of all when empty; of none when ``is_silent``, as the answer is elsewhere."""
        self._nodes = nodes
        self._is_silent = is_silent
        self._floor = _Floor()
        self._usage: Usage | None = None
        self._end_reason = ""
        self._has_warned = False
        self._shown: set[str] = set()
        """Ids of the tool calls whose widgets were shown."""
        self.interrupts: list[Any] = []
        self.value: Any = None
        """The state after the latest step, or what a functional graph returned."""

    def of(self, part: Mapping[str, Any]) -> Iterator[RunEvent]:
        """The run events of one part of the stream (a LangGraph ``StreamPart``)."""
        data, is_outer = part["data"], not part["ns"]
        match part["type"]:
            case "messages":
                yield from self._message(*data, path=part["ns"])
            case "tasks" if "triggers" in data:
                yield from _node_note(data["name"]) if is_outer else ()
            case "tasks":
                yield from self._task_ended(data, path=part["ns"])
            case "updates" if is_outer:
                self.interrupts += data.get("__interrupt__", ())
            case "values" if is_outer:
                self.value = data
            case "custom":
                yield from self._custom(data)

    def rest(self) -> Iterator[RunEvent]:
        """What waits for other branches when the stream has ended, also with an error."""
        yield from self._floor.close()

    def answer(self, value: Any, *, is_addition: bool) -> Iterator[RunEvent]:
        """The answer in ``value`` (text, a message, a state): with ``is_addition`` what was not said of it, otherwise
        all of it, but only when nothing was said."""
        if self._floor.has_spoken and not is_addition:
            return
        pieces = AnswerPieces()
        events = (*pieces.take(last_or_joined(value)), *pieces.rest())
        texts = [event.text for event in events if isinstance(event, TextDelta)]
        yield from self._floor.whole("", "".join(texts), task="", tasks=frozenset({""}))

    def last(self) -> Iterator[RunEvent]:
        """What is known when all is said: whether it is whole, the questions of all interrupts, and what was used."""
        if self._floor.has_spoken:
            yield from cut_short(self._end_reason)
        if questions := questions_of(self.interrupts):
            yield InputAsked(questions=questions)
        if self._usage is not None:
            yield UsageReported(self._usage)

    def _message(self, message: Any, metadata: Mapping[str, Any], *, path: Iterable[str]) -> Iterator[RunEvent]:
        if isinstance(message, ToolMessage):
            yield from self._tool_widget(message)
        if not isinstance(message, AIMessage) or message.response_metadata.get("__is_handoff_back"):
            return
        if message.usage_metadata is not None:
            self._count(message.usage_metadata)
        yield from _tool_notes(message)
        if self._is_heard({str(metadata.get("langgraph_node")), *_names(path)}):
            self._end_reason = end_reason(message) or self._end_reason
            namespace = str(metadata.get("langgraph_checkpoint_ns", ""))
            ids = [each.rpartition(":")[2] for each in namespace.split("|")]
            if isinstance(message, AIMessageChunk):
                ends = message.chunk_position == "last"
                yield from self._floor.chunk(str(message.id), str(message.text), tasks=frozenset(ids), ends=ends)
            else:
                yield from self._floor.whole(
                    str(message.id), str(message.text), task=ids[-1], tasks=frozenset({"", *ids})
                )

    def _tool_widget(self, message: ToolMessage) -> Iterator[WidgetShown]:
        """The widget that a tool gave, once: the graph around a sub-graph passes its messages on."""
        if message.tool_call_id not in self._shown and (shown := _widget_in(message)):
            self._shown.add(message.tool_call_id)
            yield shown

    def _task_ended(self, data: Mapping[str, Any], *, path: Iterable[str]) -> Iterator[RunEvent]:
        """End what the task was saying; say the messages that it gave as dicts or tuples, which do not stream."""
        yield from self._floor.end(data["id"])
        if self._is_heard({data["name"], *_names(path)}):
            tasks = frozenset({"", data["id"], *(each.rpartition(":")[2] for each in path)})
            for text in _raw_answers(at(data.get("result"), "messages")):
                yield from self._floor.whole("", text, task=data["id"], tasks=tasks)

    def _is_heard(self, names: set[str]) -> bool:
        return not self._is_silent and (not self._nodes or bool(self._nodes & names))

    def _custom(self, data: Any) -> Iterator[RunEvent]:
        """A run event as it is; text, or a dict with it, is progress."""
        if isinstance(data, RunEvent):
            yield data
            return
        found = next((data[key] for key in _NOTE_KEYS if data.get(key)), None) if isinstance(data, Mapping) else data
        if isinstance(found, str) and found:
            yield ProgressNote(text=encodable(found))
        elif not self._has_warned:
            self._has_warned = True
            _LOG.warning("a graph wrote a %s to its stream, which is not shown", type(data).__name__)

    def _count(self, used: Mapping[str, Any]) -> None:
        usage = Usage(input_tokens=used["input_tokens"], output_tokens=used["output_tokens"])
        self._usage = usage if self._usage is None else self._usage + usage


@define
class _Message:
    """One message as far as it came."""

    id: str
    tasks: frozenset[str]
    """Ids of the task that says it and of those around it; the empty one is around all."""
    parts: list[str] = field(factory=list)
    waiting: list[str] = field(factory=list)
    characters: WholeCharacters = field(factory=WholeCharacters)
    has_ended: bool = False


class _Floor:
    """Who may speak: one message at a time, each a paragraph; what others stream waits for its end."""

    def __init__(self) -> None:
        self._messages: dict[str, _Message] = {}
        self._speaker: _Message | None = None
        self._queue: list[_Message] = []
        self._latest: _Message | None = None

    @property
    def has_spoken(self) -> bool:
        return self._latest is not None

    def chunk(self, message_id: str, text: str, *, tasks: frozenset[str], ends: bool) -> Iterator[RunEvent]:
        """More of a message."""
        message = self._messages.setdefault(message_id, _Message(message_id, tasks | {""}))
        yield from self._say(message, text)
        if ends:
            yield from self._end(message)

    def whole(self, message_id: str, text: str, *, task: str, tasks: frozenset[str]) -> Iterator[RunEvent]:
        """A message that ``task`` gives in one piece: it replaces what streamed in that task, so only what is new in it
        is said, behind what it continues."""
        if message_id in self._messages or not text:
            return
        said = [each for each in self._messages.values() if task in each.tasks and each.parts]
        new, continued = _news(text, said)
        message = continued or _Message(message_id or str(len(self._messages)), tasks)
        self._messages[message_id or message.id] = message
        yield from self._say(message, new)
        yield from self._end(message)

    def end(self, task: str) -> Iterator[RunEvent]:
        """A task says no more."""
        for message in [each for each in self._messages.values() if task in each.tasks and not each.has_ended]:
            yield from self._end(message)

    def close(self) -> Iterator[RunEvent]:
        """Nothing more comes."""
        yield from self.end("")

    def _say(self, message: _Message, text: str) -> Iterator[RunEvent]:
        if not text:
            return
        message.parts.append(text)
        if self._speaker in (None, message):
            self._speaker = message
            yield from self._speak(message, text)
            return
        message.waiting.append(text)
        if message not in self._queue:
            self._queue.append(message)

    def _speak(self, message: _Message, text: str) -> Iterator[RunEvent]:
        whole = message.characters.take(text)
        if not whole:
            return
        if self._latest not in (None, message):
            yield _PARAGRAPH
        self._latest = message
        yield TextDelta(whole)

    def _end(self, message: _Message) -> Iterator[RunEvent]:
        message.has_ended = True
        if self._speaker is not message:
            return
        if rest := message.characters.rest():
            yield TextDelta(rest)
        self._speaker = None
        while self._queue and self._speaker is None:
            following = self._queue.pop(0)
            waiting, following.waiting = "".join(following.waiting), []
            yield from self._speak(following, waiting)
            if not following.has_ended:
                self._speaker = following


def _news(text: str, said: list[_Message]) -> tuple[str, _Message | None]:
    """What of ``text`` was not streamed yet, and the message that it continues."""
    if not said:
        return text, None
    whole = text.strip()
    spoken = ["".join(each.parts) for each in said]
    for candidate, message in (("".join(spoken), said[-1]), *zip(reversed(spoken), reversed(said), strict=True)):
        streamed = candidate.strip()
        if not streamed:
            continue
        if whole in streamed and 2 * len(whole) >= len(streamed):
            return "", message
        if whole.startswith(streamed) or (streamed in whole and 2 * len(streamed) >= len(whole)):
            return text.partition(streamed)[2], message
    return text, None


def _raw_answers(messages: Any) -> Iterator[str]:
    """The texts of the model's messages that are dicts or pairs."""
    given = messages if isinstance(messages, list) else [messages]
    for each in given:
        if isinstance(each, Mapping) or (isinstance(each, tuple) and len(each) == 2):
            (message,) = convert_to_messages([each])  # type: ignore[list-item]  # what a reducer of messages takes
            if isinstance(message, AIMessage):
                yield str(message.text)


def _widget_in(message: ToolMessage) -> WidgetShown | None:
    """What a tool gives to be shown: in its artifact, as tools of MCP have it, or as the JSON of its content.

    Only what has children is taken for a widget: tools give JSON about cards of other kinds to the model.
    """
    copy_text = at(message.artifact, "copy_text")
    for found in (at(message.artifact, "structured_content"), _json_of(str(message.text))):
        if isinstance(at(found, "children"), list) and widget_fault(found) is None:
            return WidgetShown(widget=found, copy_text=copy_text if isinstance(copy_text, str) else None)
    return None


def _json_of(text: str) -> Any:
    if not text.startswith("{") or len(text) > WIDGET_BYTES_MOST:
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


def _names(path: Iterable[str]) -> set[str]:
    return {each.partition(":")[0] for each in path}


def _node_note(name: str) -> Iterator[ProgressNote]:
    """None for nodes that the owner did not write: those that begin with ``_``, and those of middleware."""
    if not name.startswith("_") and "Middleware" not in name:
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
