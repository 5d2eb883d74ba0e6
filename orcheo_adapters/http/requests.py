"""Reading requests: credentials, JSON bodies, where they come from."""

from starlette.requests import ClientDisconnect, Request

from orcheo_adapters.http.scope import ADDRESS, HEADERS, TAKE_BODY
from orcheo_adapters.wire.strict import load_object
from orcheo_core.errors import MalformedRequest


def header_of(request: Request, name: bytes) -> str | None:
    """The first value of a header, by its name in small letters."""
    value: bytes | None = request.scope[HEADERS].get(name)
    return None if value is None else value.decode("latin-1")


async def body_of(request: Request) -> bytes:
    """The whole body, which nearly always is there already."""
    take = request.scope.get(TAKE_BODY)
    announced = b"content-length" in request.scope[HEADERS]  # what is not may be too large, which receiving it tells
    body: bytes | None = take() if announced and take is not None else None
    if body is not None:
        return body
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
    if body:
        check_json(request)
    return load_object(body)


def check_json(request: Request) -> None:
    """Raise :class:`MalformedRequest` unless the request says that it sends JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise MalformedRequest("The body must be sent with `Content-Type: application/json`.")


def address_of(request: Request) -> str:
    """What the address of the client is counted under, as the front door has found it."""
    address: str = request.scope[ADDRESS]
    return address
