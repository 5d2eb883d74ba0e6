"""MCP over HTTP at ``/mcp``: the same tools, behind a service token, without sessions."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastmcp import FastMCP
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult

from orcheo_adapters.http.mcp import McpApp
from orcheo_adapters.mcp.offer import SecretNotShown
from orcheo_core.domain.actor import Channel, Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.pages import PageQuery
from orcheo_core.operations.catalogue import CATALOGUE
from tests.app_server import NO_LIMITS, TestServer, build_app_server
from tests.http.process import server_process
from tests.mcp.answers import data_of, refusal

_ACCEPT = {"accept": "application/json, text/event-stream"}


async def call(
    app_server: TestServer, method: str = "tools/list", headers: dict[str, str] | None = None, **params: Any
) -> Any:
    """Send one message as a client without a session does; the response."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    known = _ACCEPT | {"authorization": f"Bearer {app_server.owner_token}"}
    return await app_server.client.post("/mcp", json=message, headers=known | (headers or {}))


def result_of(answer: httpx2.Response) -> dict[str, Any]:
    """The result in a stream of one message."""
    (line,) = [each[6:] for each in answer.text.splitlines() if each.startswith("data: {")]
    result: dict[str, Any] = json.loads(line)["result"]
    return result


async def test_the_same_tools_without_files_and_service_tokens(app_server: TestServer) -> None:
    """A file would be on the server's machine."""
    tools = result_of(await call(app_server))["tools"]
    assert {"list_workflows", "workflows_publish", "ask_workflow"} <= {each["name"] for each in tools}
    assert "tokens_create" not in {each["name"] for each in tools}
    assert "secret_to_file" not in json.dumps(tools)


async def test_there_is_nothing_but_tools(app_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients ask for the rest all the same; FastMCP would import its store of states for it, while all chats wait."""
    monkeypatch.delattr(FastMCP, "_state_store")
    for method, found in (("resources/list", "resources"), ("prompts/list", "prompts")):
        assert result_of(await call(app_server, method))[found] == []
    assert result_of(await call(app_server, "resources/templates/list"))["resourceTemplates"] == []
    assert '"error":' in (await call(app_server, "resources/read", uri="file:///etc/passwd")).text
    assert '"error":' in (await call(app_server, "prompts/get", name="x")).text


REFUSED_HERE = ("workflows_rotate_publish_token", "workflows_rotate_identity_secret", "workflows_open_chat_session")
"""What could only be refused here, as its secret may be neither shown nor written into a file."""


async def test_what_could_only_be_refused_is_not_listed(app_server: TestServer) -> None:
    """Nor does any text name it as a tool; the owner's command is named instead."""
    tools = result_of(await call(app_server))["tools"]
    assert not set(REFUSED_HERE) & {each["name"] for each in tools}
    assert not any(name in json.dumps(tools) for name in REFUSED_HERE)
    async with build_app_server(environment={**NO_LIMITS, "ORCHEO_MCP_SHOW_SECRETS": "on"}) as showing:
        shown = {each["name"] for each in result_of(await call(showing))["tools"]}
    assert shown - {each["name"] for each in tools} == set(REFUSED_HERE)


async def test_a_workflow_that_is_public_already_points_to_a_command(app_server: TestServer) -> None:
    """As there is no tool here that would replace its publish token."""
    await app_server.add()
    await app_server.result("workflows.publish", ref="echo")
    arguments = {"ref": "echo", "confirm": True}
    refused = result_of(await call(app_server, "tools/call", name="workflows_publish", arguments=arguments))
    hint = json.loads(refused["content"][0]["text"])["hint"]
    assert hint.startswith("`orcheo workflow rotate-token` issues a new publish token, `workflows_set_login` changes ")


async def test_a_description_does_not_promise_a_secret(app_server: TestServer) -> None:
    """It says where the owner gets the publish token; the instructions of this door speak of no file either."""
    tools = result_of(await call(app_server))["tools"]
    (found,) = [each for each in tools if each["name"] == "workflows_publish"]
    assert found["description"].endswith(
        "Returns the share link, for people. Programs need the publish token, which is not shown here: "
        "`orcheo workflow rotate-token` on the owner's command line shows a new one."
    )
    assert "shown only this once" not in json.dumps(tools)
    hello: dict[str, Any] = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "a", "version": "1"},
    }
    begun = result_of(await call(app_server, "initialize", **hello))
    assert begun["instructions"].endswith("Begin with `list_workflows`.")


