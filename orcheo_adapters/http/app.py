"""The Starlette application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from orcheo_adapters.http.middleware import UPLOAD_SLACK, BodyLimit, RequestIds
from orcheo_adapters.http.parts import HttpParts
from orcheo_adapters.http.problems import on_crash, on_http_exception, on_orcheo_error
from orcheo_adapters.http.routes import routes
from orcheo_core.errors import OrcheoError


def create_app(parts: HttpParts) -> Starlette:
    """The application over these parts."""
    app = Starlette(
        routes=routes(parts.static_folder),
        middleware=[
            Middleware(RequestIds),
            Middleware(BodyLimit, upload_limit=parts.core.attaching.rules.max_size + UPLOAD_SLACK),
        ],
        exception_handlers={
            OrcheoError: on_orcheo_error,
            HTTPException: on_http_exception,
            Exception: on_crash,
        },
    )
    app.state.parts = parts
    return app
