"""For operators and their supervisors: is the process alive, is it ready."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orcheo_adapters.http.parts import parts_of


async def healthz(_request: Request) -> Response:
    """``/healthz``: the process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """``/readyz``: the store takes writes; a 503 problem otherwise.

    While the event loop is blocked there is no answer at all. For a minute after a long block there is a word of it.
    """
    parts = parts_of(request)
    await parts.store.check()
    blocked = parts.watchdog.recent_long_block
    if blocked is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "degraded", "blocked_seconds": round(blocked, 1)})
