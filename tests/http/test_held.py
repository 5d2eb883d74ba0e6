"""What requests keep open is counted until it is over, on every path: seen over real connections."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from attrs import frozen

from orcheo_adapters.http.deadlines import Deadlines
from orcheo_core.domain.budget import BUDGETS
from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server
from tests.conformance.test_isolation import until
from tests.http.live import Connection, Live, serving
from tests.http.sending import TEXT, Visitor

pytestmark = pytest.mark.network

PICTURE = b"\x89PNG" + bytes(4 * 1024 * 1024)
"""More than a connection buffers."""
GATES: list[asyncio.Event] = []


async def waits(text: str) -> AsyncIterator[str]:
    """A workflow: it says a word, and no more before the gate is open."""
    yield "a" if text == "Hello" else text
    await GATES[-1].wait()


async def long(_text: str) -> str:
    """A workflow whose answer is longer than a connection buffers."""
    return "long " * 190_000


async def talks(_text: str) -> AsyncIterator[str]:
    """A workflow that says much, a piece at a time."""
    for _ in range(9):
        yield "talk " * 20_000
        await asyncio.sleep(0)


@frozen
class Air:
    """A visitor of a server with budgets, and a server on a socket for connections that end in the middle."""

    app_server: TestServer
    visitor: Visitor
    live: Live

    @property
    def held(self) -> Counter[str]:
        """How much of each budget is held now."""
        found = {each.policy: self.app_server.orcheo.core.holding.held(each) for each in BUDGETS}
        return Counter({name: amount for name, amount in found.items() if amount})

    async def until_free(self) -> None:
        """Return when nothing is held any more but the frames of ended turns, and these have been forgotten."""

        def is_free() -> bool:
            self.app_server.orcheo.core.live_turns.forget(datetime.max.replace(tzinfo=UTC))
            return not self.held

        await until(is_free)

    def request(self, method: str, path: str, body: bytes = b"", length: int | None = None, **more: str) -> bytes:
        """A request with the visitor's grant, of whose body ``length`` bytes are announced."""
        size = len(body) if length is None else length
        fields = {"host": "127.0.0.1", "content-length": str(size), "content-type": "application/json", **more}
        fields.setdefault("authorization", f"Bearer {self.visitor.grant}")
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    def asking(self, kind: str, **params: Any) -> bytes:
        """A ChatKit request."""
        return self.request("POST", "/api/chatkit", orjson.dumps({"type": kind, "params": params}))

    @asynccontextmanager
    async def streaming(self) -> AsyncIterator[Connection]:
        """A turn whose first word has come."""
        async with self.live.connection() as connection:
            connection.send(self.asking("threads.create", input=USER_INPUT))
            await connection.until(b'"a"')
            yield connection


@asynccontextmanager
async def on_air(call: str = "waits", **limits: str) -> AsyncIterator[Air]:
    """A server with these budgets, by the ends of their settings."""
    async with build_app_server(
        environment={f"ORCHEO_LIMIT_{name}": value for name, value in limits.items()}
    ) as app_server:
        await app_server.result("workflows.add", handle="echo", runner="python", target=f"{__name__}:{call}")
        await app_server.result("workflows.publish", ref="echo")
        visitor = await Visitor.of(app_server)
        GATES.append(asyncio.Event())
        async with serving(app_server.orcheo.app, deadlines=Deadlines(), buffer=16_384) as live:
            yield Air(app_server, visitor, live)
            GATES[-1].set()


def assert_refused(answer: Any, what: str, policy: str) -> None:
    """It names the limit, says what gives room and until when, and whom to ask."""
    problem = assert_problem(answer, 429, "budget_exceeded")
    assert what in problem["detail"]
    assert policy in problem["hint"]
    assert "operator" in problem["hint"]
    assert int(answer.headers["retry-after"]) == problem["retry_after"] > 0


async def _create(air: Air) -> Any:
    return await air.visitor.ask("threads.create", input=USER_INPUT)


async def test_a_connection_that_has_sent_a_file_takes_the_next_request() -> None:
    """A client that knows the length sends it with the last byte; so does one that asked for the head alone."""
    async with on_air() as air:
        shown = await air.visitor.post(mime_type="image/png", name="a.png")
        path = urlsplit(shown.json()["preview_url"])
        async with air.live.connection() as connection:
            for method, end in [("GET", TEXT), ("HEAD", b"\r\n\r\n")] * 20:
                connection.send(air.request(method, f"{path.path}?{path.query}"))
                assert (await connection.until(end)).startswith(b"HTTP/1.1 200 ")


