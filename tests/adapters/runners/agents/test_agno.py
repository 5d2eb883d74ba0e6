"""Agents and teams of Agno."""

import pytest

from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import agno as framework


def talk(name: str = "agent", **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.agno:{name}", **settings)


def asked() -> list[tuple[str, str]]:
    return [(each.role, each.content) for each in framework.ASKED[-1]]


@pytest.mark.parametrize("name", ["agent", "team"])
async def test_text_streams_and_the_next_message_remembers(name: str) -> None:
    """Usage is counted."""
    thread = talk(name)
    assert await thread.say("Hello") == "You said Hello"
    assert thread.pieces == ["You ", "said ", "Hello"]
    assert thread.usage == (3, 2)
    await thread.say("And?")
    assert asked() == [("user", "Hello"), ("assistant", "You said Hello"), ("user", "And?")]


async def test_an_agent_with_a_memory_of_its_own_is_not_told_twice() -> None:
    """It finds the thread's messages in its database, by the thread's id."""
    thread = talk("with_database")
    await thread.say("Hello")
    await thread.say("And?")
    assert asked() == [("user", "And?")]


async def test_tool_calls_and_thoughts_are_steps() -> None:
    """With arguments and results where the owner shows them."""
    thread = talk(steps="details")
    await thread.say("weather?")
    assert thread.steps[0] == ("", "Hm.", "loading")
    assert thread.steps[-1] == ("Weather", "city: Paris → Sunny", "complete")


async def test_files_are_media_of_the_message() -> None:
    """Texts are part of the text."""
    files = [
        file("a.png", "image/png", b"p"),
        file("a.mp3", "audio/mpeg", b"m"),
        file("a.pdf", "application/pdf", b"d"),
    ]
    await talk().say("Look", files=[*files, file("a.txt", "text/plain", b"t")])
    message = framework.ASKED[-1][-1]
    assert message.content == "Look\n\na.txt:\n\nt"
    assert message.images == [framework.Media(b"p", "image/png")]
    assert message.audio == [framework.Media(b"m", "audio/mpeg")]
    assert message.files == [framework.Media(b"d", "application/pdf", "a.pdf")]


@pytest.mark.parametrize(("text", "reason"), [("fail", "Agno says: no model"), ("confirm", "waits for a confirmation")])
async def test_what_ends_a_run_is_the_owners(text: str, reason: str) -> None:
    """The next message works."""
    thread = talk()
    with pytest.raises(RunFailed, match=reason):
        await thread.say(text)
    assert await thread.say("Hi") == "You said Hi"
