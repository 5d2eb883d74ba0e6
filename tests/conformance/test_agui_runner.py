"""What only the runner ``ag-ui`` does: over HTTP on loopback, and with agents in this process."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from orcheo_adapters.runners.addresses import NONE_ALLOWED, AddressRefused
from orcheo_core.domain.component_items import ClientToolCallItem
from orcheo_core.domain.run import ClientToolCalled, PastMessage, TextDelta, UsageReported
from orcheo_core.domain.usage import Usage
from orcheo_core.errors import InvalidInput
from tests.conformance import runner_workflows
from tests.conformance.runner_kinds import AGUI, AGUI_PYTHON, CONTEXT, Subjected, everything, fails_as, said, text_of
from tests.fakes.clock import START
from tests.servers import agui_server

Server = Callable[..., Subjected]

pytestmark = pytest.mark.usefixtures("closed_runners")


@pytest.fixture
def server(server_url: Callable[[str], str]) -> Server:
    """Makes a workflow out of a path of the server."""
    assert AGUI.server is not None
    url = server_url(AGUI.server)
    return lambda path, **settings: Subjected.of(AGUI, path, url, **settings)


def agent(name: str, **settings: str) -> Subjected:
    """A workflow out of a name of the module with agents."""
    return Subjected.of(AGUI_PYTHON, f"tests.conformance.runner_agui:{name}", **settings)


def application(name: str, **settings: str) -> Subjected:
    """A workflow out of an ASGI application."""
    return Subjected.of(AGUI_PYTHON, f"tests.servers.agui_server:{name}", **settings)


# --- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.mark.network
async def test_the_agent_gets_the_turn(server: Server) -> None:
    """As the protocol's input, with the conversation."""
    workflow = server("reflect").with_history("Hello", "Good day").with_attachments(("a.txt", "text/plain", b"hi"))
    found = json.loads(text_of(await everything(workflow.run("How are you?"))))
    assert [each["role"] for each in found["messages"]] == ["user", "assistant", "user"]
    assert [each["type"] for each in found["messages"][-1]["content"]] == ["text", "document"]
    assert (found["threadId"], found["runId"], found["protocolVersion"]) == ("thr_1", "trn_1", "1.0")


@pytest.mark.network
async def test_usage_is_reported(server: Server) -> None:
    """With the end of the run."""
    assert UsageReported(Usage(input_tokens=4, output_tokens=2)) in await everything(server("echo").run())


@pytest.mark.network
async def test_a_key_is_sent_and_never_repeated(server: Server) -> None:
    """It is looked up in the server's environment."""
    assert text_of(await everything(server("raw/key", api_key_env="TEST_KEY").run())) == "Bearer sk-secret"
    with fails_as("endpoint_key_refused", match="no: Bearer …"):
        await everything(server("raw/refuses-key", api_key_env="TEST_KEY").run())


@pytest.mark.network
@pytest.mark.parametrize(
    ("path", "code", "match"),
    [
        ("raw/html", "answer_not_understood", "content type is 'text/html'"),
        ("raw/json", "answer_not_understood", "content type is 'application/json'"),
        ("raw/invalid", "endpoint_request_refused", "status 422.*Field required"),
        ("raw/no-json", "answer_not_understood", "is not JSON"),
        ("raw/other", "answer_not_understood", "only events of other types: text"),
        ("raw/ends-early", "answer_broken_off", "after 1 events without RUN_FINISHED"),
        ("raw/unended", "answer_broken_off", "after 1 events without RUN_FINISHED"),
        ("raw/huge", "answer_too_large", "more than 1,048,576 bytes"),
        ("nowhere/at/all", "endpoint_not_found", "status 404"),
    ],
)
async def test_what_is_not_an_agents_answer_fails_with_a_reason(
    server: Server, path: str, code: str, match: str
) -> None:
    """For the owner; the next message works, as nothing is kept of it."""
    with fails_as(code, match=match):
        await everything(server(path).run())


