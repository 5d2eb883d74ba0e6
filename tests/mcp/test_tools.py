"""What an assistant is told about the tools, and what they answer."""

import json
import re
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
from orcheo_core.operations.operation import Effect, Operation
from orcheo_mcp.server import create_server
from tests.mcp.answers import Assistant, connect, data_of, refusal, text_of
from tests.sync_house import SyncHouse

AnyOperation = Operation[Any, Any]
every_operation = pytest.mark.parametrize("operation", CATALOGUE.values(), ids=lambda each: each.name)
EVERYTHING = Offer(tokens=True, shows_secrets=True)


def tool_of(operation: AnyOperation) -> Tool:
    """The tool of an operation as the assistant sees it."""
    return next(each for each in EVERYTHING.tools() if each.name == operation.tool)


def assistant_with(house: SyncHouse, offer: Offer) -> Client:
    """An assistant who is offered this."""
    return connect(create_server(house.operations(Channel.MCP), offer))


async def test_each_operation_but_those_of_service_tokens_is_one_tool(assistant: Assistant) -> None:
    """In the order of the catalogue; handing out access is not for assistants unless the owner says so."""
    wanted = [each.tool for each in CATALOGUE.values() if not each.name.startswith("tokens.")]
    assert [each.name for each in Offer().tools()] == wanted
    assert (await refusal(assistant, "tokens_create", scopes=["operator"]))["code"] == "tool_not_offered"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_only_tools_are_announced(sync_house: SyncHouse, mode: str) -> None:
    """No prompts and no resources, as there are none."""
    async with connect(create_server(sync_house.operations(Channel.MCP)), mode=mode) as client:
        assert set(client.server_capabilities.model_dump(exclude_none=True)) == {"tools"}
        assert "list_workflows" in (client.instructions or "")


@pytest.mark.parametrize("offer", [Offer(), EVERYTHING, Offer(files=False)], ids=["usual", "tokens", "http"])
def test_all_definitions_together_are_small(offer: Offer) -> None:
    """They are in every conversation; the service token's tools come on top where they are asked for."""
    written = [each.model_dump(by_alias=True, exclude_none=True) for each in offer.tools()]
    most = 24_000 if offer.tokens else 20_000
    assert len(json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()) <= most


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


async def test_a_call_by_the_dotted_name_works(assistant: Assistant, sync_house: SyncHouse) -> None:
    """Every operation has one; it is not listed."""
    sync_house.add()
    assert data_of(await assistant.call_tool("workflows.show", {"ref": "echo"}))["handle"] == "echo"
    assert data_of(await assistant.call_tool("workflows.list", {}))["workflows"]


async def test_the_dotted_names_can_be_listed(sync_house: SyncHouse) -> None:
    """For clients whose configuration has them; calls by the others work all the same."""
    async with assistant_with(sync_house, Offer(dotted=True)) as assistant:
        assert {each.name for each in (await assistant.list_tools()).tools} < set(CATALOGUE)
        assert data_of(await assistant.call_tool("list_workflows", {}))["workflows"] == []


async def test_read_only_offers_what_changes_nothing(sync_house: SyncHouse) -> None:
    """What is not listed cannot be called either, by no name."""
    sync_house.add()
    async with assistant_with(sync_house, Offer(read_only=True)) as assistant:
        listed = (await assistant.list_tools()).tools
        assert all(each.annotations and each.annotations.read_only_hint for each in listed)
        for name in ("workflows_publish", "workflows.publish"):
            assert (await refusal(assistant, name, ref="echo", confirm=True))["code"] == "tool_not_offered"


async def test_tools_can_be_chosen_by_either_name(sync_house: SyncHouse) -> None:
    """All others are refused."""
    async with assistant_with(sync_house, Offer(names=frozenset({"list_workflows", "workflows.show"}))) as assistant:
        assert [each.name for each in (await assistant.list_tools()).tools] == ["list_workflows", "show_workflow"]
        assert (await refusal(assistant, "list_threads", ref="echo"))["code"] == "tool_not_offered"


async def test_a_service_token_goes_into_a_file_or_nowhere(sync_house: SyncHouse, tmp_path: Any) -> None:
    """Even where its tools are offered it is never shown."""
    async with assistant_with(sync_house, EVERYTHING) as assistant:
        problem = await refusal(assistant, "tokens_create", scopes=["workflows:read"])
        assert problem["detail"] == "secret_to_file: must be the path of a new file"
        given = {"scopes": ["workflows:read"], "secret_to_file": str(tmp_path / "token")}
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


async def test_the_life_of_a_workflow(sync_house: SyncHouse) -> None:
    """Every tool answers as data and as text alike."""
    assistant = Assistant(create_server(sync_house.operations(Channel.MCP), EVERYTHING))
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
        assert json.loads(text_of(answer)) == data_of(answer)


async def test_a_publish_token_is_shown_where_the_owner_allows_it(sync_house: SyncHouse) -> None:
    """As by every other door; it works."""
    sync_house.add()
    async with assistant_with(sync_house, EVERYTHING) as assistant:
        published = data_of(await assistant.call_tool("workflows_publish", {"ref": "echo", "confirm": True}))
    answer = sync_house.call(sync_house.house.chatkit, published["publish_token"], "threads.list")
    assert answer.status_code == 200


async def test_acts_are_audited_as_the_assistants(assistant: Assistant, sync_house: SyncHouse) -> None:
    """The channel is MCP for every owner."""
    sync_house.add()
    await assistant.call_tool("workflows_publish", {"ref": "echo", "confirm": True})
    entries = (await sync_house.house.store.begin().audit.page(PageQuery(limit=10))).entries
    assert (entries[-1].act, entries[-1].channel) == (Act.PUBLISHED, Channel.MCP)
