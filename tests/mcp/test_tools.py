"""What an assistant is told about the tools, and what they answer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are not installed
from mcp import Client
from mcp.types import Tool

from orcheo_adapters.mcp.offer import Offer
from orcheo_adapters.wire.json_schema import request_schema
from orcheo_core.domain.actor import Channel
from orcheo_core.domain.audit import Act
from orcheo_core.domain.pages import PageQuery
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import Effect, Operation, parameters_of
from orcheo_mcp.server import create_server
from tests.mcp.answers import Assistant, connect, data_of, refusal, texts_of
from tests.sync_server import SyncTestServer

AnyOperation = Operation[Any, Any]
FOR_ASSISTANTS = [each for each in CATALOGUE.values() if not each.for_people]
every_operation = pytest.mark.parametrize("operation", FOR_ASSISTANTS, ids=lambda each: each.name)
EVERYTHING = Offer(tokens=True, shows_secrets=True)


def tool_of(operation: AnyOperation) -> Tool:
    """The tool of an operation as the assistant sees it."""
    return next(each for each in EVERYTHING.tools() if each.name == operation.tool)


def assistant_with(app_server: SyncTestServer, offer: Offer) -> Client:
    """An assistant who is offered this."""
    return connect(create_server(app_server.operations(Channel.MCP), offer))


async def test_what_is_for_people_is_no_tool(sync_server: SyncTestServer) -> None:
    """Whatever the owner allows: a one-time address opens a browser session, and no conversation may hold it."""
    async with assistant_with(sync_server, EVERYTHING) as assistant:
        assert "canvas_open" not in {each.name for each in (await assistant.list_tools()).tools}
        assert (await refusal(assistant, "canvas_open"))["code"] == "tool_not_offered"
        assert (await refusal(assistant, "canvas.open"))["code"] == "tool_not_offered"


async def test_each_operation_but_those_of_service_tokens_is_one_tool(assistant: Assistant) -> None:
    """In the order of the catalogue; handing out access is not for assistants unless the owner says so."""
    wanted = [each.tool for each in FOR_ASSISTANTS if not each.name.startswith("tokens.")]
    assert [each.name for each in Offer().tools()] == wanted
    assert (await refusal(assistant, "tokens_create", scopes=["operator"]))["code"] == "tool_not_offered"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_only_tools_are_announced(sync_server: SyncTestServer, mode: str) -> None:
    """No prompts and no resources, as there are none."""
    async with connect(create_server(sync_server.operations(Channel.MCP)), mode=mode) as client:
        assert set(client.server_capabilities.model_dump(exclude_none=True)) == {"tools"}
        assert "list_workflows" in (client.instructions or "")


@pytest.mark.parametrize("offer", [Offer(), EVERYTHING, Offer(files=False)], ids=["usual", "tokens", "http"])
def test_all_definitions_together_are_small(offer: Offer) -> None:
    """They are in every conversation; the service token's tools come on top where they are asked for."""
    written = [each.model_dump(by_alias=True, exclude_none=True) for each in offer.tools()]
    most = 24_000 if offer.tokens else 20_000
    assert len(json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()) <= most


@every_operation
def test_a_tool_says_where_its_secret_goes(operation: AnyOperation) -> None:
    """Into the conversation or into a file, whichever is true of this server: service tokens are never shown."""
    for offer in (Offer(tokens=True), EVERYTHING):
        properties = offer.arguments(operation)["properties"]
        if "secret_to_file" in properties:
            end = "shown here if left out." if offer.shows(operation) else "chosen if left out."
            assert properties["secret_to_file"]["description"].endswith(end)


@every_operation
def test_a_tool_says_what_it_takes(operation: AnyOperation) -> None:
    """The names of the request and those of this door; types are plain, as some clients write others as text."""
    shown = tool_of(operation).input_schema
    wanted = request_schema(operation.request)
    extra = set(shown["properties"]) - set(wanted["properties"])
    assert extra <= {"secret_to_file", "confirm", "page"}
    assert ("secret_to_file" in extra) is bool(operation.secret)
    assert ("confirm" in extra) is bool(operation.confirmation)
    assert all(isinstance(each["type"], str) for each in shown["properties"].values())
    assert "anyOf" not in json.dumps(shown)
    Draft202012Validator.check_schema(shown)


@every_operation
def test_a_length_of_time_has_one_form(operation: AnyOperation) -> None:
    """A whole number, with bounds, whose name or description says what it counts."""
    listed = tool_of(operation).input_schema["properties"]
    assert "grace" not in listed
    lengths = {name: shown.counts for name, (_, shown) in parameters_of(operation.request).items() if shown.counts}
    for name, unit in lengths.items():
        assert (listed[name]["type"], "maximum" in listed[name]) == ("integer", True)
        assert unit in f"{name} {listed[name]['description'].lower()}"


