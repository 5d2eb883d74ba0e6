"""Runnables of LangChain: chat models, chains, agents other than graphs."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing
from importlib import import_module
from typing import Any

from attrs import frozen

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.files import ReadFile
from orcheo_adapters.runners.agents.places import Places
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.endings import cut_short, not_read
from orcheo_adapters.runners.pieces import at, end_reason, joined, thoughts
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import RunEvent

_IDS = {"session_id", "thread_id"}
"""Configurable fields by which a runnable keeps the conversation itself."""
_WHOLE = "root"
"""How LangChain names an input that is not a dict, as of ``{"question": RunnablePassthrough()}``."""


async def answer(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Stream ``agent`` with what its input has a place for: messages, or a dict with the text and the history."""
    refuse_late_answer(turn.context)
    inputs = _Inputs.of(agent)
    if inputs.takes_words:
        for notice in not_read(each for each in turn.files if each.text is None):
            yield notice
    given = _given(inputs, turn)
    config = {"configurable": {"thread_id": turn.context.thread_id, "session_id": turn.context.thread_id}}
    reading = _Reading(turn)
    async with aclosing(agent.astream(given, config)) as chunks:
        async for chunk in chunks:
            for event in reading.of(chunk):
                yield event
    for event in reading.last():
        yield event


def lacks_history(agent: Any) -> str | None:
    """What to write where a chain has no place for the earlier messages, and keeps none by the thread's id."""
    inputs = _Inputs.of(agent)
    if not inputs.takes_words or not _IDS.isdisjoint(each.id for each in agent.config_specs):
        return None
    places = inputs.places()
    if places.histories:
        return None
    if inputs.names is None or hasattr(getattr(agent, "first", None), "steps__"):  # a dict before the prompt
        name = places.text or "question"
        return (
            'Give its prompt a `MessagesPlaceholder("history")`, and pass them on to it: '
            f'`{{"{name}": itemgetter("{name}"), "history": itemgetter("history"), …}} | prompt`.'
        )
    return (
        "Give its prompt a place for them: "
        f'`ChatPromptTemplate([MessagesPlaceholder("history"), ("user", "{{{places.text}}}")])`.'
    )


def _given(inputs: "_Inputs", turn: AgentTurn) -> Any:
    core = import_module("langchain_core.messages")
    past = [message for each in turn.exchanges() for message in _past(core, each.asked, each.answered)]
    message = core.HumanMessage([*_parts(turn)]) if turn.files else core.HumanMessage(turn.text)
    if not inputs.takes_words:
        return [*past, message]
    if inputs.names is None:
        return turn.text_with_files()
    places = inputs.places()
    if places.text is None:
        return {places.histories[0]: [*past, message]}
    return {places.text: turn.text_with_files(), **dict.fromkeys(places.histories, past)}


def _past(core: Any, asked: str, answered: str) -> Iterable[Any]:
    return core.HumanMessage(asked), core.AIMessage(answered)


@frozen
class _Inputs:
    """What a runnable takes, by the schema of its input."""

    takes_words: bool
    """False for one that takes messages, as chat models do."""
    names: tuple[str, ...] | None = None
    """The keys of the dict that it takes; None for one that takes the text alone."""
    messages: frozenset[str] = frozenset()
    """Those that are declared as messages."""

    @classmethod
    def of(cls, agent: Any) -> "_Inputs":
        schema = agent.get_input_jsonschema()
        if schema.get("type") == "string":
            return cls(takes_words=True)
        properties = schema.get("properties") if schema.get("type") == "object" else None
        if not properties:
            return cls(takes_words=False)
        names = tuple(name for name in properties if name != _WHOLE)
        messages = frozenset(name for name in names if "AIMessage" in str(properties[name].get("items")))
        return cls(takes_words=True, names=names or None, messages=messages)

    def places(self) -> Places:
        """Which key is for the message, and which for the history."""
        return Places.of(self.names or (), "The chain", name_it="input", histories=self.messages)


def _parts(turn: AgentTurn) -> Iterator[dict[str, Any]]:
    if turn.text:
        yield {"type": "text", "text": turn.text}
    for file in turn.files:
        yield _part(file)


def _part(file: ReadFile) -> dict[str, Any]:
    """A standard content block of LangChain."""
    if file.text is not None:
        return {"type": "text", "text": file.text}
    extras = {"filename": file.name}
    return {"type": file.kind, "base64": file.base64, "mime_type": file.mime_type, "extras": extras}


class _Reading:
    """From the chunks of one stream to run events: text, messages, states, structured output."""

    def __init__(self, turn: AgentTurn) -> None:
        self._said = turn.said
        self._calls: dict[Any, str] = {}
        """Ids of tool calls by their places, which is how later chunks name them."""
        self._end_reason = ""
        self._whole: Any = None
        """Output that grows from chunk to chunk, such as a dict of a parser: the last one counts."""

    def of(self, chunk: Any) -> Iterator[RunEvent]:
        if isinstance(chunk, str):
            yield from self._said.text(chunk)
        elif at(chunk, "type") in ("AIMessageChunk", "ai"):
            yield from self._message(chunk)
        elif isinstance(chunk, Mapping) and ("actions" in chunk or "steps" in chunk or "output" in chunk):
            yield from self._agent_step(chunk)
        else:
            self._whole = _merged(self._whole, chunk)

    def last(self) -> Iterator[RunEvent]:
        if self._whole is not None:
            yield from self._said.whole(readable(_answer_in(self._whole)))
        yield from cut_short(self._end_reason)

    def _message(self, message: Any) -> Iterator[RunEvent]:
        for thought in thoughts(message):
            yield from self._said.think(thought)
        yield from self._said.text(joined(message.content) or "")
        for call in at(message, "tool_call_chunks") or at(message, "tool_calls") or ():
            if at(call, "name"):
                yield from self._said.call(str(at(call, "id")), str(at(call, "name")), at(call, "args"))
        used = message.usage_metadata or {}
        yield from self._said.used(used.get("input_tokens"), used.get("output_tokens"))
        self._end_reason = end_reason(message) or self._end_reason

    def _agent_step(self, state: Mapping[str, Any]) -> Iterator[RunEvent]:
        """What ``AgentExecutor`` streams: calls, then their results, then the output."""
        for action in state.get("actions") or ():
            yield from self._said.call(_action_id(action), str(action.tool), action.tool_input)
        for step in state.get("steps") or ():
            yield from self._said.result(_action_id(step.action), readable(step.observation))
        if "output" in state:
            yield from self._said.text(readable(state["output"]))


def _action_id(action: Any) -> str:
    return str(getattr(action, "tool_call_id", None) or f"{action.tool} {action.tool_input}")


def _merged(before: Any, chunk: Any) -> Any:
    """Chunks of a dict that came in pieces of one key each, as chains of several branches stream; else the latest."""
    if isinstance(before, Mapping) and isinstance(chunk, Mapping):
        return {**before, **{key: _sum(before.get(key), each) for key, each in chunk.items()}}
    return chunk


def _sum(before: Any, piece: Any) -> Any:
    if isinstance(before, str) and isinstance(piece, str):
        return piece if piece.startswith(before) else before + piece
    return piece


def _answer_in(value: Any) -> Any:
    """What is shown of an output: the answer where a dict has one, such as beside the documents it is drawn from."""
    if isinstance(value, Mapping):
        for key in ("answer", "output", "result", "response", "text"):
            if isinstance(found := value.get(key), str):
                return found
    content = getattr(value, "content", None)
    return joined(content) if content is not None else value
