"""Refusals of visitors are counted for the workflow that they wanted to reach."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server


@pytest.fixture
async def limited() -> AsyncIterator[TestServer]:
    """A server with the limits that it has when nothing is set, and one published workflow."""
    async with build_app_server(environment={}) as app_server:
        await app_server.publish()
        yield app_server


async def refusals(server: TestServer) -> dict[str, int]:
    """What the owner is shown of today, once it was written."""
    await server.orcheo.core.tally.write()
    shown: dict[str, Any] = await server.result("workflows.show", ref="echo", days=1)
    counted: dict[str, int] = shown["activity"]["usage"]["days"][0]["refusals"]
    return counted


async def test_a_visitor_at_a_limit_is_counted(limited: TestServer) -> None:
    """The chat grant says which workflow it was."""
    grant = await limited.grant()
    for _ in range(22):
        answer = await limited.chatkit(grant, "threads.create", input=USER_INPUT)
    assert_problem(answer, 429, "rate_limited")
    assert await refusals(limited) == {"rate_limited": 2}


async def test_a_visitor_without_admission_is_counted(limited: TestServer) -> None:
    """The address says which workflow it was; made-up ones and requests of owners are not counted."""
    for path in ("echo", "made-up", "x" * 5_000):
        headers = {"authorization": "Bearer orc_pt_nothing"}
        await limited.client.post(f"/api/chat/{path}/session", json={}, headers=headers)
    await limited.client.post("/api/workflows/echo/publish", headers={"authorization": "Bearer orc_st_nothing"})
    assert await refusals(limited) == {"publish_token_invalid": 1}
