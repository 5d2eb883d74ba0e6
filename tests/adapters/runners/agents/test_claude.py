"""Agents of the Claude Agent SDK."""

import pytest

from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import claude as framework


def talk(name: str = "options", **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.claude:{name}", **settings)


@pytest.mark.parametrize("name", ["options", "client"])
async def test_text_streams_and_the_next_message_continues_the_session(name: str) -> None:
    """Each thread has its own."""
    thread = talk(name)
    assert await thread.say("Hello") == "You said Hello"
    assert thread.pieces == ["You ", "said ", "Hello"]
    assert thread.usage == (3, 2)
    await thread.say("And?")
    await thread.beside("thr_2").say("Who?")
    assert [session for session, _ in framework.ASKED] == [None, "session-1", None]
    assert framework.ASKED[1][1] == [{"type": "text", "text": "And?"}]


async def test_a_session_that_is_gone_is_begun_again_with_the_messages() -> None:
    """As on another machine; the next message continues the new one."""
    thread = talk()
    await thread.say("Hello")
    framework.FORGOTTEN.add("session-1")
    assert await thread.say("And?") == "You said And?"
    assert "User: Hello\n\nAssistant: You said Hello" in framework.ASKED[-1][1][0]["text"]
    await thread.say("More")
    assert framework.ASKED[-1][0] == "session-3"


async def test_tool_calls_and_thoughts_are_steps() -> None:
    """What sub-agents say is not shown."""
    thread = talk(steps="details")
    assert await thread.say("weather?") == "You said weather?"
    assert thread.steps[0] == ("", "Hm.", "loading")
    assert thread.steps[-1] == ("Weather", "city: Paris → Sunny", "complete")


@pytest.mark.parametrize(("text", "answer"), [("whole", "You said whole"), ("structured", "city: Paris")])
async def test_what_does_not_stream_is_shown_once(text: str, answer: str) -> None:
    """Whole messages, and structured output."""
    assert await talk().say(text) == answer


async def test_files_are_parts_of_the_message() -> None:
    """Texts are part of the text."""
    files = [file("a.png", "image/png", b"p"), file("a.pdf", "application/pdf", b"d"), file("a", "text/plain", b"t")]
    await talk().say("Look", files=files)
    text, picture, document = framework.ASKED[-1][1]
    assert text["text"] == "Look\n\na:\n\nt"
    assert (picture["type"], picture["source"]["data"]) == ("image", "cA==")
    assert (document["type"], document["source"]["media_type"]) == ("document", "application/pdf")


async def test_an_error_is_the_owners_and_the_next_message_works() -> None:
    """With what Claude says of it."""
    thread = talk()
    with pytest.raises(RunFailed, match="Claude says: no model"):
        await thread.say("fail")
    assert await thread.say("Hi") == "You said Hi"
