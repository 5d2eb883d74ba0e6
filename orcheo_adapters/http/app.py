"""The Starlette application, which answers what the front door does not answer itself."""

import asyncio
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orcheo_adapters.http.problems import ErrorAnswers, on_crash, on_gone, on_http_exception, refusal_response
from orcheo_core.errors import OrcheoError, ServerStopping


class StopAnswers:
    """Tells clients why their requests are cut off: only the end of the server cancels what answers one."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; of an answer that has begun nothing more can be said."""
        has_begun = False

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except asyncio.CancelledError:
            if has_begun:
                raise
            await refusal_response(scope, ServerStopping())(scope, receive, send)


def create_app(routes: Sequence[BaseRoute], errors: ErrorAnswers) -> ASGIApp:
    """The application of these routes; it needs a :class:`FrontDoor` before it."""
    app = Starlette(
        routes=routes,
        exception_handlers={
            OrcheoError: errors.answer,
            HTTPException: on_http_exception,
            ClientDisconnect: on_gone,
            Exception: on_crash,
        },
    )
    app.router.redirect_slashes = False  # its redirects name scheme and host, which may be those of a proxy
    return StopAnswers(app)
