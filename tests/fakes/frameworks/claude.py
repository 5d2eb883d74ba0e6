"""A stand-in for the Claude Agent SDK: options, and runs of its program."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import define

ASKED: list[tuple[str | None, Any]] = []
"""Session and content of each run."""
FORGOTTEN: set[str] = set()


@dataclass
class ClaudeAgentOptions:
    """What a run is started with."""

    include_partial_messages: bool = False
    resume: str | None = None


@dataclass
class ClaudeSDKClient:
    """One conversation."""

    options: ClaudeAgentOptions


@define
class SystemMessage:
    data: dict[str, Any]


@define
class StreamEvent:
    event: dict[str, Any]
    parent_tool_use_id: str | None = None


@define
class AssistantMessage:
    content: list[Any]
    parent_tool_use_id: str | None = None


@define
class UserMessage:
    content: Any
    parent_tool_use_id: str | None = None


@define
class TextBlock:
    text: str


@define
class ThinkingBlock:
    thinking: str


@define
class ToolUseBlock:
    id: str
    name: str
    input: dict[str, Any]


@define
class ResultMessage:
    session_id: str
    result: str
    usage: Any = None
    is_error: bool = False
    errors: Any = None
    structured_output: Any = None
    subtype: str = "success"


def _delta(kind: str, field: str, text: str) -> StreamEvent:
    return StreamEvent({"type": "content_block_delta", "delta": {"type": kind, field: text}})


async def query(*, prompt: AsyncIterator[Any], options: ClaudeAgentOptions) -> AsyncIterator[Any]:
    """Follows the words of the message."""
    (given,) = [each async for each in prompt]
    content = given["message"]["content"]
    text = content[0]["text"].rpartition("\n\n")[2]
    ASKED.append((options.resume, content))
    if options.resume in FORGOTTEN:
        raise ValueError("no conversation found")
    session = options.resume or f"session-{len(ASKED)}"
    yield SystemMessage({"session_id": session})
    if "fail" in text:
        yield ResultMessage(session, "no model", is_error=True)
        return
    if "weather" in text:
        yield _delta("thinking_delta", "thinking", "Hm.")
        yield AssistantMessage([ThinkingBlock("Hm."), ToolUseBlock("t1", "weather", {"city": "Paris"})])
        yield UserMessage([SimpleNamespace(tool_use_id="t1", content=[{"text": "Sunny"}], is_error=False)])
        yield AssistantMessage([TextBlock("of a sub-agent")], parent_tool_use_id="t1")
    if "whole" in text:
        yield AssistantMessage([ThinkingBlock("Hm."), TextBlock(f"You said {text}")])
    elif "structured" not in text:
        for word in ("You ", "said ", text) if options.include_partial_messages else ():
            yield _delta("text_delta", "text", word)
        yield StreamEvent({"type": "message_stop"})
        yield AssistantMessage([TextBlock(f"You said {text}")])
        yield UserMessage("a hook")
    usage = {"input_tokens": 3, "output_tokens": 2}
    yield ResultMessage(session, "", usage, structured_output={"city": "Paris"})


for each in (ClaudeAgentOptions, ClaudeSDKClient):
    each.__module__ = "claude_agent_sdk.types"
MODULE = ModuleType("claude_agent_sdk")
MODULES = {MODULE.__name__: MODULE}
MODULE.__dict__.update(query=query)
options = ClaudeAgentOptions()
client = ClaudeSDKClient(options)
