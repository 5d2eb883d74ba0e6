"""A stand-in for Agno: an agent that streams its events."""

from collections.abc import AsyncIterator
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import define

ASKED: list[list[Any]] = []


@define
class Message:
    role: str
    content: str
    images: Any = None
    audio: Any = None
    files: Any = None


@define
class Media:
    content: bytes
    mime_type: str
    filename: str | None = None


MODULES = {name: ModuleType(name) for name in ("agno", "agno.media", "agno.models", "agno.models.message")}
MODULES["agno.media"].__dict__.update(Image=Media, Audio=Media, File=Media)
MODULES["agno.models.message"].__dict__.update(Message=Message)
CALL = SimpleNamespace(
    tool_call_id="c1", tool_name="weather", tool_args={"city": "Paris"}, result="Sunny", tool_call_error=False
)


def _event(event: str, **more: Any) -> Any:
    return SimpleNamespace(event=event, **more)


class Agent:
    """Follows the words of the last message."""

    def __init__(self, *, db: Any = None, prefix: str = "") -> None:
        self.db = db
        self.add_history_to_context = db is not None
        self.prefix = prefix

    async def arun(
        self, *, input: list[Message], stream: bool, stream_events: bool, session_id: str, user_id: str
    ) -> AsyncIterator[Any]:
        assert stream
        assert stream_events
        assert session_id
        assert user_id
        ASKED.append(input)
        text = input[-1].content
        yield _event(f"{self.prefix}RunStarted")
        if "fail" in text:
            yield _event(f"{self.prefix}RunError", content="no model")
        if "confirm" in text:
            yield _event(f"{self.prefix}RunPaused")
        if "weather" in text:
            yield _event(f"{self.prefix}ReasoningContentDelta", reasoning_content="Hm.")
            yield _event(f"{self.prefix}ToolCallStarted", tool=CALL)
            yield _event(f"{self.prefix}ToolCallCompleted", tool=CALL)
        for word in ("You ", "said ", text):
            yield _event(f"{self.prefix}RunContent", content=word, reasoning_content=None)
        yield _event(f"{self.prefix}RunCompleted", metrics=SimpleNamespace(input_tokens=3, output_tokens=2))


class Team(Agent):
    """Says the same in a team's events."""


Agent.__module__ = "agno.agent.agent"
Team.__module__ = "agno.team.team"
agent = Agent()
team = Team(prefix="Team")
with_database = Agent(db=object())
