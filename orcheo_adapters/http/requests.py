"""Reading requests: credentials, JSON bodies, where they come from."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from orcheo_adapters.http.parts import parts_of
from orcheo_adapters.http.problems import CrossSiteRequest
from orcheo_adapters.wire.strict import load_object
from orcheo_core.domain.actor import Caller, Channel
from orcheo_core.errors import MalformedRequest, ServiceTokenInvalid

T = TypeVar("T")

HEADERS = "orcheo.headers"
"""Key in the ASGI scope of the request's headers by name: the front door has been through them anyway."""
_ADDRESS = "orcheo.address"


def header_of(request: Request, name: bytes) -> str | None:
    """The first value of a header, by its name in small letters."""
    value: bytes | None = request.scope[HEADERS].get(name)
    return None if value is None else value.decode("latin-1")


async def body_of(request: Request) -> bytes:
    """The whole body, which nearly always comes in one message."""
    message = await request.receive()
    chunks = [message.get("body", b"")]
    while message["type"] != "http.disconnect" and message.get("more_body"):
        message = await request.receive()
        chunks.append(message.get("body", b""))
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return b"".join(chunks)


def bearer(request: Request) -> str | None:
    """The credential of ``Authorization: Bearer …`` (RFC 6750, section 2.1), or None."""
    scheme, _, credential = (header_of(request, b"authorization") or "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" and credential.strip() else None


async def json_object(request: Request) -> dict[str, object]:
    """The JSON object in the body of a request that says it sends JSON."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/json":
        raise MalformedRequest("The body must be sent with `Content-Type: application/json`.")
    return load_object(body)


async def owner(request: Request) -> Caller:
    """The owner whose service token this request carries; :class:`ServiceTokenInvalid` without one."""
    credential = bearer(request)
    if credential is None:
        raise ServiceTokenInvalid
    access, channel = parts_of(request).core.owner_access, _channel(request)
    return await authenticated(request, lambda: access.authenticate(credential, channel))


async def authenticated(request: Request, check: Callable[[], Awaitable[T]]) -> T:
    """Return what ``check`` answers; failures are counted by client address, see :class:`Limiting`."""
    return await parts_of(request).core.limiting.authenticate(check, address=address_of(request))


def address_of(request: Request) -> str:
    """What the address of the client is counted under."""
    address: str | None = request.scope.get(_ADDRESS)
    if address is None:
        address = request.scope[_ADDRESS] = parts_of(request).client_addresses.of(request)
    return address


def forbid_cross_site(request: Request) -> None:
    """Refuse what a browser sends from another site's page, unless that site is allowed."""
    if parts_of(request).allowed_origins.comes_from_elsewhere(request.headers):
        raise CrossSiteRequest


def _channel(request: Request) -> Channel:
    named = request.headers.get("orcheo-channel", "")
    return Channel(named) if named in {Channel.CLI, Channel.MCP} else Channel.HTTP