# --- streams and runs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "what", "policy"),
    [
        ("STREAMS_BY_VISITOR", "1 answers and files that are being sent", "streams-by-visitor"),
        ("RUNS_BY_VISITOR", "1 answers that workflows are at work on", "runs-by-visitor"),
    ],
)
async def test_no_more_answers_at_a_time_than_allowed(name: str, what: str, policy: str) -> None:
    """Until the client that reads one goes away, as that stops its turn."""
    async with on_air(**{name: "1"}) as air:
        async with air.streaming():
            assert_refused(await _create(air), what, policy)
        await air.until_free()
        async with air.streaming():
            assert air.held["streams-by-visitor"] == air.held["runs-by-visitor"] == 1


async def test_an_answer_that_ends_is_free_again() -> None:
    """With the last event."""
    async with on_air(STREAMS_BY_VISITOR="1", RUNS_BY_VISITOR="1") as air:
        async with air.streaming() as connection:
            GATES[-1].set()
            await connection.until(b"\r\n0\r\n\r\n")
            await air.until_free()
        assert (await _create(air)).status_code == 200


async def test_a_run_outlives_its_stream() -> None:
    """A client that can resume leaves its turn, and each page that follows it has a stream of its own.

    Findings: abandoned runs count.
    """
    async with on_air(STREAMS_BY_VISITOR="2") as air:
        body = orjson.dumps({"type": "threads.create", "params": {"input": USER_INPUT}})
        async with air.live.connection() as connection:
            connection.send(air.request("POST", "/api/chatkit", body, orcheo_resume="1"))
            thread_id = (await connection.until(b'"a"')).split(b'"id":"thr_', 1)[1].split(b'"')[0].decode()
        await until(lambda: not air.held["streams-by-visitor"])
        assert air.held["runs-by-visitor"] == 1
        path = f"/api/chatkit/threads/thr_{thread_id}/events"
        async with air.live.connection() as one, air.live.connection() as other:
            for each in (one, other):
                each.send(air.request("GET", path))
                await each.until(b'"a"')
            headers = {"authorization": f"Bearer {air.visitor.grant}"}
            refused = await air.app_server.client.get(path, headers=headers)
            assert_refused(refused, "2 answers and files", "streams-by-visitor")
        await until(lambda: not air.held["streams-by-visitor"])
        GATES[-1].set()
        await air.until_free()


async def test_what_fails_before_its_stream_holds_nothing() -> None:
    """No such thread, no such message, words that are none."""
    async with on_air() as air:
        failing: list[tuple[str, dict[str, Any]]] = [
            ("threads.add_user_message", {"thread_id": "thr_none", "input": USER_INPUT}),
            ("threads.retry_after_item", {"thread_id": "thr_none", "item_id": "msg_none"}),
            ("threads.create", {"input": USER_INPUT | {"attachments": ["atc_none"]}}),
            ("threads.create", {"input": USER_INPUT | {"content": []}}),
        ]
        for kind, params in failing:
            assert (await air.visitor.ask(kind, **params)).status_code >= 400
        assert not air.held


@pytest.mark.parametrize("name", ["STREAMS_BY_VISITOR", "RUNS_BY_VISITOR", "STREAMS_BY_WORKFLOW", "RUNS_BY_SERVER"])
async def test_a_crowd_gets_exactly_what_is_allowed(name: str) -> None:
    """However the requests come together."""
    async with on_air(**{name: "3"}) as air:
        crowd = [asyncio.ensure_future(_create(air)) for _ in range(20)]
        await until(lambda: sum(each.done() for each in crowd) == 17)
        assert air.held[name.lower().replace("_", "-")] == 3
        GATES[-1].set()
        statuses = Counter([(await each).status_code for each in crowd])
        assert statuses[200] == 3
        assert set(statuses) <= {200, 429, 503}
        await air.until_free()


# --- uploads --------------------------------------------------------------------------------------------------------


async def _put(air: Air) -> bytes:
    announced = (await air.visitor.announce(size=8)).json()["upload_descriptor"]
    path = announced["url"].partition("8700")[2]
    return air.request("PUT", path, b"half", 8, **announced["headers"])


