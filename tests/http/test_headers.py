"""Whatever stands in a header that the server reads: the answer is never a fault of its own, at any address."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.app_server import NO_LIMITS, USER_INPUT, TestServer, build_app_server

SETTINGS = {
    **NO_LIMITS,
    "ORCHEO_TRUSTED_PROXIES": "1",
    "ORCHEO_ALLOWED_ORIGINS": "https://a.example",
    "ORCHEO_DEV_LOGIN": "on",
}
SAMPLES = {
    "accept": ["*/*", "application/json, text/event-stream", "text/event-stream", "text/html;q=x"],
    "accept-encoding": ["gzip", "br;q=1.0, *;q=0"],
    "accept-language": ["de", "en-US,en;q=0.5", "ar"],
    "authorization": ["Bearer x", "bearer", "Basic eDp5", "Bearer orc_st_x", "Bearer orc_pt_x", "Bearer eyJ.e30.x"],
    "connection": ["upgrade", "close"],
    "content-encoding": ["gzip", "identity"],
    "content-length": ["0", "-1", "1e9", "99999999999999999999", "+5", "５", "0" * 5_000 + "2"],
    "content-type": ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/json; a=b",
                     "multipart/form-data; boundary=x; charset=undefined"],
    "cookie": ["orcheo_visitor=x", "a=b; a=c", "orcheo_login=x.y.z", '__Host-orcheo_visitor="', "=;=;;"],
    "expect": ["100-continue", "x"],
    "forwarded": ["for=192.0.2.60;proto=http;by=203.0.113.43", 'for="[2001:db8::1]:4711"', "for=_x, for=unknown"],
    "host": ["127.0.0.1:8700", "[::1]", "x:99999", "localhost."],
    "idempotency-key": ["k", '"k"', "x" * 300],
    "if-match": ["*", '"x"'],
    "if-modified-since": ["Thu, 01 Jan 1970 00:00:00 GMT", "x"],
    "if-none-match": ["*", '"x", W/"y"', 'W/"'],
    "last-event-id": ["1", "-1", "99999999999999999999", "x"],
    "mcp-protocol-version": ["2025-06-18", "1999-01-01"],
    "mcp-session-id": ["x"],
    "orcheo-resume": ["1", "0"],
    "orcheo-ticket": ["x", "a.b.c"],
    "origin": ["null", "http://127.0.0.1:8700", "http://[::1]:80", "http://[", "https://a.example", "https://a.example:x"],
    "range": ["bytes=0-1", "bytes=-1", "bytes=5-1,7-", "x=1"],
    "sec-fetch-site": ["same-origin", "cross-site"],
    "traceparent": ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-x-y-z"],
    "transfer-encoding": ["chunked"],
    "user-agent": ["x"],
    "x-forwarded-for": ["192.0.2.1", "192.0.2.1, 10.0.0.1", "[::1]:80", "unknown", ", ,", "::ffff:1.2.3.4"],
    "x-forwarded-host": ["evil.example"],
    "x-forwarded-proto": ["https", "https, http"],
    "x-orcheo-channel": ["cli", "mcp", "x"],
    "x-request-id": ["x", "a b"],
}  # fmt: skip
ANY = st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=12)


@st.composite
def value(draw: st.DrawFn, name: str) -> str:
    """A value of a header as it is right, or nearly so, or anything at all."""
    sample = draw(st.sampled_from(SAMPLES[name]))
    at = draw(st.integers(0, len(sample)))
    return draw(st.sampled_from([sample, sample[:at] + draw(ANY) + sample[at:], sample[:at], draw(ANY)]))


HEADERS = st.lists(
    st.sampled_from(sorted(SAMPLES)).flatmap(lambda name: st.tuples(st.just(name), value(name))), max_size=5
)
READ: dict[str, Any] = {"type": "threads.list", "params": {}}
SAY: dict[str, Any] = {"type": "threads.create", "params": {"input": USER_INPUT}}
TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
PLACES: list[tuple[str, str, Any]] = [
    ("GET", "/", None),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
    ("GET", "/openapi.json", None),
    ("GET", "/chat/echo", None),
    ("GET", "/chat/echo/", None),
    ("GET", "/assets/x.js", None),
    ("GET", "/api/chat/echo", None),
    ("POST", "/api/chat/echo/session", {}),
    ("OPTIONS", "/api/chat/echo/session", None),
    ("POST", "/api/chatkit", READ),
    ("POST", "/api/chatkit", SAY),
    ("GET", "/api/chatkit/threads/thr_x/events", None),
    ("POST", "/api/chatkit/attachments", "--x\r\nContent-Disposition: form-data; name=file\r\n\r\na\r\n--x--\r\n"),
    ("PUT", "/api/chatkit/attachments/atc_x", "abc"),
    ("GET", "/api/chatkit/attachments/atc_x", None),
    ("GET", "/auth/login", None),
    ("GET", "/auth/callback", None),
    ("POST", "/auth/logout", {}),
    ("GET", "/auth/trial", None),
    ("POST", "/auth/backchannel-logout/x", "logout_token=x"),
    ("GET", "/api/workflows", None),
    ("POST", "/api/workflows", {"handle": "x"}),
    ("GET", "/api/audit/export", None),
    ("POST", "/api/operations/workflows.list", {}),
    ("POST", "/mcp", TOOLS),
]
"""Each kind of address with a body that fits."""


@frozen
class Asker:
    """Asks a server without a connection between, so that every byte of a header arrives."""

    app_server: TestServer
    runner: asyncio.Runner
    credentials: tuple[str, ...]

    def status(self, place: tuple[str, str, Any], headers: list[tuple[str, str]]) -> int:
        """The status of the answer."""
        return self.runner.run(self._ask(place, headers))

    async def _ask(self, place: tuple[str, str, Any], headers: list[tuple[str, str]]) -> int:
        method, path, content = place
        body = content.encode() if isinstance(content, str) else orjson.dumps(content) if content is not None else b""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers],
            "client": ("127.0.0.1", 40_000),
            "server": ("127.0.0.1", 8_700),
        }
        parts = iter([{"type": "http.request", "body": body, "more_body": False}])
        statuses = []

        async def receive() -> dict[str, Any]:
            return next(parts, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self.app_server.orcheo.app(scope, receive, send)
        return int(statuses[0]) if statuses else 0


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    """A server that trusts a proxy and lets another site's pages in, with a public workflow."""
    with asyncio.Runner() as runner:  # which ends what is still at work, as the MCP library's watcher of the server
        building = build_app_server(environment=SETTINGS)
        app_server = runner.run(building.__aenter__())
        token = runner.run(app_server.publish())["publish_token"]
        grant = runner.run(app_server.grant())
        yield Asker(app_server, runner, tuple(f"Bearer {each}" for each in (token, grant, app_server.owner_token)))
        runner.run(building.__aexit__(None, None, None))


@settings(max_examples=400)
@given(place=st.sampled_from(PLACES), headers=HEADERS, credential=st.integers(-1, 2))
def test_no_header_is_a_fault_of_the_server(
    asker: Asker, place: tuple[str, str, Any], headers: list[tuple[str, str]], credential: int
) -> None:
    """With a right credential of each kind or none: 503 is the only 5xx, where a part is not there.

    Findings: no header raises.
    """
    known = [] if credential < 0 else [("authorization", asker.credentials[credential])]
    usual = [("host", "127.0.0.1:8700"), ("content-type", "application/json"), ("accept", SAMPLES["accept"][1])]
    status = asker.status(place, [*headers, *known, *usual])
    assert status < 500 or status == 503, (place, headers, status)
