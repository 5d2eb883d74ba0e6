"""For operators and their supervisors: is the process alive, is it ready."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orcheo_adapters.http.parts import parts_of


async def healthz(_request: Request) -> Response:
    """``/healthz``: the process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """``/readyz``: the store takes writes; a 503 problem otherwise."""
    await parts_of(request).store.check()
    return JSONResponse({"status": "ready"})
