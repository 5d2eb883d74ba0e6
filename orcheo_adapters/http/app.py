"""The Starlette application, which answers what the front door does not answer itself."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute

from orcheo_adapters.http.problems import ErrorAnswers, on_crash, on_gone, on_http_exception
from orcheo_core.errors import OrcheoError


def create_app(routes: Sequence[BaseRoute], errors: ErrorAnswers) -> Starlette:
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
    return app
