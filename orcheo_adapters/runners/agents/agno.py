"""Agents and teams of Agno."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
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
    """Run ``agent`` with the messages of the thread, or with the newest one where Agno's own database has them."""
    refuse_late_answer(turn.context)
    context = turn.context
    stream = agent.arun(
        input=_messages(agent, turn),
        stream=True,
        stream_events=True,
        session_id=context.thread_id,
        user_id=context.subject.key,
    )
    async with aclosing(stream) as events:
        async for each in events:
            for event in _read(each, turn):
                yield event


def _messages(agent: Any, turn: AgentTurn) -> list[Any]:
    message = import_module("agno.models.message").Message
    remembers = getattr(agent, "db", None) is not None and getattr(agent, "add_history_to_context", False)
    past = [
        message(role=role, content=text)
        for each in ([] if remembers else turn.exchanges())
        for role, text in (("user", each.asked), ("assistant", each.answered))
    ]
    files: dict[str, list[Any]] = {}
    for each in turn.files:
        if each.text is None:
            name, file = _media(each)
            files.setdefault(name, []).append(file)
    return [*past, message(role="user", content=turn.text_with_files(), **files)]


def _media(file: ReadFile) -> tuple[str, Any]:
    """The field of a message, and what it holds."""
    media = import_module("agno.media")
    if file.kind == "image":
        return "images", media.Image(content=file.data, mime_type=file.mime_type)
    if file.kind == "audio":
        return "audio", media.Audio(content=file.data, mime_type=file.mime_type)
    return "files", media.File(content=file.data, mime_type=file.mime_type, filename=file.name)


def _read(event: Any, turn: AgentTurn) -> Iterator[RunEvent]:
    said, tool = turn.said, at(event, "tool")
    match str(event.event).removeprefix("Team"):
        case "RunContent" | "ReasoningContentDelta":
            yield from said.think(str(at(event, "reasoning_content") or ""))
            yield from said.text(readable(at(event, "content")))
        case "ToolCallStarted":
            yield from said.call(str(tool.tool_call_id), str(tool.tool_name), tool.tool_args)
        case "ToolCallCompleted":
            failed = bool(at(tool, "tool_call_error"))
            yield from said.result(str(tool.tool_call_id), readable(tool.result), has_failed=failed)
        case "RunCompleted":
            metrics = at(event, "metrics")
            yield from said.used(at(metrics, "input_tokens"), at(metrics, "output_tokens"))
        case "RunError" | "RunPaused":
            raise _failure(event)


def _failure(event: Any) -> RunFailed:
    if str(event.event).endswith("RunError"):
        return RunFailed(CODE_FAILED, f"Agno says: {at(event, 'content')}")
    reason = "The agent waits for a confirmation or an input, which this runner does not ask for with Agno."
    return RunFailed("agent_waits", reason)
