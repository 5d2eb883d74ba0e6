"""Agents and chat generators of Haystack."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.files import ReadFile
from orcheo_adapters.runners.agents.pushed import pushed
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.endings import cut_short
from orcheo_adapters.runners.pieces import at, joined
from orcheo_core.domain.run import RunEvent


def answer(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent] | Callable[[Callable[[RunEvent], None]], None]:
    """Run ``agent`` with the messages of the thread: async where it can be, else in a thread."""
    refuse_late_answer(turn.context)
    messages = _messages(turn)
    reading = _Reading(turn, len(messages))
    if hasattr(agent, "run_async"):
        return pushed(partial(_run_async, agent, messages, reading))
    return partial(_run, agent, messages, reading)


async def _run_async(agent: Any, messages: list[Any], reading: "_Reading", put: Callable[[RunEvent], None]) -> None:
    async def take(chunk: Any) -> None:
        for event in reading.of(chunk):
            put(event)

    for event in reading.last(await agent.run_async(messages=messages, streaming_callback=take)):
        put(event)


def _run(agent: Any, messages: list[Any], reading: "_Reading", put: Callable[[RunEvent], None]) -> None:
    def take(chunk: Any) -> None:
        for event in reading.of(chunk):
            put(event)

    for event in reading.last(agent.run(messages=messages, streaming_callback=take)):
        put(event)


def _messages(turn: AgentTurn) -> list[Any]:
    data = import_module("haystack.dataclasses")
    message = data.ChatMessage
    found = []
    for each in turn.exchanges():
        if each.kept:
            found += [message.from_dict(kept) for kept in each.kept]
        else:
            found += [message.from_user(each.asked), message.from_assistant(each.answered)]
    texts = [turn.text] if turn.text or not turn.files else []
    parts = [*texts, *(_part(data, each) for each in turn.files)]
    return [*found, message.from_user(content_parts=parts) if turn.files else message.from_user(turn.text)]


def _part(data: Any, file: ReadFile) -> Any:
    if file.text is not None:
        return file.text
    if file.kind == "image":
        return data.ImageContent(base64_image=file.base64, mime_type=file.mime_type, validation=False)
    return data.FileContent(base64_data=file.base64, mime_type=file.mime_type, filename=file.name, validation=False)


class _Reading:
    """From the chunks of one run, and its result, to run events."""

    def __init__(self, turn: AgentTurn, asked: int) -> None:
        self._turn = turn
        self._said = turn.said
        self._asked = asked
        self._places: dict[tuple[int, int], str] = {}
        self._round = 0
        self._end_reason = ""

    def of(self, chunk: Any) -> Iterator[RunEvent]:
        """Text, thoughts, calls in pieces, their results."""
        if chunk.reasoning is not None:
            yield from self._said.think(chunk.reasoning.reasoning_text)
        yield from self._said.text(chunk.content)
        for delta in chunk.tool_calls or ():
            if delta.tool_name:
                yield from self._said.call(str(delta.id), delta.tool_name)
        if (result := chunk.tool_call_result) is not None:
            yield from self._result(result)
        if chunk.finish_reason:
            self._end_reason = str(chunk.finish_reason)
            self._said.end_message()

    def last(self, result: Any) -> Iterator[RunEvent]:
        """What did not stream, what was used, and what later turns find."""
        messages = [*(result.get("messages") or result.get("replies") or ())]
        new = messages[self._asked :] if "messages" in result else messages
        for each in new:
            yield from self._message(each)
        if new:
            yield from self._said.whole(new[-1].text or "")
        yield from cut_short(self._end_reason)
        if self._said.has_called and "messages" in result:
            yield from self._turn.kept([{**each.to_dict(), "meta": {}} for each in messages[self._asked - 1 :]])

    def _message(self, message: Any) -> Iterator[RunEvent]:
        usage = at(message, "meta", "usage")
        yield from self._said.used(
            at(usage, "prompt_tokens") or at(usage, "input_tokens"),
            at(usage, "completion_tokens") or at(usage, "output_tokens"),
        )
        for call in message.tool_calls:
            yield from self._said.call(str(call.id), call.tool_name, call.arguments)
        for each in message.tool_call_results:
            yield from self._result(each)

    def _result(self, result: Any) -> Iterator[RunEvent]:
        text = joined(result.result) or ""
        origin = result.origin
        yield from self._said.call(str(origin.id), origin.tool_name, origin.arguments)
        yield from self._said.result(str(origin.id), text, has_failed=bool(result.error))
