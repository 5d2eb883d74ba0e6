"""Bytes of attachments: sent directly or in two phases, and shown again to who may see them."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from orcheo_adapters.auth.attachment_tickets import TICKET_HEADER, TicketUse
from orcheo_adapters.http.answers import NO_STORE, FileAnswer, held
from orcheo_adapters.http.parts import HttpParts, parts_of
from orcheo_adapters.http.requests import address_of
from orcheo_adapters.http.visits import visit_of
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.chatkit_items import Json
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.budget import STREAMS, UPLOADS, Holders
from orcheo_core.errors import AttachmentNotFound, FieldError, InvalidInput
from orcheo_core.services.visitors.admitting import Visit

_CHUNK = 64 * 1024


def upload_descriptor(parts: HttpParts, attachment: Attachment) -> Json:
    """``AttachmentUploadDescriptor``: where the announced bytes go, and with which header."""
    ticket = parts.attachment_tickets.issue(attachment.id, TicketUse.UPLOAD)
    url = f"{parts.public_url}/api/chatkit/attachments/{attachment.id}"
    return {"url": url, "method": "PUT", "headers": {TICKET_HEADER: ticket}}


async def upload(request: Request) -> Response:
    """``PUT /api/chatkit/attachments/{id}``: the bytes of an attachment that was announced with a ticket."""
    parts, attachment_id = parts_of(request), request.path_params["attachment_id"]
    ticket = request.headers.get(TICKET_HEADER, "")
    if parts.attachment_tickets.read(ticket, TicketUse.UPLOAD) != attachment_id:
        raise AttachmentNotFound
    holders = _holders(request, await parts.core.attaching.find(attachment_id))
    with parts.core.holding.hold(UPLOADS, holders):
        return _answer(parts, await parts.core.attaching.receive(attachment_id, request.stream()))


async def upload_directly(request: Request) -> Response:
    """``POST /api/chatkit/attachments``: field ``file`` of a form, under a chat grant or a publish token."""
    parts = parts_of(request)
    visit = await visit_of(request)
    await parts.core.limiting.read(visit.subject, address=visit.address)
    with parts.core.holding.hold(UPLOADS, visit.holders):
        return await _receive_form(request, parts, visit)


async def _receive_form(request: Request, parts: HttpParts, visit: Visit) -> Response:
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput(FieldError("file", "must be a file in a multipart form"))
        attachment = await parts.core.attaching.announce(
            visit, name=file.filename or "", size=file.size or 0, mime_type=_media_type(file)
        )
        return _answer(parts, await parts.core.attaching.receive(attachment.id, _chunks(file)))


async def show(request: Request) -> ASGIApp:
    """``GET /api/chatkit/attachments/{id}?ticket=…``: an image, for the holder of the ticket."""
    parts, attachment_id = parts_of(request), request.path_params["attachment_id"]
    ticket = request.query_params.get("ticket", "")
    if parts.attachment_tickets.read(ticket, TicketUse.PREVIEW) != attachment_id:
        raise AttachmentNotFound
    attachment = await parts.core.attaching.find(attachment_id)
    holders = _holders(request, attachment)
    await parts.core.limiting.read(attachment.subject, address=holders.address, size=attachment.size)
    return await held(parts.core.holding.hold(STREAMS, holders), _file_answer(parts, attachment))


async def _file_answer(parts: HttpParts, attachment: Attachment) -> ASGIApp:
    rest = parts.core.attaching.pieces(attachment.id)
    first = await anext(rest)  # raises while an error can still be answered
    headers = {
        "content-type": attachment.mime_type,
        "content-length": str(attachment.size),
        "cache-control": "private, max-age=300",
        "content-disposition": f"{_disposition(attachment)}; filename*=UTF-8''{quote(attachment.name)}",
        "content-security-policy": "default-src 'none'; sandbox",
        # The chat element shows it on pages of other sites too; the ticket in the address is what lets it be read.
        "cross-origin-resource-policy": "cross-origin",
    }
    return FileAnswer(first, rest, headers=headers)


def _holders(request: Request, attachment: Attachment) -> Holders:
    """Whom a request for an attachment is counted for: a ticket names no visit."""
    return Holders(subject=attachment.subject, address=address_of(request), workflow_id=attachment.workflow_id)


def _disposition(attachment: Attachment) -> str:
    return "inline" if attachment.is_image else "attachment"


def _media_type(file: UploadFile) -> str:
    return (file.content_type or "").partition(";")[0].strip().lower()


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


def _answer(parts: HttpParts, attachment: Attachment) -> Response:
    document = encode_json(parts.encoder.attachment(attachment))
    return Response(document, headers=NO_STORE, media_type="application/json")
