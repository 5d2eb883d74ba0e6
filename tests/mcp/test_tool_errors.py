"""A tool that refuses says the same as every other door, as text, in the words of an assistant."""

import json

import pytest

from orcheo_adapters.client.remote import RemoteOperations
from orcheo_adapters.client.settings import ClientSettings
from orcheo_adapters.mcp.answers import LARGEST
from orcheo_adapters.mcp.offer import Offer
from orcheo_core.domain.actor import Channel, Scope
from orcheo_core.operations.words import for_assistants
from orcheo_mcp.server import create_server
from tests.mcp.answers import Assistant, connect, data_of, refusal, texts_of
from tests.sync_server import SyncTestServer


async def test_an_unknown_workflow(assistant: Assistant) -> None:
    """The detail names it, the hint names the tool that helps, and no command."""
    problem = await refusal(assistant, "workflows_publish", ref="nobody", confirm=True)
    assert problem["code"] == "workflow_not_found"
    assert problem["detail"] == "No workflow of yours has the id or handle 'nobody'."
    assert problem["hint"] == "See `list_workflows` for the ones you have."
    assert problem["request_id"].startswith("req_")


async def test_a_wrong_argument_is_named(assistant: Assistant, sync_server: SyncTestServer) -> None:
    """What cannot be read as what is meant is refused as over HTTP, as text alone as well."""
    sync_server.publish()
    problem = await refusal(assistant, "workflows_rotate_publish_token", ref="echo", grace_seconds="soon", confirm=True)
    assert problem["code"] == "invalid_input"
    assert problem["errors"] == [{"path": "grace_seconds", "message": "must be a whole number"}]


async def test_a_missing_argument_is_named(assistant: Assistant) -> None:
    """Not a fault of the protocol, which a model never sees."""
    assert (await refusal(assistant, "show_workflow"))["detail"] == "ref: is missing"


async def test_a_missing_argument_is_named_before_anybody_is_asked(assistant: Assistant) -> None:
    """The question has a gap then; with a yes the operation says what is missing."""
    assert (await refusal(assistant, "workflows_remove", confirm=True))["detail"] == "ref: is missing"


async def test_what_was_ignored_is_told_beside_an_error(assistant: Assistant) -> None:
    """It is often why something is missing."""
    answer = await assistant.call_tool("show_thread", {"thread_id": "thr_x"})
    problem, warning = texts_of(answer)
    assert json.loads(problem)["detail"] == "id: is missing"
    assert warning == "The argument 'thread_id' was ignored: this tool does not have it."


async def test_of_many_ignored_arguments_some_are_named(assistant: Assistant) -> None:
    """A call can have thousands of them, with long names."""
    answer = await assistant.call_tool("show_thread", {f"{number:x<200}": 1 for number in range(5_000)})
    _problem, *warnings = texts_of(answer)
    assert len(warnings) == 21
    assert max(map(len, warnings)) < 200
    assert warnings[-1] == "4980 more arguments were ignored."


async def test_an_error_is_no_longer_than_a_result(assistant: Assistant) -> None:
    """However long the value is that it repeats."""
    (text,) = texts_of(await assistant.call_tool("show_workflow", {"ref": "x" * 50_000}))
    assert len(text) <= LARGEST
    assert json.loads(text)["code"] == "workflow_not_found"


async def test_a_tool_that_does_not_exist(assistant: Assistant) -> None:
    """In words, as a result: what a model can correct."""
    names = ("workflows_fly", "rotate", "audit", "exit", "credit", "workflows_publsh", "workflows_edt")
    for name in names:  # there are several, or one that changes something resembles it
        problem = await refusal(assistant, name)
        assert (problem["code"], problem["hint"]) == ("tool_not_found", "List the tools again.")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("workflows_show", "show_workflow"),
        ("showWorkflow", "show_workflow"),
        ("threads_show", "show_thread"),
        ("publish_workflow", "workflows_publish"),
        ("list_worflows", "list_workflows"),
        ("publish", "workflows_publish"),
        ("ask", "ask_workflow"),
    ],
)
async def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(
    assistant: Assistant, name: str, meant: str
) -> None:
    """The same words in another order, number or spelling, or one of them."""
    assert (await refusal(assistant, name))["hint"] == f"Did you mean `{meant}`?"


async def test_an_option_in_a_hint_is_an_argument_here(assistant: Assistant, sync_server: SyncTestServer) -> None:
    """Commands have options, tools have arguments."""
    sync_server.add()
    problem = await refusal(assistant, "workflows_unpublish", ref="echo", confirm=True)
    assert "`end_sessions`" in problem["hint"]
    assert "--" not in problem["hint"]


async def test_a_thread_that_a_hint_names_is_named_for_assistants_too(
    assistant: Assistant, sync_server: SyncTestServer
) -> None:
    """The tool that shows it, with its id: an assistant cannot know which one was meant."""
    sync_server.result("workflows.add", handle="echo", runner="python", target="tests.workflows:broken")
    problem = await refusal(assistant, "ask_workflow", ref="echo", text="Hello")
    (thread,) = sync_server.result("threads.list", ref="echo")["threads"]
    assert problem["hint"] == (
        f"`workflows_check` tries it again; `show_thread` with `{thread['id']}` shows what was said so far."
    )


