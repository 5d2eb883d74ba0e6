"""The share link of a workflow as a QR code, for posters and slides."""

import asyncio
from io import BytesIO

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.answers import NO_STORE
from orcheo_adapters.http.callers import Callers
from orcheo_core.domain.actor import Scope
from orcheo_core.domain.share_link import ShareLinks
from orcheo_core.errors import NotFoundError, ScopeMissing
from orcheo_core.services.owners.workflows import Registering

SHARE_CODES = {"svg": "image/svg+xml", "png": "image/png"}
"""The media type of each form."""
_QUIET_ZONE = 4
"""Modules of light ground around the code, as ISO/IEC 18004 asks for: a dark page must not touch it."""
_PIXELS = 16
"""Of each module of a PNG."""


@frozen(kw_only=True)
class ShareCodes:
    """Draws share links."""

    callers: Callers
    registering: Registering
    share_links: ShareLinks

    async def answer(self, request: Request) -> Response:
        """``GET /api/workflows/{ref}/share-link.{form}``: the share link as a QR code, dark on light."""
        caller = await self.callers.by_any(request)
        if not caller.may(Scope.WORKFLOWS_READ):
            raise ScopeMissing(f"This needs a service token with the scope {Scope.WORKFLOWS_READ}.")
        form = request.path_params["form"]
        if form not in SHARE_CODES:
            raise NotFoundError
        workflow = await self.registering.get(caller, request.path_params["ref"])
        workflow.require_publication()
        image = await asyncio.to_thread(qr_code, self.share_links.of(workflow), form)
        name = {"content-disposition": f'inline; filename="{workflow.handle}.{form}"'}
        return Response(image, headers={**NO_STORE, **name}, media_type=SHARE_CODES[form])


def qr_code(text: str, form: str) -> bytes:
    """An image of ``text``; the library is imported with the first one, as most processes draw none."""
    import segno

    image = BytesIO()
    code = segno.make_qr(text, error="m")
    if form == "svg":
        code.save(image, kind=form, border=_QUIET_ZONE, dark="#000", light="#fff", xmldecl=False, omitsize=True)
    else:
        code.save(image, kind=form, border=_QUIET_ZONE, dark="#000", light="#fff", scale=_PIXELS)
    return image.getvalue()
