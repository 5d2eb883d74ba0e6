"""Runnables of LangChain: chat models, chains, agents other than graphs."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.files import ReadFile
from orcheo_adapters.runners.agents.places import Places
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.endings import cut_short, not_read
from orcheo_adapters.runners.pieces import at, end_reason, joined
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import RunEvent

_THOUGHTS = {"reasoning": "reasoning", "thinking": "thinking"}
"""Kinds of content parts that are thoughts, and where their text is."""


async def answer(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Stream ``agent`` with what its input has a place for: messages, or a dict with the text and the history."""
    refuse_late_answer(turn.context)
    names = _keys(agent)
    if names:
        for notice in not_read(each for each in turn.files if each.text is None):
            yield notice
    given = _given(names, turn)
    config = {"configurable": {"thread_id": turn.context.thread_id, "session_id": turn.context.thread_id}}
    reading = _Reading(turn)
    async with aclosing(agent.astream(given, config)) as chunks:
        async for chunk in chunks:
            for event in reading.of(chunk):
                yield event
    for event in reading.last():
        yield event


def _given(names: list[str], turn: AgentTurn) -> Any:
    core = import_module("langchain_core.messages")
    past = [message for each in turn.exchanges() for message in _past(core, each.asked, each.answered)]
    message = core.HumanMessage([*_parts(turn)]) if turn.files else core.HumanMessage(turn.text)
    if not names:
        return [*past, message]
    places = Places.of(names, "The chain", name_it="input")
    if places.text is None:
        return {places.histories[0]: [*past, message]}
    return {places.text: turn.text_with_files(), **dict.fromkeys(places.histories, past)}


def _past(core: Any, asked: str, answered: str) -> Iterable[Any]:
    return core.HumanMessage(asked), core.AIMessage(answered)


def _keys(agent: Any) -> list[str]:
    """The keys of the dict that a chain takes; empty for one that takes messages, as chat models do."""
    schema = agent.get_input_jsonschema()
    properties = schema.get("properties") if schema.get("type") == "object" else None
    return list(properties or ())


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
        if self._whole is not None and not self._said.has_text:
            yield from self._said.text(readable(_answer_in(self._whole)))
        yield from cut_short(self._end_reason)

    def _message(self, message: Any) -> Iterator[RunEvent]:
        for part in message.content if isinstance(message.content, list) else ():
            if (key := _THOUGHTS.get(str(at(part, "type")))) is not None:
                yield from self._said.think(_text(at(part, key)))
        yield from self._said.think(_text(at(message, "additional_kwargs", "reasoning_content")))
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


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


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
