"""A stand-in for LlamaIndex: agents with handlers, and a chat engine that keeps the conversation in itself."""

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import define, field

ASKED: list[list[Any]] = []
CANCELLED: list[str] = []
LEFT: list[bool] = []


@define
class ChatMessage:
    role: str
    content: str = ""
    blocks: list[Any] = field(factory=list)


@define
class TextBlock:
    text: str


@define
class ImageBlock:
    image: bytes
    image_mimetype: str


@define
class DocumentBlock:
    data: bytes
    title: str
    document_mimetype: str


@define
class AgentStream:
    delta: str
    current_agent_name: str = "Agent"
    thinking_delta: str | None = None


@define
class ToolCall:
    tool_id: str = "c1"
    tool_name: str = "weather"
    tool_kwargs: dict[str, str] = field(factory=lambda: {"city": "Paris"})


@define
class ToolCallResult(ToolCall):
    tool_output: Any = field(factory=lambda: SimpleNamespace(content="Sunny", is_error=False))


@define
class AgentOutput:
    response: str
    structured_response: Any = None
    raw: Any = field(factory=lambda: {"usage": {"prompt_tokens": 3, "completion_tokens": 2}})

    def __str__(self) -> str:
        return self.response


MODULE = ModuleType("llama_index.core.llms")
MODULES = {MODULE.__name__: MODULE}
MODULE.__dict__.update(ChatMessage=ChatMessage, TextBlock=TextBlock, ImageBlock=ImageBlock, DocumentBlock=DocumentBlock)


class Handler:
    """One run."""

    def __init__(self, agent: "BaseWorkflowAgent", text: str) -> None:
        self._agent = agent
        self._text = text
        self._is_done = False

    async def stream_events(self) -> AsyncIterator[Any]:
        text = self._text
        if "fail" in text:
            raise LookupError(text)
        if "weather" in text:
            yield AgentStream("", thinking_delta="Hm.")
            yield ToolCall()
            yield ToolCallResult()
        for word in ("You ", "said ", text):
            yield AgentStream(word)
        if "expert" in text:
            yield AgentStream(" Indeed.", current_agent_name="Expert")
        yield AgentOutput(f"Whole: {text}")
        self._is_done = True

    def done(self) -> bool:
        return self._is_done

    async def cancel_run(self) -> None:
        CANCELLED.append(self._text)

    def __await__(self) -> Any:
        async def output() -> AgentOutput:
            return AgentOutput(f"Whole: {self._text}", structured_response=self._agent.structured)

        return output().__await__()


class BaseWorkflowAgent:
    """An agent, or several."""

    def __init__(self, structured: Any = None) -> None:
        self.structured = structured
        self.agents: dict[str, Any] = {}

    def run(self, *, user_msg: ChatMessage, chat_history: list[ChatMessage]) -> Handler:
        ASKED.append([*chat_history, user_msg])
        return Handler(self, user_msg.content or "files")


class ReActAgent(BaseWorkflowAgent):
    """Streams its thoughts as text."""


class Memory:
    """Of a chat engine."""

    def __init__(self) -> None:
        self.messages: list[ChatMessage] = []

    @classmethod
    def from_defaults(cls) -> "Memory":
        return cls()


class Response:
    """One answer of an engine: a task reads the model, and the generator waits for it in the end."""

    def __init__(self, text: str) -> None:
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self.awrite_response_to_history_task = asyncio.ensure_future(self._write(text))

    async def _write(self, text: str) -> None:
        for word in ("You ", "said ", text):
            self._pieces.put_nowait(word)
        if "hang" in text:
            try:
                await asyncio.Event().wait()
            finally:
                LEFT.append(True)
        self._pieces.put_nowait(None)

    async def async_response_gen(self) -> AsyncIterator[str]:
        try:
            while (piece := await self._pieces.get()) is not None:
                yield piece
        finally:
            await self.awrite_response_to_history_task


class BaseChatEngine:
    """Keeps the conversation in itself."""

    def __init__(self) -> None:
        self._memory = Memory()

    async def astream_chat(self, text: str, *, chat_history: list[ChatMessage]) -> Response:
        self._memory.messages += [*chat_history, ChatMessage("user", text)]
        ASKED.append(list(self._memory.messages))
        return Response(text)


BaseWorkflowAgent.__module__ = "llama_index.core.agent.workflow.base_agent"
BaseChatEngine.__module__ = "llama_index.core.chat_engine.types"
agent = BaseWorkflowAgent()
react = ReActAgent()
structured = ReActAgent({"city": "Paris"})
engine = BaseChatEngine()
