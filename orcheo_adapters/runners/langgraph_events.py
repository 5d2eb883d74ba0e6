"""From what a LangGraph graph streams to run events."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from attrs import frozen
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage, convert_to_messages

from orcheo_adapters.runners.answer_pieces import AnswerPieces
from orcheo_adapters.runners.endings import cut_short
from orcheo_adapters.runners.langgraph_agents import Agents, Part, is_middleware
from orcheo_adapters.runners.langgraph_files import given
from orcheo_adapters.runners.langgraph_floor import PARAGRAPH, Floor
from orcheo_adapters.runners.langgraph_hearing import Hearing
from orcheo_adapters.runners.langgraph_questions import questions_of
from orcheo_adapters.runners.langgraph_work import GraphWork, Noted, Work
from orcheo_adapters.runners.pieces import at, end_reason, last_or_joined, thoughts
from orcheo_adapters.runners.reasoning import without_thoughts
from orcheo_adapters.runners.steps import ONLY_THOUGHTS, StepNotes, words
from orcheo_adapters.runners.text import encodable
from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.component_items import StepState
from orcheo_core.domain.run import (
    AnswerEnded,
    ClientToolCalled,
    ImageShown,
    InputAsked,
    ProgressNote,
    RunEvent,
    SourceCited,
    StepNoted,
    TextDelta,
    UsageReported,
    WidgetShown,
)
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.widgets import WIDGET_BYTES_MOST, widget_fault
from orcheo_core.ports.runner import NothingSaid

_LOG = get_logger("runners")
_NOTE_KEYS = ("progress", "status", "message", "text")
_ITEMS = (WidgetShown, ImageShown, ClientToolCalled, InputAsked, AnswerEnded)
"""What ends an answer and a note; anything but these, text, sources and steps may come in the middle."""


@frozen
class _Place:
    """Where in a graph something is said."""

    names: tuple[str, ...]
    ids: tuple[str, ...]
    """Of the tasks, the outermost first."""

    @classmethod
    def of(cls, path: Iterable[str]) -> "_Place":
        """Of a namespace of LangGraph; a part without an id counts calls and is nothing of its own."""
        parts = [each.rpartition(":") for each in path if ":" in each]
        return cls(tuple(name for name, _, _ in parts), tuple(id_ for _, _, id_ in parts))

    @property
    def tasks(self) -> frozenset[str]:
        return frozenset(("", *self.ids))


@frozen(kw_only=True)
class _Speaker:
    """Who says something, and whether it is the answer."""

    part: Part
    name: str
    """Of the agent, where the graph has several or it runs as a tool."""
    agent_id: str | None
    """Of the task of the agent."""
    is_heard: bool


class GraphEvents:
    """The run events of one stream; keeps what spans several parts of it.

    What streams is compared with what the nodes return: an answer is said once, whichever way it comes.
    """

    modes: ClassVar[tuple[str, ...]] = ("messages", "tasks", "updates", "custom", "values")

    def __init__(self, hearing: Hearing, agents: Agents) -> None:
        """Nothing has come yet."""
        self._hearing = hearing
        self._agents = agents
        self._floor = Floor()
        self._work = GraphWork(channels=agents.channels)
        self._notes = StepNotes(detail=hearing.steps, shows_thoughts=False)
        self._due: dict[str, Work] = {}
        """Steps that wait until a message of another branch is whole."""
        self._order = _Order()
        self._usage: Usage | None = None
        self._end_reason = ""
        self._has_warned = False
        self._has_thought = self._has_shown = False
        self._shown: set[str] = set()
        """Ids of the tool calls whose widgets were shown."""
        self.interrupts: list[Any] = []
        self.value: Any = None
        """The state after the latest step, or what a functional graph returned."""

    def of(self, part: Mapping[str, Any]) -> Iterator[RunEvent]:
        """The run events of one part of the stream (a LangGraph ``StreamPart``)."""
        yield from self._in_order(self._of(part), is_foreign=part["type"] == "custom")
        if self._due and not self._floor.is_taken_from(""):
            due, self._due = self._due, {}
            yield from self._in_order(self._stepped(due.items()))

    def rest(self) -> Iterator[RunEvent]:
        """What waits for other branches when the stream has ended, also with an error."""
        due, self._due = self._due, {}
        yield from self._in_order(self._floor.close())
        yield from self._in_order(self._stepped(due.items()))
        yield from self._notes.close()

    def answer(self, value: Any, *, is_addition: bool) -> Iterator[RunEvent]:
        """The answer in ``value`` (text, a message, a state): with ``is_addition`` what was not said of it, otherwise
        all of it, but only when nothing was said."""
        if self._floor.has_spoken and not is_addition:
            return
        pieces = AnswerPieces()
        events = (*pieces.take(last_or_joined(value)), *pieces.rest())
        texts = [event.text for event in events if isinstance(event, TextDelta)]
        yield from self._in_order(self._floor.whole("", "".join(texts), task="", tasks=frozenset({""})))

    def last(self) -> Iterator[RunEvent]:
        """What is known when all is said: whether it is whole, the files, the questions of all interrupts, and what was
        used. An agent that worked for others has answered when no other has."""
        if not (self._floor.has_spoken or self._hearing.is_silent or self.interrupts):
            yield from self._floor.whole("", self._work.report, task="", tasks=frozenset({""}))
            self._point_out_text_elsewhere()
        if self._floor.has_spoken:
            yield from cut_short(self._end_reason)
        yield from given(self._work.files, self._hearing.files)
        if questions := questions_of(self.interrupts):
            yield InputAsked(questions=questions)
        if self._usage is not None:
            yield UsageReported(self._usage)

    def check_end(self, last: Iterable[RunEvent]) -> None:
        """Raise :class:`NothingSaid` for a graph whose model has thought, and which has shown nothing; ``last`` are the
        events at its end."""
        has_thought = self._has_thought or self._floor.has_thought
        if has_thought and not self._has_shown and all(isinstance(each, UsageReported) for each in last):
            raise NothingSaid(ONLY_THOUGHTS)

    def _point_out_text_elsewhere(self) -> None:
        """Of a graph that answers outside its messages visitors see nothing: the log says which setting helps."""
        state = self.value.items() if isinstance(self.value, Mapping) else ()
        keys = [str(key) for key, each in state if isinstance(each, str) and each.strip()]
        if keys and not self._floor.has_spoken:
            said = (
                "a graph ended without a message for the visitor, but its state has text under: %s. "
                "If one of them is the answer, name it with the setting output_key."
            )
            _LOG.warning(said, ", ".join(keys))

    def _of(self, part: Mapping[str, Any]) -> Iterator[RunEvent]:
        data, is_outer = part["data"], not part["ns"]
        match part["type"]:
            case "messages":
                yield from self._message(*data)
            case "tasks" if "triggers" in data:
                yield from self._task_begun(data, path=part["ns"])
            case "tasks":
                yield from self._task_ended(data, path=part["ns"])
            case "updates" if is_outer:
                self.interrupts += data.get("__interrupt__", ())
            case "values" if is_outer:
                self.value = data
                yield from self._stepped(self._work.state(data))
            case "custom":
                yield from self._custom(data)

    def _in_order(self, events: Iterator[RunEvent], *, is_foreign: bool = False) -> Iterator[RunEvent]:
        for event in events:
            ends_note = isinstance(event, (TextDelta, SourceCited, *_ITEMS))
            if ends_note or (is_foreign and isinstance(event, StepNoted)):
                yield from self._notes.close()
            self._has_shown = self._has_shown or not isinstance(event, ProgressNote)
            yield from self._order.of(event, is_foreign=is_foreign)

    # --- messages ---------------------------------------------------------------------------------------------------

    def _message(self, message: Any, metadata: Mapping[str, Any]) -> Iterator[RunEvent]:
        if isinstance(message, ToolMessage):
            yield from self._tool_widget(message)
            yield from self._stepped(self._work.result(message))
        if not isinstance(message, AIMessage) or message.response_metadata.get("__is_handoff_back"):
            return
        if message.usage_metadata is not None:
            self._count(message.usage_metadata)
        node = str(metadata.get("langgraph_node"))
        is_own = not isinstance(message, AIMessageChunk) and not metadata.get("lc_source")
        if is_middleware(node) and not is_own:  # it asks a model for its own purposes, such as a summary
            return
        place = _Place.of(str(metadata.get("langgraph_checkpoint_ns", "")).split("|"))
        speaker = self._speaker(place, node, name=str(metadata.get("lc_agent_name") or message.name or ""))
        self._has_thought = self._has_thought or any(map(str.strip, thoughts(message)))
        yield from self._spoken(message, place, speaker)
        parent = words(speaker.name) if speaker.part is Part.WORKS else ""
        calls = self._work.calls(message, parent=parent, ids=frozenset(place.ids[:-1]))
        yield from self._stepped(calls, message_id=str(message.id))

    def _spoken(self, message: AIMessage, place: _Place, speaker: _Speaker) -> Iterator[RunEvent]:
        """The text of a message, or a piece of one."""
        message_id, text = str(message.id), str(message.text)
        if speaker.part is Part.WORKS and not speaker.is_heard:
            self._work.reported(message_id, text, task_id=speaker.agent_id)
        if not speaker.is_heard:
            return
        self._end_reason = end_reason(message) or self._end_reason
        holds = speaker.part is Part.HANDS_OVER and not self._hearing.hears_all_agents
        if isinstance(message, AIMessageChunk):
            ends = message.chunk_position == "last"
            yield from self._floor.chunk(message_id, text, tasks=place.tasks, ends=ends, holds=holds)
            if holds and message.tool_call_chunks:
                yield from self._handed_over(message_id, self._floor.withdraw(message_id), speaker)
        elif holds and message.tool_calls:
            yield from self._handed_over(message_id, without_thoughts(text), speaker)
        else:
            task = place.ids[-1] if place.ids else ""
            yield from self._floor.whole(message_id, text, task=task, tasks=place.tasks)

    def _handed_over(self, message_id: str, said: str, speaker: _Speaker) -> Iterator[RunEvent]:
        if said:
            work = Work(title=words(speaker.name), detail=said, state=StepState.COMPLETE)
            yield from self._stepped([(f"said {message_id}", work)])

    def _speaker(self, place: _Place, node: str, *, name: str = "") -> _Speaker:
        seat, agent = self._agents.at(place.names), self._agents.at(place.names).agent
        hearing = self._hearing
        if hearing.nodes:
            is_heard = bool(hearing.nodes & {node, *place.names})
        else:
            is_heard = hearing.hears_all_agents or seat.part is not Part.WORKS
        return _Speaker(
            part=seat.part,
            name=name if agent is None else place.names[agent],
            agent_id=None if agent is None else place.ids[agent],
            is_heard=is_heard and not hearing.is_silent,
        )

    def _tool_widget(self, message: ToolMessage) -> Iterator[WidgetShown]:
        """The widget that a tool gave, once: the graph around a sub-graph passes its messages on."""
        if message.tool_call_id not in self._shown and (shown := _widget_in(message)):
            self._shown.add(message.tool_call_id)
            yield shown

    # --- tasks and steps --------------------------------------------------------------------------------------------

    def _task_begun(self, data: Mapping[str, Any], *, path: Iterable[str]) -> Iterator[RunEvent]:
        """A note for a node, or a step where it is an agent that works for others."""
        name = data["name"]
        place = _Place.of((*path, f"{name}:{data['id']}"))
        speaker, seat = self._speaker(place, name), self._agents.at(place.names)
        if seat.part is Part.WORKS and seat.agent == len(place.names) - 1 and not speaker.is_heard:
            yield from self._stepped(self._work.agent_begins(data["id"], words(name)))
        elif len(place.names) == 1 and self._notes.is_shown and not name.startswith("_") and not is_middleware(name):
            yield ProgressNote(text=words(name))

    def _task_ended(self, data: Mapping[str, Any], *, path: Iterable[str]) -> Iterator[RunEvent]:
        """End what the task was saying; say the messages that it gave as dicts or tuples, which do not stream."""
        yield from self._floor.end(data["id"])
        place = _Place.of((*path, f"{data['name']}:{data['id']}"))
        speaker = self._speaker(place, data["name"])
        for text in _raw_answers(at(data.get("result"), "messages")):
            if speaker.is_heard:
                yield from self._floor.whole("", text, task=data["id"], tasks=place.tasks)
            elif speaker.part is Part.WORKS:
                self._work.reported("", text, task_id=speaker.agent_id)
        yield from self._stepped(self._work.task_ended(data["id"]))

    def _stepped(self, noted: Iterable[Noted], *, message_id: str = "") -> Iterator[RunEvent]:
        """Steps, but not in the middle of another message's text."""
        for key, work in noted:
            if self._floor.is_taken_from(message_id):
                self._due[key] = work
            else:
                self._due.pop(key, None)
                yield from self._notes.note(key, work.title, work.detail, work.state, kind=work.kind)

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


class _Order:
    """What stands between texts and between steps: the graph's own steps and those of its tools are two notes."""

    def __init__(self) -> None:
        self._note_is_foreign: bool | None = None
        """Whose note is open, if one is."""
        self._is_apart = False
        """Whether something else stands behind the latest text."""

    def of(self, event: RunEvent, *, is_foreign: bool) -> Iterator[RunEvent]:
        if isinstance(event, StepNoted):
            if self._note_is_foreign is (not is_foreign):
                yield AnswerEnded()
            self._note_is_foreign, self._is_apart = is_foreign, True
        elif isinstance(event, TextDelta):
            is_needless = event is PARAGRAPH and self._is_apart
            self._note_is_foreign, self._is_apart = None, False
            if is_needless:
                return
        elif isinstance(event, (SourceCited, *_ITEMS)):
            self._note_is_foreign, self._is_apart = None, not isinstance(event, SourceCited)
        yield event


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
