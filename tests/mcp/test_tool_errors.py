"""A tool that refuses says the same as every other door: code, detail, hint."""

from typing import Any

import pytest
from fastmcp import Client

from orcheo_adapters.client_settings import ClientSettings
from orcheo_adapters.remote import RemoteOperations
from orcheo_core.domain.actor import Channel, Scope
from orcheo_mcp.server import create_server
from tests.mcp.answers import data_of, text_of
from tests.sync_house import SyncHouse

Assistant = Client[Any]


async def refusal(assistant: Assistant, tool: str, **arguments: Any) -> dict[str, Any]:
    """The problem that a tool answers with."""
    answer = await assistant.call_tool(tool, arguments, raise_on_error=False)
    assert answer.is_error
    problem = data_of(answer)
    assert text_of(answer) == f"{problem['detail']} ({problem['code']}) {problem['hint']}"
    return problem


async def test_an_unknown_workflow(assistant: Assistant) -> None:
    """The detail names it, the hint goes on."""
    problem = await refusal(assistant, "workflows_publish", ref="nobody")
    assert problem["code"] == "workflow_not_found"
    assert problem["detail"] == "No workflow of yours has the id or handle 'nobody'."
    assert problem["hint"] == "See `orcheo workflow list` for the ones you have."
    assert problem["request_id"].startswith("req_")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [({"ref": "echo", "grace_seconds": "60"}, "grace_seconds"), ({"ref": "echo", "wings": 1}, "wings")],
)
async def test_arguments_are_as_strict_as_over_http(
    assistant: Assistant, sync_house: SyncHouse, arguments: dict[str, Any], path: str
) -> None:
    """Nothing is converted, nothing unknown is passed over; each wrong field is named."""
    sync_house.publish()
    problem = await refusal(assistant, "workflows_rotate_publish_token", **arguments)
    assert problem["code"] == "invalid_input"
    assert [each["path"] for each in problem["errors"]] == [path]


async def test_a_file_for_a_secret_is_unknown_where_there_is_no_secret(
    assistant: Assistant, sync_house: SyncHouse
) -> None:
    """It is an argument like any other that a tool does not have."""
    sync_house.publish()
    problem = await refusal(assistant, "workflows_unpublish", ref="echo", secret_to_file="/nowhere/token")
    assert problem["detail"] == "secret_to_file: is not known here"


async def test_a_missing_scope(sync_house: SyncHouse) -> None:
    """A service token that may read only."""
    operations = sync_house.operations(Channel.MCP, sync_house.token(Scope.WORKFLOWS_READ))
    async with Client(create_server(operations)) as assistant:
        assert (await refusal(assistant, "workflows_publish", ref="echo"))["code"] == "scope_missing"


async def test_a_server_that_is_not_there() -> None:
    """The assistant is told how to start one; the MCP server itself goes on."""
    operations = RemoteOperations(ClientSettings(url="http://[::1", service_token="orc_st_x"), Channel.MCP)
    async with Client(create_server(operations)) as assistant:
        problem = await refusal(assistant, "list_workflows")
        assert problem["code"] == "server_unreachable"
        assert "`orcheo serve`" in problem["hint"]
        assert await assistant.list_tools()
