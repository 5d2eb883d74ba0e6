"""The server's cookies: ``__Host-…; Secure`` wherever visitors come over TLS, never readable by scripts."""

from datetime import timedelta
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.parts import parts_of
from orcheo_adapters.http.requests import header_of
from orcheo_core.domain.login import LOGIN_IDLE_LIFETIME, Login


class Cookie(StrEnum):
    """What each is for."""

    VISITOR = "orcheo_visitor"
    LOGIN = "orcheo_login"
    LOGIN_BROWSER = "orcheo_login_browser"


def cookie_of(request: Request, cookie: Cookie) -> str | None:
    """The value that the browser sent."""
    if header_of(request, b"cookie") is None:
        return None
    return request.cookies.get(_name(request, cookie))


def login_of(request: Request) -> Login | None:
    """The valid login that the browser holds; what else the request says about who it is does not matter."""
    value = cookie_of(request, Cookie.LOGIN)
    return None if value is None else parts_of(request).login_cookies.read(value)


def set_login_cookie(request: Request, response: Response, login: Login) -> None:
    """Let the browser hold ``login``, seen just now."""
    value = parts_of(request).login_cookies.issue(login)
    set_cookie(request, response, Cookie.LOGIN, value, LOGIN_IDLE_LIFETIME)


def set_cookie(request: Request, response: Response, cookie: Cookie, value: str, lifetime: timedelta) -> None:
    """Let the browser keep ``value`` for ``lifetime``."""
    response.set_cookie(
        _name(request, cookie),
        value,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=parts_of(request).secure_cookies,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(request: Request, response: Response, cookie: Cookie) -> None:
    """Let the browser forget."""
    set_cookie(request, response, cookie, "", timedelta(0))


def _name(request: Request, cookie: Cookie) -> str:
    return f"__Host-{cookie}" if parts_of(request).secure_cookies else cookie.value
