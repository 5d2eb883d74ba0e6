"""A stand-in for CrewAI: an agent and a crew that tell what they do to a sink."""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import define, evolve, field

ASKED: list[Any] = []
_sinks: list[Callable[[Any, Any], None]] = []
SUPPRESSED: list[bool] = []


def add_stream_sink(sink: Callable[[Any, Any], None]) -> int:
    _sinks.append(sink)
    return len(_sinks)


def _emit(kind: str, **more: Any) -> None:
    for sink in _sinks:
        sink(None, SimpleNamespace(type=kind, **more))


def _say(text: str, *, task_id: str | None = None) -> None:
    for word in text.split(" "):
        piece = f"{word} " if word != text.rsplit(" ", maxsplit=1)[-1] else word
        _emit("llm_stream_chunk", chunk=piece, tool_call=None, call_id=f"call-{text}", task_id=task_id)
    _emit("llm_call_completed", usage={"prompt_tokens": 3, "completion_tokens": 2})


def _work(text: str, task_id: str | None = None) -> Any:
    if "fail" in text:
        raise ValueError("no model")
    if "weather" in text:
        _emit("llm_thinking_chunk", chunk="Hm.")
        for call_id, name in (("e1", "weather"), ("e2", "map")):
            _emit("tool_usage_started", event_id=call_id, tool_name=name, tool_args={"city": "Paris"})
        _emit("tool_usage_finished", started_event_id="e1", output="Sunny")
        _emit("tool_usage_error", started_event_id="e2", error=ValueError("no map"))
    if "aloud" in text:
        _say("Thought: I know. Final Answer: You said it", task_id=task_id)
    elif "ok" in text:
        _say("Ok", task_id=task_id)
    elif "silent" not in text:
        _say(f"You said {text}", task_id=task_id)
    return SimpleNamespace(raw=f"You said {text}", pydantic={"city": "Paris"} if "city" in text else None)


@define
class Agent:
    """Follows the words of the message."""

    llm: Any = field(factory=lambda: SimpleNamespace(stream=False))
    memory: Any = "all visitors'"

    def model_copy(self) -> "Agent":
        return evolve(self)

    def kickoff(self, messages: list[dict[str, str]]) -> Any:
        assert self.llm.stream
        assert self.memory is None
        ASKED.append([(each["role"], each["content"]) for each in messages])
        return _work(messages[-1]["content"])


@define
class Crew:
    """Two tasks, the second of which answers."""

    names: set[str]
    memory: bool = True
    agents: list[Agent] = field(factory=lambda: [Agent()])
    tasks: list[Any] = field(factory=lambda: [SimpleNamespace(id="task-1"), SimpleNamespace(id="task-2")])
    _memory: Any = field(default="all visitors'", init=False)

    def copy(self) -> "Crew":
        return evolve(self)

    def fetch_inputs(self) -> set[str]:
        return self.names

    def kickoff(self, *, inputs: dict[str, str]) -> Any:
        assert (self.memory, self._memory) == (False, None)
        ASKED.append(inputs)
        _say("A plan", task_id="task-1")
        return _work(inputs["input"], "task-2")


Agent.__module__ = "crewai.agent.core"
Crew.__module__ = "crewai.crew"
_NAMES = ("crewai", "crewai.events.stream_context", "crewai.events.utils.console_formatter")
MODULES = {name: ModuleType(name) for name in _NAMES}
MODULES["crewai.events.stream_context"].__dict__.update(
    add_stream_sink=add_stream_sink, reset_stream_sinks=lambda _token: _sinks.clear()
)
MODULES["crewai.events.utils.console_formatter"].__dict__.update(set_suppress_console_output=SUPPRESSED.append)

agent = Agent()
crew = Crew({"input", "history"})
without_history = Crew({"input"})
without_place = Crew({"history"})
of_two = Crew({"colour", "size"})
