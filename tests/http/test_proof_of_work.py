"""Under pressure anonymous visitors do some work first."""

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from typing import Any

import altcha
import pytest

from tests.app_server import TestServer, assert_problem, build_app_server

SESSION = "/api/chat/echo/session"


@pytest.fixture
async def busy() -> AsyncIterator[TestServer]:
    """A server that asks for work beyond two chat sessions a minute, and has seen two."""
    async with build_app_server(
        environment={"ORCHEO_PROOF_OF_WORK_ABOVE": "2/minute", "ORCHEO_LIMITS": "off"}
    ) as app_server:
        await app_server.publish()
        await app_server.publish("other")
        for _ in range(2):
            await app_server.grant()
        yield app_server


async def challenge_of(app_server: TestServer, handle: str = "echo") -> dict[str, Any]:
    """What a visitor without a proof is asked."""
    answer = await app_server.client.post(f"/api/chat/{handle}/session", json={})
    problem = assert_problem(answer, 428, "proof_of_work_needed")
    challenge: dict[str, Any] = problem["challenge"]
    return challenge


def solved(challenge: dict[str, Any]) -> str:
    """The payload that a browser finds."""
    made = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(made)
    assert solution is not None
    return altcha.Payload(made, solution).to_base64()


async def show(app_server: TestServer, proof: object, handle: str = "echo") -> int:
    """Ask with a proof: the status."""
    return (await app_server.client.post(f"/api/chat/{handle}/session", json={"proof": proof})).status_code


async def test_work_opens_the_door_once(busy: TestServer) -> None:
    """And no other door; nor once more with something beside it, even what JSON does not know."""
    proof = solved(await challenge_of(busy))
    assert await show(busy, proof) == 200
    assert await show(busy, proof) == 428
    for more in (b"NaN", b'"\\ud800"', b"9" * 400):
        again = b64decode(proof).removesuffix(b"}") + b', "more": ' + more + b"}"
        assert await show(busy, b64encode(again).decode()) == 428
    for _ in range(2):
        await busy.grant("other")
    await challenge_of(busy, "other")
    assert await show(busy, solved(await challenge_of(busy)), "other") == 428


async def test_a_proof_is_good_for_five_minutes(busy: TestServer) -> None:
    """Pressure may be over before; here it is there again."""
    proof = solved(await challenge_of(busy))
    busy.clock.advance(minutes=5)
    for _ in range(2):
        await busy.grant()
    assert await show(busy, proof) == 428


async def test_without_pressure_nobody_works(busy: TestServer) -> None:
    """A minute later."""
    busy.clock.advance(minutes=1, seconds=1)
    await busy.grant()


@pytest.mark.parametrize("proof", ["", "x", "e30=", 5, None, ["a"], "A" * 5_000, b64encode(b"[" * 3_000).decode()])
async def test_what_is_no_proof_opens_nothing(busy: TestServer, proof: object) -> None:
    """Whatever it is."""
    assert await show(busy, proof) == 428


async def test_a_changed_challenge_is_not_ours(busy: TestServer) -> None:
    """Easier, longer, for another workflow: the signature is over all of it."""
    challenge = await challenge_of(busy)
    for name, value in (("keyPrefix", ""), ("cost", 1), ("data", {"workflow": "wf_x", "until": 9_999_999_999})):
        easier = json.loads(json.dumps(challenge))
        easier["parameters"][name] = value
        assert await show(busy, solved(easier)) == 428
    payload = json.loads(b64decode(solved(challenge)))
    payload["solution"]["counter"] += 1
    assert await show(busy, b64encode(json.dumps(payload).encode()).decode()) == 428


async def test_an_unknown_chat_asks_for_no_work(busy: TestServer) -> None:
    """It looks as any other that is closed."""
    assert_problem(await busy.client.post("/api/chat/nobody/session", json={}), 404, "chat_unavailable")


async def test_programs_and_owners_are_not_asked(busy: TestServer) -> None:
    """They are known by their tokens."""
    await busy.result("workflows.open_chat_session", ref="echo")
    token = (await busy.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
    assert (await busy.client.post(SESSION, json={"publish_token": token})).status_code == 200


async def test_nobody_is_asked_unless_it_is_switched_on(app_server: TestServer) -> None:
    """Off by default."""
    await app_server.publish()
    for _ in range(50):
        await app_server.grant()
