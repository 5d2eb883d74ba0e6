"""A stand-in for smolagents: an agent that keeps everything in itself, its memory and its steps."""

from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import define, field

ASKED: list[list[str]] = []
"""What each run had in its memory, its own task at the end."""
CLEANED: list[str] = []


@define
class Timing:
    start_time: float
    end_time: float


@define
class ToolCall:
    name: str
    arguments: Any
    id: str


@define
class TaskStep:
    task: str
    task_images: Any = None


@define
class ActionStep:
    step_number: int
    timing: Timing
    tool_calls: list[ToolCall] | None = None
    model_output: Any = None
    observations: str | None = None
    error: Any = None
    token_usage: Any = None


@define
class PlanningStep:
    plan: str
    token_usage: Any


@define
class ToolOutput:
    id: str
    observation: str


@define
class ChatMessageStreamDelta:
    content: str | None


@define
class FinalAnswerStep:
    output: Any


@define
class AgentMemory:
    system_prompt: str
    steps: list[Any] = field(factory=list)


class Registry:
    """The callbacks of an agent."""

    def __init__(self, *callbacks: Callable[[Any], None]) -> None:
        self._callbacks = {ActionStep: [*callbacks]}

    def callback(self, step: Any) -> None:
        for each in self._callbacks[ActionStep]:
            each(step)


class Monitor:
    """Counts steps."""

    def __init__(self, logger: Any) -> None:
        self.logger = logger
        self.steps = 0

    def reset(self) -> None:
        self.steps = 0

    def update_metrics(self, _step: Any) -> None:
        self.steps += 1


class Console:
    """Prints, unless it is quiet."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.is_quiet = quiet


class MultiStepAgent:
    """Follows the words of its task."""

    system_prompt = "Be short."

    def __init__(self, *, streams: bool = True, managed: "dict[str, MultiStepAgent] | None" = None) -> None:
        self.model = SimpleNamespace(generate_stream=True) if streams else SimpleNamespace()
        self.state: dict[str, Any] = {"seed": 1}
        self.memory = AgentMemory(self.system_prompt)
        self.logger: Any = SimpleNamespace(level=1, console=Console())
        self.monitor = Monitor(self.logger)
        self.seen: list[Any] = []
        self.step_callbacks = Registry(self.monitor.update_metrics, self.seen.append)
        self.stream_outputs = False
        self.interrupt_switch = False
        self.managed_agents = managed or {}

    def run(self, task: str, *, stream: bool, reset: bool, images: Any) -> Iterator[Any]:
        assert stream
        assert not reset
        assert self.logger.console.is_quiet
        self.memory.steps.append(TaskStep(task, images))
        ASKED.append([str(getattr(each, "task", None) or _words(each)) for each in self.memory.steps])
        return self._steps(task)

    def _steps(self, task: str) -> Iterator[Any]:
        try:
            yield from self._work(task)
        finally:
            yield "a step that is nothing"

    def _work(self, task: str) -> Iterator[Any]:
        if self.stream_outputs:
            yield ChatMessageStreamDelta("Hm.")
            yield ChatMessageStreamDelta(None)
        if "plan" in task:
            yield PlanningStep("First this.", SimpleNamespace(input_tokens=1, output_tokens=1))
        if "fail" in task:
            raise LookupError(task)
        if "weather" in task:
            yield from self._call("weather", {"city": "Paris"}, "Sunny", with_output=True)
        if "code" in task:
            yield from self._call("python_interpreter", "1/0", None, error="division by zero")
        answer = f"You said {task}"
        yield from self._call("final_answer", {"answer": answer}, answer)
        yield FinalAnswerStep({"is": "structured"} if "fields" in task else answer)

    def _call(
        self, name: str, arguments: Any, result: str | None, *, error: str | None = None, with_output: bool = False
    ) -> Iterator[Any]:
        call = ToolCall(name, arguments, f"call_{len(self.memory.steps)}")
        yield call
        if with_output:
            yield ToolOutput(call.id, str(result))
        step = ActionStep(
            step_number=len(self.memory.steps),
            timing=Timing(1.0, 2.0),
            tool_calls=[call],
            model_output="calls",
            observations=result,
            error=error,
            token_usage=SimpleNamespace(input_tokens=3, output_tokens=2),
        )
        self.step_callbacks.callback(step)
        self.memory.steps.append(step)
        yield step


def _words(step: Any) -> str:
    calls = [each.name for each in step.tool_calls or ()]
    return f"{step.model_output} {calls} {step.observations}" if calls else str(step.model_output)


class CodeAgent(MultiStepAgent):
    """Keeps the variables of its code as well."""

    def __init__(self) -> None:
        super().__init__(streams=False)
        self.python_executor = self.create_python_executor()

    def create_python_executor(self) -> object:
        return object()

    def cleanup(self) -> None:
        CLEANED.append("executor")


for _kind in (MultiStepAgent, CodeAgent):
    _kind.__module__ = "smolagents.agents"

MODULES = {name: ModuleType(name) for name in ("smolagents", "smolagents.memory", "smolagents.monitoring", "PIL.Image")}
MODULES["smolagents.memory"].__dict__.update(TaskStep=TaskStep, ActionStep=ActionStep, ToolCall=ToolCall)
MODULES["smolagents.monitoring"].__dict__.update(Timing=Timing)
MODULES["PIL.Image"].__dict__.update(open=lambda data: data.read())

agent = MultiStepAgent(managed={"other": MultiStepAgent()})
code_agent = CodeAgent()
