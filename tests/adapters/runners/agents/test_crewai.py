"""Agents and crews of CrewAI."""

import pytest

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import crewai as framework


def talk(name: str = "agent", **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.crewai:{name}", **settings)


async def test_text_streams_and_the_next_message_remembers() -> None:
    """Nothing is printed, and CrewAI's own memory is not asked, as all visitors would share it."""
    thread = talk()
    assert await thread.say("Hello you") == "You said Hello you"
    assert len(thread.pieces) > 1
    assert thread.usage == (3, 2)
    assert framework.SUPPRESSED == [True]
    await thread.say("And?")
    assert framework.ASKED[-1] == [("user", "Hello you"), ("assistant", "You said Hello you"), ("user", "And?")]
    assert framework.agent.memory is not None


async def test_a_crew_gets_the_message_and_the_history_where_its_tasks_have_a_place() -> None:
    """What tasks before the last one say is a thought."""
    thread = talk("crew")
    assert await thread.say("Hello") == "You said Hello"
    assert thread.steps[0] == ("", "A", "loading")
    await thread.say("And?")
    assert framework.ASKED[-1] == {"input": "And?", "history": "user: Hello\nassistant: You said Hello"}


async def test_tool_calls_and_thoughts_are_steps() -> None:
    """One that failed too."""
    thread = talk(steps="details")
    await thread.say("weather?")
    assert thread.steps[0] == ("", "Hm.", "loading")
    assert ("Weather", "city: Paris → Sunny", "complete") in thread.steps
    assert thread.steps[-1] == ("Map", "city: Paris → no map", "none")


@pytest.mark.parametrize(
    ("text", "answer"),
    [("aloud", "You said aloud"), ("silent", "You said silent"), ("silent city", "city: Paris"), ("ok", "Ok")],
)
async def test_the_answer_is_what_the_framework_makes_of_the_models_words(text: str, answer: str) -> None:
    """Where the model thinks aloud, or nothing is streamed."""
    assert await talk().say(text) == answer


async def test_texts_are_read_and_other_files_named() -> None:
    """CrewAI reads files by a package of its own."""
    thread = talk()
    await thread.say("Look", files=[file("a.txt", "text/plain", b"t"), file("a.png", "image/png", b"p")])
    assert framework.ASKED[-1][-1] == ("user", "Look\n\na.txt:\n\nt")
    assert ["a.png" in each for each in thread.notices] == [True]


async def test_an_error_is_the_owners_and_the_next_message_works() -> None:
    """With the error's own words."""
    thread = talk()
    with pytest.raises(RunFailed, match="ValueError: no model"):
        await thread.say("fail")
    assert await thread.say("Hi") == "You said Hi"


async def check(name: str) -> str | None:
    spec = RunnerSpec(kind="agent", target=f"tests.fakes.frameworks.crewai:{name}", settings={})
    return await RunnerRegistry().get("agent").check(spec)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("without_place", "No task of the crew has a place for the visitor's message. Write {input}"),
        ("of_two", "The crew takes colour, size, and which is the visitor's message is not known. Name it {input}"),
    ],
)
async def test_a_crew_without_a_place_for_the_message_says_what_to_write(name: str, reason: str) -> None:
    """Its owner reads it when it is registered."""
    with pytest.raises(RunFailed, match=reason):
        await talk(name).say("Hello")
    with pytest.raises(InvalidInput, match=reason):
        await check(name)


async def test_a_crew_that_forgets_is_taken_with_the_line_to_write() -> None:
    """An agent by itself gets the messages."""
    assert [await check(name) for name in ("agent", "crew")] == [None, None]
    assert await check("without_history") == (
        "'without_history' gets each message without the earlier ones. Write {history} into the description of a task, "
        "where they belong."
    )
