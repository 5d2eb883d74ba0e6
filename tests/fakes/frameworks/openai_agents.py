"""A stand-in for openai-agents: an agent that follows a script, and the runner that streams it."""

from collections.abc import AsyncIterator
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import define, field

MODULE = ModuleType("agents")
MODULES = {MODULE.__name__: MODULE}
ASKED: list[list[dict[str, Any]]] = []
"""What each call of the model was given."""
CANCELLED: list[str] = []
CONTEXTS: list[Any] = []
"""What tools get."""


@define(eq=False)
class Agent:
    """Answers what its model would; a message decides what happens."""

    name: str = "Helper"
    output_type: Any = None
    handoffs: list[Any] = field(factory=list)


Agent.__module__ = "agents.agent"


class Custom(Agent):
    """A class of the owner's own."""


def _raw(kind: str, **more: Any) -> Any:
    return SimpleNamespace(type="raw_response_event", data=SimpleNamespace(type=kind, **more))


def _item(name: str, raw: dict[str, Any], **more: Any) -> Any:
    return SimpleNamespace(
        type="run_item_stream_event", name=name, item=SimpleNamespace(raw_item=raw, agent=None, **more)
    )


class Interruption:
    """A call that waits for approval."""

    def __init__(self, call_id: str) -> None:
        self.raw_item = {"type": "function_call", "call_id": call_id, "name": "delete_file"}
        self.name = "delete_file"
        self.arguments = '{"path": "a.txt"}'


class RunState:
    """What waits for approvals."""

    def __init__(self, given: list[dict[str, Any]], calls: list[str]) -> None:
        self.given = given
        self.waiting = [Interruption(each) for each in calls]
        self.decisions: list[str] = []

    def to_json(self, *, context_serializer: Any) -> dict[str, Any]:
        assert context_serializer(object()) == {}
        return {"given": self.given, "calls": [each.raw_item["call_id"] for each in self.waiting]}

    @classmethod
    async def from_json(cls, agent: Agent, state: dict[str, Any], *, context_override: Any) -> "RunState":
        if agent.name == "Changed":
            message = "no such agent"
            raise KeyError(message)
        assert context_override.thread_id
        return cls(state["given"], state["calls"])

    def get_interruptions(self) -> list[Interruption]:
        return self.waiting

    def approve(self, _call: Interruption) -> None:
        self.decisions.append("approved")

    def reject(self, _call: Interruption, *, rejection_message: str) -> None:
        self.decisions.append(rejection_message)


class Result:
    """One streamed run."""

    def __init__(self, agent: Agent, given: Any) -> None:
        self.state = given if isinstance(given, RunState) else None
        self.given: list[dict[str, Any]] = given.given if isinstance(given, RunState) else given
        self.last_agent = agent
        self.interruptions: list[Interruption] = []
        self.final_output: Any = None
        self.new: list[dict[str, Any]] = []

    def cancel(self) -> None:
        CANCELLED.append(self.last_agent.name)

    def to_state(self) -> RunState:
        return RunState(self.given, [each.raw_item["call_id"] for each in self.interruptions])

    def to_input_list(self) -> list[dict[str, Any]]:
        return [*self.given, *self.new]

    async def stream_events(self) -> AsyncIterator[Any]:
        ASKED.append(self.given)
        text = str(self.given[-1]["content"])
        if self.state is not None:
            answer = f"Decided: {', '.join(self.state.decisions)}"
            self.new.append({"type": "function_call_output", "call_id": "c1", "output": "done"})
        elif "fail" in text:
            raise LookupError(text)
        elif "delete" in text:
            call = Interruption("c1")
            yield _item("tool_called", {**call.raw_item, "arguments": call.arguments})
            self.interruptions.append(call)
            return
        else:
            async for event in self._tools(text):
                yield event
            answer = f"{self.last_agent.name}: {text}"
        yield _raw("response.reasoning_summary_text.delta", delta="Hm.")
        for word in answer.split(" "):
            yield _raw("response.output_text.delta", delta=f"{word} ")
        yield _item("message_output_created", {"type": "message"})
        if "twice" in text:
            yield _raw("response.output_text.delta", delta="Again.")
        usage = SimpleNamespace(input_tokens=3, output_tokens=2)
        yield _raw("response.completed", response=SimpleNamespace(usage=usage))
        self.final_output = self.last_agent.output_type or answer
        self.new.append({"role": "assistant", "content": answer})

    async def _tools(self, text: str) -> AsyncIterator[Any]:
        if "weather" in text:
            raw = {"type": "function_call", "call_id": "c2", "name": "get_weather", "arguments": '{"city": "Paris"}'}
            yield _item("tool_called", raw)
            yield _item("tool_output", {"call_id": "c2"}, output="Sunny")
            self.new += [raw, {"type": "function_call_output", "call_id": "c2", "output": "Sunny"}]
        if "expert" in text and self.last_agent.handoffs:
            handoff = self.last_agent.handoffs[0]
            self.last_agent = handoff if isinstance(handoff, Agent) else handoff._agent_ref()
            yield SimpleNamespace(type="agent_updated_stream_event", new_agent=self.last_agent)
            yield _item("handoff_occured", {"call_id": "c3"}, target_agent=self.last_agent)
            self.new.append({"type": "function_call", "call_id": "c3", "name": "transfer"})


class Runner:
    """Begins runs."""

    @staticmethod
    def run_streamed(agent: Agent, given: Any, *, context: Any) -> Result:
        CONTEXTS.append(context)
        return Result(agent, given)


MODULE.Runner = Runner  # type: ignore[attr-defined]  # the module is made here
MODULE.RunState = RunState  # type: ignore[attr-defined]  # the module is made here


class _Handoff:
    """What the SDK's ``handoff(…)`` gives: the agent behind a weak reference."""

    def __init__(self, agent: Agent) -> None:
        self._agent_ref = lambda: agent


helper = Agent()
own = Custom(name="Own")
expert = Agent(name="Expert", handoffs=[])
triage = Agent(name="Triage", handoffs=[expert])
expert.handoffs.append(triage)
wrapped = Agent(name="Triage", handoffs=[_Handoff(expert)])
structured = Agent(output_type={"city": "Paris", "days": ["Monday", "Tuesday"]})
changed = Agent(name="Changed")


def make_agent() -> Agent:
    """A new agent for each turn."""
    return Agent(name="Made")


def make_nothing() -> int:
    """No agent."""
    return 7


def make_none() -> None:
    """The trial run of a quick start, which makes no agent."""


def make_with_context() -> tuple[Agent, dict[str, str]]:
    """An agent with a context of its owner's."""
    return helper, {"customer": "Ada"}
