"""Pages of other sites: what their requests may do, and which of them are let in (CSRF and CORS).

A browser says where a request comes from in ``Sec-Fetch-Site`` and ``Origin``; programs send neither. Origins that
the operator allows may use the visitors' routes with a chat grant. No answer ever allows them to send cookies.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlsplit

from attrs import frozen
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp

from orcheo_adapters.auth.oidc.registration import is_loopback_host
from orcheo_adapters.http.problems import CrossSiteRequest

Handler = Callable[[Request], Awaitable[ASGIApp]]
_OURS = frozenset({None, "same-origin", "none"})


@frozen
class AllowedOrigins:
    """The other sites whose pages may use the visitors' routes: exact origins; and our own, as visitors know it."""

    origins: frozenset[str] = frozenset()
    own: str = ""

    def comes_from_elsewhere(self, headers: Headers) -> bool:
        """Whether a browser says that this request is of another site's page, one that is not allowed."""
        origin = headers.get("origin")
        if origin is not None and (origin == self.own or origin in self.origins):
            return False
        if headers.get("sec-fetch-site") not in _OURS:
            return True
        return origin is not None and not self._is_of(origin, headers.get("host", ""))

    def required(self, handler: Handler) -> Handler:
        """``handler``, but :class:`CrossSiteRequest` for what a browser sends from a page that is not allowed."""

        @wraps(handler)
        async def answer(request: Request) -> ASGIApp:
            if self.comes_from_elsewhere(request.headers):
                raise CrossSiteRequest
            return await handler(request)

        return answer

    def _is_of(self, origin: str, host: str) -> bool:
        """Whether an origin other than our own is that of the Host by which this request came, scheme included.

        Where visitors come over TLS, a page without it may be anyone's who is on the way; this machine's own is not.
        """
        try:
            own, other = urlsplit(self.own), urlsplit(origin)
            on_this_machine = is_loopback_host(other.hostname or "")
        except ValueError:  # such as http://[
            return False
        if not host or other.netloc != host or host == own.netloc:
            return False
        return other.scheme == "https" or (other.scheme == "http" and (own.scheme != "https" or on_this_machine))