@pytest.mark.parametrize("token", ["orc_st_wrong", "orc_pt_wrong", None])
async def test_without_a_service_token_the_hint_speaks_of_the_header(app_server: TestServer, token: str | None) -> None:
    """The assistant's client has no environment variables of ours; `orcheo-mcp` has, and says which token it uses."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    for path in ("/mcp", "/api/operations/workflows.list"):
        refused = (await app_server.client.post(path, json={}, headers=_ACCEPT | headers)).json()
        assert refused["code"] == "service_token_invalid"
        assert "`Authorization: Bearer orc_st_…`" in refused["hint"]
        assert "ORCHEO_" not in refused["hint"]
    by_program = _ACCEPT | headers | {"orcheo-channel": "mcp"}
    refused = (await app_server.client.post("/api/operations/workflows.list", json={}, headers=by_program)).json()
    assert "Authorization" not in refused["hint"]


async def test_acts_are_audited_as_an_assistants(app_server: TestServer) -> None:
    """And the argument stands for the owner's word, as no one can be asked without a session."""
    await app_server.add()
    refused = result_of(await call(app_server, "tools/call", name="workflows_publish", arguments={"ref": "echo"}))
    assert "confirmation_needed" in refused["content"][0]["text"]
    arguments = {"ref": "echo", "confirm": True}
    done = result_of(await call(app_server, "tools/call", name="workflows_publish", arguments=arguments))
    assert done["structuredContent"]["publish_token"] is None
    assert done["structuredContent"]["share_url"]
    assert done["structuredContent"]["message"] == (
        "echo is public. Anyone with the share link can chat with it. The publish token, which programs need, is not "
        "shown here; `orcheo workflow rotate-token echo` on the owner's command line shows a new one."
    )
    assert "orc_pt_" not in str(done).replace(done["structuredContent"]["workflow"]["publish_token_hint"], "")
    entries = (await app_server.store.begin().audit.page(PageQuery(limit=10))).entries
    assert (entries[-1].act, entries[-1].channel) == (Act.PUBLISHED, Channel.MCP)


async def test_a_problem_has_the_id_of_its_request(app_server: TestServer) -> None:
    """By which the operator finds it in the server's log; refused as a question, too."""
    for tool, arguments in (("show_workflow", {"ref": "nope"}), ("workflows_publish", {"ref": "nope"})):
        answer = await call(app_server, "tools/call", name=tool, arguments=arguments)
        problem = json.loads(result_of(answer)["content"][0]["text"])
        assert (problem["code"], problem["request_id"]) == ("workflow_not_found", answer.headers["x-request-id"])


async def test_a_secret_that_was_meant_for_a_file_is_not_shown(app_server: TestServer) -> None:
    """Nothing is issued, as the conversation would hold it."""
    await app_server.add()
    arguments = {"ref": "echo", "confirm": True, "secret_to_file": "/secret"}
    refused = result_of(await call(app_server, "tools/call", name="workflows_publish", arguments=arguments))
    assert refused["isError"]
    assert "secret_to_file" in refused["content"][0]["text"]
    assert "was ignored" not in str(refused)
    assert not (await app_server.store.begin().workflows.find("echo")).is_public  # type: ignore[union-attr]  # it was added


@pytest.mark.parametrize("tool", [*REFUSED_HERE, "workflows.rotate_publish_token"])
async def test_a_secret_that_could_not_be_shown_is_not_issued(app_server: TestServer, tool: str) -> None:
    """The old publish token stays; the hint says where it can be done."""
    await app_server.add()
    before = await app_server.result("workflows.publish", ref="echo")
    refused = result_of(await call(app_server, "tools/call", name=tool, arguments={"ref": "echo", "confirm": True}))
    problem = json.loads(refused["content"][0]["text"])
    operation = next(each for each in CATALOGUE.values() if tool in (each.tool, each.name))
    assert problem["code"] == "secret_not_shown"
    assert problem["hint"] == f"{SecretNotShown.hint} The command is `orcheo {' '.join(operation.command)}`."
    assert (await app_server.chatkit(before["publish_token"], "threads.list")).status_code == 200


async def test_an_operator_can_allow_secrets_in_conversations() -> None:
    """Then the publish token is in the answer, and works."""
    async with build_app_server(environment={**NO_LIMITS, "ORCHEO_MCP_SHOW_SECRETS": "on"}) as app_server:
        await app_server.add()
        arguments = {"ref": "echo", "confirm": True}
        done = result_of(await call(app_server, "tools/call", name="workflows_publish", arguments=arguments))
        token = done["structuredContent"]["publish_token"]
        assert (await app_server.chatkit(token, "threads.list")).status_code == 200


