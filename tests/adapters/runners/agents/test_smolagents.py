"""Agents of smolagents, which keep the conversation in themselves."""

import asyncio

import pytest

from orcheo_core.domain.run import PastMessage
from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import smolagents as framework
from tests.fakes.sink import FakeSink


def talk(name: str = "agent", **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.smolagents:{name}", **settings)


async def test_the_final_answer_is_the_text_and_what_comes_before_are_thoughts() -> None:
    """Usage is counted; the next message finds what was said."""
    thread = talk()
    assert await thread.say("Hello") == "You said Hello"
    assert thread.steps[-1] == ("", "Hm.", "complete")
    assert thread.usage == (3, 2)
    await thread.say("And?")
    assert framework.ASKED[-1] == ["Hello", "You said Hello", "And?"]


async def test_visitors_share_nothing_that_the_agent_keeps() -> None:
    """The agent of the module stays as it was written; its owner's callbacks are still called."""
    one = talk()
    other = one.beside("thr_2")
    await asyncio.gather(one.say("my PIN is 4711"), other.say("Hi"))
    await other.say("And?")
    assert framework.ASKED[-1] == ["Hi", "You said Hi", "And?"]
    assert framework.agent.memory.steps == []
    assert framework.agent.monitor.steps == 0
    assert not framework.agent.logger.console.is_quiet
    assert len(framework.agent.seen) >= 3


async def test_tool_calls_are_steps_and_are_remembered() -> None:
    """The call of the tool for the answer is neither."""
    thread = talk(steps="details", reasoning="hide")
    await thread.say("weather?")
    assert thread.steps == [
        ("Weather", "city: Paris", "loading"),
        ("Weather", "city: Paris → Sunny", "complete"),
    ]
    await thread.say("And?")
    assert framework.ASKED[-1] == [
        "weather?",
        "calls ['weather'] Sunny",
        "calls ['final_answer'] You said weather?",
        "And?",
    ]


async def test_code_that_fails_is_a_step_that_is_not_complete() -> None:
    """Each turn has an executor of its own, which is cleaned up."""
    thread = talk("code_agent", steps="details", reasoning="hide")
    await thread.say("code")
    assert thread.steps == [
        ("Python interpreter", "1/0", "loading"),
        ("Python interpreter", "1/0 → division by zero", "none"),
    ]
    assert framework.CLEANED == ["executor"]


async def test_plans_are_thoughts_and_structured_answers_are_text() -> None:
    """Both as people read them."""
    thread = talk()
    assert await thread.say("plan fields") == "is: structured"
    assert thread.steps[-1] == ("", "Hm.First this.", "complete")


async def test_pictures_are_images_of_the_task_and_texts_are_part_of_it() -> None:
    """Other files are not read, and the visitor reads so."""
    thread = talk()
    files = [
        file("a.png", "image/png", b"p"),
        file("a.txt", "text/plain", b"t"),
        file("a.pdf", "application/pdf", b"d"),
    ]
    await thread.say("Look", files=files)
    assert framework.ASKED[-1] == ["Look\n\na.txt:\n\nt"]
    assert thread.notices == ["This workflow cannot read attachments of this kind: a.pdf."]


async def test_an_error_is_the_owners_and_the_next_message_works() -> None:
    """The run's own error, not one of closing it."""
    thread = talk()
    with pytest.raises(RunFailed, match="LookupError: fail"):
        await thread.say("fail")
    assert await thread.say("Hi") == "You said Hi"


async def test_stop_leaves_nothing_behind() -> None:
    """The agent's generator is closed, whatever it yields then."""
    run = talk("code_agent").run("Hello")
    async for _event in FakeSink().said(run):
        run.stop()
    thread = talk("code_agent")
    thread.history.append(PastMessage(said_by="workflow", text="said before any message"))
    assert await thread.say("Hi") == "You said Hi"
