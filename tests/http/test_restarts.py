"""Findings: what has ended stays ended, and what was used up stays used up, after a restart of the server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from attrs import evolve

from orcheo_adapters.auth.secrets_file import ServerSecrets
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_adapters.server.assembly import Machine, assemble
from tests.app_server import BASE_URL, TestServer, _settings, build_app_server
from tests.fakes.entropy import FakeEntropy
from tests.http.test_proof_of_work import challenge_of, solved

SESSION = "/api/canvas/session"
ENVIRONMENT = {"ORCHEO_PROOF_OF_WORK_ABOVE": "2/minute", "ORCHEO_LIMITS": "off"}
Attempt = Callable[[TestServer], Awaitable[httpx2.Response]]
"""What was possible once: the server's answer."""


@asynccontextmanager
async def restarted(before: TestServer) -> AsyncIterator[TestServer]:
    """Another process over the same data folder: the same store, files and secrets, and nothing of the memory."""
    entropy = FakeEntropy(seed=1)
    machine = Machine(
        clock=before.clock,
        entropy=entropy,
        runners=RunnerRegistry(),
        telemetry=before.telemetry,
        files=before.files,
    )
    secrets = ServerSecrets.generate(FakeEntropy().random_bytes)
    orcheo = assemble(before.store, secrets, _settings(ENVIRONMENT), machine=machine, static_folder=Path("nowhere"))
    await orcheo.core.identifiers.begin_after(before.store)
    for spent in orcheo.spent_ids:
        await spent.load()
    transport = httpx2.ASGITransport(orcheo.app, raise_app_exceptions=False, client=("127.0.0.1", 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield evolve(before, orcheo=orcheo, client=client)
    orcheo.core.register.close()
    await orcheo.background.wait()


async def ticket_of_canvas(app_server: TestServer) -> Attempt:
    """It signs one browser in."""
    address = (await app_server.result("canvas.open"))["address"]
    ticket = {"ticket": address.partition("#ticket=")[2]}
    assert (await app_server.client.post(SESSION, json=ticket)).status_code == 200
    return lambda server: server.client.post(SESSION, json=ticket)


async def owner_session(app_server: TestServer) -> Attempt:
    """Its owner signs out; the cookie was copied before."""
    await app_server.sign_in()
    cookie = "; ".join(f"{name}={value}" for name, value in app_server.client.cookies.items())
    answer = await app_server.client.delete(SESSION, headers={"content-type": "application/json"})
    assert answer.status_code == 204
    return lambda server: server.client.get(SESSION, headers={"cookie": cookie, "sec-fetch-site": "same-origin"})


async def service_token(app_server: TestServer) -> Attempt:
    """It is revoked."""
    made = await app_server.result("tokens.create", label="mine", scopes=["workflows:read"])
    token = made["service_token"]
    await app_server.result("tokens.revoke", id=made["details"]["id"])
    return lambda server: server.operation("workflows.list", token=token)


async def proof_of_work(app_server: TestServer) -> Attempt:
    """It opens one chat session."""
    await app_server.publish()
    for _ in range(2):
        await app_server.grant()
    proof = {"proof": solved(await challenge_of(app_server))}
    assert (await app_server.client.post("/api/chat/echo/session", json=proof)).status_code == 200

    async def again(server: TestServer) -> httpx2.Response:
        for _ in range(2):
            await server.client.post("/api/chat/echo/session", json={})  # or there would be no pressure
        return await server.client.post("/api/chat/echo/session", json=proof)

    return again


async def chat_session(app_server: TestServer) -> Attempt:
    """The owner ends it, and opens the chat to others."""
    await app_server.publish()
    grant = await app_server.grant()
    await app_server.result("workflows.unpublish", ref="echo", end_sessions=True)
    await app_server.result("workflows.publish", ref="echo")
    return lambda server: server.chatkit(grant, "threads.list")


async def publish_token(app_server: TestServer) -> Attempt:
    """It is rotated."""
    token = (await app_server.publish())["publish_token"]
    await app_server.result("workflows.rotate_publish_token", ref="echo")
    return lambda server: server.chatkit(token, "threads.list")


ENDED: dict[str, tuple[Callable[[TestServer], Awaitable[Attempt]], int, str]] = {
    "ticket of Canvas": (ticket_of_canvas, 401, "canvas_ticket_invalid"),
    "owner session": (owner_session, 401, "owner_session_ended"),
    "service token": (service_token, 401, "service_token_revoked"),
    "proof of work": (proof_of_work, 428, "proof_of_work_needed"),
    "chat session": (chat_session, 401, "chat_session_ended"),
    "publish token": (publish_token, 401, "publish_token_rotated"),
}


@pytest.mark.parametrize("what", ENDED)
async def test_a_restart_brings_nothing_back(what: str) -> None:
    """Each is refused before the restart, and in the same way after it. Findings: what has ended stays ended."""
    use_up, status, code = ENDED[what]
    async with build_app_server(environment=ENVIRONMENT) as app_server:
        attempt = await use_up(app_server)
        answers: list[Any] = [await attempt(app_server)]
        async with restarted(app_server) as again:
            answers.append(await attempt(again))
    assert [(each.status_code, each.json()["code"]) for each in answers] == [(status, code)] * 2
