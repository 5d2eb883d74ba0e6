"""A Starlette endpoint that streams the same bytes and does nothing else."""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bench.servers.listening import listen
from bench.workflow import FRAMES, PAUSE_SECONDS


async def answer(request: Request) -> Response:
    """Read the request, stream the frames.

    With `waiting` as credential the stream waits after the first one, with `paced` it pauses before each delta.
    """
    await request.body()
    credential = request.headers["authorization"].removeprefix("Bearer ")
    waits, is_paced = credential == "waiting", credential == "paced"

    async def frames() -> AsyncIterator[bytes]:
        for frame in FRAMES:
            if is_paced and b"text_delta" in frame:
                await asyncio.sleep(PAUSE_SECONDS)
            yield frame
            if waits:
                await asyncio.Event().wait()

    return StreamingResponse(frames(), media_type="text/event-stream")


async def ready(_request: Request) -> Response:
    """``/readyz``."""
    return JSONResponse({})


if __name__ == "__main__":
    listen(Starlette(routes=[Route("/api/chatkit", answer, methods=["POST"]), Route("/readyz", ready)]))