async def _post(air: Air) -> bytes:
    form = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf'
    length = len(form) + 100
    return air.request(
        "POST", "/api/chatkit/attachments", form, length, **{"content-type": "multipart/form-data; boundary=b"}
    )


@pytest.mark.parametrize("half", [_put, _post], ids=["put", "post"])
async def test_no_more_uploads_at_a_time_than_allowed(half: Callable[[Air], Any]) -> None:
    """Until the client that sends one goes away in the middle; nothing of it is kept.

    Findings: what strangers leave behind is bounded.
    """
    async with on_air(UPLOADS_BY_VISITOR="1") as air:
        announced = (await air.visitor.announce()).json()
        async with air.live.connection() as connection:
            connection.send(await half(air))
            await until(lambda: air.held["uploads-by-visitor"] == 1)
            assert_refused(await air.visitor.put(announced), "1 uploads under way", "uploads-by-visitor")
            assert_refused(await air.visitor.post(), "1 uploads under way", "uploads-by-visitor")
        await air.until_free()
        assert list(air.app_server.files.ids()) == []
        assert (await air.visitor.put(announced)).status_code == 200
        assert not air.held


async def test_an_upload_that_is_refused_holds_nothing() -> None:
    """Too long, too short, none of the allowed types, to an address that is none."""
    async with on_air() as air:
        announced = (await air.visitor.announce()).json()
        assert (await air.visitor.put(announced, b"short")).status_code == 422
        assert (await air.visitor.put(announced | {"id": "x"}, bytes(100))).status_code == 422
        assert (await air.visitor.post(mime_type="text/html")).status_code == 422
        assert not air.held


# --- what answers hold in memory -------------------------------------------------------------------------------------


@pytest.mark.parametrize("per", ["VISITOR", "ADDRESS", "WORKFLOW", "SERVER"])
async def test_an_answer_beyond_what_answers_may_hold_is_cut_off(per: str) -> None:
    """As one that says too much is, and the owner reads which limit it was. Findings: what is not read costs little."""
    async with on_air("talks", **{f"FRAME_BYTES_BY_{per}": "500 KiB"}) as air:
        assert "became too long and was cut off" in (await _create(air)).text
        fault = air.app_server.telemetry.run_failures[-1]
        assert f"frame-bytes-by-{per.lower()}" in str(fault)
        assert air.held[f"frame-bytes-by-{per.lower()}"] > 500 * 1024
        await air.until_free()


async def test_what_a_slow_reader_holds_counts_after_the_end_of_the_turn() -> None:
    """Until the reader goes away, however long the turn has ended."""
    async with on_air("long") as air:
        async with air.live.connection() as unread:
            unread.send(air.asking("threads.create", input=USER_INPUT))
            await until(lambda: bool(air.held["streams-by-visitor"] and not air.held["runs-by-visitor"]))
            air.app_server.orcheo.core.live_turns.forget(datetime.max.replace(tzinfo=UTC))
            assert air.held["frame-bytes-by-visitor"] > 900_000
        await until(lambda: not air.held)


# --- requests that come slowly ---------------------------------------------------------------------------------------


def _large(air: Air, *, chunked: bool) -> bytes:
    """The beginning of a long message."""
    framing = {"transfer-encoding": "chunked"} if chunked else {"content-length": "400000"}
    lines = {"host": "127.0.0.1", "content-type": "application/json", **framing}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /api/chatkit HTTP/1.1\r\nauthorization: Bearer {air.visitor.grant}\r\n{head}\r\n".encode()


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
async def test_large_requests_that_do_not_come_hold_a_part_of_their_address(*, chunked: bool) -> None:
    """Until the client goes away; those that come in one piece and uploads pass."""
    async with on_air(REQUEST_BYTES_BY_ADDRESS="500 KiB") as air:
        async with air.live.connection() as first, air.live.connection() as second:
            first.send(_large(air, chunked=chunked))
            await until(lambda: air.held["request-bytes-by-address"] >= 400_000)
            second.send(_large(air, chunked=False))
            assert b"request-bytes-by-address" in await second.until(b"}")
            async with air.live.connection() as whole:
                whole.send(air.asking("threads.list"))
                assert b" 200 OK" in await whole.until(b"}")
            assert (await air.visitor.post()).status_code == 200
        await air.until_free()


