"""Agents behind HTTP that speak AG-UI; the path says how each behaves. Also an ASGI application for one process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.conformance.runner_agui import BEHAVIOURS, FINISHED, asked, echoes, said
from tests.servers.serving import CLOSED, marks_closed

SSE = "text/event-stream"
STARTED: list[str] = []
"""Which parts of the application's life have happened."""


async def _encoded(events: AsyncIterator[dict[str, Any]], text: str) -> AsyncIterator[bytes]:
    with marks_closed(text):
        yield b": hello\n\n"
        async for event in events:
            yield f"data: {json.dumps(event)}\n\n".encode()
            await asyncio.sleep(0)  # where a stream that never pauses is ended


async def run(request: Request) -> Response:
    """``POST /{behaviour}``."""
    given = await request.json()
    events = BEHAVIOURS[request.path_params["behaviour"]](given)
    return StreamingResponse(_encoded(events, asked(given)), media_type=SSE)


async def raw(request: Request) -> Response:
    """``POST /raw/{behaviour}``: what is not as the protocol says."""
    await request.body()
    answers: dict[str, Callable[[], Response]] = {
        "html": lambda: Response("<p>hi", media_type="text/html"),
        "json": lambda: JSONResponse({"text": "hi"}),
        "invalid": lambda: JSONResponse({"detail": [{"loc": ["body", "threadId"], "msg": "Field required"}]}, 422),
        "no-json": lambda: Response(b"data: {\n\n", media_type=SSE),
        "other": lambda: Response(b'data: {"type": "text", "text": "hi"}\n\n', media_type=SSE),
        "ends-early": lambda: Response(_event(said("a")), media_type=SSE),
        "unended": lambda: Response(_event(said("a")) + _event(FINISHED).rstrip(), media_type=SSE),
        "huge": lambda: Response(_event({"type": "STATE_SNAPSHOT", "snapshot": "x" * 2_000_000}), media_type=SSE),
        "key": lambda: Response(_event(said(request.headers["authorization"])) + _event(FINISHED), media_type=SSE),
        "refuses-key": lambda: PlainTextResponse(f"no: {request.headers['authorization']}", 401),
    }
    return answers[request.path_params["behaviour"]]()


def _event(event: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()


async def echo(request: Request) -> Response:
    """``POST /agent`` of the application with one route."""
    given = await request.json()

    async def body() -> AsyncIterator[bytes]:
        for event in echoes(given):
            yield _event(event)

    return StreamingResponse(body(), media_type=SSE)


@asynccontextmanager
async def _life(_app: Starlette) -> AsyncIterator[None]:
    STARTED.append("up")
    yield
    STARTED.append("down")


@asynccontextmanager
async def _no_life(_app: Starlette) -> AsyncIterator[None]:
    if _app:
        raise LookupError("no database")
    yield


def routes() -> Iterable[Route]:
    """The URL table."""
    yield Route("/raw/{behaviour}", raw, methods=["POST"])
    yield CLOSED
    yield Route("/{behaviour}", run, methods=["POST"])


app = Starlette(routes=[*routes()])
one_route = Starlette(routes=[Route("/agent", echo, methods=["POST"])], lifespan=_life)
lifeless = Starlette(routes=[Route("/agent", echo, methods=["POST"])], lifespan=_no_life)


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that is a function, knows no lifespan, and gives no answer."""
    if scope["type"] == "lifespan":
        raise NotImplementedError
