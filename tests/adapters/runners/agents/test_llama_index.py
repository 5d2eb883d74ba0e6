"""Agents and chat engines of LlamaIndex."""

import pytest

from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import llama_index as framework
from tests.fakes.sink import FakeSink


def talk(name: str = "agent", **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.llama_index:{name}", **settings)


def asked() -> list[tuple[str, str]]:
    return [(each.role, each.content) for each in framework.ASKED[-1]]


@pytest.mark.parametrize("name", ["agent", "engine"])
async def test_text_streams_and_the_next_message_remembers(name: str) -> None:
    """With the messages of the thread."""
    thread = talk(name)
    assert await thread.say("Hello") == "You said Hello"
    assert thread.pieces == ["You ", "said ", "Hello"]
    await thread.say("And?")
    assert asked() == [("user", "Hello"), ("assistant", "You said Hello"), ("user", "And?")]


async def test_visitors_share_nothing_that_an_engine_keeps() -> None:
    """Each turn has a copy with a memory of its own."""
    one = talk("engine")
    await one.say("my PIN is 4711")
    await one.beside("thr_2").say("Hi")
    assert asked() == [("user", "Hi")]
    assert framework.engine._memory.messages == []


async def test_stop_reaches_what_reads_the_model_for_an_engine() -> None:
    """Its generator would wait for that to the end."""
    run = talk("engine").run("hang")
    async for _event in FakeSink().said(run):
        run.stop()
    assert framework.LEFT == [True]


async def test_tool_calls_thoughts_and_hand_offs_are_steps() -> None:
    """Usage is counted."""
    thread = talk(steps="details")
    assert await thread.say("weather, expert") == "You said weather, expert Indeed."
    assert ("Weather", "city: Paris → Sunny", "complete") in thread.steps
    assert ("", "Hm.", "loading") in thread.steps
    assert thread.steps[-1] == ("→ Expert", "", "complete")
    assert thread.usage == (3, 2)


async def test_of_an_agent_that_thinks_aloud_the_end_is_the_answer() -> None:
    """Structured output is text that people read."""
    assert await talk("react").say("Hello") == "Whole: Hello"
    assert await talk("structured").say("Hello") == "city: Paris"


async def test_files_are_blocks_of_the_message_and_texts_of_an_engine() -> None:
    """An engine reads no others, and the visitor reads so."""
    files = [
        file("a.png", "image/png", b"p"),
        file("a.txt", "text/plain", b"t"),
        file("a.pdf", "application/pdf", b"d"),
    ]
    await talk().say("", files=files)
    assert framework.ASKED[-1][-1].blocks == [
        framework.ImageBlock(b"p", "image/png"),
        framework.TextBlock("a.txt:\n\nt"),
        framework.DocumentBlock(b"d", "a.pdf", "application/pdf"),
    ]
    thread = talk("engine")
    assert await thread.say("Look", files=files) == "You said Look\n\na.txt:\n\nt"
    assert thread.notices == ["This workflow cannot read attachments of this kind: a.png, a.pdf."]


async def test_an_error_is_the_owners_and_the_run_is_cancelled() -> None:
    """Its own words."""
    with pytest.raises(RunFailed, match="LookupError: fail"):
        await talk().say("fail")
    assert framework.CANCELLED == ["fail"]
