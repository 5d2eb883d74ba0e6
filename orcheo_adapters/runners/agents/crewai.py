"""Agents and crews of CrewAI. Each turn gets a copy without CrewAI's own memory, which all visitors would share.

The bridge of the protocol's makers cannot be installed beside a server of today's Starlette.
"""

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.places import Places
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import RunEvent
from orcheo_core.ports.runner import RunFailed

_ALOUD = ("Thought:", "Action:", "```")
"""What a model begins with that thinks in the answer: only what the framework makes of it is the answer."""
_LONGEST = max(map(len, _ALOUD))

Put = Callable[[RunEvent], None]


def answer(agent: Any, turn: AgentTurn) -> Callable[[Put], None]:
    """Run a copy of ``agent`` in a thread of its own."""
    refuse_late_answer(turn.context)
    return partial(_work, agent, turn)


def _work(agent: Any, turn: AgentTurn, put: Put) -> None:
    for notice in not_read(each for each in turn.files if each.text is None):
        put(notice)
    import_module("crewai.events.utils.console_formatter").set_suppress_console_output(True)
    begin, last_task = _begin(agent, turn)
    reading = _Reading(turn, last_task)
    sinks = import_module("crewai.events.stream_context")

    def hear(_source: Any, event: Any) -> None:
        for each in reading.of(event):
            put(each)  # which ends the work, from inside of it, when nothing is read any more

    token = sinks.add_stream_sink(hear)
    try:
        output = begin()
    finally:
        sinks.reset_stream_sinks(token)
    for event in reading.last(output):
        put(event)


def _begin(agent: Any, turn: AgentTurn) -> tuple[Callable[[], Any], str | None]:
    """What starts the copy, and the id of the task whose text is the answer, None for an agent by itself."""
    if hasattr(agent, "tasks"):
        crew = agent.copy()
        crew.memory, crew._memory = False, None  # noqa: SLF001 - the one that was made is not asked for otherwise
        for each in crew.agents:
            _streams(each)
        return partial(crew.kickoff, inputs=_inputs(crew, turn)), str(crew.tasks[-1].id)
    mine = agent.model_copy()
    mine.llm = _copied(agent.llm)
    _streams(mine)
    return partial(mine.kickoff, [*_history(turn), {"role": "user", "content": turn.text_with_files()}]), None


def _copied(llm: Any) -> Any:
    return llm.model_copy() if hasattr(llm, "model_copy") else llm


def _streams(agent: Any) -> None:
    agent.memory = None
    if hasattr(agent.llm, "stream"):
        agent.llm.stream = True


def _history(turn: AgentTurn) -> list[dict[str, str]]:
    return [
        {"role": role, "content": text}
        for each in turn.exchanges()
        for role, text in (("user", each.asked), ("assistant", each.answered))
    ]


def lacks_history(agent: Any) -> str | None:
    """What to write where a crew has no place for the earlier messages."""
    if not hasattr(agent, "tasks") or _places(agent).histories:
        return None
    return "Write {history} into the description of a task, where they belong."


def _places(crew: Any) -> Places:
    places = Places.of(crew.fetch_inputs(), "The crew", name_it="{input}")
    if places.text is None:
        raise RunFailed(
            "input_unknown",
            "No task of the crew has a place for the visitor's message. Write {input} into the description of a task, "
            "and {history} where the earlier messages belong.",
        )
    return places


def _inputs(crew: Any, turn: AgentTurn) -> dict[str, str]:
    places = _places(crew)
    past = "\n".join(f"{each['role']}: {each['content']}" for each in _history(turn))
    return {str(places.text): turn.text_with_files(), **dict.fromkeys(places.histories, past)}


class _Reading:
    """From the events of one run to run events."""

    def __init__(self, turn: AgentTurn, last_task: str | None) -> None:
        self._said = turn.said
        self._last_task = last_task
        self._call = ""
        self._held: str | None = ""
        """The beginning of a model's answer, until it is known whether it thinks aloud; None afterwards."""
        self._is_aloud = False

    def of(self, event: Any) -> Iterator[RunEvent]:
        match event.type:
            case "llm_stream_chunk" if event.tool_call is None:
                yield from self._chunk(event)
            case "llm_thinking_chunk":
                yield from self._said.think(event.chunk)
            case "llm_call_completed":
                yield from self._released()
                usage = event.usage or {}
                yield from self._said.used(usage.get("prompt_tokens"), usage.get("completion_tokens"))
                self._said.end_message()
            case "tool_usage_started":
                yield from self._said.call(event.event_id, event.tool_name, event.tool_args)
            case "tool_usage_finished":
                failed = at(event, "failure") is not None
                yield from self._said.result(str(event.started_event_id), readable(event.output), has_failed=failed)
            case "tool_usage_error":
                yield from self._said.result(str(event.started_event_id), str(event.error), has_failed=True)

    def last(self, output: Any) -> Iterator[RunEvent]:
        """The answer, where none was read in pieces."""
        found = at(output, "pydantic") or at(output, "json_dict") or at(output, "raw")
        yield from self._said.whole(readable(found))

    def _chunk(self, event: Any) -> Iterator[RunEvent]:
        if event.call_id != self._call:
            self._call, self._held, self._is_aloud = event.call_id, "", False
        if self._held is None:
            yield from self._piece(event.chunk)
            return
        self._held += event.chunk
        is_last = self._last_task in (None, at(event, "task_id"))
        if len(self._held.lstrip()) >= _LONGEST or not is_last:
            self._is_aloud = not is_last
            yield from self._released()

    def _released(self) -> Iterator[RunEvent]:
        held, self._held = self._held, None
        if held:
            self._is_aloud = self._is_aloud or held.lstrip().startswith(_ALOUD)
            yield from self._piece(held)

    def _piece(self, piece: str) -> Iterator[RunEvent]:
        yield from self._said.think(piece) if self._is_aloud else self._said.text(piece)
