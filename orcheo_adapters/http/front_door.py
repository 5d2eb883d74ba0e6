"""What every request passes, in one pass over its headers, and the short way to the chat.

A request gets an id, and waits where its address asks faster than it may. A name that the server does not go by, a body
that is too large and a write of another site's page are refused before anything reads them; every response gets the
headers for browsers. The chat's two routes, which are asked for most, are answered right here: router, middleware and
exception stack cost as much as a quarter of a turn.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import partial

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orcheo_adapters.auth.attachment_tickets import TICKET_HEADER
from orcheo_adapters.http.chatkit import ChatKitDoor
from orcheo_adapters.http.client_address import ClientAddresses
from orcheo_adapters.http.cross_site import AllowedOrigins
from orcheo_adapters.http.hosts import HostNotAllowed, KnownHosts
from orcheo_adapters.http.pace import LONGEST_WAIT, Pace
from orcheo_adapters.http.problems import (
    BodyCompressed,
    CrossSiteRequest,
    ErrorAnswers,
    answer_to,
    on_crash,
    on_gone,
    refusal_response,
)
from orcheo_adapters.http.request_id import set_request_id
from orcheo_adapters.http.scope import HEADERS, IS_WHOLE, MORE_HEADERS, TAKE_BODY
from orcheo_adapters.http.security_headers import Header, SecurityHeaders
from orcheo_core.domain.budget import REQUEST_BYTES, Holders
from orcheo_core.domain.workflow import HEADERS_MOST
from orcheo_core.errors import BodyTooLarge, BudgetExceeded, MalformedRequest, OrcheoError, RateLimited, ServerStopping
from orcheo_core.services.shared.holding import Holding

BODY_LIMIT = 256 * 1024
"""Bytes of a request body."""

_CHATKIT = "/api/chatkit"
CHATKIT_BODY_LIMIT = 512 * 1024
"""Bytes of a ChatKit request: the longest message of a visitor fits in any script."""

_BODY_LIMITS = {_CHATKIT: CHATKIT_BODY_LIMIT, "/api/telemetry": 1024}
"""Where it is another than usual."""
_BUFFERED = 64 * 1024
"""Bytes of a body that a connection takes before anything reads it."""
LARGE_PIECE = 64 * 1024
"""Each one of these that an answer makes at once counts as one more request; files are read in smaller ones."""
BODY_PIECE = 4 * 1024
"""Each full one of these of query and body counts as one more request, but for files, which go to the disk."""
_CODED = b"transfer-encoding"
_UNCODED = frozenset({b"", b"identity"})
_LONGEST_LENGTH = 20
"""Digits of a number of bytes; more of them are too large as well."""
_UPLOADS = "/api/chatkit/attachments"
UPLOAD_SLACK = 16 * 1024
"""Bytes that a form may need around its file."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_VISITORS_ROUTES = ("/api/chatkit", "/api/chat/", "/assets/", "/chatkit.js")
"""What pages of allowed origins may read: the visitors' requests, and the chat element with what it loads."""
_THREADS, _EVENTS = "/api/chatkit/threads/", "/events"
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, POST, PUT"),
    (b"access-control-max-age", b"600"),
]
_ALLOWED_HEADERS = b"authorization, content-type, idempotency-key, last-event-id, orcheo-resume, orcheo-ticket"
_OWN_HEADER = re.compile(rb"[a-z0-9_-]{1,100}")
_PROXIES = (b"forwarded", b"x-forwarded", b"x-real", b"via", b"proxy", b"host", b"cookie")
"""Headers that begin so say something about connections: no page has any business with them."""
_EXPOSED = (b"access-control-expose-headers", b"ratelimit, ratelimit-policy, retry-after, x-request-id")

Endpoint = Callable[[Request], Awaitable[ASGIApp]]


