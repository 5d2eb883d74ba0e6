"""The Starlette application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from orcheo_adapters.http.cross_site import Cors, CrossSiteGuard
from orcheo_adapters.http.middleware import UPLOAD_SLACK, BodyLimit, RequestIds
from orcheo_adapters.http.parts import HttpParts
from orcheo_adapters.http.problems import ErrorAnswers, on_crash, on_gone, on_http_exception
from orcheo_adapters.http.routes import routes
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_core.errors import OrcheoError


class _App(Starlette):
    """Puts around everything, the answer to a crash included, what no answer may be without."""

    def __init__(self, parts: HttpParts) -> None:
        self._allowed = parts.allowed_origins
        self._security_headers = SecurityHeaders(over_tls=parts.secure_cookies)
        upload_limit = parts.core.attaching.rules.max_size + UPLOAD_SLACK
        super().__init__(
            routes=routes(),
            middleware=[
                Middleware(BodyLimit, upload_limit=upload_limit),
                Middleware(CrossSiteGuard, parts.allowed_origins),
            ],
            exception_handlers={
                OrcheoError: ErrorAnswers(parts.core.refusals).answer,
                HTTPException: on_http_exception,
                ClientDisconnect: on_gone,
                Exception: on_crash,
            },
        )
        self.router.redirect_slashes = False  # its redirects name scheme and host, which may be those of a proxy
        self.state.parts = parts

    def build_middleware_stack(self) -> ASGIApp:
        return RequestIds(Cors(super().build_middleware_stack(), self._allowed), self._security_headers)


def create_app(parts: HttpParts) -> Starlette:
    """The application over these parts."""
    return _App(parts)
