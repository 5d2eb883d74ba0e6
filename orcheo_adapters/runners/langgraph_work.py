"""What a LangGraph graph does besides talking, as steps: calls of tools, sub-agents, to-do lists, files."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from attrs import define, evolve, frozen
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage

from orcheo_adapters.runners import loose_json
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.reasoning import without_thoughts
from orcheo_adapters.runners.steps import nested, readable, words
from orcheo_core.domain.component_items import StepKind, StepState


@frozen(kw_only=True)
class Work:
    """One thing that is done, as it stands."""

    title: str
    detail: str = ""
    """Arguments, a result, a report."""
    state: StepState = StepState.LOADING
    kind: StepKind = StepKind.CUSTOM


Noted = tuple[str, Work]
"""A step by its key."""

_HAND_OVERS = ("transfer_to_", "transfer_back_to_", "handoff_to_", "hand_off_to_")
"""How the tools begin by which agents hand over: the agent that follows is a step itself."""

_NAMED_BY = {"task": "subagent_type"}
"""Tools that call a sub-agent, and the argument that names it (deepagents)."""

_SHOWN_BY_STATE = {"write_todos": "todos"}
"""Tools whose work is seen in this key of the state (LangChain's ``TodoListMiddleware``)."""

_TODO_STATES = {"pending": StepState.NONE, "in_progress": StepState.LOADING, "completed": StepState.COMPLETE}


@define
class _Call:
    """A call of a tool, while it comes in and until its result is there."""

    key: str
    name: str
    parent: str
    ids: frozenset[str]
    """Of the tasks in which it was made."""
    arguments: Any = ""
    is_over: bool = False

    def noted(self, *results: Any, state: StepState = StepState.LOADING) -> Noted:
        title = at(self.arguments, _NAMED_BY.get(self.name, "")) or self.name
        detail = " → ".join(filter(None, map(readable, (self.arguments, *results))))
        return self.key, Work(title=nested(self.parent, words(str(title))), detail=detail, state=state)


class GraphWork:
    """The work of one run."""

    def __init__(self, *, channels: Collection[str]) -> None:
        """``channels`` are the keys of the graph's state."""
        self._channels = channels
        self._calls: dict[str, _Call] = {}
        self._streamed: dict[tuple[str, Any], _Call] = {}
        """Calls whose arguments come in pieces, by message and place."""
        self._agents: dict[str, Work] = {}
        """Agents that work for others, by the ids of their tasks."""
        self._todos: Any = None
        self._files: Mapping[str, Any] | None = None
        self.files: dict[str, Any] = {}
        """What the graph has written into ``files`` of its state, by path."""
        self.report = ""
        """What an agent has said last of what is not the answer."""
        self._report_id = ""

    # --- tools ------------------------------------------------------------------------------------------------------

    def calls(self, message: AIMessage, *, parent: str, ids: frozenset[str]) -> Iterator[Noted]:
        """The calls in a message, or in a piece of one; ``parent`` is the sub-agent that makes them."""
        if isinstance(message, AIMessageChunk):
            for piece in message.tool_call_chunks:
                yield from self._piece(str(message.id), piece, parent=parent, ids=ids)
            if message.chunk_position == "last":
                yield from self._whole(str(message.id))
        else:
            for call in message.tool_calls:
                if self._is_shown(call["name"]) and str(call["id"]) not in self._calls:
                    yield self._begun(str(call["id"]), call["name"], parent, ids, call["args"]).noted()

    def result(self, message: ToolMessage) -> Iterator[Noted]:
        """What a tool gave, once; also for a call of an earlier turn, which a person has allowed in this one."""
        call_id, name = message.tool_call_id, str(message.name or "")
        call = self._calls.get(call_id)
        if call is None and name and self._is_shown(name):
            call = self._begun(call_id, name, "", frozenset(), "")
        if call is not None and not call.is_over:
            call.is_over = True
            state = StepState.NONE if message.status == "error" else StepState.COMPLETE
            yield call.noted(str(message.text), state=state)

    def _is_shown(self, name: str) -> bool:
        return not name.startswith(_HAND_OVERS) and _SHOWN_BY_STATE.get(name) not in self._channels

    def _begun(self, call_id: str, name: str, parent: str, ids: frozenset[str], arguments: Any) -> _Call:
        self._calls[call_id] = _Call(f"call {call_id}", name, parent, ids, arguments)
        return self._calls[call_id]

    def _piece(self, message_id: str, piece: Mapping[str, Any], *, parent: str, ids: frozenset[str]) -> Iterator[Noted]:
        place = message_id, piece["index"]
        if (name := piece["name"]) and self._is_shown(name):
            self._streamed[place] = call = self._begun(str(piece["id"]), name, parent, ids, "")
            yield call.noted()
        if place in self._streamed:
            self._streamed[place].arguments += piece["args"] or ""

    def _whole(self, message_id: str) -> Iterator[Noted]:
        for place in [each for each in self._streamed if each[0] == message_id]:
            call = self._streamed.pop(place)
            try:
                call.arguments = loose_json.loads(call.arguments.encode())
            except ValueError:  # the tool refuses them itself
                continue
            yield call.noted()

    # --- agents -----------------------------------------------------------------------------------------------------

    def agent_begins(self, task_id: str, title: str) -> Iterator[Noted]:
        """An agent begins to work for others."""
        self._agents[task_id] = Work(title=title)
        yield task_id, self._agents[task_id]

    def reported(self, message_id: str, text: str, *, task_id: str | None) -> None:
        """What an agent says to others, or a piece of it."""
        if text:
            self.report = self.report + text if message_id == self._report_id else text
            self._report_id = message_id
        if task_id in self._agents:
            self._agents[task_id] = evolve(self._agents[task_id], detail=self.report)

    def task_ended(self, task_id: str) -> Iterator[Noted]:
        """A task is over, and with it its agent and the calls made in it whose results nothing tells."""
        if (work := self._agents.pop(task_id, None)) is not None:
            yield task_id, evolve(work, detail=without_thoughts(work.detail), state=StepState.COMPLETE)
        for call in self._calls.values():
            if task_id in call.ids and not call.is_over:
                call.is_over = True
                yield call.noted(state=StepState.COMPLETE)

    # --- the state --------------------------------------------------------------------------------------------------

    def state(self, value: Any) -> Iterator[Noted]:
        """What has changed in the to-do list and the files since the state before; the first one is the beginning."""
        todos, files = at(value, "todos"), at(value, "files")
        files = files if isinstance(files, Mapping) else {}
        if self._files is not None:
            if todos != self._todos:
                yield from _todo_steps(todos)
            for path, data in files.items():
                if data is not None and data != self._files.get(path):
                    self.files[str(path)] = data
                    title = PurePosixPath(str(path)).name
                    yield f"file {path}", Work(title=title, kind=StepKind.FILE, state=StepState.COMPLETE)
        self._todos, self._files = todos, files


def _todo_steps(todos: Any) -> Iterator[Noted]:
    for each in todos if isinstance(todos, list) else ():
        content, state = at(each, "content"), _TODO_STATES.get(str(at(each, "status")))
        if isinstance(content, str) and content and state is not None:
            yield f"todo {content}", Work(title=content, state=state)
