"""Agents that are run through bridges to AG-UI."""

import sys

import pytest

from orcheo_adapters.runners.agents import bridges
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import ClientToolCalled
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import bridged

ALL = pytest.mark.parametrize("name", ["pydantic_ai", "agent_framework", "strands", "adk", "adk_app", "make_agent"])


def talk(name: str, **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.bridged:{name}", **settings)


async def check(name: str, **settings: str) -> None:
    spec = RunnerSpec(kind="agent", target=f"tests.fakes.frameworks.bridged:{name}", settings=settings)
    await RunnerRegistry().get("agent").check(spec)


@ALL
async def test_text_streams_and_the_next_message_remembers(name: str) -> None:
    """The agent is checked before, and gets the messages of its thread."""
    await check(name)
    thread = talk(name)
    assert await thread.say("Hello") == "You said Hello"
    assert thread.pieces == ["You ", "said ", "Hello"]
    await thread.say("And?")
    assert [(each["role"], each["content"]) for each in bridged.ASKED[-1]["messages"]] == [
        ("user", "Hello"),
        ("assistant", "You said Hello"),
        ("user", "And?"),
    ]


@ALL
async def test_tool_calls_are_steps_and_files_are_parts(name: str) -> None:
    """As AG-UI has them."""
    thread = talk(name, steps="details")
    await thread.say("weather?", files=[file("a.png", "image/png", b"p")])
    assert thread.steps[-1] == ("Weather", "city: Paris → Sunny", "complete")
    part = bridged.ASKED[-1]["messages"][-1]["content"][-1]
    assert (part["type"], part["source"]["value"]) == ("image", "cA==")


@ALL
async def test_an_error_is_the_owners_and_the_next_message_works(name: str) -> None:
    """What the agent says of it does not reach the visitor."""
    thread = talk(name)
    with pytest.raises(RunFailed, match="no model") as caught:
        await thread.say("fail")
    assert "no model" not in str(caught.value.visitor_message)
    assert await thread.say("Hi") == "You said Hi"


async def test_a_call_that_waits_is_a_question_and_the_answer_resumes_it() -> None:
    """Of Pydantic AI: calls that wait are among the agent's outputs, which its owner need not think of."""
    thread = talk("pydantic_ai")
    await thread.say("delete it")
    (question,) = thread.questions
    assert question.question == "Delete it?"
    await thread.answer(question.options[0])
    (resumed,) = bridged.ASKED[-1]["resume"]
    assert resumed["interruptId"] == "int-1"
    assert bridged.OUTPUT_TYPES[-1] == [str, bridged.DeferredToolRequests]


@pytest.mark.parametrize(("name", "bridges"), [("agent_framework", 1), ("adk", 1), ("strands", 2)])
async def test_what_a_bridge_remembers_of_approvals_is_kept_for_the_answer(name: str, bridges: int) -> None:
    """Microsoft's keeps them in itself; others are made for each turn."""
    thread = talk(name)
    await thread.say("delete it")
    await thread.answer("Approve")
    assert len(set(bridged.USED)) == bridges


async def test_a_session_of_adk_ends_with_its_turn_unless_it_waits() -> None:
    """What only the bridge needs is no step and no state; the question is worded for visitors."""
    thread = talk("adk")
    await thread.say("Hello")
    assert bridged.CLOSED == bridged.USED
    await thread.say("delete it")
    assert bridged.ASKED[-1]["state"] == {"mood": "good"}
    assert thread.steps == []
    assert thread.questions[0].question == "May this be done?\n\nDelete\n- city: Paris"
    assert len(bridged.CLOSED) == 1
    await thread.answer("Approve")
    assert len(bridged.CLOSED) == 2


async def test_only_so_many_sessions_of_adk_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is closed."""
    monkeypatch.setattr(bridges, "MOST_WAITING", 1)
    thread = talk("adk")
    await thread.say("delete it")
    await thread.beside("thr_2").say("delete it")
    assert bridged.USED[:1] == bridged.CLOSED


async def test_an_answer_that_the_agent_does_not_take_locks_nothing() -> None:
    """As after a restart: the next message is one of its own."""
    thread = talk("agent_framework")
    await thread.say("delete what will fail later")
    with pytest.raises(RunFailed, match="no model"):
        await thread.answer("Approve")
    assert await thread.say("Hi") == "You said Hi"
    assert "resume" not in bridged.ASKED[-1]


async def test_structured_output_is_text_and_usage_is_counted() -> None:
    """Kinds of output that have what is needed, or validators, stay as they are."""
    thread = talk("structured")
    assert await thread.say("Hello") == "city: Paris"
    assert thread.usage == (3, 2)
    await talk("validated").say("Hello")
    assert bridged.OUTPUT_TYPES == [None, None]


async def test_the_agent_is_given_the_tools_of_the_page() -> None:
    """Those that the owner names; it need not call them."""
    tools = '[{"name": "locate"}]'
    await check("strands", client_tools=tools)
    thread = talk("strands", client_tools=tools)
    await thread.say("Hello")
    assert [each["name"] for each in bridged.ASKED[-1]["tools"]] == ["locate"]
    assert not any(isinstance(each, ClientToolCalled) for each in thread.events)


async def test_a_bridge_that_is_not_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the workflow is added."""
    monkeypatch.delitem(sys.modules, "ag_ui_strands")
    with pytest.raises(InvalidInput, match="run with the package ag_ui_strands, which is not installed") as caught:
        await check("strands")
    assert caught.value.hint == "Install it where the server runs: pip install ag-ui-strands"


async def test_a_bridge_of_another_release_is_named_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With what it could not import."""
    folder = tmp_path_factory.mktemp("bridge")
    (folder / "ag_ui_strands.py").write_text("from strands_of_tomorrow import Agent\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "ag_ui_strands")
    with pytest.raises(InvalidInput, match="cannot be imported: No module named 'strands_of_tomorrow'") as caught:
        await check("strands")
    assert "pip install --upgrade ag-ui-strands" in str(caught.value.hint)


async def test_what_an_agent_needs_in_each_run_comes_from_its_factory() -> None:
    """For each turn; without one the agent is refused when it is added."""
    await talk("make_with_deps").say("Hello")
    await talk("pydantic_ai").say("Hello")
    assert bridged.DEPS == [{"thread": "thr_1"}, None]
    with pytest.raises(InvalidInput, match="needs_deps' needs deps of the type dict in each run") as caught:
        await check("needs_deps")
    assert str(caught.value.hint).endswith("def make_agent(context): return agent, dict(…)")
    with pytest.raises(InvalidInput, match="agents of Strands Agents take nothing beside themselves"):
        await talk("make_strands_with_deps").say("Hello")