async def test_small_requests_that_come_slowly_hold_a_part_of_their_address() -> None:
    """Until they end or their clients go away; one that comes in one piece passes, and holds nothing."""
    asked = orjson.dumps({"type": "threads.list", "params": {}}).ljust(60_000)
    async with on_air(REQUEST_BYTES_BY_ADDRESS="128 KiB") as air:
        half = air.request("POST", "/api/chatkit", asked[:30_000], len(asked))
        async with air.live.connection() as first, air.live.connection() as second:
            first.send(half)
            second.send(half)
            await until(lambda: air.held["request-bytes-by-address"] == 120_000)
            async with air.live.connection() as third:
                third.send(half)
                assert b"request-bytes-by-address" in await third.until(b"}")
            async with air.live.connection() as whole:
                whole.send(air.request("POST", "/api/chatkit", asked))
                assert b" 200 OK" in await whole.until(b"}")
            first.send(asked[30_000:])
            assert b" 200 OK" in await first.until(b"}")
            assert air.held["request-bytes-by-address"] == 60_000
        await air.until_free()


async def test_a_body_that_nothing_reads_is_held_as_long_as_its_answer() -> None:
    """A stream of events has no use for one, but it lies in memory all the same."""
    async with on_air() as air, air.streaming(), air.live.connection() as connection:
        thread = (await air.visitor.ask("threads.list")).json()["data"][0]["id"]
        connection.send(air.request("GET", f"/api/chatkit/threads/{thread}/events", bytes(60_000)))
        await connection.until(b'"a"')
        assert air.held["request-bytes-by-address"] == 60_000
        GATES[-1].set()
        await connection.until(b"0\r\n\r\n")
        await air.until_free()


async def test_a_large_request_holds_nothing_once_it_has_come() -> None:
    """However long its answer takes."""
    said = {**USER_INPUT, "content": [{"type": "input_text", "text": "n" * 90_000}]}
    async with on_air() as air, air.live.connection() as connection:
        connection.send(air.asking("threads.create", input=said))
        await connection.until(b"nnnn")
        assert "request-bytes-by-address" not in air.held
        assert air.held["streams-by-visitor"] == 1


# --- what is not read -----------------------------------------------------------------------------------------------


async def _preview(air: Air) -> bytes:
    shown = await air.visitor.post(PICTURE, name="a.png", mime_type="image/png")
    return air.request("GET", shown.json()["preview_url"].partition("8700")[2])


async def _page(air: Air) -> bytes:
    thread = (await air.visitor.ask("threads.list")).json()["data"][0]["id"]
    return air.asking("threads.get_by_id", thread_id=thread)


@pytest.mark.parametrize(
    ("asked", "name", "amount", "policy"),
    [
        (_preview, "STREAMS_BY_VISITOR", "1", "streams-by-visitor"),
        (_page, "ANSWER_BYTES_BY_VISITOR", "1 MiB", "answer-bytes-by-visitor"),
    ],
    ids=["preview", "page"],
)
async def test_what_is_not_read_is_bounded(asked: Callable[[Air], Any], name: str, amount: str, policy: str) -> None:
    """Until the client has read it, or goes away in the middle. Findings: what is not read costs little."""
    async with on_air("long", **{name: amount}) as air:
        await _create(air)
        wanted = await asked(air)
        async with air.live.connection() as unread:
            unread.send(wanted)
            await until(lambda: bool(air.held[policy]))
            async with air.live.connection() as second:
                second.send(wanted)
                head = await second.until(b"\r\n\r\n")
                assert b"429" in head
                assert policy.encode() in await second.until(b"}")
        await air.until_free()
        async with air.live.connection() as reading:
            reading.send(wanted.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nconnection: close\r\n", 1))
            answer = await reading.to_the_end()
        assert answer.status == 200
        await air.until_free()


async def test_a_stop_of_the_server_frees_everything() -> None:
    """Streams, uploads and downloads that are under way."""
    async with on_air("long") as air:
        await _create(air)
        page = await _page(air)
        half = await _put(air)
        unread, sending = air.live.connection(), air.live.connection()
        (await unread.__aenter__()).send(page)
        (await sending.__aenter__()).send(half)
        await until(lambda: bool(air.held["answer-bytes-by-visitor"] and air.held["uploads-by-visitor"]))
        air.app_server.orcheo.core.register.close()
        await until(lambda: not air.held["uploads-by-visitor"])
        for each in (unread, sending):
            await each.__aexit__(None, None, None)
        await air.until_free()
