"""Tickets for attachments, and a clock that is moved."""

from datetime import timedelta

import pytest

from orcheo_adapters.auth.attachment_tickets import AttachmentTickets, TicketUse
from orcheo_core.errors import AttachmentNotFound
from tests.adapters.auth.settable_clock import SettableClock

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("step", "is_good"), [(HOUR, True), (-HOUR, True), (HOUR * 2, False), (-HOUR * 2, False)])
def test_a_ticket_is_good_for_an_hour_in_both_directions(step: timedelta, is_good: bool) -> None:
    """An upload does not break off because a clock is set back; a day ahead makes none that lasts so long.

    Findings: a clock that goes back costs nothing.
    """
    clock = SettableClock()
    tickets = AttachmentTickets((b"2" * 32,), clock=clock)
    ticket = tickets.issue("atc_1", TicketUse.UPLOAD)
    clock.advance(step)
    if is_good:
        assert tickets.read(ticket, TicketUse.UPLOAD) == "atc_1"
    else:
        with pytest.raises(AttachmentNotFound):
            tickets.read(ticket, TicketUse.UPLOAD)
