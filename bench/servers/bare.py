"""A Starlette endpoint that streams the same bytes and does nothing else."""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bench.servers.listening import listen
from bench.workflow import FRAMES


async def answer(request: Request) -> Response:
    """Read the request, stream the frames; who says `waiting` gets the first one and waits for ever."""
    await request.body()
    waits = request.headers["authorization"] == "Bearer waiting"

    async def frames() -> AsyncIterator[bytes]:
        for frame in FRAMES:
            yield frame
            if waits:
                await asyncio.Event().wait()

    return StreamingResponse(frames(), media_type="text/event-stream")


async def ready(_request: Request) -> Response:
    """``/readyz``."""
    return JSONResponse({})


if __name__ == "__main__":
    listen(Starlette(routes=[Route("/api/chatkit", answer, methods=["POST"]), Route("/readyz", ready)]))
