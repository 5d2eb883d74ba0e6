"""A stand-in for Haystack: an agent with callbacks, and a chat generator that is sync only."""

from collections.abc import Awaitable, Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import asdict, define, field

ASKED: list[list[Any]] = []
MODULE = ModuleType("haystack.dataclasses")
MODULES = {MODULE.__name__: MODULE}


@define
class ChatMessage:
    role: str
    parts: list[Any]
    meta: dict[str, Any] = field(factory=dict)
    tool_calls: list[Any] = field(factory=list)
    tool_call_results: list[Any] = field(factory=list)

    @classmethod
    def from_user(cls, text: str | None = None, *, content_parts: list[Any] | None = None) -> "ChatMessage":
        return cls("user", content_parts or [text])

    @classmethod
    def from_assistant(cls, text: str) -> "ChatMessage":
        return cls("assistant", [text])

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ChatMessage":
        return cls(data["role"], data["parts"])

    def to_dict(self) -> dict[str, Any]:
        return {"role": self.role, "parts": self.parts, "meta": {"long": "x"}}

    @property
    def text(self) -> str:
        return str(self.parts[0])


@define
class ImageContent:
    base64_image: str
    mime_type: str
    validation: bool


@define
class FileContent:
    base64_data: str
    mime_type: str
    filename: str
    validation: bool


MODULE.__dict__.update(ChatMessage=ChatMessage, ImageContent=ImageContent, FileContent=FileContent)
PARTS = (ImageContent, FileContent)


def _chunk(content: str = "", **more: Any) -> Any:
    parts: dict[str, Any] = {"reasoning": None, "tool_calls": None, "tool_call_result": None, "finish_reason": None}
    return SimpleNamespace(content=content, **(parts | more))


def shown(messages: list[ChatMessage]) -> list[Any]:
    """Roles and contents."""
    return [
        (each.role, *(asdict(part) if isinstance(part, PARTS) else part for part in each.parts)) for each in messages
    ]


CALL = SimpleNamespace(id="c1", tool_name="weather", arguments={"city": "Paris"})


class Agent:
    """Calls its tool for the weather, and answers."""

    async def run_async(self, messages: list[Any], streaming_callback: Callable[[Any], Awaitable[None]]) -> Any:
        ASKED.append(shown(messages))
        text = messages[-1].text
        new: list[ChatMessage] = []
        if "fail" in text:
            raise LookupError(text)
        if "weather" in text:
            await streaming_callback(_chunk(reasoning=SimpleNamespace(reasoning_text="Hm.")))
            delta = [SimpleNamespace(id="c1", tool_name="weather"), SimpleNamespace(id=None, tool_name=None)]
            await streaming_callback(_chunk(tool_calls=delta, finish_reason="tool_calls"))
            result = SimpleNamespace(origin=CALL, result="Sunny", error=False)
            await streaming_callback(_chunk(tool_call_result=result))
            new.append(ChatMessage("assistant", [""], tool_calls=[CALL]))
            new.append(ChatMessage("tool", ["Sunny"], tool_call_results=[result]))
        for word in ("You ", "said ", text):
            await streaming_callback(_chunk(word))
        await streaming_callback(_chunk(finish_reason="length" if "long" in text else "stop"))
        usage = {"prompt_tokens": 3, "completion_tokens": 2}
        new.append(ChatMessage("assistant", [f"You said {text}"], meta={"usage": usage}))
        return {"messages": [*messages, *new]}


class OpenAIChatGenerator:
    """Answers at once, and calls nothing."""

    def run(self, messages: list[Any], streaming_callback: Callable[[Any], None]) -> Any:
        ASKED.append(shown(messages))
        if "stream" in messages[-1].text:
            streaming_callback(_chunk("Streamed."))
        result = SimpleNamespace(origin=CALL, result=[SimpleNamespace(text="a part")], error=True)
        return {"replies": [ChatMessage("assistant", ["Answered."], tool_call_results=[result])]}


Agent.__module__ = "haystack.components.agents.agent"
OpenAIChatGenerator.__module__ = "haystack.components.generators.chat.openai"
agent = Agent()
generator = OpenAIChatGenerator()
