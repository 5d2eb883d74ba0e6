"""Agents of openai-agents (the OpenAI Agents SDK)."""

import json
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.approvals import asked, decision, refuse_late_answer, too_late
from orcheo_adapters.runners.agents.files import ReadFile
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import RunEvent

_THOUGHTS = frozenset({"response.reasoning_summary_text.delta", "response.reasoning_text.delta"})
_TEXTS = frozenset({"response.output_text.delta", "response.refusal.delta"})


async def answer(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Run ``agent``, or the one that took over, with the conversation so far; or continue what waits for approval."""
    sdk = import_module("agents")
    paused = turn.paused()
    if paused is None:
        refuse_late_answer(turn.context)
        given = [item for each in turn.exchanges() for item in each.kept or _spoken(each.asked, each.answered)]
        past = len(given)
        agent = _last_agent(agent, turn)
        given.append(_message(turn))
    else:
        given, past = await _resumed(sdk, agent, turn, paused), paused["past"]
    result = sdk.Runner.run_streamed(agent, given, context=_context(turn))
    try:
        reading = _Reading(agent, turn)
        async for event in result.stream_events():
            for said in reading.of(event):
                yield said
    finally:
        result.cancel()  # which stops the model when nothing is read any more, and is nothing at the end
    for said in _ending(result, turn, past):
        yield said


def _context(turn: AgentTurn) -> Any:
    """What the agent's tools get: what its factory returned for them, else the run context."""
    return turn.context if turn.deps is None else turn.deps


def _ending(result: Any, turn: AgentTurn, past: int) -> Iterator[RunEvent]:
    if result.interruptions:
        yield from turn.said.rest()
        state = result.to_state().to_json(context_serializer=lambda _context: {})
        yield turn.pause({"state": state, "past": past})
        yield asked([(_call_id(each), str(each.name), each.arguments) for each in result.interruptions])
        return
    yield from turn.said.whole(readable(result.final_output))
    if turn.said.has_called or turn.paused() is not None:
        items = json.loads(json.dumps(result.to_input_list()[past:], default=str))
        yield from turn.kept(items, agent=result.last_agent.name)


async def _resumed(sdk: Any, agent: Any, turn: AgentTurn, paused: dict[str, Any]) -> Any:
    """The state that waits, with the visitor's decisions."""
    try:
        state = await sdk.RunState.from_json(agent, paused["state"], context_override=_context(turn))
        waiting = state.get_interruptions()
    except Exception as error:
        reason = f"The agent cannot continue with the answer, perhaps as it was changed after it had asked: {error}"
        raise too_late(reason) from error
    for each in waiting:
        decided = decision(turn.request, _call_id(each))
        if decided.is_approved:
            state.approve(each)
        else:
            reason = f"The visitor did not approve this call. {decided.reason}".strip()
            state.reject(each, rejection_message=reason)
    return state


class _Reading:
    """From the events of one run to run events."""

    def __init__(self, agent: Any, turn: AgentTurn) -> None:
        self._agent = agent
        self._said = turn.said

    def of(self, event: Any) -> Iterator[RunEvent]:
        match event.type:
            case "raw_response_event":
                yield from self._raw(event.data)
            case "run_item_stream_event":
                yield from self._item(event.name, event.item)
            case "agent_updated_stream_event":
                self._agent = event.new_agent

    def _raw(self, data: Any) -> Iterator[RunEvent]:
        if data.type in _TEXTS:
            if getattr(self._agent, "output_type", None) in (None, str):
                yield from self._said.text(data.delta)
        elif data.type in _THOUGHTS:
            yield from self._said.think(data.delta)
        elif data.type == "response.completed":
            usage = at(data, "response", "usage")
            yield from self._said.used(at(usage, "input_tokens"), at(usage, "output_tokens"))

    def _item(self, name: str, item: Any) -> Iterator[RunEvent]:
        raw = item.raw_item
        match name:
            case "message_output_created":
                self._said.end_message()
            case "tool_called":
                kind = str(at(raw, "type") or "tool").removesuffix("_call")
                yield from self._said.call(_raw_id(raw), str(at(raw, "name") or kind), at(raw, "arguments"))
            case "tool_output":
                yield from self._said.result(_raw_id(raw), readable(item.output))
            case "handoff_occured":
                yield from self._said.passed_on(str(item.target_agent.name))


def _raw_id(raw: Any) -> str:
    return str(at(raw, "call_id") or at(raw, "id") or "")


def _call_id(interruption: Any) -> str:
    return _raw_id(interruption.raw_item)


def _last_agent(agent: Any, turn: AgentTurn) -> Any:
    """The agent that a hand-off gave the conversation to, as the SDK means it to continue."""
    name = turn.last_kept().get("agent")
    seen, waiting = [], [agent]
    while waiting:
        each = waiting.pop(0)
        if each.name == name:
            return each
        seen.append(each)
        found = (_behind(handoff) for handoff in getattr(each, "handoffs", ()))
        waiting += [other for other in found if other is not None and all(other is not known for known in seen)]
    return agent


def _behind(handoff: Any) -> Any:
    """The agent of a hand-off: itself, or what the SDK's ``handoff(…)`` refers to."""
    if hasattr(handoff, "handoffs"):
        return handoff
    reference = getattr(handoff, "_agent_ref", None)
    return reference() if callable(reference) else None


def _spoken(asked: str, answered: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]


def _message(turn: AgentTurn) -> dict[str, Any]:
    text = [{"type": "input_text", "text": turn.text}] if turn.text else []
    content: Any = [*text, *map(_part, turn.files)] if turn.files else turn.text
    return {"role": "user", "content": content}


def _part(file: ReadFile) -> dict[str, Any]:
    if file.text is not None:
        return {"type": "input_text", "text": file.text}
    if file.kind == "image":
        return {"type": "input_image", "image_url": file.data_url, "detail": "auto"}
    return {"type": "input_file", "filename": file.name, "file_data": file.data_url}
