"""Files of the web bundle, as the build prepared them for the wire: compressed, with a tag, cached for good."""

import re
from hashlib import sha256
from pathlib import Path

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.negotiation import preferred_coding
from orcheo_adapters.http.problems import ContentChanged
from orcheo_core.errors import NotFoundError

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
"""No slash and no leading dot, so a name never leaves its folder."""
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_SUFFIXES = {"br": ".br", "gzip": ".gz", "identity": ""}
"""What the build appends to the name of a file that it has compressed."""
_FOR_GOOD = "public, max-age=31536000, immutable"
_FOR_A_DAY = "public, max-age=86400"
_FOR_MINUTES = "public, max-age=300"
_FOR_ANY_SITE = {"cross-origin-resource-policy": "cross-origin"}
_BUBBLE = "embed-"
"""What the names of ``/embed.js`` under its lasting addresses begin with, for pages that stay with one release."""


@frozen
class StaticFiles:
    """Answers the files of the folder in which the build has put them."""

    _folder: Path

    async def asset(self, request: Request) -> Response:
        """``/assets/{name}``: a name holds a digest of the content, so it never changes its content."""
        name = request.path_params["name"]
        response = _answer(request, self._folder / "assets", name, _FOR_GOOD)
        if name.startswith(_BUBBLE):
            response.headers.update(_FOR_ANY_SITE)
        return response

    async def icon(self, request: Request) -> Response:
        """``/favicon.ico`` and ``/apple-touch-icon.png``, which browsers ask for by themselves."""
        return _answer(request, self._folder, request.url.path.rpartition("/")[2], _FOR_A_DAY)

    async def chatkit_script(self, request: Request) -> Response:
        """``/chatkit.js``: the chat element, for pages of any site to name in a ``<script>``.

        It is a short script of a lasting name that loads the rest from ``/assets/``, as a module, which browsers let
        pages of allowed origins do.
        """
        return self._script(request, "chatkit.js")

    async def embed_script(self, request: Request) -> Response:
        """``/embed.js``: the bubble, for pages of any site to name in a ``<script>``; the chat is in its frame."""
        return self._script(request, "embed.js")

    def _script(self, request: Request, name: str) -> Response:
        response = _answer(request, self._folder, name, _FOR_MINUTES)
        response.headers.update(_FOR_ANY_SITE)
        return response


def _answer(request: Request, folder: Path, name: str, cache_control: str) -> Response:
    """The whole file: a ``Range`` is ignored, as RFC 9110 (section 14.2) allows."""
    content_type = _TYPES.get(Path(name).suffix)
    if content_type is None or not _NAME.fullmatch(name) or not (folder / name).is_file():
        raise NotFoundError
    offered = [coding for coding, suffix in _SUFFIXES.items() if (folder / (name + suffix)).is_file()]
    coding = preferred_coding(request.headers.get("accept-encoding", ""), offered)
    body = (folder / (name + _SUFFIXES[coding])).read_bytes()
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    if not _is_wanted(tag, request.headers.get("if-match")):
        raise ContentChanged
    headers = {"cache-control": cache_control, "etag": tag, "vary": "Accept-Encoding"}
    if _is_known(tag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    headers |= {"content-type": content_type} | ({} if coding == "identity" else {"content-encoding": coding})
    return Response(body, headers=headers)


def _is_wanted(tag: str, if_match: str | None) -> bool:
    """Whether a client that asks for certain content only gets this one (RFC 9110, section 13.1.1: strong tags)."""
    return if_match is None or if_match.strip() == "*" or tag in {each.strip() for each in if_match.split(",")}


def _is_known(tag: str, if_none_match: str) -> bool:
    """Whether the client has this very content (RFC 9110, section 13.1.2: tags are compared weakly)."""
    tags = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return tag in tags or "*" in tags
