"""The chat page: built by ``web/``, served with a nonce of its own each time."""

from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.parts import parts_of
from orcheo_core.errors import UnavailableError

_NONCE_PLACE = "__ORCHEO_CSP_NONCE__"
_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'nonce-{nonce}' 'strict-dynamic'",
        "style-src 'self' 'nonce-{nonce}'",
        "connect-src 'self'",
        "img-src 'self' data:",
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
    """``/chat/{ref}``: the same page for every workflow; it asks the server what it may show."""
    source = parts_of(request).static_folder / "chat.html"
    if not source.is_file():
        raise PageNotBuilt
    nonce = token_urlsafe(16)
    html = source.read_text(encoding="utf-8").replace(_NONCE_PLACE, nonce)
    headers = {
        "cache-control": "no-store",
        "content-security-policy": _CSP.format(nonce=nonce),
    }
    return Response(html, headers=headers, media_type="text/html")