async def test_a_scope_counts_as_everywhere(app_server: TestServer) -> None:
    """What is refused is counted."""
    token = await app_server.owner("ada", Scope.WORKFLOWS_READ)
    headers = {"authorization": f"Bearer {token}"}
    arguments = {"ref": "echo", "confirm": True}
    refused = result_of(await call(app_server, "tools/call", headers, name="workflows_publish", arguments=arguments))
    assert refused["isError"] is True
    assert "scope_missing" in refused["content"][0]["text"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"authorization": "Bearer orc_st_nothing"}, 401, "service_token_invalid"),
        ({"host": "evil.example.org"}, 403, "host_not_allowed"),
        ({"host": "evil.example.org", "origin": "http://evil.example.org"}, 403, "host_not_allowed"),
        ({"origin": "https://evil.example.org"}, 403, "cross_site_request"),
    ],
)
async def test_strangers_and_pages_of_others_are_kept_out(
    app_server: TestServer, headers: dict[str, str], status: int, code: str
) -> None:
    """Also when a name was made to point to this machine (DNS rebinding)."""
    answer = await call(app_server, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("credential", ["Bearer orc_st_nothing", "Bearer orc_pt_nothing", "Basic nothing"])
async def test_a_wrong_credential_tells_what_the_assistants_user_does(app_server: TestServer, credential: str) -> None:
    """They change the connection and make a service token with a command; they send no requests."""
    hint = (await call(app_server, headers={"authorization": credential})).json()["hint"]
    assert hint.startswith("Give your assistant's connection to this server a service token, in the header")
    assert "`orcheo token create` makes one." in hint
    assert "POST" not in hint


@pytest.mark.parametrize("kind", ["text/plain", "application/jsonl", ""])
async def test_a_message_in_another_content_type_is_refused_as_elsewhere(app_server: TestServer, kind: str) -> None:
    """With a problem, not with the library's line of plain text; a parameter of the type changes nothing."""
    answer = await call(app_server, headers={"content-type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert (answer.json()["code"], "Content-Type" in answer.json()["detail"]) == ("malformed_request", True)
    assert (await call(app_server, headers={"content-type": "application/json; charset=utf-8"})).status_code == 200


@pytest.mark.parametrize("host", ["localhost:8700", "127.0.0.1:8700", "[::1]:8700", "192.168.1.5"])
async def test_the_server_goes_by_its_addresses(app_server: TestServer, host: str) -> None:
    """No page can make a browser send an address in place of its own name."""
    assert (await call(app_server, headers={"host": host})).status_code == 200


async def test_without_the_library_the_answer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the owner, as strangers are refused before."""

    def load(**_: Any) -> McpApp:
        raise ModuleNotFoundError("No module named 'mcp'", name="mcp")

    monkeypatch.setattr("orcheo_adapters.server.assembly._load_mcp", load)
    async with build_app_server() as app_server:
        answer = await call(app_server)
    assert (answer.status_code, answer.json()["code"]) == (503, "mcp_not_installed")
    assert 'pip install -e ".[mcp]"' in answer.json()["hint"]


@pytest.mark.network
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_official_client(tmp_path: Path, mode: str) -> None:
    """In both eras of the protocol; in the newer one the owner can be asked without a session, too."""
    asked: list[str] = []

    async def agree(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={})

    with server_process(tmp_path) as server:
        headers = {"authorization": f"Bearer {server.owner_token}"}
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=120) as http:
            ping = {"jsonrpc": "2.0", "id": 0, "method": "ping"}
            await http.post(f"{server.url}/mcp", json=ping)  # it loads its library, for which the client waits 10 s
            transport = streamable_http_client(f"{server.url}/mcp", http_client=http)
            async with Client(transport, mode=mode, elicitation_callback=agree) as assistant:
                given = {"handle": "echo", "runner": "python", "target": "tests.workflows:echo"}
                await assistant.call_tool("workflows_add", given)
                answered = await assistant.call_tool("ask_workflow", {"ref": "echo", "text": "Hello"})
                assert data_of(answered)["answer"] == "Hello"
                assert (await refusal(assistant, "show_workflow", ref="nope"))["code"] == "workflow_not_found"
                arguments = {"ref": "echo"} | ({"confirm": True} if mode == "legacy" else {})
                published = await assistant.call_tool("workflows_publish", arguments)
                assert data_of(published)["workflow"]["is_public"]
    assert len(asked) == (0 if mode == "legacy" else 1)
