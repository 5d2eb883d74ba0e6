"""The LangGraph example under its runner."""

import pytest

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import InputAsked, ProgressNote, RunContext, RunRequest, TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from tests.fakes.sink import FakeSink

SPEC = RunnerSpec(kind="langgraph", target="examples.langgraph_assistant:graph")


async def say(text: str, *, thread_id: str, notes: list[str] | None = None, asked: list[str] | None = None) -> str:
    """The answer in this thread; what it was doing goes into ``notes``, what it asks into ``asked``."""
    subject = Subject("anon:vis_1")
    context = RunContext(workflow_id="wf_1", thread_id=thread_id, turn_id="trn_1", subject=subject)
    run = RunnerRegistry().get("langgraph").run(RunRequest(spec=SPEC, text=text, context=context))
    events = [event async for event in FakeSink().said(run)]
    if notes is not None:
        notes += [event.text for event in events if isinstance(event, ProgressNote)]
    if asked is not None:
        asked += [each.question for event in events if isinstance(event, InputAsked) for each in event.questions]
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_it_can_be_registered() -> None:
    """Its state has messages."""
    await RunnerRegistry().get("langgraph").check(SPEC)


async def test_it_finds_an_order() -> None:
    """With a tool, whose own message is not shown: its call is a step, and no note."""
    notes: list[str] = []
    assert await say("Where is order 7?", thread_id="find", notes=notes) == "Order 7 is a lamp; it leaves tomorrow."
    assert notes == ["Decide", "Tools", "Decide"]


async def test_it_asks_for_a_number() -> None:
    """Before it can do anything."""
    assert "Tell me its number" in await say("Hello", thread_id="hello")


@pytest.mark.parametrize(
    ("reply", "answer"),
    [("yes", "Order 7 is cancelled."), ("rather not", "Order 7 stays as it is.")],
)
async def test_it_asks_before_it_cancels(reply: str, answer: str) -> None:
    """The visitor's next text is the answer."""
    thread_id = f"cancel-{reply}"
    asked: list[str] = []
    await say("Please cancel order 7", thread_id=thread_id, asked=asked)
    assert asked == ["Really cancel order 7 (a lamp)? Please answer yes or no."]
    assert await say(reply, thread_id=thread_id) == answer


async def test_it_cancels_nothing_that_is_not_there() -> None:
    """Without a question."""
    assert await say("Cancel order 9", thread_id="none") == "There is no order 9."
    assert await say("And order 9?", thread_id="none") == "There is no order 9."
