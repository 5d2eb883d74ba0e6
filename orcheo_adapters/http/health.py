"""For operators and their supervisors: is the process alive, is it ready."""

from attrs import frozen
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orcheo_adapters.system.watchdog import Watchdog
from orcheo_core.ports.unit_of_work import Store


async def healthz(_request: Request) -> Response:
    """``/healthz``: the process answers."""
    return JSONResponse({"status": "ok"})


@frozen
class Readiness:
    """Whether the server can do its work."""

    _store: Store
    _watchdog: Watchdog

    async def readyz(self, _request: Request) -> Response:
        """``/readyz``: the store takes writes; a 503 problem otherwise.

        While the event loop is blocked there is no answer at all. For a minute after a long block there is a word of
        it.
        """
        await self._store.check()
        blocked = self._watchdog.recent_long_block
        if blocked is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "degraded", "blocked_seconds": round(blocked, 1)})
