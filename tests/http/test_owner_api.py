"""The owner's routes, and what every route does with bad input."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.app_server import TestServer, assert_problem, build_app_server


async def test_a_number_that_is_too_long_is_called_so_in_a_query_and_in_a_body(app_server: TestServer) -> None:
    """It is a whole number, so that it must be one would be no help."""
    client, headers = app_server.client, {"authorization": f"Bearer {app_server.owner_token}"}
    digits, detail = "9" * 5_000, "limit: must be a whole number of at most 18 digits"
    for number in (digits[:20], f"-{digits[:20]}", digits):
        answer = await client.get(f"/api/workflows?limit={number}", headers=headers)
        assert assert_problem(answer, 422, "invalid_input")["detail"] == detail
    body, headers = f'{{"limit": {digits[:20]}}}', headers | {"content-type": "application/json"}
    answer = await client.post("/api/operations/workflows.list", content=body, headers=headers)
    assert assert_problem(answer, 422, "invalid_input")["detail"] == detail


async def test_the_life_of_a_workflow_over_its_own_routes(app_server: TestServer) -> None:
    """Register, read, list, edit, publish, rotate, set the login rule, revoke, delete."""
    client, headers = app_server.client, {"authorization": f"Bearer {app_server.owner_token}"}
    body = {"handle": "echo", "runner": "python", "target": "tests.workflows:echo"}
    assert (await client.post("/api/workflows", json=body, headers=headers)).status_code == 201
    url = "/api/workflows/echo"
    assert (await client.get(url, headers=headers)).json()["is_public"] is False
    assert (await client.patch(url, json={"name": "Echo!"}, headers=headers)).json()["workflow"]["name"] == "Echo!"
    listed = await client.get("/api/workflows?limit=1", headers=headers)
    assert [each["handle"] for each in listed.json()["workflows"]] == ["echo"]
    published = (await client.post(f"{url}/publish", headers=headers)).json()
    assert published["share_url"] == "http://127.0.0.1:8700/chat/echo"
    rotated = (await client.post(f"{url}/publish/rotate", json={"grace_seconds": 5}, headers=headers)).json()
    assert rotated["publish_token"] != published["publish_token"]
    login = await client.post(f"{url}/publish/login", json={"require_login": True, "anyway": True}, headers=headers)
    assert login.json()["workflow"]["require_login"] is True
    revoked = (await client.post(f"{url}/publish/revoke", headers=headers)).json()
    assert (revoked["publish_token"], revoked["share_url"]) == (None, None)
    assert (await client.delete(url, headers=headers)).status_code == 200
    assert_problem(await client.get(url, headers=headers), 404, "workflow_not_found")


async def test_a_publish_token_is_never_cached(app_server: TestServer) -> None:
    """The one answer that shows it says no-store."""
    await app_server.add()
    assert (await app_server.operation("workflows.publish", ref="echo")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "arguments", "status", "code"),
    [
        ("workflows.publish", {"ref": "nobody"}, 404, "workflow_not_found"),
        ("workflows.publish", {"ref": "public"}, 409, "already_published"),
        ("workflows.publish", {"ref": "private", "require_login": "false"}, 422, "invalid_input"),
        ("workflows.publish", {"ref": "private", "wings": True}, 422, "invalid_input"),
        ("workflows.publish", {}, 422, "invalid_input"),
        ("workflows.rotate_publish_token", {"ref": "private"}, 409, "not_published"),
        ("workflows.rotate_publish_token", {"ref": "public", "grace_seconds": -1}, 422, "invalid_input"),
        ("workflows.rotate_publish_token", {"ref": "public", "grace_seconds": True}, 422, "invalid_input"),
        ("workflows.unpublish", {"ref": "private"}, 409, "not_published"),
        ("workflows.set_login", {"ref": "private", "require_login": True}, 409, "not_published"),
        ("workflows.list", {"limit": 101}, 422, "invalid_input"),
        ("workflows.edit", {"ref": "private", "handle": "public"}, 409, "handle_taken"),
        ("workflows.edit", {"ref": "private", "name": "\u001b[2J"}, 422, "invalid_input"),
        ("workflows.add", {"handle": "No", "runner": "python", "target": "tests.workflows:echo"}, 422, "invalid_input"),
        (
            "workflows.add",
            {"handle": "public", "runner": "python", "target": "tests.workflows:echo"},
            409,
            "handle_taken",
        ),
        ("workflows.add", {"handle": "x", "runner": "magic", "target": "a:b"}, 422, "invalid_input"),
        ("workflows.add", {"handle": "x", "runner": "python", "target": "tests.workflows:nope"}, 422, "invalid_input"),
        ("workflows.dance", {}, 404, "operation_not_found"),
    ],
)
async def test_refused_operations(
    app_server: TestServer, name: str, arguments: dict[str, Any], status: int, code: str
) -> None:
    """Each has its own code and status."""
    await app_server.publish("public")
    await app_server.add("private")
    assert_problem(await app_server.operation(name, **arguments), status, code)


async def test_hints_name_calls_to_programs_and_commands_to_the_command_line(app_server: TestServer) -> None:
    """A program over HTTP has no commands; our own programs say who they are and have words of their own."""
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    by_program = await app_server.client.get("/api/workflows/nope", headers=headers)
    by_command = await app_server.client.get("/api/workflows/nope", headers={**headers, "orcheo-channel": "cli"})
    await app_server.add("private")
    unnamed = await app_server.operation("threads.purge", ref="private")
    assert by_program.json()["hint"] == "See `POST /api/operations/workflows.list` for the ones you have."
    assert by_command.json()["hint"] == "See `orcheo workflow list` for the ones you have."
    assert unnamed.json()["hint"] == "Name a thread, a visitor or an age, or say `all`."


async def test_a_body_that_is_too_large(app_server: TestServer) -> None:
    """Announced or not, it is refused."""
    headers = {"authorization": f"Bearer {app_server.owner_token}", "content-type": "application/json"}
    large = b" " * (256 * 1024 + 1)

    async def parts() -> object:
        yield large[:1000]
        yield large

    url = "/api/operations/workflows.list"
    assert_problem(await app_server.client.post(url, content=large, headers=headers), 413, "body_too_large")
    assert_problem(await app_server.client.post(url, content=parts(), headers=headers), 413, "body_too_large")  # type: ignore[arg-type]  # a generator of bytes


@pytest.mark.parametrize("url", ["/api/operations/workflows.list", "/api/chatkit", "/v1/chatkit/sessions", "/mcp"])
@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP"])
async def test_a_compressed_body_is_refused(app_server: TestServer, url: str, coding: str) -> None:
    """The answer says that bodies come as they are, on every route that takes one."""
    headers = {"authorization": f"Bearer {app_server.owner_token}", "content-encoding": coding}
    body = gzip.compress(b"{}")
    answer = await app_server.client.post(url, content=body, headers={**headers, "content-type": "application/json"})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert "body_compressed" in answer.text
    assert "without compression" in answer.text


async def test_a_body_in_no_coding_is_read(app_server: TestServer) -> None:
    """``identity`` is no compression."""
    headers = {"authorization": f"Bearer {app_server.owner_token}", "content-encoding": "identity"}
    url = "/api/operations/workflows.list"
    assert (await app_server.client.post(url, json={}, headers=headers)).status_code == 200


async def test_a_body_that_is_not_json(app_server: TestServer) -> None:
    """Wrong form and wrong content type are both said."""
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    url = "/api/operations/workflows.list"
    json_headers = {**headers, "content-type": "application/json"}
    assert_problem(await app_server.client.post(url, content=b"{x", headers=json_headers), 400, "malformed_request")
    assert_problem(await app_server.client.post(url, content=b"\xff", headers=json_headers), 400, "malformed_request")
    form = {**headers, "content-type": "text/plain"}
    assert_problem(await app_server.client.post(url, content=b"{}", headers=form), 400, "malformed_request")


async def test_what_stands_in_the_address_cannot_stand_in_the_body(app_server: TestServer) -> None:
    """One workflow is named once."""
    await app_server.add()
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    answer = await app_server.client.post("/api/workflows/echo/publish", json={"ref": "other"}, headers=headers)
    assert_problem(answer, 422, "invalid_input")


async def test_unknown_addresses_and_methods_are_problems(app_server: TestServer) -> None:
    """No answer of the server is without a code."""
    assert_problem(await app_server.client.get("/nowhere"), 404, "not_found")
    answer = await app_server.client.get("/api/chatkit")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


async def test_health(app_server: TestServer) -> None:
    """Alive and ready."""
    assert (await app_server.client.get("/healthz")).json() == {"status": "ok"}
    assert (await app_server.client.get("/readyz")).json() == {"status": "ready"}


async def test_a_page_that_was_not_built_says_how_to_build_it(app_server: TestServer) -> None:
    """No traceback, no blank page."""
    assert_problem(await app_server.client.get("/chat/echo"), 503, "page_not_built")


async def test_the_page_has_a_nonce_of_its_own_and_a_strict_policy(tmp_path: Path) -> None:
    """Every placeholder is replaced, each time again."""
    (tmp_path / "chat.html").write_text(
        '<script nonce="__ORCHEO_CSP_NONCE__"></script><i nonce="__ORCHEO_CSP_NONCE__">'
    )
    async with build_app_server(static_folder=tmp_path) as app_server:
        first, second = [await app_server.client.get("/chat/echo") for _ in range(2)]
    assert "__ORCHEO" not in first.text
    assert first.text != second.text
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert first.text.split('"')[1] in policy


async def test_a_fault_of_ours_is_a_problem_without_its_reason(app_server: TestServer) -> None:
    """Visitors never see a traceback."""
    object.__setattr__(app_server.store, "check", None)
    problem = assert_problem(await app_server.client.get("/readyz"), 500, "internal_error")
    assert "NoneType" not in str(problem)


@pytest.mark.parametrize("limit", ["--5", "5-", "9" * 5_000, "1.5", "", "٣"])
async def test_a_number_in_the_address_that_is_none(app_server: TestServer, limit: str) -> None:
    """It is named as wrong, whatever Python makes of it."""
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    answer = await app_server.client.get("/api/workflows", params={"limit": limit}, headers=headers)
    assert assert_problem(answer, 422, "invalid_input")["errors"][0]["path"] == "limit"


async def test_many_workflows_are_listed_at_once_or_searched(app_server: TestServer) -> None:
    """Newest first; a page of them, all of them, or those with some words."""
    for number in range(120):
        await app_server.add(f"flow-{number:03}")
    page = await app_server.result("workflows.list", limit=2)
    assert [each["handle"] for each in page["workflows"]] == ["flow-119", "flow-118"]
    following = await app_server.result("workflows.list", limit=2, after=page["next_after"])
    assert [each["handle"] for each in following["workflows"]] == ["flow-117", "flow-116"]
    everything = await app_server.result("workflows.list", all=True)
    assert (len(everything["workflows"]), everything["next_after"]) == (120, None)
    rest = await app_server.result("workflows.list", all=True, after=everything["workflows"][110]["id"])
    assert [each["handle"] for each in rest["workflows"]] == [f"flow-{number:03}" for number in range(8, -1, -1)]
    found = await app_server.result("workflows.list", search="FLOW 11", limit=3)
    assert [each["handle"] for each in found["workflows"]] == ["flow-119", "flow-118", "flow-117"]
