"""Bytes of attachments: sent directly or in two phases, and shown again to who may see them."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from urllib.parse import quote

from attrs import frozen
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from orcheo_adapters.auth.attachment_tickets import TICKET_HEADER, AttachmentTickets, TicketUse
from orcheo_adapters.http.answers import NO_STORE, FileAnswer, held
from orcheo_adapters.http.requests import address_of
from orcheo_adapters.http.visits import Visits
from orcheo_adapters.wire.chatkit_answers import ChatKitEncoder, encode_json
from orcheo_adapters.wire.chatkit_items import Json
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.budget import STREAMS, UPLOADS, Holders
from orcheo_core.errors import AttachmentNotFound, FieldError, InvalidInput, MalformedRequest
from orcheo_core.services.shared.holding import Holding
from orcheo_core.services.shared.limiting import Limiting
from orcheo_core.services.visitors.admitting import Leave, Visit
from orcheo_core.services.visitors.attaching import Attaching

_CHUNK = 64 * 1024
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]+")
"""Characters of a boundary (RFC 2046, section 5.1.1). The parser of the form checks the length."""
_UNDER = "~"
"""Between the attachment in a ticket for its bytes and the leave under which it was announced."""


def upload_descriptor(tickets: AttachmentTickets, public_url: str, attachment: Attachment, leave: Leave) -> Json:
    """``AttachmentUploadDescriptor``: where the announced bytes go, and with which header; it ends with ``leave``."""
    ticket = tickets.issue(f"{attachment.id}{_UNDER}{leave.text}", TicketUse.UPLOAD)
    url = f"{public_url}/api/chatkit/attachments/{attachment.id}"
    return {"url": url, "method": "PUT", "headers": {TICKET_HEADER: ticket}}


@frozen(kw_only=True)
class Uploads:
    """Takes the bytes of attachments."""

    attaching: Attaching
    holding: Holding
    visits: Visits
    tickets: AttachmentTickets
    encoder: ChatKitEncoder

    async def upload(self, request: Request) -> Response:
        """``PUT /api/chatkit/attachments/{id}``: the bytes of an attachment that was announced with a ticket."""
        attachment_id = request.path_params["attachment_id"]
        ticket = request.headers.get(TICKET_HEADER, "")
        announced, _, leave = self.tickets.read(ticket, TicketUse.UPLOAD).partition(_UNDER)
        if announced != attachment_id:
            raise AttachmentNotFound
        holders = _holders(request, await self.attaching.find(attachment_id))
        with self.holding.hold(UPLOADS, holders):
            return self._answer(await self.attaching.receive(attachment_id, request.stream(), Leave.parse(leave)))

    async def upload_directly(self, request: Request) -> Response:
        """``POST /api/chatkit/attachments``: field ``file`` of a form, under a chat grant or a publish token."""
        visit = await self.visits.reading(request)
        with self.holding.hold(UPLOADS, visit.holders):
            return await self._receive_form(request, visit)

    async def _receive_form(self, request: Request, visit: Visit) -> Response:
        async with AsyncExitStack() as opened:
            try:
                form = await MultiPartParser(
                    _headers_of_form(request), request.stream(), max_files=1, max_fields=4
                ).parse()
            except MultiPartException as error:
                raise MalformedRequest(f"The multipart form cannot be read: {error.message}") from None
            opened.push_async_callback(form.close)
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise _no_file()
            attachment = await self.attaching.announce(
                visit, name=file.filename or "", size=file.size or 0, mime_type=_media_type(file)
            )
            return self._answer(await self.attaching.receive(attachment.id, _chunks(file), visit.leave))

    def _answer(self, attachment: Attachment) -> Response:
        document = encode_json(self.encoder.attachment(attachment))
        return Response(document, headers=NO_STORE, media_type="application/json")


@frozen(kw_only=True)
class Previews:
    """Shows the bytes again."""

    attaching: Attaching
    holding: Holding
    limiting: Limiting
    tickets: AttachmentTickets

    async def show(self, request: Request) -> ASGIApp:
        """``GET /api/chatkit/attachments/{id}?ticket=…``: an image, for the holder of the ticket."""
        attachment_id = request.path_params["attachment_id"]
        ticket = request.query_params.get("ticket", "")
        if self.tickets.read(ticket, TicketUse.PREVIEW) != attachment_id:
            raise AttachmentNotFound
        attachment = await self.attaching.find(attachment_id)
        holders = _holders(request, attachment)
        await self.limiting.read(attachment.subject, address=holders.address, size=attachment.size)
        return await held(self.holding.hold(STREAMS, holders), self._file_answer(attachment))

    async def _file_answer(self, attachment: Attachment) -> ASGIApp:
        rest = self.attaching.pieces(attachment.id)
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


def _headers_of_form(request: Request) -> Headers:
    """The headers that the parser of a form needs, with nothing but the boundary.

    A form is in UTF-8 (RFC 7578, section 5.1.2). Python keeps every name of an encoding that it was ever asked for, and
    some that it knows raise whatever they are given, so no name of a stranger comes to it.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise _no_file()
    boundary = parameters.get(b"boundary", b"").decode("latin-1")
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedRequest("The multipart form cannot be read: its boundary is missing or not a valid one.")
    return Headers({"content-type": f'multipart/form-data; boundary="{boundary}"'})


def _no_file() -> InvalidInput:
    return InvalidInput(FieldError("file", "must be a file in a multipart form"))


def _holders(request: Request, attachment: Attachment) -> Holders:
    """Whom a request for an attachment is counted for: a ticket names no visit."""
    return Holders.of(attachment.subject, address_of(request), attachment.workflow_id)


def _disposition(attachment: Attachment) -> str:
    return "inline" if attachment.is_image else "attachment"


def _media_type(file: UploadFile) -> str:
    return (file.content_type or "").partition(";")[0].strip().lower()


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk
