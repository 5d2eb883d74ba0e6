"""What an assistant is told about the tools, and what they answer."""

import json
from typing import Any

import pytest
from fastmcp import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are not installed
from mcp_types import Tool

from orcheo_adapters.wire.json_schema import request_schema, result_schema
from orcheo_core.domain.actor import Channel
from orcheo_core.domain.audit import Act
from orcheo_core.domain.pages import PageQuery
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import Effect, Operation
from tests.mcp.answers import data_of, text_of
from tests.sync_house import SyncHouse

Assistant = Client[Any]
AnyOperation = Operation[Any, Any]
every_operation = pytest.mark.parametrize("operation", CATALOGUE.values(), ids=lambda each: each.name)


async def tool_of(assistant: Assistant, operation: AnyOperation) -> Tool:
    """The tool of an operation as the assistant sees it."""
    return next(each for each in await assistant.list_tools() if each.name == operation.tool)


async def test_each_operation_is_one_tool(assistant: Assistant) -> None:
    """No more and no fewer, in the order of the catalogue."""
    assert [each.name for each in await assistant.list_tools()] == [each.tool for each in CATALOGUE.values()]


async def test_the_server_says_to_ask_first(assistant: Assistant) -> None:
    """An assistant has no prompt of its own before a public change."""
    assert "Ask the owner before you publish" in (assistant.instructions or "")


@every_operation
async def test_a_tool_says_what_it_takes(assistant: Assistant, operation: AnyOperation) -> None:
    """The schema of the request; operations with a secret take a file for it as well."""
    shown = (await tool_of(assistant, operation)).input_schema
    wanted = request_schema(operation.request)
    extra = set(shown["properties"]) - set(wanted["properties"])
    assert extra == ({"secret_to_file"} if operation.secret else set())
    assert {name: shown["properties"][name] for name in wanted["properties"]} == wanted["properties"]
    assert shown.get("required", []) == wanted["required"]
    assert shown["additionalProperties"] is False
    Draft202012Validator.check_schema(shown)


@every_operation
async def test_a_tool_says_what_it_answers(assistant: Assistant, operation: AnyOperation) -> None:
    """The schema of the result."""
    shown = (await tool_of(assistant, operation)).output_schema
    assert shown == result_schema(operation.result)
    Draft202012Validator.check_schema(shown)


@every_operation
async def test_a_tool_says_what_it_does_to_the_world(assistant: Assistant, operation: AnyOperation) -> None:
    """Read-only and destructive are what the operation's effect is; nothing reaches beyond the owner's server."""
    tool = await tool_of(assistant, operation)
    assert tool.description == operation.summary
    assert tool.annotations is not None
    assert tool.annotations.title == operation.summary
    assert tool.annotations.read_only_hint is (operation.effect is Effect.READ)
    assert tool.annotations.destructive_hint is (operation.effect is Effect.DESTRUCTIVE)
    assert tool.annotations.open_world_hint is False


async def test_the_life_of_a_workflow(assistant: Assistant) -> None:
    """Every tool answers in the form that it announces, as data and as text alike."""
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
    schemas = {each.name: each.output_schema for each in await assistant.list_tools()}
    for tool, arguments in steps:
        answer = await assistant.call_tool(tool, arguments)
        Draft202012Validator(schemas[tool]).validate(data_of(answer))
        assert json.loads(text_of(answer)) == data_of(answer)
    assert {tool for tool, _ in steps} == {name for name in schemas if "workflow" in name}


async def test_the_life_of_a_service_token(assistant: Assistant) -> None:
    """Each tool answers what its schema says."""
    schemas = {each.name: each.output_schema for each in await assistant.list_tools()}

    async def call(tool: str, **arguments: Any) -> dict[str, Any]:
        told = data_of(await assistant.call_tool(tool, arguments))
        Draft202012Validator(schemas[tool]).validate(told)
        return told

    created = (await call("tokens_create", scopes=["workflows:read"]))["details"]
    rotated = (await call("tokens_rotate", id=created["id"]))["details"]
    await call("tokens_revoke", id=rotated["id"])
    listed = (await call("list_tokens"))["service_tokens"]
    assert {each["id"] for each in listed if each["ended_at"]} == {created["id"], rotated["id"]}


async def test_a_publish_token_is_shown_when_nothing_else_is_said(assistant: Assistant, sync_house: SyncHouse) -> None:
    """As by every other door; it works."""
    sync_house.add()
    published = data_of(await assistant.call_tool("workflows_publish", {"ref": "echo"}))
    answer = sync_house.call(sync_house.house.chatkit, published["publish_token"], "threads.list")
    assert answer.status_code == 200


async def test_acts_are_audited_as_the_assistants(assistant: Assistant, sync_house: SyncHouse) -> None:
    """The channel is MCP, whoever the owner is."""
    sync_house.add()
    await assistant.call_tool("workflows_publish", {"ref": "echo"})
    entries = (await sync_house.house.store.begin().audit.page(PageQuery(limit=10))).entries
    assert (entries[-1].act, entries[-1].channel) == (Act.PUBLISHED, Channel.MCP)