async def test_a_missing_scope(sync_server: SyncTestServer) -> None:
    """A service token that may read only."""
    operations = sync_server.operations(Channel.MCP, sync_server.token(Scope.WORKFLOWS_READ))
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
    assert problem == {
        "code": "internal_error",
        "detail": "The tool 'list_workflows' failed unexpectedly.",
        "hint": "Look at the present state before you try again. The log of this MCP server has the reason.",
    }
    assert "secret" not in json.dumps(problem)


async def test_each_wrong_field_is_told_in_the_words_of_tools(
    assistant: Assistant, sync_server: SyncTestServer
) -> None:
    """In the list of them as in the sentence of all."""
    sync_server.add()
    asked = {"ref": "echo", "older_than_days": -1, "confirm": True}
    problem = json.loads(texts_of(await assistant.call_tool("threads_purge", asked))[0])
    assert "`all` purges every thread" in problem["detail"]
    assert "`all` purges every thread" in problem["errors"][0]["message"]


def test_commands_and_options_become_tools_and_arguments() -> None:
    """By one rule for every sentence; other programs, and options that are no arguments, stay."""
    said = "Use `orcheo thread show ID`, `orcheo demo begin` or `orcheo serve`."
    assert for_assistants(said) == "Use `show_thread`, `orcheo demo begin` or `orcheo serve`."
    assert for_assistants("`--require-login` or --no-require-login") == "`require_login` or `require_login`"
    assert (
        for_assistants("Add --setting model=m, --scope or --data-dir")
        == "Add `settings` model=m, `scopes` or --data-dir"
    )
    assert for_assistants("Add --dev-login.") == "Add --dev-login."


# --- arguments as assistants send them --------------------------------------------------------------------------------


async def test_what_a_client_adds_is_ignored_with_a_word(assistant: Assistant, sync_server: SyncTestServer) -> None:
    """n8n sends its ``toolCallId`` to every tool."""
    sync_server.add()
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


async def test_a_length_of_time_is_a_whole_number_or_as_people_write_it(
    assistant: Assistant, sync_server: SyncTestServer
) -> None:
    """All of them alike; what is not a whole number of what is counted is refused."""
    sync_server.publish()
    for written, seconds in (("15m", 900), ("90", 90), (60, 60), ("10 m", 600)):
        edited = data_of(await assistant.call_tool("workflows_edit", {"ref": "echo", "time_limit": written}))
        assert edited["workflow"]["time_limit"] == seconds
    assert data_of(await assistant.call_tool("show_workflow", {"ref": "echo", "days": "7d"}))["activity"]["usage"]
    for wrong in ("36h", "1w"):
        problem = await refusal(assistant, "show_workflow", ref="echo", days=wrong)
        assert problem["detail"] == "days: must be a whole number"
    rotated = {"ref": "echo", "confirm": True}
    for grace in ({"grace_seconds": "1h"}, {"grace_seconds": 3600}, {"grace": "1h"}):
        answer = data_of(await assistant.call_tool("workflows_rotate_publish_token", rotated | grace))
        assert "; the old one ends in 1 hour." in answer["message"]


async def test_a_null_among_texts_is_refused(assistant: Assistant, sync_server: SyncTestServer) -> None:
    """Written as JSON it would be the word null: a model of that name, a button that says it."""
    given = {"handle": "tuned", "runner": "openai", "target": "https://m.org/v1", "settings": {"model": None}}
    assert (await refusal(assistant, "workflows_add", **given))["errors"][0]["path"] == "settings.model"
    sync_server.add()
    for prompt in (None, {"text": "Hi"}, ["Hi"]):
        problem = await refusal(assistant, "workflows_set_look", ref="echo", prompts={"Greet": prompt})
        assert problem["errors"][0]["path"] == "prompts.Greet"
    changed = await assistant.call_tool("workflows_set_look", {"ref": "echo", "prompts": {"Count": 5}})
    assert data_of(changed)["workflow"]["look"]["prompts"][0]["prompt"] == "5"
    lists = given | {"settings": {"model": "m", "stop": ["a", "b"], "extra_body": {"top_k": 5}}}
    added = data_of(await assistant.call_tool("workflows_add", lists))["workflow"]["runner"]["settings"]
    assert added == {"model": "m", "stop": '["a", "b"]', "extra_body": '{"top_k": 5}'}


async def test_a_list_as_text_is_read(sync_server: SyncTestServer) -> None:
    """And what is no JSON is refused with its path, as are a fraction and a list where an object is meant."""
    offer = Offer(tokens=True)
    async with connect(create_server(sync_server.operations(Channel.MCP), offer)) as assistant:
        for scopes in ('["workflows:read"]', "workflows:read"):
            problem = await refusal(assistant, "tokens_create", scopes=scopes, secret_to_file="/nowhere/token")
            assert problem["detail"].startswith("secret_to_file: cannot be made")
        deep = "[" * 20_000
        for arguments, path in (
            ({"limit": 1.5}, "limit"),
            ({"limit": "["}, "limit"),
            ({"limit": deep}, "limit"),
            ({"public": "maybe"}, "public"),
        ):
            assert (await refusal(assistant, "list_workflows", **arguments))["errors"][0]["path"] == path
        given = {"handle": "a", "runner": "http", "target": "https://m.org"}
        assert (await refusal(assistant, "workflows_add", **given, settings="[1]"))["errors"][0]["path"] == "settings"
