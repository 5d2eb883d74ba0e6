"""What a client hears of MCP servers that say too much, and what programs may write."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from anyio import create_memory_object_stream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from orcheo_adapters.runners import mcp_programs
from orcheo_adapters.runners.loose_json import MOST_VALUES
from orcheo_adapters.runners.mcp_messages import MOST_LISTED, heard, refuse_news, refuse_too_many_values
from orcheo_adapters.runners.mcp_programs import _read

MANY = b"[" + b"0," * MOST_VALUES + b"0]"
RESULT = {"jsonrpc": "2.0", "id": 1}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


async def passed(*messages: dict[str, Any] | Exception) -> list[Any]:
    """What is heard of these."""
    give, take = create_memory_object_stream[Any](len(messages))
    for each in messages:
        give.send_nowait(
            each if isinstance(each, Exception) else SessionMessage(jsonrpc_message_adapter.validate_python(each))
        )
    give.close()

    @asynccontextmanager
    async def transport() -> AsyncIterator[Any]:
        yield take, None

    async with heard(transport()) as (incoming, _), incoming:
        assert getattr(incoming, "last_context", 0) is None
        return [getattr(each, "message", each) async for each in incoming]


async def test_notifications_are_not_heard() -> None:
    """The package would begin a task for each; an error of the stream is passed on."""
    fault = ValueError("x")
    news = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}
    assert await passed(news, fault, news) == [fault]


async def test_so_many_requests_are_heard_and_nothing_that_is_large_of_them() -> None:
    """They wait until their answers are taken: 1.7 GiB in five seconds before."""
    found = await passed({**PING, "id": "x" * 1_000}, *[{**PING, "params": {"a": "x" * 1_000}}] * 150)
    assert len(found) == 99
    assert {each.params for each in found} == {None}


@pytest.mark.parametrize("name", ["tools", "content"])
async def test_lists_of_results_are_cut(name: str) -> None:
    """And no schema that the package would compare results with is heard of: its patterns may take for ever."""
    listed = [{"name": "t", "outputSchema": {"pattern": "^(a+)+$"}}, "odd"] * MOST_LISTED
    (found,) = await passed({**RESULT, "result": {name: listed, "nextCursor": "x"}})
    assert len(found.result[name]) == MOST_LISTED
    assert ("outputSchema" in str(found.result)) is (name == "content")
    assert found.result["nextCursor"] == "x"


async def test_an_error_is_heard_in_part() -> None:
    """Its data is not used."""
    (found,) = await passed({**RESULT, "error": {"code": 1, "message": "m" * 9_000, "data": [1]}})
    assert (len(found.error.message), found.error.data) == (1_000, None)


@pytest.mark.parametrize(
    ("parts", "refused"),
    [
        ([MANY[:70_000], MANY[70_000:]], {"application/json", "text/event-stream"}),
        ([MANY[:300_000] + b"]\n", b"\n" + MANY[:300_000]], {"application/json"}),
        ([b'"' + MANY + b'"'], {"text/event-stream"}),
    ],
    ids=["many", "two-events", "text"],
)
async def test_json_with_too_many_values_is_not_parsed(parts: Sequence[bytes], refused: set[str]) -> None:
    """A stream does not look into texts; its events are short."""

    async def body() -> AsyncIterator[bytes]:
        for each in parts:
            yield each

    for kind in ("application/json", "text/event-stream", "text/plain"):
        response = httpx2.Response(200, headers={"content-type": f"{kind}; charset=utf-8"}, content=body())
        with pytest.raises(ValueError, match="more than 200,000 values") if kind in refused else nullcontext():
            await refuse_too_many_values(response)
            assert await response.aread() == b"".join(parts)
        await response.aclose()


async def test_what_a_server_tells_of_its_own_is_not_asked_for() -> None:
    """But the rest of an answer is."""
    await refuse_news(httpx2.Request("POST", "https://a.example.org/"))
    await refuse_news(httpx2.Request("GET", "https://a.example.org/", headers={"last-event-id": "5"}))
    with pytest.raises(ValueError, match="Only answers"):
        await refuse_news(httpx2.Request("GET", "https://a.example.org/"))


@pytest.mark.parametrize(
    ("written", "is_heard"),
    [
        (b"\n" * 10, True),
        (b"x\n[1]\n{\n", True),
        (b"\n" * 50, False),
        (b"x" * 5_000 + b"\n", False),
        (b'{"jsonrpc": "2.0", "id": 1, "result": {"a": ' + MANY + b"}}\n", False),
    ],
    ids=["prints", "odd", "lines", "bytes", "values"],
)
async def test_a_program_that_writes_too_much_is_not_read_further(
    monkeypatch: pytest.MonkeyPatch, written: bytes, *, is_heard: bool
) -> None:
    """Each line counts, however short; others are not held up by lines that have come already."""
    monkeypatch.setattr(mcp_programs, "_MOST_BYTES", len(written) + 1 if b"jsonrpc" in written else 5_000)
    output = asyncio.StreamReader(limit=2**20)
    output.feed_data(written + b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
    output.feed_eof()
    give, take = create_memory_object_stream[Any](10)
    complaints = asyncio.create_task(asyncio.sleep(0))
    await _read(cast(Any, SimpleNamespace(stdout=output)), give, complaints)
    assert [each.message.method async for each in take] == ["ping"] * is_heard
    take.close()
