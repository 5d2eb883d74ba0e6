"""Agents of smolagents, which keep the conversation in themselves: each turn gets a copy with a memory of its own."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from typing import Any

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import RunEvent

_OFF = -1
"""The level at which an agent's logger prints nothing: what visitors say does not belong on the server's terminal."""
_FINAL = "final_answer"


def answer(agent: Any, turn: AgentTurn) -> Iterator[RunEvent]:
    """Run a copy of ``agent`` that remembers this thread; what is streamed before the final answer are thoughts."""
    refuse_late_answer(turn.context)
    yield from not_read(each for each in turn.files if each.kind not in ("image", "text"))
    mine = _copied(agent)
    memory = import_module("smolagents.memory")
    mine.memory.steps = [step for each in turn.exchanges() for step in _steps(memory, each)]
    begin = len(mine.memory.steps)
    stream = mine.run(turn.text_with_files(), stream=True, reset=False, images=_images(turn) or None)
    reading = _Reading(turn)
    try:
        for event in stream:
            yield from reading.of(event)
        yield from turn.kept(_kept(mine.memory.steps[begin:]))
    finally:
        mine.interrupt_switch = True
        with suppress(Exception):  # its generator yields once more when it is closed
            stream.close()
        if callable(clean_up := getattr(mine, "cleanup", None)):
            clean_up()


def _copied(agent: Any) -> Any:
    """An agent of the same tools and the same model, which shares nothing that a run changes."""
    mine = copy.copy(agent)
    mine.state = dict(agent.state)
    mine.memory = type(agent.memory)(agent.system_prompt)
    mine.logger = copy.copy(agent.logger)
    mine.logger.level = _OFF
    mine.logger.console = type(agent.logger.console)(quiet=True)
    _watched(agent, mine)
    mine.stream_outputs = hasattr(agent.model, "generate_stream")
    mine.managed_agents = {name: _copied(each) for name, each in agent.managed_agents.items()}
    if hasattr(agent, "python_executor"):  # it keeps the variables of the code that it has executed
        mine.python_executor = mine.create_python_executor()
    return mine


def _watched(agent: Any, mine: Any) -> None:
    """Let the copy count its own steps, where the agent's monitor counts them; callbacks of the owner stay."""
    mine.monitor = copy.copy(agent.monitor)
    mine.monitor.logger = mine.logger
    mine.monitor.reset()
    counts, counts_mine = agent.monitor.update_metrics, mine.monitor.update_metrics
    mine.step_callbacks = copy.copy(agent.step_callbacks)
    mine.step_callbacks._callbacks = {  # noqa: SLF001 - a registry can be added to, and nothing else
        kind: [counts_mine if each == counts else each for each in calls]
        for kind, calls in agent.step_callbacks._callbacks.items()  # noqa: SLF001 - as above
    }


def _images(turn: AgentTurn) -> list[Any]:
    images = [each for each in turn.files if each.kind == "image"]
    return [import_module("PIL.Image").open(BytesIO(each.data)) for each in images]


def _steps(memory: Any, exchange: Any) -> Iterator[Any]:
    """An earlier exchange as the steps of a memory."""
    timing = import_module("smolagents.monitoring").Timing(start_time=0.0, end_time=0.0)
    yield memory.TaskStep(task=exchange.asked)
    for number, each in enumerate(exchange.kept or [{"output": exchange.answered}], 1):
        calls = [memory.ToolCall(**call) for call in each.get("calls", ())] or None
        yield memory.ActionStep(
            step_number=number,
            timing=timing,
            tool_calls=calls,
            model_output=each.get("output"),
            observations=each.get("observations"),
        )


def _kept(steps: list[Any]) -> list[dict[str, Any]]:
    """The actions of a turn that called a tool other than the one for the answer; empty for others."""
    actions = [each for each in steps if type(each).__name__ == "ActionStep"]
    if not any(call.name != _FINAL for each in actions for call in each.tool_calls or ()):
        return []
    return [
        {
            "output": each.model_output if isinstance(each.model_output, str) else None,
            "calls": [
                {"id": call.id, "name": call.name, "arguments": call.arguments} for call in each.tool_calls or ()
            ],
            "observations": each.observations,
        }
        for each in actions
    ]


class _Reading:
    """From the steps and deltas of one run to run events."""

    def __init__(self, turn: AgentTurn) -> None:
        self._said = turn.said
        self._open: list[str] = []
        """Ids of calls whose results come with the step that made them."""

    def of(self, event: Any) -> Iterator[RunEvent]:
        match type(event).__name__:
            case "ChatMessageStreamDelta":
                yield from self._said.think(event.content or "")
            case "ToolCall" if event.name != _FINAL:
                self._open.append(event.id)
                yield from self._said.call(event.id, event.name, event.arguments)
            case "ToolOutput" if event.id in self._open:
                self._open.remove(event.id)
                yield from self._said.result(event.id, event.observation)
            case "PlanningStep":
                yield from self._said.think(f"{event.plan}\n")
                yield from self._used(event)
            case "ActionStep":
                yield from self._action(event)
            case "FinalAnswerStep":
                yield from self._said.whole(readable(event.output))

    def _action(self, step: Any) -> Iterator[RunEvent]:
        yield from self._used(step)
        for call_id in self._open:
            result = step.observations if step.error is None else str(step.error)
            yield from self._said.result(call_id, result, has_failed=step.error is not None)
        self._open.clear()

    def _used(self, step: Any) -> Iterator[RunEvent]:
        if step.token_usage is not None:
            yield from self._said.used(step.token_usage.input_tokens, step.token_usage.output_tokens)
