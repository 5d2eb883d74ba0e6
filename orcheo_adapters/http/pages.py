"""The chat page, built by ``web/`` and served with a nonce of its own each time, and the front page."""

from gzip import compress
from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.negotiation import preferred_coding, wants_page
from orcheo_adapters.http.parts import parts_of
from orcheo_adapters.http.plain_pages import front_page
from orcheo_core.errors import NotFoundError, UnavailableError

_NONCE_PLACE = b"__ORCHEO_CSP_NONCE__"
_CODINGS = ("gzip",)
_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'nonce-{nonce}' 'strict-dynamic'",
        "style-src 'self' 'nonce-{nonce}'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html orcheo",
    )
)


class PageNotBuilt(UnavailableError):
    """The web bundle is not there: a checkout in which it was never built."""

    code = "page_not_built"
    summary = "The chat page has not been built on this server."
    hint = "The operator should run `make web` in the checkout, or install a released wheel."


async def chat_page(request: Request) -> Response:
    """``/chat/{ref}``: the same page for every workflow; its status says whether there is such a chat."""
    source = parts_of(request).static_folder / "chat.html"
    if not source.is_file():
        raise PageNotBuilt
    nonce = token_urlsafe(16)
    body = source.read_bytes().replace(_NONCE_PLACE, nonce.encode("ascii"))
    headers = {
        "cache-control": "no-store",
        "content-security-policy": _CSP.format(nonce=nonce),
        "vary": "Accept-Encoding",
    }
    if preferred_coding(request.headers.get("accept-encoding", ""), _CODINGS) == "gzip":
        body, headers["content-encoding"] = compress(body, compresslevel=6, mtime=0), "gzip"
    return Response(body, await _status(request), headers, media_type="text/html")


async def _status(request: Request) -> int:
    try:
        await parts_of(request).core.admitting.public_workflow(request.path_params["ref"])
    except NotFoundError:
        return 404
    return 200


async def front(request: Request) -> Response:
    """``/``: for the person who opens the bare address; programs have nothing to find here."""
    if not wants_page(request.headers.get("accept", "")):
        raise NotFoundError
    return front_page()