@every_operation
def test_a_tool_says_what_it_does_to_the_world(operation: AnyOperation) -> None:
    """Read-only, destructive, idempotent, open; the protocol's own defaults are left out."""
    shown = tool_of(operation).annotations
    assert shown is not None
    assert bool(shown.read_only_hint) is (operation.effect is Effect.READ)
    assert bool(shown.destructive_hint) is (operation.effect is Effect.DESTRUCTIVE)
    assert bool(shown.idempotent_hint) is operation.idempotent
    assert shown.open_world_hint is operation.open_world
    assert shown.title


def test_publishing_and_checking_reach_beyond_the_server() -> None:
    """The one lets others in, the other runs what the owner connected."""
    assert {"workflows.publish", "workflows.check"} <= {each.name for each in CATALOGUE.values() if each.open_world}


@every_operation
def test_a_description_says_more_than_the_title_and_names_no_command(operation: AnyOperation) -> None:
    """When to use it, what comes first, what comes back, in the names of tools."""
    tool = tool_of(operation)
    assert "Use it " in (tool.description or "")
    assert not re.search(r"`orcheo [a-z]+ |NAME=VALUE|May be repeated", json.dumps(tool.model_dump()))


async def test_a_call_by_the_dotted_name_works(assistant: Assistant, sync_server: SyncTestServer) -> None:
    """Every operation has one; it is not listed."""
    sync_server.add()
    assert data_of(await assistant.call_tool("workflows.show", {"ref": "echo"}))["handle"] == "echo"
    assert data_of(await assistant.call_tool("workflows.list", {}))["workflows"]


async def test_the_dotted_names_can_be_listed(sync_server: SyncTestServer) -> None:
    """For clients whose configuration has them; calls by the others work all the same."""
    async with assistant_with(sync_server, Offer(dotted=True)) as assistant:
        assert {each.name for each in (await assistant.list_tools()).tools} < set(CATALOGUE)
        assert data_of(await assistant.call_tool("list_workflows", {}))["workflows"] == []


async def test_what_is_said_names_tools_as_they_are_listed(sync_server: SyncTestServer) -> None:
    """In descriptions, instructions and hints: some clients call nothing that is not listed."""
    offer = Offer(dotted=True, tokens=True)
    plain = {each.tool for each in CATALOGUE.values()}
    assert not any(f"`{name}`" in (each.description or "") for each in offer.tools() for name in plain)
    async with assistant_with(sync_server, offer) as assistant:
        assert "`workflows.list`" in (assistant.instructions or "")
        assert (await refusal(assistant, "workflows.show", ref="nope"))["hint"].startswith("See `workflows.list` ")


async def test_what_has_no_tool_here_is_named_as_a_command(sync_server: SyncTestServer) -> None:
    """The owner can run it; a tool that is not listed would be a dead end."""
    async with assistant_with(sync_server, Offer(names=frozenset({"show_workflow"}))) as assistant:
        assert "Begin with" not in (assistant.instructions or "")
        assert (await refusal(assistant, "show_workflow", ref="nope"))["hint"].startswith("See `orcheo workflow list` ")
    said = "Create a new one with `orcheo token create`."
    assert Offer().say(said) == said
    assert Offer(tokens=True).say(said) == "Create a new one with `tokens_create`."


def test_the_token_that_the_guide_creates_is_enough_for_daily_use() -> None:
    """For the tools that the guide names so."""
    guide = (Path(__file__).parents[2] / "docs/how-to/publish-from-an-assistant.md").read_text()
    daily = re.search(r"((?:`[a-z_]+`,?\s(?:and\s)?)+)are the ones for daily use", guide)
    assert daily
    scopes = {each.scope for each in CATALOGUE.values() if f"`{each.tool}`" in daily[1]}
    (command,) = re.findall("`(orcheo token create .*)`", guide)
    assert {f"--scope {each}" for each in scopes} <= set(re.findall("--scope [a-z:]+", command))


@every_operation
def test_a_description_promises_no_secret_that_goes_into_a_file(operation: AnyOperation) -> None:
    """Service tokens always do."""
    offer = Offer(tokens=True)
    (found,) = [each for each in offer.tools() if each.name == operation.tool]
    assert "shown once" not in (found.description or "")
    assert "this once" not in (found.description or "")
    assert ("goes into a file" in (found.description or "")) is (operation.secret is not None)


