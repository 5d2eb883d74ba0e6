"""What pages report of themselves: off at first, in few words, never more than the operator can read."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from orcheo_core.domain.page_event import ANSWER_BOUNDS, OTHER_CODE, PageEvent, PageEventKind, PagePlace
from tests.app_server import BASE_URL, NO_LIMITS, TestServer, assert_problem, build_app_server

DOOR = "/api/telemetry"
OPENED = {"place": "page", "event": "open"}


async def report(app_server: TestServer, /, **body: Any) -> httpx2.Response:
    """What a page posts."""
    return await app_server.client.post(DOOR, json=body, headers={"origin": BASE_URL})


@pytest.fixture
async def counting() -> AsyncIterator[TestServer]:
    """A server whose operator wants to know."""
    async with build_app_server(environment={"ORCHEO_TELEMETRY": "on", **NO_LIMITS}) as app_server:
        yield app_server


async def test_nothing_is_taken_unless_the_operator_says_so(app_server: TestServer) -> None:
    """Pages are told to send nothing; what is sent all the same is refused with the name of the setting."""
    problem = assert_problem(await report(app_server, **OPENED), 404, "telemetry_off")
    assert "ORCHEO_TELEMETRY" in problem["hint"]
    await app_server.publish()
    assert (await app_server.client.get("/api/chat/echo")).json()["telemetry"] is False
    shown = await app_server.result("server.telemetry")
    assert (shown["on"], shown["page_counts"]) == (False, [])
    assert "ORCHEO_TELEMETRY=on" in shown["message"]
    assert not app_server.telemetry.page_events


async def test_events_are_counted_for_the_operator(counting: TestServer) -> None:
    """By place, kind, code and step of time; equal ones share a number."""
    for body in (OPENED, OPENED, {**OPENED, "event": "close"}, {**OPENED, "place": "bubble"}):
        assert (await report(counting, **body)).status_code == 204
    for took in (0, 250, 251, 60_001):
        assert (await report(counting, place="canvas", event="answer", milliseconds=took)).status_code == 204
    for code in ("rate_limited", "connection", "made_up"):
        assert (await report(counting, place="page", event="failure", code=code)).status_code == 204
    shown = await counting.result("server.telemetry")
    told = [
        (each["place"], each["event"], each["code"], each["within_ms"], each["times"]) for each in shown["page_counts"]
    ]
    assert told == [
        ("bubble", "open", None, None, 1),
        ("canvas", "answer", None, 250, 2),
        ("canvas", "answer", None, 500, 1),
        ("canvas", "answer", None, None, 1),
        ("page", "close", None, None, 1),
        ("page", "failure", "connection", None, 1),
        ("page", "failure", OTHER_CODE, None, 1),
        ("page", "failure", "rate_limited", None, 1),
        ("page", "open", None, None, 2),
    ]
    assert (shown["on"], shown["message"]) == (True, "Pages have reported 11 events since the server started.")
    await counting.publish()
    assert (await counting.client.get("/api/chat/echo")).json()["telemetry"] is True
    assert (await counting.sign_in())["telemetry"] is True


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "place"),
        ({"place": "page"}, "event"),
        ({**OPENED, "place": "wf_1"}, "place"),
        ({**OPENED, "event": "purchase"}, "event"),
        ({**OPENED, "event": 7}, "event"),
        ({**OPENED, "visitor": "anon:1"}, "visitor"),
        ({**OPENED, "milliseconds": 1}, "milliseconds"),
        ({**OPENED, "code": "rate_limited"}, "code"),
        ({**OPENED, "event": "answer"}, "milliseconds"),
        ({**OPENED, "event": "answer", "milliseconds": "1"}, "milliseconds"),
        ({**OPENED, "event": "answer", "milliseconds": 1.5}, "milliseconds"),
        ({**OPENED, "event": "answer", "milliseconds": True}, "milliseconds"),
        ({**OPENED, "event": "answer", "milliseconds": -1}, "milliseconds"),
        ({**OPENED, "event": "answer", "milliseconds": 10**12}, "milliseconds"),
        ({**OPENED, "event": "failure"}, "code"),
        ({**OPENED, "event": "failure", "code": ["rate_limited"]}, "code"),
        ({**OPENED, "event": "failure", "code": "x" * 101}, "code"),
    ],
)
async def test_what_is_no_event_is_refused(counting: TestServer, body: dict[str, Any], path: str) -> None:
    """By the path of what is wrong; nothing is counted."""
    problem = assert_problem(await report(counting, **body), 422, "invalid_input")
    assert path in {each["path"] for each in problem["errors"]}
    assert not counting.telemetry.page_events


async def test_the_body_is_small_json_of_the_own_pages(counting: TestServer) -> None:
    """Refused before it is read, where it is larger or comes from another site's page."""
    large = await counting.client.post(DOOR, content=b" " * 1_025, headers={"content-type": "application/json"})
    assert assert_problem(large, 413, "body_too_large")["limit"] == 1_024
    text = await counting.client.post(DOOR, content=b"{}", headers={"content-type": "text/plain"})
    assert text.status_code in {400, 403}
    elsewhere = await counting.client.post(DOOR, json=OPENED, headers={"origin": "https://elsewhere.example"})
    assert_problem(elsewhere, 403, "cross_site_request")
    assert not counting.telemetry.page_events


async def test_a_flood_is_held_back_and_takes_nothing_from_chats() -> None:
    """One address has 120 reports a minute, counted apart from all else that it asks."""
    async with build_app_server(environment={"ORCHEO_TELEMETRY": "on"}) as app_server:
        await app_server.publish()
        for number in range(120):
            event = {"event": "failure", "code": f"made_up_{number}"}
            assert (await report(app_server, place="page", **event)).status_code == 204
        assert_problem(await report(app_server, **OPENED), 429, "rate_limited")
        other = PageEvent(place=PagePlace.PAGE, kind=PageEventKind.FAILURE, code=OTHER_CODE)
        assert app_server.telemetry.page_events == {other: 120}
        assert await app_server.grant()
        async with app_server.visitor_from("192.0.2.7") as other_visitor:
            assert (await report(other_visitor, **OPENED)).status_code == 204


async def test_the_rate_is_a_setting() -> None:
    """As the other rates are."""
    settings = {"ORCHEO_TELEMETRY": "on", "ORCHEO_LIMIT_TELEMETRY": "1/minute"}
    async with build_app_server(environment=settings) as app_server:
        assert (await report(app_server, **OPENED)).status_code == 204
        assert_problem(await report(app_server, **OPENED), 429, "rate_limited")


@pytest.mark.parametrize("bound", ANSWER_BOUNDS)
def test_a_first_answer_is_counted_by_the_smallest_bound_that_it_kept(bound: timedelta) -> None:
    """To the millisecond."""
    late = PageEvent.answer(PagePlace.PAGE, bound + timedelta(milliseconds=1)).within
    assert PageEvent.answer(PagePlace.PAGE, bound).within == bound
    assert late is None or late > bound
