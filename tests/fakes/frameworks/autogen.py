"""A stand-in for AutoGen: an assistant agent with a memory, and a team of them."""

from collections.abc import AsyncIterator, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import define

ASKED: list[list[tuple[str, Any]]] = []
"""Type and content of the messages in the memory of each run, then of its task."""


class CancellationToken:
    """Ends a run."""

    is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


@define
class TextMessage:
    content: Any
    source: str
    models_usage: Any = None


@define
class MultiModalMessage(TextMessage):
    """Texts and images."""


@define
class HandoffMessage(TextMessage):
    target: str = "other"


@define
class ModelClientStreamingChunkEvent(TextMessage):
    """A piece."""


@define
class ThoughtEvent(TextMessage):
    """What the model thinks."""


@define
class ToolCallRequestEvent(TextMessage):
    """Calls."""


@define
class ToolCallExecutionEvent(TextMessage):
    """Their results."""


@define
class UserInputRequestedEvent(TextMessage):
    """Of a UserProxyAgent."""


class TaskResult:
    """The last thing of a run."""


class Context:
    """An agent's memory."""

    def __init__(self, first: Sequence[Any] = ()) -> None:
        self._initial_messages = list(first)
        self.messages: list[Any] = list(first)

    async def load_state(self, state: Any) -> None:
        self.messages = list(state["messages"])

    async def save_state(self) -> Any:
        return {"messages": self.messages}


class BaseChatAgent:
    """Follows the words of the last message."""

    name = "helper"

    async def run_stream(self, *, task: list[Any], cancellation_token: CancellationToken) -> AsyncIterator[Any]:
        memory = getattr(self, "model_context", None) or Context()
        ASKED.append([*((each["type"], each["content"]) for each in memory.messages), *_said(task)])
        text = task[-1].content if isinstance(task[-1].content, str) else task[-1].content[0]
        yield task[-1]
        memory.messages.append({"type": "UserMessage", "content": text, "source": "user"})
        async for each in _answer(text, streams=getattr(self, "_model_client_stream", False)):
            yield each
        memory.messages.append({"type": "AssistantMessage", "content": f"You said {text}", "source": self.name})
        assert not cancellation_token.is_cancelled
        yield TaskResult()


def _said(task: list[Any]) -> list[tuple[str, Any]]:
    return [(type(each).__name__, each.content) for each in task]


async def _answer(text: str, *, streams: bool) -> AsyncIterator[Any]:
    usage = SimpleNamespace(prompt_tokens=3, completion_tokens=2)
    if "fail" in text:
        raise ValueError("no model")
    if "wait" in text:
        yield UserInputRequestedEvent("", "helper")
    if "weather" in text:
        yield ThoughtEvent("Hm.", "helper")
        call = SimpleNamespace(id="c1", name="weather", arguments='{"city": "Paris"}')
        yield ToolCallRequestEvent([call], "helper")
        yield ToolCallExecutionEvent([SimpleNamespace(call_id="c1", content="Sunny", is_error=False)], "helper")
    if "hand" in text:
        yield HandoffMessage("Take over.", "helper")
    for word in ("You ", "said ", text) if streams else ():
        yield ModelClientStreamingChunkEvent(word, "helper")
    yield TextMessage(f"You said {text}", "helper", usage)


class AssistantAgent(BaseChatAgent):
    """Remembers."""

    def __init__(self, first: Sequence[Any] = ()) -> None:
        self._model_context = Context(first)
        self._model_client_stream = False

    @property
    def model_context(self) -> Context:
        return self._model_context


class BaseGroupChat(BaseChatAgent):
    """Lets the last of its agents answer."""

    def __init__(self, *participants: Any) -> None:
        self._participants = participants

    async def run_stream(self, *, task: list[Any], cancellation_token: CancellationToken) -> AsyncIterator[Any]:
        async for each in self._participants[-1].run_stream(task=task, cancellation_token=cancellation_token):
            yield each


for each in (BaseChatAgent, AssistantAgent, BaseGroupChat):
    each.__module__ = "autogen_agentchat.agents"
MODULES = {name: ModuleType(name) for name in ("autogen_core", "autogen_agentchat", "autogen_agentchat.messages")}
MODULES["autogen_core"].__dict__.update(
    CancellationToken=CancellationToken, Image=SimpleNamespace(from_base64=lambda data: ("image", data))
)
MODULES["autogen_agentchat.messages"].__dict__.update(TextMessage=TextMessage, MultiModalMessage=MultiModalMessage)

agent = AssistantAgent([{"type": "SystemMessage", "content": "Be short."}])
team = BaseGroupChat(AssistantAgent())
other = BaseChatAgent()


def make_team() -> BaseGroupChat:
    return BaseGroupChat(AssistantAgent())


def make_other() -> BaseChatAgent:
    return BaseChatAgent()
