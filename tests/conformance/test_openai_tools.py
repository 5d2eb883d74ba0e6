"""The runner ``openai`` with tools of MCP servers, all of them real and on loopback."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from orcheo_adapters.runners import openai_tools
from orcheo_adapters.runners.endpoint_answers import ToolCall
from orcheo_adapters.runners.openai_settings import OpenAiSettings
from orcheo_adapters.runners.openai_tools import Tools
from orcheo_adapters.runners.task_run import Writer
from orcheo_core.domain.component_items import Step, StepState
from orcheo_core.domain.run import RunEvent, StepNoted
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from tests.conformance.runner_kinds import OPENAI, Subjected, everything, fails_as, text_of
from tests.fakes.sink import FakeSink

Model = Callable[..., Subjected]
pytestmark = [pytest.mark.network, pytest.mark.usefixtures("closed_runners")]


@pytest.fixture
def model(server_url: Callable[[str], str]) -> Model:
    """Makes a workflow whose model calls what the visitor says."""
    assert OPENAI.server is not None
    url, tools = server_url(OPENAI.server), server_url("tests.servers.mcp_tools:app")
    return lambda **settings: Subjected.of(OPENAI, "calls-tools", url, **{"mcp": f"{tools}/mcp", **settings})


def steps(events: list[RunEvent]) -> list[Step]:
    return [each.step for each in events if isinstance(each, StepNoted)]


async def test_a_tool_is_called_and_the_model_reads_its_result(model: Model) -> None:
    """It is told of all tools; the call is a step."""
    events = await everything(model().run('look_up {"order": "7"}'))
    said = orjson.loads(text_of(events))
    assert said["messages"][-2:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"order": "7"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "Order 7 was sent."},
    ]
    told = {each["function"]["name"]: each["function"] for each in said["tools"]}
    assert told["look_up"]["description"] == "Find an order."
    assert told["look_up"]["parameters"]["required"] == ["order"]
    assert steps(events) == [
        Step(title="Look up", state=StepState.LOADING),
        Step(title="Look up", state=StepState.COMPLETE),
    ]


@pytest.mark.parametrize("memory", ["history", "endpoint"])
async def test_the_responses_api_calls_tools_too(model: Model, memory: str) -> None:
    """Thoughts go back with the calls that they led to."""
    workflow = model(api="responses", memory=memory, steps="details")
    events = await everything(workflow.run('look_up {"order": "7"}'))
    said = orjson.loads(text_of(events))
    assert [each.get("type") for each in said["input"]] == [None, "reasoning", "function_call", "function_call_output"]
    assert said["input"][-1] == {"type": "function_call_output", "call_id": "call_1", "output": "Order 7 was sent."}
    assert ("include" in said) is (memory == "history")
    assert {"look_up", "hang"} <= {each["name"] for each in said["tools"]}
    assert steps(events)[-1].content == "order: 7 → Order 7 was sent."


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("fail {}", "Error calling tool 'fail'"),
        ("missing {}", "There is no tool 'missing'."),
        ("look_up [", "The arguments are not a JSON object."),
        ("look_up [1]", "The arguments are not a JSON object."),
    ],
)
async def test_a_call_that_fails_is_told_to_the_model(model: Model, text: str, result: str) -> None:
    """Which may try otherwise; the step has no tick."""
    events = await everything(model().run(text))
    assert orjson.loads(text_of(events))["messages"][-1]["content"].startswith(result)
    assert steps(events)[-1].state is StepState.NONE


async def test_structured_content_is_read_where_there_is_no_text(model: Model) -> None:
    """As JSON or in words."""
    events = await everything(model().run("count {}"))
    assert "7" in orjson.loads(text_of(events))["messages"][-1]["content"]
    assert openai_tools._text_of({"structured_content": {"orders": 7}}) == "orders: 7"


async def test_the_servers_key_is_the_one_that_the_workflow_names(model: Model) -> None:
    """And none without one."""
    for settings, key in (({"mcp_key_env": "TEST_KEY"}, "Bearer sk-secret"), ({}, "None")):
        events = await everything(model(**settings).run("key {}"))
        assert orjson.loads(text_of(events))["messages"][-1]["content"] == key


async def test_a_server_that_hangs_ends_the_turn_and_the_next_message_works(model: Model) -> None:
    """The owner reads which one."""
    workflow = model(tool_seconds="1")
    with fails_as("tools_silent", match="did not answer within 1 s"):
        await everything(workflow.run("hang {}"))
    assert "was sent" in text_of(await everything(workflow.run('look_up {"order": "7"}')))


async def test_a_server_that_is_gone_ends_the_turn(model: Model) -> None:
    """Before the model is asked."""
    with fails_as("tools_failed", match=r"127\.0\.0\.1:9/mcp failed: (?!\w+Error)"):
        await everything(model(mcp="http://127.0.0.1:9/mcp").run("hi {}"))


async def test_rounds_are_bounded(model: Model) -> None:
    """A model may want tools for ever."""
    with fails_as("tool_rounds", match="after 2 rounds"):
        await everything(model(tool_rounds="2").run('look_up {"order": "for-ever"}'))


@pytest.mark.parametrize(
    ("settings", "path"),
    [({"mcp": "http://10.0.0.1/mcp"}, "mcp"), ({"mcp": "tools"}, "mcp"), ({"tool_rounds": "0"}, "tool_rounds")],
)
async def test_settings_are_checked(model: Model, settings: dict[str, Any], path: str) -> None:
    """Closed addresses too."""
    workflow = model(**settings)
    with pytest.raises(InvalidInput) as refused:
        await workflow.runner().check(workflow.spec)
    assert refused.value.fields[0].path == f"settings.{path}"


async def test_descriptions_are_bounded(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question to the model repeats them."""
    monkeypatch.setattr(openai_tools, "_DESCRIBED_LENGTH", 100)
    with fails_as("tools_failed", match="/mcp describes its tools in more than 100 characters"):
        await everything(model().run("count {}"))


class _Ready(FakeSink):
    async def room(self) -> None:
        """There always is."""


async def test_a_model_that_calls_without_end_gets_some_results() -> None:
    """Findings: what strangers leave behind is bounded. Calls of a round, and the characters of all their results."""

    class Session:
        calls = 0

        async def call_tool(self, _name: str, _arguments: object) -> dict[str, Any]:
            self.calls += 1
            return {"content": [SimpleNamespace(text="x" * 60_000)]}

    session = Session()
    server = openai_tools._Server(name="a", transport=None)
    tool = openai_tools._Tool(name="t", own_name="t", description="", parameters={}, session=session, server=server)
    about = {"model": "m", "mcp": "https://b.example.org/"}
    settings = OpenAiSettings.of(RunnerSpec(kind="openai", target="https://a.example.org/v1", settings=about), {})
    calls = [ToolCall(id=f"c{number}", name="t", arguments="{}") for number in range(200)]
    results = await Tools(settings, {"t": tool}).carry_out(calls, Writer(_Ready()))
    assert (len(results), session.calls) == (200, 128)
    assert sum(len(each.text) for each in results) == 1_000_000
    assert results[-1].has_failed
