"""Owners see turns while they run: streams for Canvas, over real connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from attrs import frozen

from orcheo_adapters.http.deadlines import Deadlines
from orcheo_core.domain.actor import Scope
from orcheo_core.domain.budget import BUDGETS, WATCHES, Per
from orcheo_core.services.owners.watching import Watching
from tests import workflows
from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server
from tests.conformance.test_isolation import until
from tests.http.live import Connection, Live, serving

pytestmark = pytest.mark.network

JSON = {"content-type": "application/json"}
WATCH = "/api/canvas/workflows/echo/live"


@frozen
class Desk:
    """An owner at Canvas, and a server on a socket."""

    app_server: TestServer
    live: Live

    def request(self, path: str, method: str = "GET", body: bytes = b"", **more: str) -> bytes:
        """A request as Canvas sends it."""
        fields = {"host": "127.0.0.1", "sec-fetch-site": "same-origin", "content-length": str(len(body))}
        cookies = "; ".join(f"{name}={value}" for name, value in self.app_server.client.cookies.items())
        fields |= {"content-type": "application/json", "cookie": cookies, **more}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    @asynccontextmanager
    async def watching(self, path: str = WATCH) -> AsyncIterator[Connection]:
        """A stream of which the head has come."""
        async with self.live.connection() as connection:
            connection.send(self.request(path))
            assert b" 200 " in await connection.until(b"\r\n\r\n")
            yield connection

    async def ask(self, text: str) -> "asyncio.Task[Any]":
        """A visitor's message, of which the workflow has begun to speak."""
        grant = await self.app_server.grant()
        said = {**USER_INPUT, "content": [{"type": "input_text", "text": text}]}
        workflows.close_gate(text)
        asking = asyncio.create_task(self.app_server.chatkit(grant, "threads.create", input=said))
        await workflows.reached(text)
        return asking

    @property
    def held(self) -> int:
        """How many streams owners have open."""
        holding = self.app_server.orcheo.core.holding
        return sum(holding.held(each) for each in BUDGETS if each.resource is WATCHES and each.per is Per.OWNER)


@asynccontextmanager
async def at_desk(*, call: str = "held", **limits: str) -> AsyncIterator[Desk]:
    """A published workflow, and its owner signed in to Canvas."""
    environment = {f"ORCHEO_LIMIT_{name}": value for name, value in limits.items()}
    async with build_app_server(environment=environment) as app_server:
        await app_server.publish(call=call)
        await app_server.sign_in()
        async with serving(app_server.orcheo.app, deadlines=Deadlines(), buffer=16_384) as live:
            yield Desk(app_server, live)


async def news(connection: Connection) -> dict[str, Any]:
    """The next news."""
    frame = await connection.until(b"\n\n")
    told: dict[str, Any] = orjson.loads(frame.partition(b"data: ")[2])
    return told


async def test_the_list_hears_of_a_turn_and_of_its_end() -> None:
    """First how things stand; then where a turn runs; then that it runs no more."""
    async with at_desk() as desk, desk.watching() as connection:
        assert await news(connection) == {"running": [], "changed": [], "is_cut": False}
        asking = await desk.ask("live")
        begun = await news(connection)
        assert begun["running"] == begun["changed"]
        workflows.open_gate("live")
        await asking
        assert await news(connection) == {"running": [], "changed": begun["running"], "is_cut": False}


async def test_the_thread_grows_as_it_does_for_its_visitor() -> None:
    """The same numbered frames, from the first one or from the next one on; at its end the answer ends."""
    async with at_desk() as desk, desk.watching() as connection:
        await news(connection)
        asking = await desk.ask("grows")
        (thread_id,) = (await news(connection))["running"]
        path = f"/api/canvas/threads/{thread_id}/events"
        async with desk.watching(path) as whole, desk.watching(f"{path}?after=3") as rest:
            assert b"id: 1\ndata: " in await whole.until(b'"grows')
            workflows.open_gate("grows")
            seen = (await asking).text.split("\n\n")[-2]
            assert seen in (await whole.until(b"\r\n0\r\n\r\n")).decode()
            assert b"id: 4\n" in await rest.until(b"\n\n")
        await until(lambda: desk.held == 1)
        answer = await desk.app_server.client.get("/api/canvas/threads/thr_unknown/events")
        assert_problem(answer, 404, "thread_not_found")
        assert_problem(await desk.app_server.client.get(f"{path}?after=x"), 422, "invalid_input")
        assert_problem(await desk.app_server.client.get(f"{WATCH}?thread=x"), 422, "invalid_input")


