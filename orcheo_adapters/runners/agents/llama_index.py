"""Agents, agent workflows and chat engines of LlamaIndex.

A chat engine keeps the conversation in itself: each turn gets a copy with a memory of its own.
"""

import copy
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.files import ReadFile
from orcheo_adapters.runners.agents.pushed import pushed
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import RunEvent

_THINKING_ALOUD = frozenset({"ReActAgent", "CodeActAgent"})
"""Agents whose stream has their thoughts and their code in it: only the end of it is the answer."""


def answer(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Run ``agent`` with the messages of the thread."""
    refuse_late_answer(turn.context)
    return _chat(agent, turn) if hasattr(agent, "astream_chat") else _run(agent, turn)


async def _run(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    handler = agent.run(user_msg=_message(turn), chat_history=_history(turn))
    reading = _Reading(agent, turn)
    try:
        async for each in handler.stream_events():
            for event in reading.of(each):
                yield event
        output = await handler
    finally:
        if not handler.done():
            await handler.cancel_run()
    structured = at(output, "structured_response")
    for event in turn.said.whole(readable(structured) if structured else str(output)):
        yield event


async def _chat(engine: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    for notice in not_read(each for each in turn.files if each.text is None):
        yield notice
    mine = copy.copy(engine)
    mine._memory = type(engine._memory).from_defaults()  # noqa: SLF001 - an engine's memory has no other name
    response = await mine.astream_chat(turn.text_with_files(), chat_history=_history(turn))

    async def read(put: Callable[[RunEvent], None]) -> None:
        async for piece in response.async_response_gen():
            for event in turn.said.text(piece):
                put(event)

    writing = response.awrite_response_to_history_task  # which reads the model, and which the generator waits for
    async with aclosing(pushed(read, writing.cancel)) as events:  # type: ignore[type-var]  # it is a generator
        async for event in events:
            yield event


def _history(turn: AgentTurn) -> list[Any]:
    message = import_module("llama_index.core.llms").ChatMessage
    return [
        message(role=role, content=text)
        for each in turn.exchanges()
        for role, text in (("user", each.asked), ("assistant", each.answered))
    ]


def _message(turn: AgentTurn) -> Any:
    llms = import_module("llama_index.core.llms")
    if not turn.files:
        return llms.ChatMessage(role="user", content=turn.text)
    text = [llms.TextBlock(text=turn.text)] if turn.text else []
    return llms.ChatMessage(role="user", blocks=[*text, *(_block(llms, each) for each in turn.files)])


def _block(llms: Any, file: ReadFile) -> Any:
    if file.text is not None:
        return llms.TextBlock(text=file.text)
    if file.kind == "image":
        return llms.ImageBlock(image=file.data, image_mimetype=file.mime_type)
    return llms.DocumentBlock(data=file.data, title=file.name, document_mimetype=file.mime_type)


class _Reading:
    """From the events of one run to run events."""

    def __init__(self, agent: Any, turn: AgentTurn) -> None:
        self._agent = agent
        self._said = turn.said
        self._name = ""

    def of(self, event: Any) -> Iterator[RunEvent]:
        match type(event).__name__:
            case "AgentStream":
                yield from self._streamed(event)
            case "ToolCall":
                yield from self._said.call(event.tool_id, event.tool_name, event.tool_kwargs)
            case "ToolCallResult":
                result = event.tool_output
                yield from self._said.call(event.tool_id, event.tool_name, event.tool_kwargs)
                yield from self._said.result(event.tool_id, str(result.content), has_failed=bool(result.is_error))
            case "AgentOutput":
                self._said.end_message()
                usage = at(event, "raw", "usage")
                yield from self._said.used(at(usage, "prompt_tokens"), at(usage, "completion_tokens"))

    def _streamed(self, event: Any) -> Iterator[RunEvent]:
        if event.current_agent_name != self._name:
            if self._name:
                yield from self._said.passed_on(event.current_agent_name)
            self._name = event.current_agent_name
        yield from self._said.think(event.thinking_delta or "")
        speaker = at(self._agent, "agents", self._name) or self._agent
        if not _THINKING_ALOUD.intersection(each.__name__ for each in type(speaker).__mro__):
            yield from self._said.text(event.delta)
