"""The Starlette application."""

from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from orcheo_adapters.http.front_door import UPLOAD_SLACK, FrontDoor
from orcheo_adapters.http.parts import HttpParts
from orcheo_adapters.http.problems import ErrorAnswers, on_crash, on_gone, on_http_exception
from orcheo_adapters.http.routes import routes
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_core.errors import OrcheoError


class _App(Starlette):
    """Puts around everything, the answer to a crash included, what no answer may be without."""

    def __init__(self, parts: HttpParts) -> None:
        errors = ErrorAnswers(parts.core.refusals)
        super().__init__(
            routes=routes(),
            exception_handlers={
                OrcheoError: errors.answer,
                HTTPException: on_http_exception,
                ClientDisconnect: on_gone,
                Exception: on_crash,
            },
        )
        self.router.redirect_slashes = False  # its redirects name scheme and host, which may be those of a proxy
        self.state.parts = parts
        self._front_door = partial(
            FrontDoor,
            hosts=parts.known_hosts,
            allowed=parts.allowed_origins,
            security_headers=SecurityHeaders(over_tls=parts.secure_cookies),
            errors=errors,
            upload_limit=parts.core.attaching.rules.max_size + UPLOAD_SLACK,
        )

    def build_middleware_stack(self) -> ASGIApp:
        return self._front_door(super().build_middleware_stack())


def create_app(parts: HttpParts) -> Starlette:
    """The application over these parts."""
    return _App(parts)