async def test_there_may_be_nothing_to_follow() -> None:
    """The frames of a turn are forgotten a while after its end."""
    async with at_desk(call="echo") as desk:
        grant = await desk.app_server.grant()
        asked = await desk.app_server.chatkit(grant, "threads.create", input=USER_INPUT)
        thread_id = orjson.loads(asked.text.partition("data: ")[2].partition("\n\n")[0])["thread"]["id"]
        desk.app_server.clock.advance(seconds=86_400)
        core = desk.app_server.orcheo.core
        core.live_turns.forget(desk.app_server.clock.now())
        await desk.app_server.sign_in()
        answer = await desk.app_server.client.get(f"/api/canvas/threads/{thread_id}/events")
        assert (answer.status_code, answer.text) == (204, "")


async def test_only_an_owner_session_opens_a_stream() -> None:
    """On our own pages, with the scope, for a workflow of one's own; a service token is for programs."""
    async with at_desk() as desk:
        client, headers = desk.app_server.client, {"authorization": f"Bearer {desk.app_server.owner_token}"}
        elsewhere = await client.get(WATCH, headers={"sec-fetch-site": "cross-site"})
        assert_problem(elsewhere, 403, "cross_site_request")
        assert_problem(await client.get("/api/canvas/workflows/other/live"), 404, "workflow_not_found")
        client.cookies.clear()
        assert_problem(await client.get(WATCH, headers=headers), 401, "owner_session_missing")
        await desk.app_server.sign_in(await desk.app_server.owner("bob"))
        assert_problem(await client.get(WATCH), 404, "workflow_not_found")
        await desk.app_server.sign_in(await desk.app_server.owner("eve", Scope.WORKFLOWS_READ))
        assert_problem(await client.get(WATCH), 403, "scope_missing")
        assert desk.held == 0


@pytest.mark.parametrize("act", ["sign out", "revoke", "remove", "stop"])
async def test_a_stream_ends_with_what_it_depends_on(act: str) -> None:
    """The owner session, the service token behind it, the workflow, the server."""
    async with at_desk() as desk:
        token = await desk.app_server.result(
            "tokens.create", label="mine", scopes=["workflows:read", "transcripts:read"]
        )
        await desk.app_server.sign_in(token["service_token"])
        async with desk.watching() as connection:
            await news(connection)
            assert desk.held == 1
            match act:
                case "sign out":
                    ended = await desk.app_server.client.delete("/api/canvas/session", headers=JSON)
                    assert ended.status_code == 204
                case "revoke":
                    await desk.app_server.result("tokens.revoke", id=token["details"]["id"])
                case "remove":
                    await desk.app_server.result("workflows.remove", ref="echo")
                case _:
                    desk.app_server.orcheo.core.register.close()
            async with asyncio.timeout(60):
                await connection.until(b"0\r\n\r\n")
            await until(lambda: desk.held == 0)


async def test_a_stream_that_cannot_be_checked_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the reason: what is not checked any more is not shown."""

    async def fail(*_what: object) -> None:
        raise ArithmeticError

    async with at_desk() as desk:
        monkeypatch.setattr(Watching, "check", fail)
        async with desk.watching() as connection, asyncio.timeout(60):
            await connection.until(b"0\r\n\r\n")
        await until(lambda: desk.held == 0)
    assert "a live view could not be checked, so it has ended" in caplog.text


async def test_streams_of_an_owner_are_counted_while_they_are_open() -> None:
    """One too many is refused, and does not touch what visitors may have open."""
    async with at_desk(WATCHES_BY_OWNER="1") as desk:
        async with desk.watching():
            refused = await desk.app_server.client.get(WATCH)
            problem = assert_problem(refused, 429, "budget_exceeded")
            assert "One owner may have at most 1 views" in problem["detail"]
            asking = await desk.ask("beside")
            workflows.open_gate("beside")
            assert (await asking).status_code == 200
        await until(lambda: desk.held == 0)
        async with desk.watching():
            assert desk.held == 1


async def test_much_news_at_once_is_one_piece() -> None:
    """As what is sent within a fifth of a second is sent together."""
    async with at_desk(call="echo") as desk, desk.watching() as connection:
        await news(connection)
        grant = await desk.app_server.grant()
        for _ in range(3):
            await desk.app_server.chatkit(grant, "threads.create", input=USER_INPUT)
        changed: list[str] = []
        while len(set(changed)) < 3:
            changed += (await news(connection))["changed"]
        assert len(changed) < 6
