"""Agents of the Claude Agent SDK: the options that each run of its program is started with.

A thread is a session of the program, which keeps it in files of its own; where it has none, the earlier messages are
written before the newest one.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.files import ReadFile
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import RunEvent
from orcheo_core.ports.runner import CODE_FAILED, RunFailed


async def answer(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Run the program with these options, or those of a client, in the session of the thread."""
    refuse_late_answer(turn.context)
    reading = _Reading(turn)
    kept = turn.last_kept().get("session")
    session = kept if isinstance(kept, str) else None
    try:
        async for event in _asked(agent, turn, session, reading):
            yield event
    except Exception:
        if session is None or reading.session is not None:
            raise
        async for event in _asked(agent, turn, None, reading):  # the program does not know the session any more
            yield event
    yield turn.note(session=reading.session)


async def _asked(agent: Any, turn: AgentTurn, session: str | None, reading: "_Reading") -> AsyncIterator[RunEvent]:
    sdk = import_module("claude_agent_sdk")
    options = replace(getattr(agent, "options", agent), include_partial_messages=True, resume=session)
    before = "" if session else _earlier(turn)
    async with aclosing(sdk.query(prompt=_prompt(turn, before), options=options)) as messages:
        async for each in messages:
            for event in reading.of(each):
                yield event


def _earlier(turn: AgentTurn) -> str:
    said = "\n\n".join(f"User: {each.asked}\n\nAssistant: {each.answered}" for each in turn.exchanges())
    return f"The conversation so far:\n\n{said}\n\nThe newest message:\n\n" if said else ""


async def _prompt(turn: AgentTurn, before: str) -> AsyncIterator[dict[str, Any]]:
    content = [{"type": "text", "text": before + turn.text_with_files()}, *_blocks(turn.files)]
    yield {"type": "user", "message": {"role": "user", "content": content}, "parent_tool_use_id": None}


def _blocks(files: tuple[ReadFile, ...]) -> Iterator[dict[str, Any]]:
    for each in files:
        if each.text is None:
            source = {"type": "base64", "media_type": each.mime_type, "data": each.base64}
            yield {"type": "image" if each.kind == "image" else "document", "source": source}


class _Reading:
    """From the messages of one run to run events."""

    def __init__(self, turn: AgentTurn) -> None:
        self._said = turn.said
        self._is_streamed = False
        self.session: str | None = None
        """Known when the program has begun."""

    def of(self, message: Any) -> Iterator[RunEvent]:
        kind = type(message).__name__
        if kind == "SystemMessage":
            self.session = at(message, "data", "session_id") or self.session
        elif kind == "ResultMessage":
            self.session = message.session_id
            yield from self._ended(message)
        elif at(message, "parent_tool_use_id") is None:  # what sub-agents say is the result of a tool
            yield from self._one(kind, message)

    def _one(self, kind: str, message: Any) -> Iterator[RunEvent]:
        match kind:
            case "StreamEvent":
                yield from self._streamed(message.event)
            case "AssistantMessage":
                for block in message.content:
                    yield from self._block(block)
                self._is_streamed = False
            case "UserMessage" if isinstance(message.content, list):
                for block in message.content:
                    if (call_id := at(block, "tool_use_id")) is not None:
                        result = readable(_texts(block.content))
                        yield from self._said.result(call_id, result, has_failed=bool(block.is_error))

    def _streamed(self, event: Any) -> Iterator[RunEvent]:
        match at(event, "type"), at(event, "delta", "type"):
            case "content_block_delta", "text_delta":
                self._is_streamed = True
                yield from self._said.text(event["delta"]["text"])
            case "content_block_delta", "thinking_delta":
                self._is_streamed = True
                yield from self._said.think(event["delta"]["thinking"])
            case "message_stop", _:
                self._said.end_message()

    def _block(self, block: Any) -> Iterator[RunEvent]:
        match type(block).__name__:
            case "ToolUseBlock":
                yield from self._said.call(block.id, block.name, block.input)
            case "TextBlock" if not self._is_streamed:
                yield from self._said.text(block.text)
            case "ThinkingBlock" if not self._is_streamed:
                yield from self._said.think(block.thinking)

    def _ended(self, result: Any) -> Iterator[RunEvent]:
        usage = result.usage or {}
        yield from self._said.used(usage.get("input_tokens"), usage.get("output_tokens"))
        if result.is_error:
            said = "; ".join(at(result, "errors") or ()) or result.result or result.subtype
            raise RunFailed(CODE_FAILED, f"Claude says: {said}")
        yield from self._said.whole(readable(at(result, "structured_output") or result.result or ""))


def _texts(content: Any) -> Any:
    """The texts of a tool's result that has several parts."""
    if not isinstance(content, list):
        return content
    return "\n\n".join(str(each["text"]) for each in content if isinstance(each, dict) and "text" in each)
