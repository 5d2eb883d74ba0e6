"""Signed tickets for one attachment each: to upload it, or to look at it.

An ``<img>`` cannot send a chat grant, and ChatKit's two-phase upload sends only the headers that it was given. A ticket
opens one attachment for one purpose, and not for long; it is not a credential for anything else.
"""

from datetime import timedelta
from enum import StrEnum

from itsdangerous import BadData

from orcheo_adapters.auth.clocked_signer import ClockedSigner
from orcheo_core.errors import AttachmentNotFound
from orcheo_core.ports.clock import Clock

TICKET_HEADER = "orcheo-ticket"
TICKET_SECONDS = 3600
_MAX_LENGTH = 256


class TicketUse(StrEnum):
    """What a ticket is for."""

    UPLOAD = "upload"
    PREVIEW = "preview"


class AttachmentTickets:
    """Signs and reads tickets."""

    def __init__(self, keys: tuple[bytes, ...], *, clock: Clock) -> None:
        """``keys``: newest first; the newest signs, all of them verify."""
        self._signers = {use: ClockedSigner(keys, f"orcheo.attachment-{use}.v1", clock) for use in TicketUse}

    def issue(self, attachment_id: str, use: TicketUse) -> str:
        """A ticket for this attachment."""
        return self._signers[use].sign(attachment_id).decode("ascii")

    def read(self, ticket: str, use: TicketUse) -> str:
        """The attachment id of a genuine ticket of the last hour; raises :class:`AttachmentNotFound`.

        So is one of the next hour: an upload does not break off because the clock is set back.
        """
        if len(ticket) > _MAX_LENGTH or not ticket.isascii():
            raise AttachmentNotFound
        try:
            attachment_id, _ = self._signers[use].opened(
                ticket, lifetime=timedelta(seconds=TICKET_SECONDS), skew=TICKET_SECONDS
            )
        except BadData:
            raise AttachmentNotFound from None
        return attachment_id.decode("ascii")
