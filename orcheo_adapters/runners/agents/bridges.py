"""Agents that are run through bridges to AG-UI: each framework's own, or one that the protocol's makers keep.

A bridge is imported when the first agent of its framework is run. What its events mean is known in
:mod:`orcheo_adapters.runners.agui`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.agui.exchange import Exchange
from orcheo_adapters.runners.langgraph_questions import request_words
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.readable import readable
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import RunEvent

Json = dict[str, Any]
_REQUESTS = "DeferredToolRequests"


async def _bridged(
    begin: Callable[[Any, Json, AgentTurn], AsyncIterator[Any]], agent: Any, turn: AgentTurn
) -> AsyncIterator[RunEvent]:
    """One turn: the input by AG-UI, the agent's events, and what they mean."""
    exchange = await in_thread(partial(Exchange, turn.request, turn.options))
    for event in exchange.first():
        yield event
    if exchange.input is None:
        return
    async with aclosing(begin(agent, exchange.input, turn)) as events:  # type: ignore[type-var]  # all are generators
        async for each in events:
            for event in [each] if isinstance(each, RunEvent) else exchange.events.take(each):
                yield event
    exchange.events.end()


def pydantic_ai(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Pydantic AI's own; a factory makes the agent's ``deps``, where it has any."""
    return _bridged(_pydantic_ai, agent, turn)


def agent_framework(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Microsoft's own."""
    return _bridged(_agent_framework, agent, turn)


def strands(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """That of the protocol's makers, which makes an agent like this one for each turn."""
    return _bridged(_strands, agent, turn)


def adk(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """That of the protocol's makers for Google ADK, which keeps a session: one for each turn, or until an approval."""
    return _bridged(_adk, agent, turn)


async def _pydantic_ai(agent: Any, given: Json, turn: AgentTurn) -> AsyncIterator[Any]:
    ag_ui = import_module("ag_ui.core")
    used: list[RunEvent] = []

    async def finish(result: Any) -> AsyncIterator[Any]:
        """Say structured output, which the agent itself gives as a call of a tool; count what was used."""
        used.extend(turn.said.used(result.usage.input_tokens, result.usage.output_tokens))
        if not isinstance(result.output, str) and type(result.output).__name__ != _REQUESTS:
            yield ag_ui.TextMessageChunkEvent(message_id="output", role="assistant", delta=readable(result.output))

    adapter = import_module("pydantic_ai.ui.ag_ui").AGUIAdapter(agent=agent, run_input=_run_input(given))
    async for event in adapter.run_stream(deps=turn.deps, output_type=_with_approvals(agent), on_complete=finish):
        yield event
    for each in used:
        yield each


def _with_approvals(agent: Any) -> list[Any] | None:
    """The agent's kinds of output and calls that wait for approval, without which a run with such a call fails.

    None leaves them as they are: where they are there, or where the agent has validators for its own.
    """
    kinds = list(agent.output_type) if isinstance(agent.output_type, list | tuple) else [agent.output_type]
    if any(getattr(each, "__name__", "") == _REQUESTS for each in kinds) or getattr(agent, "_output_validators", None):
        return None
    return [*kinds, getattr(import_module("pydantic_ai"), _REQUESTS)]


def _agent_framework(agent: Any, given: Json, turn: AgentTurn) -> AsyncIterator[Any]:
    kind = import_module("agent_framework_ag_ui").AgentFrameworkAgent
    bridge = turn.shared.setdefault("bridge", kind(agent=agent))  # which remembers the approvals that it has asked for
    events: AsyncIterator[Any] = bridge.run(given)
    return events


def _strands(agent: Any, given: Json, _turn: AgentTurn) -> AsyncIterator[Any]:
    bridge = import_module("ag_ui_strands").StrandsAgent(agent=agent, name=agent.name or "agent")
    events: AsyncIterator[Any] = bridge.run(_run_input(given))
    return events


MOST_WAITING = 1_000
"""Sessions of Google ADK that are kept for approvals, of one agent."""
_ASKS = "adk_request_confirmation"


async def _adk(agent: Any, given: Json, turn: AgentTurn) -> AsyncIterator[Any]:
    waiting: dict[str, Any] = turn.shared.setdefault("waiting", {})
    bridge = waiting.pop(given["threadId"], None) if "resume" in given else None
    bridge = bridge or _adk_bridge(agent)
    reading = _OfAdk()
    try:
        async with aclosing(bridge.run(_run_input(given))) as events:
            async for event in events:
                if (shown := reading.of(event)) is not None:
                    yield shown
    finally:
        if reading.has_asked:
            for thread_id in list(waiting)[: max(0, len(waiting) + 1 - MOST_WAITING)]:
                await waiting.pop(thread_id).close()
            waiting[given["threadId"]] = bridge
        else:
            await bridge.close()


def _adk_bridge(agent: Any) -> Any:
    """A bridge with a session of its own, which begins with the messages of the thread."""
    kind = import_module("ag_ui_adk").ADKAgent
    sessions = import_module("google.adk.sessions").InMemorySessionService()
    options = {"session_service": sessions, "emit_interrupt_outcome": True, "save_session_to_memory_on_cleanup": False}
    if any(each.__name__ == "App" for each in type(agent).__mro__):
        return kind.from_app(agent, **options)
    return kind(adk_agent=agent, app_name=agent.name, **options)


class _OfAdk:
    """Takes out of its events what only the bridge needs, and words what it asks for."""

    def __init__(self) -> None:
        self._asking: set[str] = set()
        self.has_asked = False

    def of(self, event: Any) -> Json | None:
        said: Json = event.model_dump(mode="json", by_alias=True, exclude_none=True)
        if said.get("toolCallName") == _ASKS:
            self._asking.add(said["toolCallId"])
        if said.get("toolCallId") in self._asking:
            return None
        if said["type"] == "STATE_SNAPSHOT" and isinstance(said["snapshot"], dict):
            own = (name for name in said["snapshot"] if not name.startswith("_ag_ui_") and name != "pending_tool_calls")
            said["snapshot"] = {name: said["snapshot"][name] for name in own}
        for each in at(said, "outcome", "interrupts") or ():
            self.has_asked = True
            call = at(each, "metadata", "adk", "originalFunctionCall")
            if call is not None:
                each["message"] = request_words({"name": str(at(call, "name")), "args": at(call, "args")})
        return said


def _run_input(given: Json) -> Any:
    return import_module("ag_ui.core").RunAgentInput.model_validate(given)
