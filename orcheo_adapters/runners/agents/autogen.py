"""Agents and teams of AutoGen (AgentChat).

They keep the conversation in themselves: an assistant agent is copied for each turn, with a memory of its own. Anything
else is made for each turn by a factory.
"""

import copy
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import RunEvent
from orcheo_core.ports.runner import RunFailed

_SOURCE = "user"


async def answer(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Run ``agent``, or each participant of a team, with the messages of the thread."""
    refuse_late_answer(turn.context)
    for notice in not_read(each for each in turn.files if each.kind not in ("image", "text")):
        yield notice
    mine = copy.copy(agent)
    past = [message for each in turn.exchanges() for message in each.kept or _spoken(each.asked, each.answered)]
    memories = await _filled(mine, past)
    token = import_module("autogen_core").CancellationToken()
    task = [*([] if memories else _unread(turn)), _message(turn)]
    reading = _Reading(turn)
    try:
        async with aclosing(mine.run_stream(task=task, cancellation_token=token)) as events:
            async for each in events:
                for event in reading.of(each):
                    yield event
    finally:
        token.cancel()
    if hasattr(mine, "model_context") and turn.said.has_called:
        begin = len(past) + len(_first(mine.model_context))
        messages = (await mine.model_context.save_state())["messages"][begin:]
        for event in turn.kept(json.loads(json.dumps(messages, default=str))):
            yield event


async def _filled(mine: Any, past: list[dict[str, Any]]) -> list[Any]:
    """The memories of an agent, or of a team's participants, that hold these messages now; empty where none has one."""
    if hasattr(mine, "model_context"):
        mine._model_context = copy.copy(mine.model_context)  # noqa: SLF001 - it cannot be given to a finished agent
        if getattr(mine, "_output_content_type", None) is None:
            mine._model_client_stream = True  # noqa: SLF001 - as above
    participants = [mine] if hasattr(mine, "model_context") else getattr(mine, "_participants", ())
    memories = [each.model_context for each in participants if hasattr(each, "model_context")]
    for memory in memories:
        await memory.load_state({"messages": [*_first(memory), *past]})
    return memories


def _first(memory: Any) -> list[Any]:
    """What the owner let every conversation begin with."""
    return list(getattr(memory, "_initial_messages", None) or ())


def _spoken(asked: str, answered: str) -> list[dict[str, Any]]:
    """An exchange as messages for a model."""
    return [
        {"type": "UserMessage", "content": asked, "source": _SOURCE},
        {"type": "AssistantMessage", "content": answered, "source": "assistant"},
    ]


def _unread(turn: AgentTurn) -> list[Any]:
    """The history as part of the task, for agents whose memory is not known."""
    text = import_module("autogen_agentchat.messages").TextMessage
    return [
        text(content=content, source=source)
        for each in turn.exchanges()
        for source, content in ((_SOURCE, each.asked), ("assistant", each.answered))
    ]


def _message(turn: AgentTurn) -> Any:
    messages = import_module("autogen_agentchat.messages")
    images = [each for each in turn.files if each.kind == "image"]
    if not images:
        return messages.TextMessage(content=turn.text_with_files(), source=_SOURCE)
    image = import_module("autogen_core").Image
    content = [turn.text_with_files(), *(image.from_base64(each.base64) for each in images)]
    return messages.MultiModalMessage(content=content, source=_SOURCE)


class _Reading:
    """From the messages and events of one run to run events."""

    def __init__(self, turn: AgentTurn) -> None:
        self._said = turn.said
        self._is_streamed = False
        """Whether the message that comes next was read in pieces already."""

    def of(self, event: Any) -> Iterator[RunEvent]:
        if at(event, "source") == _SOURCE:
            return
        usage = at(event, "models_usage")
        yield from self._said.used(at(usage, "prompt_tokens"), at(usage, "completion_tokens"))
        kind = type(event).__name__
        if kind in ("ToolCallRequestEvent", "ToolCallExecutionEvent"):
            for each in event.content:
                yield from self._tool(each)
        elif kind.endswith("Message") or "Message[" in kind:
            yield from self._message(kind, event)
        else:
            yield from self._event(kind, event)

    def _event(self, kind: str, event: Any) -> Iterator[RunEvent]:
        match kind:
            case "ModelClientStreamingChunkEvent":
                self._is_streamed = bool(event.content) or self._is_streamed
                yield from self._said.text(event.content)
            case "ThoughtEvent":
                yield from self._once(self._said.think(event.content))
            case "UserInputRequestedEvent":
                reason = "An agent waits for an input on the server's terminal, which no visitor can give."
                raise RunFailed("agent_waits", f"{reason} Take the UserProxyAgent out of the team.")

    def _message(self, kind: str, message: Any) -> Iterator[RunEvent]:
        if kind == "HandoffMessage":
            yield from self._said.passed_on(message.target)
            return
        yield from self._once(self._said.text(readable(_texts(message.content))))
        self._said.end_message()

    def _tool(self, call: Any) -> Iterator[RunEvent]:
        """A call, or what it gave."""
        if (call_id := at(call, "call_id")) is None:
            yield from self._said.call(call.id, call.name, call.arguments)
        else:
            yield from self._said.result(call_id, call.content, has_failed=bool(at(call, "is_error")))

    def _once(self, events: Iterator[RunEvent]) -> Iterator[RunEvent]:
        """A whole message, unless it was read in pieces."""
        if not self._is_streamed:
            yield from events
        self._is_streamed = False


def _texts(content: Any) -> Any:
    """The texts of a message of several parts."""
    return "\n\n".join(each for each in content if isinstance(each, str)) if isinstance(content, list) else content
