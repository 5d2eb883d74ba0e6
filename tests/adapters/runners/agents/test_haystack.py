"""Agents and chat generators of Haystack."""

import pytest

from orcheo_core.domain.run import CutShort
from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import haystack as framework


def talk(name: str = "agent", **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.haystack:{name}", **settings)


async def test_text_streams_and_the_next_message_remembers() -> None:
    """With the messages of the thread; usage is counted."""
    thread = talk()
    assert await thread.say("Hello") == "You said Hello"
    assert thread.pieces == ["You ", "said ", "Hello"]
    assert thread.usage == (3, 2)
    await thread.say("And?")
    assert framework.ASKED[-1] == [("user", "Hello"), ("assistant", "You said Hello"), ("user", "And?")]


async def test_tool_calls_are_steps_and_are_remembered() -> None:
    """Once, although they are streamed and in the result; what the messages are about is kept, not their metadata."""
    thread = talk(steps="details", reasoning="hide")
    await thread.say("weather?")
    assert thread.steps == [
        ("Weather", "", "loading"),
        ("Weather", "city: Paris", "loading"),
        ("Weather", "city: Paris → Sunny", "complete"),
    ]
    await thread.say("And?")
    assert [each[0] for each in framework.ASKED[-1]] == ["user", "assistant", "tool", "assistant", "user"]
    assert "long" not in str(thread.history)


async def test_thoughts_are_a_note_and_a_cut_answer_is_told() -> None:
    """As with the other runners."""
    thread = talk()
    await thread.say("long weather?")
    assert thread.steps[0] == ("", "Hm.", "loading")
    assert any(isinstance(each, CutShort) for each in thread.events)


async def test_a_generator_without_an_async_face_runs_in_a_thread() -> None:
    """What it gives at once is said, and what it streams is said once; it is no agent, so nothing is kept."""
    thread = talk("generator", steps="details")
    assert await thread.say("Hello") == "Answered."
    assert thread.steps[-1] == ("Weather", "city: Paris → a part", "none")
    assert await thread.say("stream") == "Streamed."


async def test_files_are_content_parts() -> None:
    """Images and files with their bytes, texts as text; a message may be files alone."""
    thread = talk()
    files = [
        file("a.txt", "text/plain", b"t"),
        file("a.png", "image/png", b"p"),
        file("a.pdf", "application/pdf", b"d"),
    ]
    await thread.say("", files=files)
    assert framework.ASKED[-1][-1] == (
        "user",
        "a.txt:\n\nt",
        {"base64_image": "cA==", "mime_type": "image/png", "validation": False},
        {"base64_data": "ZA==", "mime_type": "application/pdf", "filename": "a.pdf", "validation": False},
    )


async def test_an_error_is_the_owners() -> None:
    """With its own words."""
    with pytest.raises(RunFailed, match="LookupError: fail"):
        await talk().say("fail")