class FrontDoor:
    """The outermost ASGI application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        chat: ChatKitDoor,
        hosts: KnownHosts,
        allowed: AllowedOrigins,
        security_headers: SecurityHeaders,
        errors: ErrorAnswers,
        upload_limit: int,
        addresses: ClientAddresses,
        pace: Pace,
        holding: Holding,
    ) -> None:
        """Stand before ``app``, which has all routes."""
        self._app = app
        self._chat = chat
        self._hosts = hosts
        self._allowed = allowed
        self._security_headers = security_headers
        self._errors = errors
        self._upload_limit = upload_limit
        self._addresses = addresses
        self._pace = pace
        self._holding = holding

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer the request, refuse it, or pass it on.

        It gives back what does so instead of awaiting it: a function less to come through each time that a turn wakes.
        """
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        headers = scope[HEADERS] = dict(reversed(scope["headers"]))  # of a name that comes twice the first counts
        more = scope[MORE_HEADERS] = [(b"x-request-id", set_request_id(scope).encode("ascii"))]
        address = self._addresses.of(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._security_headers.added_to(message["headers"], *more)
            else:
                self._charge(address, message)
            await send(message)

        length = _length_in(headers)
        wait = self._wait(scope, address, length)
        if wait:
            return self._enter_later(wait, scope, receive, send_with_headers, headers, length)
        return self._enter(scope, receive, send_with_headers, headers, length)

    async def _enter_later(
        self,
        wait: float | RateLimited,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: dict[bytes, bytes],
        length: int | None,
    ) -> None:
        """Answer once the address may begin the request; refuse it when too much of it waits already."""
        refusal: OrcheoError | None = wait if isinstance(wait, RateLimited) else None
        if not isinstance(wait, RateLimited):
            size = min(self._announced(scope["path"], length, headers), _BUFFERED)
            holders = Holders.of(address=self._addresses.of(scope))
            try:
                with self._holding.hold(REQUEST_BYTES, holders, size) if size else nullcontext():
                    await asyncio.sleep(wait)
            except BudgetExceeded as error:
                refusal = error
        await self._enter(scope, receive, send, headers, length, refusal)

    def _enter(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: dict[bytes, bytes],
        length: int | None,
        refusal: OrcheoError | None = None,
    ) -> Awaitable[None]:
        path, method = scope["path"], scope["method"]
        is_readable = bool(self._allowed.origins) and self._add_cors(scope[MORE_HEADERS], path, headers)
        refusal = refusal or self._refusal(scope, path, method, headers, length)
        if refusal is not None:
            return self._refuse(refusal, scope, receive, send)
        if is_readable and method == "OPTIONS" and b"access-control-request-method" in headers:
            return _answer_preflight(headers.get(b"access-control-request-headers", b""), send)
        if b"content-length" not in headers:
            charge = None if path.startswith(_UPLOADS) else partial(self._charge_body, self._addresses.of(scope))
            receive = _counting(receive, self._limit_of(path), charge)
        endpoint = self._chat.answer if path == _CHATKIT and method == "POST" else self._follow(scope, path, method)
        is_here = IS_WHOLE in scope and method not in _SAFE
        if not is_here and (size := self._unread_body(path, length, headers)):
            answer = self._app if endpoint is None else partial(self._answer, endpoint)
            return self._answer_counted(answer, size, scope, receive, send)
        return self._app(scope, receive, send) if endpoint is None else self._answer(endpoint, scope, receive, send)

    def _refusal(
        self, scope: Scope, path: str, method: str, headers: dict[bytes, bytes], length: int | None
    ) -> OrcheoError | None:
        """Why nothing may read the request: its host, the size or coding of its body, or where it comes from."""
        unknown = self._hosts.refusal(path, headers.get(b"host"))
        if unknown is not None:
            return unknown
        if length is not None and length > (limit := self._limit_of(path)):
            return BodyTooLarge(limit)
        if method not in _SAFE and headers.get(b"content-encoding", b"").strip().lower() not in _UNCODED:
            return BodyCompressed()
        return self._cross_site(scope, headers) if b"cookie" in headers and method not in _SAFE else None

    def _charge(self, address: str, message: Message) -> None:
        pieces = len(message.get("body", b"")) // LARGE_PIECE
        if pieces > 1:
            self._pace.charge(address, pieces)

    def _wait(self, scope: Scope, address: str, length: int | None) -> float | RateLimited:
        """Seconds until a request may begin, if it may; what it has announced counts from now on."""
        wait = self._pace.wait(address)
        if isinstance(wait, float):
            path = scope["path"]
            body = 0 if path.startswith(_UPLOADS) else min(length or 0, self._limit_of(path))
            if pieces := (len(scope["query_string"]) + body) // BODY_PIECE:
                self._charge_body(address, pieces)
        return wait

    def _charge_body(self, address: str, pieces: int) -> None:
        """Let what is next from this address wait, as if each piece of a body had been a request."""
        self._pace.charge(address, pieces, most=LONGEST_WAIT)

    def _unread_body(self, path: str, length: int | None, headers: dict[bytes, bytes]) -> int:
        """How much memory a body may take until it is read that is not here yet, or that nothing will read.

        A body that has come with its head is read at once, except by what has no use for a body: a stream of events
        would keep it to its end. Files go to the disk.
        """
        return 0 if path.startswith(_UPLOADS) else self._announced(path, length, headers)

    def _announced(self, path: str, length: int | None, headers: dict[bytes, bytes]) -> int:
        return length if length is not None else self._limit_of(path) if _CODED in headers else 0

    async def _answer_counted(self, answer: ASGIApp, size: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the body for its address while it comes, which may take as long as the client likes."""
        try:
            hold = self._holding.hold(REQUEST_BYTES, Holders.of(address=self._addresses.of(scope)), size)
        except BudgetExceeded as error:
            await (await self._errors.answer(Request(scope), error))(scope, receive, send)
            return
        scope.pop(TAKE_BODY, None)

        async def receive_counted() -> Message:
            message = await receive()
            if not message.get("more_body"):
                hold.release()
            return message

        with hold:
            await answer(scope, receive_counted, send)

    @staticmethod
    async def _refuse(refusal: OrcheoError, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(refusal, HostNotAllowed):  # a person may have typed the name
            await answer_to(Request(scope), refusal)(scope, receive, send)
        else:
            await refusal_response(scope, refusal)(scope, receive, send)

    def _add_cors(self, more: list[Header], path: str, headers: dict[bytes, bytes]) -> bool:
        """Name an allowed origin on the visitors' routes (Fetch standard, section 3.2); whether there is one.

        A shared cache must keep answers for different origins apart, so each says that it varies.
        """
        if not path.startswith(_VISITORS_ROUTES):
            return False
        more.append((b"vary", b"origin"))
        origin = headers.get(b"origin", b"")
        if origin.decode("latin-1") not in self._allowed.origins:
            return False
        more += ((b"access-control-allow-origin", origin), _EXPOSED)
        return True

    def _limit_of(self, path: str) -> int:
        if path.startswith(_UPLOADS):
            return self._upload_limit
        return _BODY_LIMITS.get(path, BODY_LIMIT)

    def _cross_site(self, scope: Scope, headers: dict[bytes, bytes]) -> OrcheoError | None:
        """Why a write with a cookie is refused that only the cookie vouches for: it must come from our pages, as JSON.

        A request with a bearer credential or an upload's ticket needs no cookie: no other site's page can send it
        without being allowed to.
        """
        if TICKET_HEADER.encode("ascii") in headers:
            return None
        if headers.get(b"authorization", b"").lower().startswith(b"bearer "):
            return None
        if self._allowed.comes_from_elsewhere(Headers(scope=scope)):
            return CrossSiteRequest()
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            return MalformedRequest("A request with a cookie must be sent with `Content-Type: application/json`.")
        return None

    def _follow(self, scope: Scope, path: str, method: str) -> Endpoint | None:
        """What answers the route of a running turn's events, if this is it."""
        if method == "GET" and path.startswith(_THREADS) and path.endswith(_EVENTS):
            thread_id = path[len(_THREADS) : -len(_EVENTS)]
            if thread_id and "/" not in thread_id:
                scope["path_params"] = {"thread_id": thread_id}
                return self._chat.follow
        return None

    async def _answer(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the exception stack of the application would."""
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except OrcheoError as error:
            response = await self._errors.answer(request, error)
        except ClientDisconnect as error:
            response = await on_gone(request, error)
        except asyncio.CancelledError:  # by the end of the server
            response = refusal_response(scope, ServerStopping())
        except Exception as error:  # noqa: BLE001 - an unexpected error: all of it goes to the log
            response = await on_crash(request, error)
        await response(scope, receive, send)


async def _answer_preflight(asked: bytes, send: Send) -> None:
    headers = [*_PREFLIGHT, (b"access-control-allow-headers", b", ".join([_ALLOWED_HEADERS, *_own_headers(asked)]))]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _own_headers(asked: bytes) -> list[bytes]:
    """Headers that the page wants to send beside ours, for a workflow that asks for them; it gets no others anyway."""
    known = _ALLOWED_HEADERS.split(b", ")
    names = dict.fromkeys(each.strip().lower() for each in asked.split(b","))
    own = [each for each in names if _OWN_HEADER.fullmatch(each) and each not in known]
    return [each for each in own if not each.startswith(_PROXIES)][:HEADERS_MOST]


def _length_in(headers: dict[bytes, bytes]) -> int | None:
    """How long a body says to be; Python makes no number of thousands of digits, not of zeros either."""
    digits = headers.get(b"content-length", b"")
    return int(digits.lstrip(b"0")[:_LONGEST_LENGTH] or b"0") if digits.isdigit() else None


def _counting(receive: Receive, limit: int, charge: Callable[[int], None] | None) -> Receive:
    """Refuse what goes over the limit without having been announced; no server reads more than was announced.

    ``charge`` is called with the number of pieces of the body that have come.
    """
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        part = await receive()
        before, taken = taken, taken + len(part.get("body", b""))
        if taken > limit:
            raise BodyTooLarge(limit)
        if charge is not None and (pieces := taken // BODY_PIECE - before // BODY_PIECE):
            charge(pieces)
        return part

    return counting