@pytest.mark.network
async def test_a_huge_event_ends_the_answer_and_the_next_message_works(server: Server) -> None:
    """Of the same runner, which keeps connections."""
    huge, echo = server("raw/huge"), server("echo")
    runner = huge.runner()
    for _ in range(2):
        with fails_as("answer_too_large"):
            await everything(runner.run(huge.request()))
        assert text_of(await everything(runner.run(echo.request("hi")))) == "You said: hi"


@pytest.mark.network
async def test_a_stream_that_goes_on_after_its_end_is_left(server: Server) -> None:
    """The answer is whole then."""
    assert text_of(await everything(server("goes-on").run())) == "whole"


@pytest.mark.network
async def test_closed_addresses_are_not_asked(server: Server) -> None:
    """Unless the operator allows them."""
    workflow = server("echo")
    with pytest.raises(AddressRefused):
        await everything(workflow.run_under(allowed=NONE_ALLOWED))
    with pytest.raises(InvalidInput, match="operator"):
        await workflow.runner(allowed=NONE_ALLOWED).check(workflow.spec)


@pytest.mark.network
async def test_an_environment_that_changed_is_told(server: Server) -> None:
    """The settings were right when the workflow was registered."""
    with fails_as("settings_invalid", match="TEST_KEY"):
        await everything(server("raw/key", api_key_env="TEST_KEY").run_under(environment={}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"isolation": "process"}, "settings.isolation: is for code of this server"),
        ({"route": "/x"}, "settings.route: is for code of this server"),
        ({"steps": "some"}, "settings.steps: must be one of none, names, details"),
        ({"reasoning": "no"}, "settings.reasoning: must be one of show, hide"),
        ({"forward": "password"}, "settings.forward: must be a comma-separated list"),
        ({"client_tools": "{"}, "settings.client_tools: must be JSON"),
        ({"client_tools": '[{"name": ""}]'}, "settings.client_tools: must be a JSON list of objects"),
        ({"client_tools": '[{"name": "a", "code": 1}]'}, "settings.client_tools: must be a JSON list of objects"),
        ({"client_tools": '[{"name": "a"}, {"name": "a"}]'}, "settings.client_tools: names a tool twice"),
        ({"api_key_env": "NO_SUCH"}, "settings.api_key_env: the server has no environment variable"),
        ({"first_byte_seconds": "x"}, "settings.first_byte_seconds: must be a number"),
    ],
)
async def test_check_refuses_settings_that_make_no_sense(settings: dict[str, str], message: str) -> None:
    """By their paths."""
    workflow = Subjected.of(AGUI, "run", "https://agent.example.org", **settings)
    with pytest.raises(InvalidInput) as caught:
        await workflow.runner().check(workflow.spec)
    assert message in caught.value.detail


# --- in this process --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["goes_on", "talks_on", "talks_on_sync"])
async def test_an_agent_that_goes_on_after_its_end_is_closed(name: str) -> None:
    """After a moment for what it does then; the answer is whole."""
    assert text_of(await everything(agent(name).run())) == "whole"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("number", "is of the type int, which cannot be called"),
        ("takes_two", "cannot be called with a RunAgentInput, or with nothing"),
        ("two", "does not take a RunAgentInput alone"),
        ("nothing_there", "has no 'nothing_there'"),
        ("bridge_without_memory", "around a graph without a checkpointer, which it needs for each message"),
    ],
)
async def test_check_refuses_what_is_no_agent(name: str, message: str) -> None:
    """With what can be named instead."""
    workflow = agent(name)
    with pytest.raises(InvalidInput, match=message):
        await workflow.runner().check(workflow.spec)


