"""The chat page, its two faces for bubbles, and Canvas, built by ``web/`` and served with a nonce of their own each
time, and the front page."""

from collections.abc import Mapping
from gzip import compress
from html import escape
from pathlib import Path
from secrets import token_urlsafe

from attrs import frozen
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from orcheo_adapters.http.negotiation import preferred_coding, wants_page
from orcheo_adapters.http.page_words import words_of
from orcheo_adapters.http.plain_pages import front_page
from orcheo_adapters.http.security_headers import MAY_RECORD
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import NotFoundError, UnavailableError
from orcheo_core.services.visitors.admitting import Admitting

_NONCE_PLACE = "__ORCHEO_CSP_NONCE__"
_ORIGINS_PLACE = "__ORCHEO_ORIGINS__"
_TITLE = "<title>Chat</title>"
_SCHEMES = 'content="light dark"'
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
        "frame-ancestors {ancestors}",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html orcheo",
    )
)


class PageNotBuilt(UnavailableError):
    """The web bundle is not there: a checkout in which it was never built."""

    code = "page_not_built"
    summary = "This page has not been built on this server."
    hint = "The operator should run `make web` in the checkout, or install a released wheel."


KEEPS_OPENER = {"cross-origin-opener-policy": "unsafe-none"}
"""For windows that a bubble's frame has opened, and all that they show on the way."""


@frozen(kw_only=True)
class ChatPages:
    """Answers the chat page and its two faces for bubbles."""

    admitting: Admitting
    folder: Path
    """Where the build has put them."""
    contact: str
    """Where visitors reach the operator, ``mailto:`` or ``https:``; empty for nowhere."""

    async def chat_page(self, request: Request) -> Response:
        """``/chat/{ref}``: the same for every workflow but for its head; the status says whether there is one."""
        return self._page(request, "chat.html", await self._public_workflow(request))

    async def frame_page(self, request: Request) -> Response:
        """``/embed/{ref}``: the chat in a bubble, which only pages of the workflow's allowed origins may frame.

        The page gets these origins too, as it talks to the page around it.
        """
        workflow = await self._public_workflow(request)
        origins = workflow.allowed_origins if workflow else ()
        return self._page(
            request, "embed.html", workflow, origins=origins, more={"cross-origin-resource-policy": "cross-origin"}
        )

    async def frame_sign_in(self, request: Request) -> Response:
        """``/embed/{ref}/sign-in``: a window of its own, in which a visitor of a bubble signs in.

        It hands the login over to the frame that opened it, so it may not lose sight of that.
        """
        return self._page(request, "embed.html", await self._public_workflow(request), more=KEEPS_OPENER)

    async def _public_workflow(self, request: Request) -> Workflow | None:
        try:
            return await self.admitting.public_workflow(request.path_params["ref"])
        except NotFoundError:
            return None

    def _page(
        self,
        request: Request,
        name: str,
        workflow: Workflow | None,
        *,
        origins: tuple[str, ...] = (),
        more: Mapping[str, str] | None = None,
    ) -> Response:
        page, nonce = _built(self.folder / name)
        page = _headed(page.replace(_ORIGINS_PLACE, escape(" ".join(origins))), workflow, self.contact)
        answer = _under_policy(request, page, nonce, origins, more)
        answer.status_code = 404 if workflow is None else 200
        return answer


@frozen
class CanvasPage:
    """Answers the page of Canvas, which is the same at each of its addresses."""

    folder: Path
    """Where the build has put it."""

    async def answer(self, request: Request) -> Response:
        """``/canvas`` and all below: who is signed in, and what is shown, the page finds out by itself."""
        return _under_policy(request, *_built(self.folder / "canvas.html"))


def _built(source: Path) -> tuple[str, str]:
    """The page with a new nonce for its own scripts, and the nonce: what comes in later has no part in it."""
    if not source.is_file():
        raise PageNotBuilt
    nonce = token_urlsafe(16)
    return source.read_text(encoding="utf-8").replace(_NONCE_PLACE, nonce), nonce


def _under_policy(
    request: Request, page: str, nonce: str, origins: tuple[str, ...] = (), more: Mapping[str, str] | None = None
) -> Response:
    """The page under a policy of its own, which only pages of ``origins`` may frame."""
    body = page.encode()
    headers = {
        "cache-control": "no-store",
        "content-security-policy": _CSP.format(nonce=nonce, ancestors=" ".join(origins) or "'none'"),
        "permissions-policy": MAY_RECORD,
        "vary": "Accept-Encoding",
        **(more or {}),
    }
    if preferred_coding(request.headers.get("accept-encoding", ""), _CODINGS) == "gzip":
        body, headers["content-encoding"] = compress(body, compresslevel=6, mtime=0), "gzip"
    return Response(body, headers=headers, media_type="text/html")


def _headed(page: str, workflow: Workflow | None, operators_contact: str) -> str:
    """The page with what is known before its script runs: for link previews, which run none, and for the first paint.

    Of a workflow that is what anyone may see, and of one that is not public nothing.
    """
    title, scheme, metas = _TITLE, _SCHEMES, []
    if operators_contact:
        metas.append(f'<meta name="orcheo-contact" content="{escape(operators_contact)}" />')
    if workflow is not None:
        name = escape(workflow.name)
        title = f"<title>{name}</title>"
        metas += [f'<meta property="og:title" content="{name}" />', '<meta property="og:type" content="website" />']
        if workflow.look.scheme != "auto":
            scheme = f'content="{workflow.look.scheme}"'
    return page.replace(_SCHEMES, scheme, 1).replace(_TITLE, "".join([title, *metas]), 1)


async def front(request: Request) -> Response:
    """``/``: for the person who opens the bare address; programs have nothing to find here."""
    if not wants_page(request.headers.get("accept", "")):
        raise NotFoundError
    return front_page(words_of(request))


async def robots(_request: Request) -> Response:
    """``/robots.txt``: search engines stay away, since a share link may be private."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n", headers={"cache-control": "public, max-age=86400"})
