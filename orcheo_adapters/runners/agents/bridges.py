"""Agents that are run through bridges to AG-UI: each framework's own, or one that the protocol's makers keep.

A bridge is imported when the first agent of its framework is run. What its events mean is known in
:mod:`orcheo_adapters.runners.agui`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.readable import readable
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.agui.exchange import Exchange
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
    """Pydantic AI's own; the agent's ``deps``, where it has any, are made by a factory."""
    return _bridged(_pydantic_ai, agent, turn)


def agent_framework(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Microsoft's own."""
    return _bridged(_agent_framework, agent, turn)


def strands(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """That of the protocol's makers, which makes an agent like this one for each turn."""
    return _bridged(_strands, agent, turn)


async def _pydantic_ai(agent: Any, given: Json, turn: AgentTurn) -> AsyncIterator[Any]:
    ag_ui = import_module("ag_ui.core")
    used: list[RunEvent] = []

    async def finish(result: Any) -> AsyncIterator[Any]:
        """Say structured output, which the agent itself gives as a call of a tool; count what was used."""
        used.extend(turn.said.used(result.usage.input_tokens, result.usage.output_tokens))
        if not isinstance(result.output, str) and type(result.output).__name__ != _REQUESTS:
            yield ag_ui.TextMessageChunkEvent(message_id="output", role="assistant", delta=readable(result.output))

    adapter = import_module("pydantic_ai.ui.ag_ui").AGUIAdapter(agent=agent, run_input=_run_input(given))
    async for event in adapter.run_stream(output_type=_with_approvals(agent), on_complete=finish):
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


def _run_input(given: Json) -> Any:
    return import_module("ag_ui.core").RunAgentInput.model_validate(given)
