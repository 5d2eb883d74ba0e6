"""The names that the server goes by: a page whose name was made to point here gets nothing."""

import pytest

from orcheo_adapters.http.hosts import KnownHosts
from tests.app_server import TestServer, assert_problem, build_app_server

REBOUND = ["evil.example", "evil.example:8700", "localhost.evil.example", "127.0.0.1.evil.example", "xchat.example.org"]
PATHS = [
    ("POST", "/api/chat/echo/session"),
    ("POST", "/api/chatkit"),
    ("GET", "/chat/echo/"),
    ("GET", "/"),
    ("GET", "/api/workflows"),
    ("POST", "/mcp"),
    ("GET", "/openapi.json"),
    ("OPTIONS", "/api/chatkit"),
]


@pytest.mark.parametrize("host", REBOUND)
@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_a_name_that_was_made_to_point_here_gets_nothing(
    app_server: TestServer, method: str, path: str, host: str
) -> None:
    """Also as the page's own origin, as a browser sends it after DNS rebinding; the owner's token does not help.

    Findings: known names only.
    """
    sent = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    sent["authorization"] = f"Bearer {app_server.owner_token}"
    answer = await app_server.client.request(method, path, headers=sent, json={} if method == "POST" else None)
    problem = assert_problem(answer, 403, "host_not_allowed")
    assert "ORCHEO_ALLOWED_HOSTS" in problem["hint"]
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8700", "localhost", "LOCALHOST:8700", "app.localhost", "[::1]:8700", "192.168.1.5", "Chat.Example.org.",
     "chat.example.org:443", "second.example.org"],
)  # fmt: skip
async def test_the_server_answers_to_its_names_and_addresses(host: str) -> None:
    """In any case of letters, with any port: a proxy may have another one."""
    names = {"ORCHEO_PUBLIC_URL": "https://chat.example.org", "ORCHEO_ALLOWED_HOSTS": " second.example.org "}
    async with build_app_server(environment=names) as app_server:
        await app_server.publish()
        answer = await app_server.client.get("/api/chat/echo", headers={"host": host})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_supervisors_may_ask_under_any_name(app_server: TestServer, path: str) -> None:
    """These answers say nothing about anybody."""
    assert (await app_server.client.get(path, headers={"host": "pod-17.cluster"})).status_code == 200


async def test_a_person_under_an_unknown_name_reads_a_page(app_server: TestServer) -> None:
    """It says what happened, as other errors do."""
    answer = await app_server.client.get("/chat/echo", headers={"host": "old.example.org", "accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "host_not_allowed" in answer.text


async def test_a_name_that_the_server_listens_on_is_known() -> None:
    """The listening address may be a name."""
    async with build_app_server(environment={"ORCHEO_HOST": "box.lan"}) as app_server:
        assert (await app_server.client.get("/openapi.json", headers={"host": "box.lan:8700"})).status_code == 200


def test_a_client_of_http_1_0_may_leave_the_host_out() -> None:
    """No browser does."""
    assert KnownHosts(frozenset()).refusal("/", None) is None


@pytest.mark.parametrize("host", [b"", b"[", b"[::1", b"[]", b":", b".", b"\xff"])
def test_a_host_that_is_no_name_is_refused(host: bytes) -> None:
    """It raises nothing either. Findings: known names only."""
    assert KnownHosts(frozenset({"chat.example.org"})).refusal("/", host) is not None


def test_of_a_text_that_is_no_name_a_part_is_quoted() -> None:
    """As much is kept of it, too."""
    refused = KnownHosts(["chat.example.org"]).refusal("/", b"x" * 15_000)
    assert refused is not None
    assert len(refused.detail) < 400