async def test_read_only_offers_what_changes_nothing(sync_server: SyncTestServer) -> None:
    """What is not listed cannot be called either, by no name."""
    sync_server.add()
    async with assistant_with(sync_server, Offer(read_only=True)) as assistant:
        listed = (await assistant.list_tools()).tools
        assert all(each.annotations and each.annotations.read_only_hint for each in listed)
        for name in ("workflows_publish", "workflows.publish"):
            assert (await refusal(assistant, name, ref="echo", confirm=True))["code"] == "tool_not_offered"


async def test_tools_can_be_chosen_by_either_name(sync_server: SyncTestServer) -> None:
    """All others are refused."""
    async with assistant_with(sync_server, Offer(names=frozenset({"list_workflows", "workflows.show"}))) as assistant:
        assert [each.name for each in (await assistant.list_tools()).tools] == ["list_workflows", "show_workflow"]
        assert (await refusal(assistant, "list_threads", ref="echo"))["code"] == "tool_not_offered"


async def test_a_service_token_goes_into_a_file_or_nowhere(sync_server: SyncTestServer, tmp_path: Any) -> None:
    """Even where its tools are offered it is never shown."""
    async with assistant_with(sync_server, EVERYTHING) as assistant:
        problem = await refusal(assistant, "tokens_create", scopes=["workflows:read"], confirm=True)
        assert problem["detail"] == "secret_to_file: must be the path of a new file"
        given = {"scopes": ["workflows:read"], "secret_to_file": str(tmp_path / "token"), "confirm": True}
        answer = await assistant.call_tool("tokens_create", given)
        token = (tmp_path / "token").read_text().strip()
        assert token.startswith("orc_st_")
        assert token not in str(answer)
        details = data_of(answer)["details"]
        rotate = {"id": details["id"], "secret_to_file": str(tmp_path / "other"), "confirm": True}
        rotated = data_of(await assistant.call_tool("tokens_rotate", rotate))["details"]
        await assistant.call_tool("tokens_revoke", {"id": rotated["id"], "confirm": True})
        listed = data_of(await assistant.call_tool("list_tokens", {}))["service_tokens"]
    assert {each["id"] for each in listed if each["ended_at"]} == {details["id"], rotated["id"]}


async def test_the_life_of_a_workflow(sync_server: SyncTestServer) -> None:
    """Every tool answers as data and as text alike."""
    assistant = Assistant(create_server(sync_server.operations(Channel.MCP), EVERYTHING))
    steps: list[tuple[str, dict[str, Any]]] = [
        ("workflows_add", {"handle": "echo", "runner": "python", "target": "tests.workflows:echo"}),
        ("workflows_check", {"ref": "echo"}),
        ("list_workflows", {}),
        ("show_workflow", {"ref": "echo"}),
        ("workflows_open_chat_session", {"ref": "echo"}),
        ("workflows_edit", {"ref": "echo", "name": "Parrot"}),
        ("workflows_publish", {"ref": "echo"}),
        ("workflows_set_login", {"ref": "echo", "require_login": True, "anyway": True}),
        ("workflows_rotate_publish_token", {"ref": "echo", "grace_seconds": 60}),
        ("workflows_unpublish", {"ref": "echo", "end_sessions": True}),
        ("workflows_archive", {"ref": "echo"}),
        ("workflows_unarchive", {"ref": "echo"}),
        ("workflows_remove", {"ref": "echo"}),
    ]
    confirmed = {each.tool for each in CATALOGUE.values() if each.confirmation}
    for tool, arguments in steps:
        answer = await assistant.call_tool(tool, arguments | ({"confirm": True} if tool in confirmed else {}))
        shown = {name: value for name, value in data_of(answer).items() if name != "untrusted"}
        assert json.loads(texts_of(answer)[-1]) == shown


async def test_a_publish_token_is_shown_where_the_owner_allows_it(sync_server: SyncTestServer) -> None:
    """As by every other door; it works."""
    sync_server.add()
    async with assistant_with(sync_server, EVERYTHING) as assistant:
        published = data_of(await assistant.call_tool("workflows_publish", {"ref": "echo", "confirm": True}))
    answer = sync_server.call(sync_server.app_server.chatkit, published["publish_token"], "threads.list")
    assert answer.status_code == 200


async def test_acts_are_audited_as_the_assistants(assistant: Assistant, sync_server: SyncTestServer) -> None:
    """The channel is MCP for every owner."""
    sync_server.add()
    await assistant.call_tool("workflows_publish", {"ref": "echo", "confirm": True})
    entries = (await sync_server.app_server.store.begin().audit.page(PageQuery(limit=10))).entries
    assert (entries[-1].act, entries[-1].channel) == (Act.PUBLISHED, Channel.MCP)
