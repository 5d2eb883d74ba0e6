"""A tool that refuses says the same as every other door, as text, in the words of an assistant."""

import json

from orcheo_adapters.client.remote import RemoteOperations
from orcheo_adapters.client.settings import ClientSettings
from orcheo_adapters.mcp.offer import Offer
from orcheo_core.domain.actor import Channel, Scope
from orcheo_core.operations.words import for_assistants
from orcheo_mcp.server import create_server
from tests.mcp.answers import Assistant, connect, data_of, refusal, texts_of
from tests.sync_house import SyncHouse


async def test_an_unknown_workflow(assistant: Assistant) -> None:
    """The detail names it, the hint names the tool that helps, and no command."""
    problem = await refusal(assistant, "workflows_publish", ref="nobody", confirm=True)
    assert problem["code"] == "workflow_not_found"
    assert problem["detail"] == "No workflow of yours has the id or handle 'nobody'."
    assert problem["hint"] == "See `list_workflows` for the ones you have."
    assert problem["request_id"].startswith("req_")


async def test_a_wrong_argument_is_named(assistant: Assistant, sync_house: SyncHouse) -> None:
    """What cannot be read as what is meant is refused as over HTTP, as text alone as well."""
    sync_house.publish()
    problem = await refusal(assistant, "workflows_rotate_publish_token", ref="echo", grace_seconds="soon", confirm=True)
    assert problem["code"] == "invalid_input"
    assert problem["errors"] == [{"path": "grace_seconds", "message": "must be a whole number"}]


async def test_a_missing_argument_is_named(assistant: Assistant) -> None:
    """Not a fault of the protocol, which a model never sees."""
    assert (await refusal(assistant, "show_workflow"))["detail"] == "ref: is missing"


async def test_a_missing_argument_is_named_before_anybody_is_asked(assistant: Assistant) -> None:
    """The question has a gap then; with a yes the operation says what is missing."""
    assert (await refusal(assistant, "workflows_remove", confirm=True))["detail"] == "ref: is missing"


async def test_a_tool_that_does_not_exist(assistant: Assistant) -> None:
    """In words, as a result: what a model can correct."""
    assert (await refusal(assistant, "workflows_fly"))["code"] == "tool_not_found"


async def test_an_option_in_a_hint_is_an_argument_here(assistant: Assistant, sync_house: SyncHouse) -> None:
    """Commands have options, tools have arguments."""
    sync_house.add()
    problem = await refusal(assistant, "workflows_unpublish", ref="echo", confirm=True)
    assert "`end_sessions`" in problem["hint"]
    assert "--" not in problem["hint"]


async def test_a_missing_scope(sync_house: SyncHouse) -> None:
    """A service token that may read only."""
    operations = sync_house.operations(Channel.MCP, sync_house.token(Scope.WORKFLOWS_READ))
    async with connect(create_server(operations, Offer(shows_secrets=True))) as assistant:
        problem = await refusal(assistant, "workflows_publish", ref="echo", confirm=True)
    assert problem["code"] == "scope_missing"


async def test_a_server_that_is_not_there() -> None:
    """The assistant is told how to start one; the MCP server itself goes on."""
    operations = RemoteOperations(ClientSettings(url="http://[::1", service_token="orc_st_x"), Channel.MCP)
    async with connect(create_server(operations)) as assistant:
        problem = await refusal(assistant, "list_workflows")
        assert problem["code"] == "server_unreachable"
        assert "`orcheo serve`" in problem["hint"]
        assert (await assistant.list_tools()).tools


class Crashing(RemoteOperations):
    """Operations with a fault of their own."""

    def __init__(self) -> None:
        """Need no server."""

    def perform(self, name: str, arguments: object) -> dict[str, object]:
        """Fail as no operation should."""
        raise ZeroDivisionError("a secret of the inside")


async def test_a_fault_of_ours_is_told_without_its_inside() -> None:
    """The log has it; the assistant gets the same form as for every error."""
    async with connect(create_server(Crashing())) as assistant:
        problem = await refusal(assistant, "list_workflows")
    assert problem["code"] == "internal_error"
    assert "secret" not in json.dumps(problem)


async def test_each_wrong_field_is_told_in_the_words_of_tools(assistant: Assistant, sync_house: SyncHouse) -> None:
    """In the list of them as in the sentence of all."""
    sync_house.add()
    asked = {"ref": "echo", "older_than_days": -1, "confirm": True}
    problem = json.loads(texts_of(await assistant.call_tool("threads_purge", asked))[0])
    assert "`all` purges every thread" in problem["detail"]
    assert "`all` purges every thread" in problem["errors"][0]["message"]


def test_commands_and_options_become_tools_and_arguments() -> None:
    """By one rule for every sentence; other programs, and options that are no arguments, stay."""
    assert for_assistants("Use `orcheo thread show ID` or `orcheo serve`.") == "Use `show_thread` or `orcheo serve`."
    assert for_assistants("`--require-login` or --no-require-login") == "`require_login` or `require_login`"
    assert for_assistants("Add --dev-login.") == "Add --dev-login."


# --- arguments as assistants send them --------------------------------------------------------------------------------


async def test_what_a_client_adds_is_ignored_with_a_word(assistant: Assistant, sync_house: SyncHouse) -> None:
    """n8n sends its ``toolCallId`` to every tool."""
    sync_house.add()
    answer = await assistant.call_tool("show_workflow", {"ref": "echo", "toolCallId": "call_1", "action": None})
    shown, *warnings = texts_of(answer)
    assert json.loads(shown)["handle"] == "echo"
    assert warnings == [
        "The argument 'toolCallId' was ignored: this tool does not have it.",
        "The argument 'action' was ignored: this tool does not have it.",
    ]


async def test_json_text_is_read_where_something_else_is_meant(assistant: Assistant) -> None:
    """Numbers, booleans and objects as text; settings that are numbers; null for what is left out."""
    given = {"handle": "tuned", "runner": "openai", "target": "https://m.org/v1", "name": None, "check": "False"}
    added = await assistant.call_tool("workflows_add", given | {"settings": '{"model": "m", "temperature": 0.5}'})
    assert data_of(added)["workflow"]["runner"]["settings"] == {"model": "m", "temperature": "0.5"}
    listed = await assistant.call_tool("list_workflows", {"limit": "1", "public": "false"})
    assert [each["handle"] for each in data_of(listed)["workflows"]] == ["tuned"]
    assert len(data_of(await assistant.call_tool("list_workflows", {"limit": 1.0}))["workflows"]) == 1


async def test_a_list_as_text_is_read(sync_house: SyncHouse) -> None:
    """And what is no JSON is refused with its path, as are a fraction and a list where an object is meant."""
    offer = Offer(tokens=True)
    async with connect(create_server(sync_house.operations(Channel.MCP), offer)) as assistant:
        problem = await refusal(assistant, "tokens_create", scopes='["fly"]', secret_to_file="/nowhere/token")
        assert problem["detail"].startswith("secret_to_file: cannot be made")
        problem = await refusal(assistant, "tokens_create", scopes="fly", secret_to_file="/nowhere/token")
        assert problem["detail"].startswith("secret_to_file: cannot be made")
        for arguments, path in (({"limit": 1.5}, "limit"), ({"limit": "["}, "limit"), ({"public": "maybe"}, "public")):
            assert (await refusal(assistant, "list_workflows", **arguments))["errors"][0]["path"] == path
        given = {"handle": "a", "runner": "http", "target": "https://m.org"}
        assert (await refusal(assistant, "workflows_add", **given, settings="[1]"))["errors"][0]["path"] == "settings"
