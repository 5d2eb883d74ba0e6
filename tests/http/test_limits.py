"""Limits as visitors, programs and guessers meet them, with the rates as they come."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from orcheo_core.domain.opaque_token import OpaqueToken
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX
from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server
from tests.fakes.entropy import FakeEntropy

AS_THEY_COME: dict[str, str] = {}


@pytest.fixture
async def limited() -> AsyncIterator[TestServer]:
    """A server with the limits that it has when nothing is set, and one published workflow."""
    async with build_app_server(environment=AS_THEY_COME) as app_server:
        await app_server.publish()
        yield app_server


async def turn(app_server: TestServer, credential: str) -> httpx2.Response:
    """One turn in a new thread."""
    answer: httpx2.Response = await app_server.chatkit(credential, "threads.create", input=USER_INPUT)
    return answer


async def statuses(app_server: TestServer, credential: str, count: int) -> list[int]:
    """The statuses of this many turns, one after the other."""
    return [(await turn(app_server, credential)).status_code for _ in range(count)]


async def test_a_visitor_has_20_turns_a_minute_and_is_told_how_long_to_wait(limited: TestServer) -> None:
    """Problem, Retry-After and the fields of the IETF draft agree; after the wait the next turn passes."""
    grant = await limited.grant()
    assert await statuses(limited, grant, 20) == [200] * 20
    limited.clock.advance(seconds=18)
    answer = await turn(limited, grant)
    problem = assert_problem(answer, 429, "rate_limited")
    assert problem["hint"] == "Try again in 42 s."
    assert problem["retry_after"] == 42
    assert answer.headers["retry-after"] == "42"
    assert answer.headers["ratelimit-policy"] == '"turns-by-subject";q=20;w=60'
    assert answer.headers["ratelimit"] == '"turns-by-subject";r=0;t=42'
    limited.clock.advance(seconds=42)
    assert (await turn(limited, grant)).status_code == 200


async def test_one_visitor_at_the_limit_leaves_the_others_alone(limited: TestServer) -> None:
    """Another browser, at the same address or another one, goes on chatting."""
    assert (await statuses(limited, await limited.grant(), 25))[-1] == 429
    for address in ("127.0.0.1", "192.0.2.8"):
        async with limited.visitor_from(address) as other:
            assert (await turn(other, await other.grant())).status_code == 200


async def test_many_browsers_of_one_address_share_what_it_may_use(limited: TestServer) -> None:
    """New cookies do not help beyond 120 turns a minute, and visitors elsewhere do not notice."""
    seen = []
    for _ in range(7):
        async with limited.visitor_from("192.0.2.1") as browser:
            seen += await statuses(browser, await browser.grant(), 20)
    assert (seen.count(200), seen.count(429)) == (120, 20)
    async with limited.visitor_from("192.0.2.2") as other:
        assert (await turn(other, await other.grant())).status_code == 200


async def test_nobody_uses_up_the_share_of_a_workflow() -> None:
    """With 10 turns a minute for a workflow, one address gets 5 of them, and refused turns take nothing away."""
    environment = {"ORCHEO_LIMIT_TURNS_BY_WORKFLOW": "10/minute"}
    async with build_app_server(environment=environment) as app_server:
        await app_server.publish()
        async with app_server.visitor_from("192.0.2.1") as greedy, app_server.visitor_from("192.0.2.2") as modest:
            assert (await statuses(greedy, await greedy.grant(), 30)).count(200) == 5
            assert await statuses(modest, await modest.grant(), 5) == [200] * 5
        async with app_server.visitor_from("192.0.2.3") as late:
            problem = assert_problem(await turn(late, await late.grant()), 429, "rate_limited")
    assert "turns by workflow" in problem["detail"]


async def test_exactly_so_many_of_turns_sent_at_once_pass(limited: TestServer) -> None:
    """Of 60 at the same moment, 20."""
    grant = await limited.grant()
    answers = await asyncio.gather(*(turn(limited, grant) for _ in range(60)))
    assert sum(each.status_code == 200 for each in answers) == 20


async def test_a_program_has_more_turns_than_a_visitor(limited: TestServer) -> None:
    """A publish token is counted as one subject, with a rate of its own."""
    token = (await limited.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
    assert (await statuses(limited, token, 125)).count(200) == 120


async def test_retries_are_turns_and_reading_is_not(limited: TestServer) -> None:
    """Answering again costs; looking costs next to nothing, and has its own generous rate."""
    grant = await limited.grant()
    events = (await turn(limited, grant)).text
    thread_id = events.partition('"id":"')[2].partition('"')[0]
    assert await statuses(limited, grant, 19) == [200] * 19
    again = await limited.chatkit(grant, "threads.retry_after_item", thread_id=thread_id, item_id="msg_x")
    assert_problem(again, 429, "rate_limited")
    read = [(await limited.chatkit(grant, "threads.list")).status_code for _ in range(610)]
    assert (read.count(200), read.count(429)) == (600, 10)


async def test_what_is_not_valid_is_no_turn(limited: TestServer) -> None:
    """A form error is not counted."""
    grant = await limited.grant()
    for _ in range(30):
        assert_problem(await limited.chatkit(grant, "threads.create", input={}), 422, "invalid_input")
    assert (await turn(limited, grant)).status_code == 200


async def test_chat_sessions_are_limited_by_address(limited: TestServer) -> None:
    """60 a minute; renewing a grant is not opening a chat session."""
    opened = [(await limited.client.post("/api/chat/echo/session", json={})).status_code for _ in range(65)]
    assert (opened.count(200), opened.count(429)) == (60, 5)
    async with limited.visitor_from("192.0.2.9") as other:
        grant = await other.grant()
        headers = {"authorization": f"Bearer {grant}"}
        assert (await other.client.post("/api/chat/echo/session", json={}, headers=headers)).status_code == 200


async def test_an_app_opens_chat_sessions_whatever_others_at_its_address_do(limited: TestServer) -> None:
    """Its publish token is looked at first; the sessions are counted by the app.

    Findings: a right credential always gets in.
    """
    token = (await limited.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
    by_link = [(await limited.client.post("/api/chat/echo/session", json={})).status_code for _ in range(65)]
    assert by_link.count(429) > 0
    headers = {"authorization": f"Bearer {token}"}
    by_app = [(await limited.client.post("/api/chat/echo/session", headers=headers)).status_code for _ in range(125)]
    assert (by_app.count(200), by_app.count(429)) == (120, 5)


def made_up(prefix: str) -> str:
    """Of the right form, with a right checksum, and unknown."""
    return OpaqueToken.generate(prefix, FakeEntropy(7).random_bytes).reveal()


GUESSES: dict[str, dict[str, Any]] = {
    "service token": {"url": "/api/operations/workflows.list", "token": made_up(SERVICE_TOKEN_PREFIX)},
    "publish token": {"url": "/api/chatkit", "token": made_up(PUBLISH_TOKEN_PREFIX)},
    "publish token for a chat session": {"url": "/api/chat/echo/session", "token": made_up(PUBLISH_TOKEN_PREFIX)},
    "chat grant": {"url": "/api/chatkit", "token": "a.b.c"},
    "chat grant to renew": {"url": "/api/chat/echo/session", "token": "a.b.c"},
}


@pytest.mark.parametrize("guess", GUESSES.values(), ids=GUESSES)
async def test_after_ten_wrong_credentials_only_wrong_ones_are_refused(
    limited: TestServer, guess: dict[str, Any]
) -> None:
    """The eleventh guess of an address waits for the rest of 5 minutes; a right credential passes at any time.

    Findings: a right credential always gets in.
    """

    async def send(token: str, url: str) -> httpx2.Response:
        return await limited.client.post(url, json={}, headers={"authorization": f"Bearer {token}"})

    answers = await asyncio.gather(*(send(guess["token"], guess["url"]) for _ in range(30)))
    assert [each.status_code for each in answers].count(401) == 10
    assert [each.status_code for each in answers].count(429) == 20
    assert (await limited.operation("workflows.list")).status_code == 200
    assert_problem(await send(guess["token"], guess["url"]), 429, "rate_limited")
    limited.clock.advance(minutes=5)
    assert (await send(guess["token"], guess["url"])).status_code == 401


async def test_a_stranger_on_the_same_address_keeps_no_holder_of_a_credential_out(limited: TestServer) -> None:
    """Behind one proxy or NAT: owner, visitor and program go on while someone beside them guesses.

    Findings: a right credential always gets in.
    """
    token = (await limited.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
    grant = await limited.grant()
    for _ in range(12):
        await limited.chatkit(made_up(PUBLISH_TOKEN_PREFIX), "threads.list")
    for credential in (grant, token):
        assert (await turn(limited, credential)).status_code == 200
        headers = {"authorization": f"Bearer {credential}"}
        assert (await limited.client.post("/api/chat/echo/session", json={}, headers=headers)).status_code == 200
    assert (await limited.operation("workflows.unpublish", ref="echo")).status_code == 200


async def test_refused_guesses_do_not_prolong_the_wait(limited: TestServer) -> None:
    """Who keeps guessing is answered again when the oldest counted guess is five minutes old."""
    for _ in range(10):
        await limited.operation("workflows.list", token="bad")
    limited.clock.advance(minutes=4)
    assert_problem(await limited.operation("workflows.list", token="bad"), 429, "rate_limited")
    limited.clock.advance(minutes=1)
    assert_problem(await limited.operation("workflows.list", token="bad"), 401, "service_token_invalid")


async def test_credentials_that_were_genuine_once_are_not_guesses(limited: TestServer) -> None:
    """A program with a rotated publish token and a page with an expired grant lock no one out."""
    old = (await limited.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
    await limited.result("workflows.rotate_publish_token", ref="echo")
    grant = await limited.grant()
    limited.clock.advance(minutes=6)
    for _ in range(11):
        assert_problem(await limited.chatkit(old, "threads.list"), 401, "publish_token_rotated")
        assert_problem(await limited.chatkit(grant, "threads.list"), 401, "grant_expired")


async def test_no_credential_is_no_guess(limited: TestServer) -> None:
    """A browser that opens an address of the owner API locks no one out."""
    for _ in range(20):
        assert_problem(await limited.client.get("/api/workflows"), 401, "service_token_invalid")


async def test_all_limits_can_be_off() -> None:
    """One setting."""
    async with build_app_server(environment={"ORCHEO_LIMITS": "off"}) as app_server:
        await app_server.publish()
        assert await statuses(app_server, await app_server.grant(), 150) == [200] * 150


async def test_one_limit_can_be_set_and_another_be_off() -> None:
    """Each has its own setting."""
    environment = {"ORCHEO_LIMIT_TURNS_BY_VISITOR": "2/hour", "ORCHEO_LIMIT_FAILED_AUTHENTICATIONS": "off"}
    async with build_app_server(environment=environment) as app_server:
        await app_server.publish()
        assert await statuses(app_server, await app_server.grant(), 3) == [200, 200, 429]
        bad = [(await app_server.operation("workflows.list", token="bad")).status_code for _ in range(20)]
        assert bad == [401] * 20


async def test_addresses_of_one_ipv6_network_count_as_one(limited: TestServer) -> None:
    """A customer has a whole /64; another network is someone else."""
    for number in range(10):
        async with limited.visitor_from(f"2001:db8:1:2::{number:x}") as guesser:
            assert (await guesser.operation("workflows.list", token="bad")).status_code == 401
    async with limited.visitor_from("2001:db8:1:2:ffff::1") as same:
        assert (await same.operation("workflows.list", token="bad")).status_code == 429
    async with limited.visitor_from("2001:db8:1:3::1") as another:
        assert (await another.operation("workflows.list", token="bad")).status_code == 401


async def test_a_header_as_such_says_nothing(limited: TestServer) -> None:
    """Whoever adds X-Forwarded-For is counted under the address of the connection all the same."""
    for number in range(10):
        limited.client.headers["x-forwarded-for"] = f"192.0.2.{number}"
        assert (await limited.operation("workflows.list", token="bad")).status_code == 401
    assert (await limited.operation("workflows.list", token="bad")).status_code == 429


async def test_behind_a_trusted_proxy_visitors_are_told_apart() -> None:
    """The proxy's word counts, that of the visitor does not."""
    async with build_app_server(environment={"ORCHEO_TRUSTED_PROXIES": "1"}) as app_server:
        for number in range(10):
            app_server.client.headers["x-forwarded-for"] = f"10.9.9.{number}, 192.0.2.1"
            assert (await app_server.operation("workflows.list", token="bad")).status_code == 401
        assert (await app_server.operation("workflows.list", token="bad")).status_code == 429
        app_server.client.headers["x-forwarded-for"] = "192.0.2.1, 192.0.2.2"
        assert (await app_server.operation("workflows.list", token="bad")).status_code == 401


async def test_a_proxy_that_is_not_configured_is_named_once(
    limited: TestServer, caplog: pytest.LogCaptureFixture
) -> None:
    """All visitors count as one address then, so the owner must hear of it; forged headers from afar say nothing."""

    def warnings() -> int:
        return sum("ORCHEO_TRUSTED_PROXIES" in each.getMessage() for each in caplog.records)

    sent = {"x-forwarded-for": "192.0.2.1"}
    async with limited.visitor_from("192.0.2.9") as forger:
        await forger.client.post("/api/chat/echo/session", json={}, headers=sent)
    assert warnings() == 0
    for _ in range(3):
        await limited.client.post("/api/chat/echo/session", json={}, headers=sent)
    assert warnings() == 1
