"""``orcheo server telemetry``: what pages have reported."""

from datetime import timedelta

from orcheo_core.domain.page_event import PageEvent, PageEventKind, PagePlace
from tests.cli.command_line import CommandLine
from tests.sync_server import SyncTestServer


def test_counts_are_a_table(sync_server: SyncTestServer) -> None:
    """With the code of a failure, and the time of an answer in words."""
    orcheo = CommandLine(connect=sync_server.operations)
    assert orcheo("server", "telemetry").out.startswith("Pages report nothing. Set ORCHEO_TELEMETRY=on")
    events = sync_server.app_server.telemetry.page_events
    events[PageEvent(place=PagePlace.PAGE, kind=PageEventKind.FAILURE, code="rate_limited")] = 3
    events[PageEvent.answer(PagePlace.BUBBLE, timedelta(milliseconds=300))] = 2
    events[PageEvent.answer(PagePlace.BUBBLE, timedelta(minutes=2))] = 1
    events[PageEvent(place=PagePlace.PAGE, kind=PageEventKind.OPEN)] = 4
    lines = [line.split() for line in orcheo("server", "telemetry").out.splitlines()[1:]]
    assert [line for line in lines if line] == [
        ["PLACE", "EVENT", "TIMES"],
        ["bubble", "answer", "within", "0.5", "s", "2"],
        ["bubble", "answer", "over", "a", "minute", "1"],
        ["page", "failure", "rate_limited", "3"],
        ["page", "open", "4"],
    ]
