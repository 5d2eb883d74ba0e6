"""The server's cookies: ``__Host-…; Secure`` wherever visitors come over TLS, never readable by scripts."""

from datetime import timedelta
from enum import StrEnum
from typing import Literal

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.auth.login_cookie import LoginCookies
from orcheo_adapters.auth.visitor_cookie import VISITOR_COOKIE_LIFETIME, VisitorCookies
from orcheo_adapters.http.requests import header_of
from orcheo_core.domain.login import LOGIN_IDLE_LIFETIME, Login
from orcheo_core.domain.owner_session import OWNER_SESSION_LIFETIME

_BROWSER_LIFETIME = timedelta(hours=1)
"""Longer than an attempt to sign in, so that a visitor who returns too late gets the right error."""


class Cookie(StrEnum):
    """What each is for."""

    VISITOR = "orcheo_visitor"
    LOGIN = "orcheo_login"
    LOGIN_BROWSER = "orcheo_login_browser"
    BUBBLE_VISITOR = "orcheo_bubble_visitor"
    """The visitor of a bubble: kept apart for each site around it."""
    OWNER = "orcheo_owner"
    """The secret of an owner session; it is never that of a visitor's login."""


@frozen(kw_only=True)
class Cookies:
    """Reads the cookies of requests, and sets those of responses."""

    logins: LoginCookies
    """Signs and reads logins, also the passes that replace the cookie in a bubble's frame."""
    visitors: VisitorCookies
    secure: bool
    """Whether visitors come over TLS, so that cookies can have the ``__Host-`` prefix."""

    def login(self, request: Request) -> Login | None:
        """The valid login that the browser holds; what else the request says about who it is does not matter."""
        value = self._read(request, Cookie.LOGIN)
        return None if value is None else self.logins.read(value)

    def set_login(self, response: Response, login: Login) -> None:
        """Let the browser hold ``login``, seen just now."""
        self._set(response, Cookie.LOGIN, self.logins.issue(login), LOGIN_IDLE_LIFETIME)

    def drop_login(self, response: Response) -> None:
        """Let the browser forget its login."""
        self._set(response, Cookie.LOGIN, "", timedelta(0))

    def login_browser(self, request: Request) -> str | None:
        """The secret that the browser of an attempt to sign in is known by."""
        return self._read(request, Cookie.LOGIN_BROWSER)

    def set_login_browser(self, response: Response, secret: str) -> None:
        """Let the browser keep its secret during an attempt to sign in."""
        self._set(response, Cookie.LOGIN_BROWSER, secret, _BROWSER_LIFETIME)

    def visitor(self, request: Request, *, embedded: bool) -> str | None:
        """The id of the anonymous visitor that the browser is known as; in a bubble, on the site around it."""
        return self.visitors.read(self._read(request, Cookie.BUBBLE_VISITOR if embedded else Cookie.VISITOR) or "")

    def set_visitor(self, response: Response, visitor_id: str, *, embedded: bool) -> None:
        """Let the browser be known as this visitor.

        That of a bubble is for the site around it alone (CHIPS, ``Partitioned``). Browsers take it although they keep
        the cookies of other sites away; without TLS only on this machine.
        """
        value = self.visitors.issue(visitor_id)
        if not embedded:
            self._set(response, Cookie.VISITOR, value, VISITOR_COOKIE_LIFETIME)
            return
        name, seconds = self._name(Cookie.BUBBLE_VISITOR), int(VISITOR_COOKIE_LIFETIME.total_seconds())
        attributes = f"Max-Age={seconds}; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"
        response.headers.append("set-cookie", f"{name}={value}; {attributes}")

    def owner_session(self, request: Request) -> str | None:
        """The secret of the owner session in this browser, whatever it is worth."""
        return self._read(request, Cookie.OWNER)

    def set_owner_session(self, response: Response, secret: str) -> None:
        """Let the browser hold an owner session, and send it with requests of this server's own pages alone."""
        self._set(response, Cookie.OWNER, secret, OWNER_SESSION_LIFETIME, same_site="strict")

    def drop_owner_session(self, response: Response) -> None:
        """Let the browser forget its owner session."""
        self._set(response, Cookie.OWNER, "", timedelta(0), same_site="strict")

    def _read(self, request: Request, cookie: Cookie) -> str | None:
        if header_of(request, b"cookie") is None:
            return None
        return _value_of(self._name(cookie), "; ".join(request.headers.getlist("cookie")))

    def _set(
        self,
        response: Response,
        cookie: Cookie,
        value: str,
        lifetime: timedelta,
        *,
        same_site: Literal["lax", "strict"] = "lax",
    ) -> None:
        response.set_cookie(
            self._name(cookie),
            value,
            max_age=int(lifetime.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite=same_site,
        )

    def _name(self, cookie: Cookie) -> str:
        return f"__Host-{cookie}" if self.secure else cookie.value


def _value_of(name: str, header: str) -> str | None:
    """The last value of this name, as it came.

    The server's own values need no quotation marks. To undo those of strangers takes a second and a half for 15 KB in
    Python before 3.11.10 and 3.12.6, while all others wait.
    """
    pairs = (pair.partition("=") for pair in header.split(";"))
    return next((value.strip() for given, _, value in reversed([*pairs]) if given.strip() == name), None)
