"""Stand-ins for frameworks that are run through bridges to AG-UI, and for the bridges."""

from collections.abc import AsyncIterator, Callable
from types import ModuleType, SimpleNamespace
from typing import Any

ASKED: list[dict[str, Any]] = []
USED: "list[_Bridge]" = []
"""The bridge of each turn."""
OUTPUT_TYPES: list[Any] = []
DEPS: list[Any] = []
CLOSED: "list[ADKAgent]" = []
"""Bridges of Google ADK whose sessions have ended."""


class DeferredToolRequests:
    """Calls that wait for approval."""


class AbstractAgent:
    """Of Pydantic AI."""

    def __init__(
        self, output_type: Any = str, output: Any = None, validators: Any = (), deps_type: Any = object
    ) -> None:
        self.output_type = output_type
        self.deps_type = deps_type
        self.output = output
        self._output_validators = validators


class BaseAgent:
    """Of Microsoft Agent Framework."""


class Agent:
    """Of Strands."""

    name = "helper"


class LlmAgent:
    """Of Google ADK."""

    name = "helper"


LlmAgent.__name__ = "BaseAgent"


class App:
    """Of Google ADK: what holds an agent."""


for each in (LlmAgent, App):
    each.__module__ = "google.adk.agents"
AbstractAgent.__module__ = "pydantic_ai.agent.abstract"
BaseAgent.__module__ = "agent_framework._agents"
Agent.__module__ = "strands.agent.agent"


async def _events(given: dict[str, Any], output: Any = None) -> AsyncIterator[dict[str, Any]]:
    ASKED.append(given)
    last = given["messages"][-1]
    said = last["content"] if isinstance(last["content"], str) else last["content"][0]["text"]
    yield {"type": "RUN_STARTED", "threadId": given["threadId"], "runId": given["runId"]}
    if "fail" in said and ("delete" not in said or "resume" in given):
        yield {"type": "RUN_ERROR", "message": "no model"}
        return
    if "delete" in said and "resume" not in given:
        waiting = {"id": "int-1", "reason": "tool_call", "message": "Delete it?", "toolCallId": "c1"}
        yield {"type": "RUN_FINISHED", "outcome": {"type": "interrupt", "interrupts": [waiting]}}
        return
    if "weather" in said:
        yield {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "weather"}
        yield {"type": "TOOL_CALL_ARGS", "toolCallId": "c1", "delta": '{"city": "Paris"}'}
        yield {"type": "TOOL_CALL_END", "toolCallId": "c1"}
        yield {"type": "TOOL_CALL_RESULT", "messageId": "r1", "toolCallId": "c1", "content": "Sunny"}
    if output is None:
        for word in ("You ", "said ", said):
            yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "role": "assistant", "delta": word}


class AGUIAdapter:
    """Of Pydantic AI."""

    def __init__(self, *, agent: AbstractAgent, run_input: dict[str, Any]) -> None:
        self._agent = agent
        self._given = run_input

    async def run_stream(
        self, *, deps: Any, output_type: Any, on_complete: Callable[[Any], AsyncIterator[Any]]
    ) -> AsyncIterator[Any]:
        OUTPUT_TYPES.append(output_type)
        DEPS.append(deps)
        output = self._agent.output
        async for event in _events(self._given, output):
            yield event
            if event["type"] in ("RUN_FINISHED", "RUN_ERROR"):
                return
        usage = SimpleNamespace(input_tokens=3, output_tokens=2)
        async for event in on_complete(SimpleNamespace(output="text" if output is None else output, usage=usage)):
            yield event
        yield {"type": "RUN_FINISHED"}


class _Bridge:
    def __init__(self, *, agent: Any, name: str = "") -> None:
        """Each turn makes one, or uses one that was made before."""

    async def run(self, given: dict[str, Any]) -> AsyncIterator[Any]:
        USED.append(self)
        async for event in _events(given):
            yield event
        yield {"type": "RUN_FINISHED"}


class ADKAgent(_Bridge):
    """Keeps a session."""

    def __init__(self, *, adk_agent: Any, app_name: str, **_options: Any) -> None:
        super().__init__(agent=adk_agent, name=app_name)

    @classmethod
    def from_app(cls, app: App, **options: Any) -> "ADKAgent":
        return cls(adk_agent=app, app_name="app", **options)

    async def run(self, given: dict[str, Any]) -> AsyncIterator[Any]:
        async for event in super().run(given):
            if event["type"] == "RUN_FINISHED":
                yield _Model({"type": "STATE_SNAPSHOT", "snapshot": {"mood": "good", "_ag_ui_user_id": "u"}})
            for each in event.get("outcome", {}).get("interrupts", ()):
                each["metadata"] = {"adk": {"originalFunctionCall": {"name": "delete", "args": {"city": "Paris"}}}}
                asks = {"toolCallId": "a1", "toolCallName": "adk_request_confirmation"}
                yield _Model({"type": "TOOL_CALL_START", **asks})
                yield _Model({"type": "TOOL_CALL_END", "toolCallId": "a1"})
            yield _Model(event)

    async def close(self) -> None:
        CLOSED.append(self)


class _Model:
    """An event of the protocol's package."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content

    def model_dump(self, **_options: Any) -> dict[str, Any]:
        return self._content


def _chunk(*, message_id: str, role: str, delta: str) -> dict[str, Any]:
    return {"type": "TEXT_MESSAGE_CHUNK", "messageId": message_id, "role": role, "delta": delta}


_NAMES = (
    "ag_ui",
    "ag_ui.core",
    "pydantic_ai",
    "pydantic_ai.ui.ag_ui",
    "agent_framework_ag_ui",
    "ag_ui_strands",
    "ag_ui_adk",
    "google.adk.sessions",
)
MODULES = {name: ModuleType(name) for name in _NAMES}
MODULES["ag_ui.core"].__dict__.update(RunAgentInput=SimpleNamespace(model_validate=dict), TextMessageChunkEvent=_chunk)
MODULES["pydantic_ai"].__dict__.update(DeferredToolRequests=DeferredToolRequests)
MODULES["pydantic_ai.ui.ag_ui"].__dict__.update(AGUIAdapter=AGUIAdapter)
MODULES["agent_framework_ag_ui"].__dict__.update(AgentFrameworkAgent=_Bridge)
MODULES["ag_ui_strands"].__dict__.update(StrandsAgent=_Bridge)

MODULES["ag_ui_adk"].__dict__.update(ADKAgent=ADKAgent)
MODULES["google.adk.sessions"].__dict__.update(InMemorySessionService=SimpleNamespace)

adk = LlmAgent()
adk_app = App()
pydantic_ai = AbstractAgent()
structured = AbstractAgent(output_type=[dict, DeferredToolRequests], output={"city": "Paris"})
validated = AbstractAgent(validators=["one"])
needs_deps = AbstractAgent(deps_type=dict)
agent_framework = BaseAgent()
strands = Agent()


def make_agent() -> AbstractAgent:
    """An agent for each turn."""
    return AbstractAgent()


def make_with_deps(context: Any) -> tuple[AbstractAgent, dict[str, str]]:
    """An agent with what it needs for each turn."""
    return needs_deps, {"thread": context.thread_id}


def make_strands_with_deps() -> tuple[Agent, int]:
    """One that takes nothing."""
    return strands, 1
