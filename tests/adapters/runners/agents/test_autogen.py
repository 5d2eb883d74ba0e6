"""Agents and teams of AutoGen."""

import pytest

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import autogen as framework


def talk(name: str = "agent", **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.autogen:{name}", **settings)


async def test_text_streams_and_the_next_message_remembers() -> None:
    """The agent itself remembers nothing: its copies begin with what its owner gave it."""
    thread = talk()
    assert await thread.say("Hello") == "You said Hello"
    assert thread.pieces == ["You ", "said ", "Hello"]
    assert thread.usage == (3, 2)
    await thread.say("And?")
    assert [content for _, content in framework.ASKED[-1]] == ["Be short.", "Hello", "You said Hello", "And?"]
    assert len(framework.agent.model_context.messages) == 1
    await thread.beside("thr_2").say("Who?")
    assert [content for _, content in framework.ASKED[-1]] == ["Be short.", "Who?"]


async def test_tool_calls_are_steps_and_their_messages_are_kept() -> None:
    """Thoughts and hand-offs are steps too."""
    thread = talk(steps="details")
    await thread.say("weather, then hand over")
    assert thread.steps[0] == ("", "Hm.", "loading")
    assert ("Weather", "city: Paris → Sunny", "complete") in thread.steps
    assert thread.steps[-1] == ("→ other", "", "complete")
    (kept,) = [each.hidden for each in thread.history if each.hidden]
    assert isinstance(kept, dict)
    assert [each["type"] for each in kept["messages"]] == ["UserMessage", "AssistantMessage"]
    await thread.say("And?")
    assert framework.ASKED[-1][1:3] == [
        ("UserMessage", "weather, then hand over"),
        ("AssistantMessage", "You said weather, then hand over"),
    ]


@pytest.mark.parametrize(("name", "kind"), [("make_team", "UserMessage"), ("make_other", "TextMessage")])
async def test_what_a_factory_makes_gets_the_history(name: str, kind: str) -> None:
    """The participants of a team in their memories; an agent without one as part of its task."""
    thread = talk(name)
    assert await thread.say("Hello") == "You said Hello"
    await thread.say("And?")
    assert framework.ASKED[-1][0] == (kind, "Hello")
    assert [content for _, content in framework.ASKED[-1]] == ["Hello", "You said Hello", "And?"]


async def test_files_are_parts_of_the_message() -> None:
    """Pictures and texts; others are said not to be read."""
    files = [
        file("a.png", "image/png", b"p"),
        file("a.txt", "text/plain", b"t"),
        file("a.pdf", "application/pdf", b"d"),
    ]
    thread = talk()
    await thread.say("Look", files=files)
    assert framework.ASKED[-1][-1] == ("MultiModalMessage", ["Look\n\na.txt:\n\nt", ("image", "cA==")])
    assert ["a.pdf" in each for each in thread.notices] == [True]


@pytest.mark.parametrize(("text", "reason"), [("fail", "no model"), ("wait", "Take the UserProxyAgent out")])
async def test_what_ends_a_run_is_the_owners(text: str, reason: str) -> None:
    """The next message works."""
    thread = talk()
    with pytest.raises(RunFailed, match=reason):
        await thread.say(text)
    assert await thread.say("Hi") == "You said Hi"


@pytest.mark.parametrize(("name", "kind"), [("team", "BaseGroupChat"), ("other", "BaseChatAgent")])
async def test_an_object_that_visitors_cannot_share_is_refused(name: str, kind: str) -> None:
    """With the function to write."""
    spec = RunnerSpec(kind="agent", target=f"tests.fakes.frameworks.autogen:{name}", settings={})
    with pytest.raises(InvalidInput, match=f"is a {kind}, which keeps the conversation in itself") as caught:
        await RunnerRegistry().get("agent").check(spec)
    assert f"def make_{kind.lower()}(): return {kind}(…)" in str(caught.value.hint)
