"""How fast one address may begin requests and connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_adapters.http.front_door import BODY_PIECE, LARGE_PIECE
from orcheo_adapters.http.pace import BURST_SECONDS, LONGEST_WAIT, MAX_KEYS, Pace
from orcheo_core.domain.budget import BUDGETS
from orcheo_core.domain.rate import Rate
from orcheo_core.errors import RateLimited
from tests.app_server import build_app_server

STRANGER = "192.0.2.66"


def test_a_burst_begins_at_once_and_the_rest_waits_in_its_order() -> None:
    """Others do not wait."""
    pace = Pace(Rate(amount=16, seconds=1), seconds=lambda: 0.0)
    assert [pace.wait("a") for _ in range(7)] == [0, 0, 0, 0, 0.0625, 0.125, 0.1875]
    assert pace.wait("b") == 0


def test_who_would_wait_too_long_is_refused_and_not_counted() -> None:
    """The wait that is named is enough."""
    now = [0.0]
    pace = Pace(Rate(amount=1, seconds=1), seconds=lambda: now[0])
    waits = [pace.wait("a") for _ in range(9)]
    assert waits[:6] == [0, 1, 2, 3, 4, 5]
    for refused in waits[6:]:
        assert isinstance(refused, RateLimited)
        assert (refused.policy, refused.amount, refused.window_seconds) == ("requests-by-address", 1, 1)
    assert isinstance(refused, RateLimited)
    now[0] += refused.retry_after
    assert pace.wait("a") == 1


def test_a_slow_pace_lets_one_begin() -> None:
    """A step may be longer than the burst."""
    pace = Pace(Rate(amount=1, seconds=86_400), seconds=lambda: 0.0)
    assert pace.wait("a") == 0
    assert isinstance(pace.wait("a"), RateLimited)


def test_a_large_answer_counts_as_many_requests_but_not_without_end() -> None:
    """The next request waits, for two seconds at most."""
    pace = Pace(Rate(amount=16, seconds=1), exempt=["b"], seconds=lambda: 0.0)
    pace.charge("a", 7)
    assert pace.wait("a") == 0.25
    for _ in range(3):
        pace.charge("a", 1_000)
    assert pace.wait("a") == 2.0625
    pace.charge("a", 1)
    assert pace.wait("a") == 2.125
    pace.charge("b", 1_000)
    assert pace.wait("b") == 0


def test_an_exempt_address_and_a_server_without_a_pace_do_not_wait() -> None:
    """Nothing is kept of them."""
    some, none = Pace(Rate(amount=1, seconds=60), exempt=["a"]), Pace(None)
    assert [each.wait("a") for each in (some, none) for _ in range(9)] == [0] * 18
    assert some.kept == none.kept == 0


def test_a_bounded_number_of_addresses_is_kept() -> None:
    """Those that came last."""
    pace = Pace(Rate(amount=1, seconds=2), seconds=lambda: 0.0)
    for number in range(MAX_KEYS + 5):
        pace.wait(str(number))
    assert pace.kept == MAX_KEYS
    assert [pace.wait(str(number)) for number in (MAX_KEYS, 0)] == [2, 0]


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 20))
def test_an_address_keeps_to_its_rate_over_any_time(pauses: list[float], amount: int) -> None:
    """In no span do more begin than the rate gives, and a burst."""
    now, began = 0.0, []
    pace = Pace(Rate(amount=amount, seconds=1), seconds=lambda: now)
    for pause in pauses:
        now += pause
        wait = pace.wait("a")
        if isinstance(wait, float):
            assert 0 <= wait <= LONGEST_WAIT
            began.append(now + wait)
    assert began == sorted(began)
    for first, start in enumerate(began):
        for count, end in enumerate(began[first:], 1):
            assert count <= (end - start) * amount + max(1, amount * BURST_SECONDS) + 1 + 1e-6


async def test_requests_beyond_the_pace_of_an_address_wait() -> None:
    """They are answered like the others."""
    async with build_app_server(
        environment={"ORCHEO_LIMIT_REQUESTS_BY_ADDRESS": "40/second"}, address=STRANGER
    ) as app_server:
        began = time.monotonic()
        statuses = [(await app_server.client.get("/healthz")).status_code for _ in range(14)]
        assert statuses == [200] * 14
        assert time.monotonic() - began > 0.08


async def test_an_address_with_too_many_requests_is_asked_to_come_later() -> None:
    """The answer says how fast it may ask."""
    async with build_app_server(
        environment={"ORCHEO_LIMIT_REQUESTS_BY_ADDRESS": "1/day"}, address=STRANGER
    ) as app_server:
        assert (await app_server.client.get("/healthz")).status_code == 200
        refused = await app_server.client.get("/healthz")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert refused.headers["ratelimit-policy"] == '"requests-by-address";q=1;w=86400'


async def test_this_machine_may_ask_as_often_as_it_likes() -> None:
    """Owners and proxies are there."""
    async with build_app_server(environment={"ORCHEO_LIMIT_REQUESTS_BY_ADDRESS": "1/day"}) as app_server:
        assert [(await app_server.client.get("/healthz")).status_code for _ in range(3)] == [200] * 3


async def test_a_large_answer_makes_the_next_request_of_its_address_wait() -> None:
    """It took as much of the server's time as many small ones."""
    async with build_app_server(
        environment={"ORCHEO_LIMIT_REQUESTS_BY_ADDRESS": "1/second"}, address=STRANGER
    ) as app_server:
        answer = await app_server.client.get("/openapi.json")
        assert len(answer.content) > 2 * LARGE_PIECE
        wait = app_server.orcheo.app._pace.wait(STRANGER)
        assert isinstance(wait, float)
        assert wait > 1


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body whose length is not announced."""
    for at in range(0, len(body), 1_000):
        yield body[at : at + 1_000]


@pytest.mark.parametrize("sent", [bytes, in_pieces])
async def test_a_large_body_makes_the_next_request_of_its_address_wait(
    sent: Callable[[bytes], bytes | AsyncIterator[bytes]],
) -> None:
    """Announced or not, it is read before anything can refuse it; a file goes to the disk."""
    limits = {"ORCHEO_LIMIT_REQUESTS_BY_ADDRESS": "1/4 seconds"}
    headers = {"content-type": "application/json"}
    waits = {}
    for path in ("/api/chatkit/attachments", "/api/chat/none/session"):
        async with build_app_server(environment=limits, address=STRANGER) as app_server:
            await app_server.client.post(path, content=sent(bytes(BODY_PIECE)), headers=headers)
            waits[path] = app_server.orcheo.app._pace.wait(STRANGER)
    assert isinstance(waits["/api/chatkit/attachments"], float)
    assert isinstance(waits["/api/chat/none/session"], RateLimited)


async def test_a_long_query_counts_as_well() -> None:
    """Its parameters are read one by one."""
    limits = {"ORCHEO_LIMIT_REQUESTS_BY_ADDRESS": "1/4 seconds"}
    async with build_app_server(environment=limits, address=STRANGER) as app_server:
        await app_server.client.get(f"/healthz?{'a&' * BODY_PIECE}")
        assert (await app_server.client.get("/healthz")).status_code == 429


async def test_large_bodies_that_come_at_once_count_before_they_wait() -> None:
    """Else all that wait would be let in at the pace of small ones."""
    limits = {"ORCHEO_LIMIT_REQUESTS_BY_ADDRESS": "1/4 seconds"}
    async with build_app_server(environment=limits, address=STRANGER) as app_server:
        asked = (app_server.client.post("/api/chatkit", content=bytes(BODY_PIECE)) for _ in range(3))
        assert [each.status_code for each in await asyncio.gather(*asked)] == [401, 429, 429]


async def test_the_bodies_of_requests_that_wait_are_counted() -> None:
    """Each lies in memory until its request may begin; what is too much is refused, and one without a body waits."""
    limits = {"ORCHEO_LIMIT_REQUESTS_BY_ADDRESS": "40/second", "ORCHEO_LIMIT_REQUEST_BYTES_BY_ADDRESS": "100 KiB"}
    async with build_app_server(environment=limits, address=STRANGER) as app_server:
        client = app_server.client
        asked = (client.post("/api/chatkit", content=bytes(60_000)) for _ in range(4))
        answers = await asyncio.gather(*asked, client.get("/healthz"))
        assert [each.status_code for each in answers] == [401, 401, 429, 429, 200]
        assert "request-bytes-by-address" in answers[2].json()["hint"]
        assert all(not app_server.orcheo.core.holding.held(each) for each in BUDGETS)