async def test_a_bridge_to_a_graph_needs_its_checkpointer() -> None:
    """One that is made for each run is looked at then."""
    assert text_of(await everything(agent("bridge").run("hi"))) == "You said: hi"
    with pytest.raises(InvalidInput, match="around a graph without a checkpointer") as caught:
        await everything(agent("make_bridge_without_memory").run())
    assert ".compile(checkpointer=InMemorySaver())" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "code", "match"),
    [
        ("gives_number", "answer_not_understood", "it gave a int, not a stream of events"),
        ("makes_nothing", "answer_not_understood", "made an object of the type NoneType"),
        ("fails", "workflow_error", "LookupError: hi .runner_agui.py, line"),
    ],
)
async def test_what_an_agent_does_wrong_is_told_to_its_owner(name: str, code: str, match: str) -> None:
    """With the line of their code where there is one."""
    with fails_as(code, match=match):
        await everything(agent(name).run())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"api_key_env": "TEST_KEY"}, "settings.api_key_env: is for an address"),
        ({"first_byte_seconds": "5"}, "settings.first_byte_seconds: is for an address"),
        ({"route": "agent"}, "settings.route: must be a path"),
        ({"memory_mb": "64"}, "settings.memory_mb: needs isolation=process"),
    ],
)
async def test_check_refuses_settings_that_are_not_for_code(settings: dict[str, str], message: str) -> None:
    """By their paths."""
    workflow = agent("agent", **settings)
    with pytest.raises(InvalidInput) as caught:
        await workflow.runner().check(workflow.spec)
    assert message in caught.value.detail


async def test_a_tool_of_the_page_is_called_and_answered() -> None:
    """The second call waits until the page has made the first, without asking the agent."""
    tools = json.dumps([{"name": "locate"}])
    call = {"id": "c1", "name": "locate", "arguments": {}}
    kept: dict[str, Any] = {"ag_ui": {"messages": [], "calls": [call, call | {"id": "c2", "arguments": {"x": 1}}]}}
    done = ClientToolCallItem(
        id="itm_1",
        thread_id="thr_1",
        turn_id="trn_0",
        created_at=START,
        call_id="itm_1",
        name="locate",
        arguments={},
        is_pending=False,
        output="Rome",
    )
    history = (PastMessage(said_by="visitor", text="Where?"), PastMessage(said_by="workflow", text="", hidden=kept))
    workflow = evolve(agent("reflects", client_tools=tools), context=evolve(CONTEXT, history=history, cause=done))
    assert (await everything(workflow.run("Rome")))[0] == ClientToolCalled(name="locate", arguments={"x": 1})


# --- ASGI applications ------------------------------------------------------------------------------------------------


async def test_an_application_is_asked_at_its_only_route() -> None:
    """It is started before its first answer, once, and shut down with the server."""
    agui_server.STARTED.clear()
    workflow = application("one_route")
    runner = workflow.runner()
    for _ in range(2):
        assert text_of(await everything(runner.run(workflow.request()))) == "You said: hi"
    assert agui_server.STARTED == ["up"]
    await runner.close()
    assert agui_server.STARTED == ["up", "down"]


async def test_an_application_with_several_routes_is_asked_where_the_owner_says() -> None:
    """And its refusals are read as those of a server."""
    assert text_of(await everything(application("app", route="/echo").run())) == "You said: hi"
    with fails_as("endpoint_not_found", match="The application answered with status 404"):
        await everything(application("app").run())
    with fails_as("endpoint_request_refused", match="Field required"):
        await everything(application("app", route="/raw/invalid").run())
    with fails_as("answer_not_understood", match="content type 'application/json'"):
        await everything(application("app", route="/raw/json").run())


@pytest.mark.parametrize(
    ("name", "match"),
    [("lifeless", "does not start: LookupError: no database"), ("bare", "application gave no answer")],
)
async def test_an_application_that_does_not_answer_is_told(name: str, match: str) -> None:
    """With what it says."""
    with fails_as("application_failed", match=match):
        await everything(application(name).run())


async def test_a_stopped_application_learns_that_its_client_is_gone() -> None:
    """Its stream is closed."""
    runner_workflows.CLEANED.clear()
    run = application("app", route="/hangs").run()
    async for event in said(run):
        assert event == TextDelta("a")
        asyncio.get_running_loop().call_soon(run.stop)
    assert await asyncio.to_thread(runner_workflows.CLEANED.wait, 60)
