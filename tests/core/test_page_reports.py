"""What pages report reaches the telemetry of whoever embeds the core, or nothing."""

import pytest

from orcheo_core.domain.page_event import PageEvent, PageEventKind, PagePlace
from orcheo_core.errors import TelemetryOff
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.services.shared.page_reports import PageReports
from tests.core.harness import CoreHarness
from tests.fakes.clock import FakeClock

OPENED = PageEvent(place=PagePlace.PAGE, kind=PageEventKind.OPEN)


class _Silent(Telemetry):
    """An adapter of before there were events of pages."""

    def turn_ended(self, turn: object) -> None: ...
    def run_failed(self, turn: object, error: Exception) -> None: ...
    def save_failed(self, turn: object, error: Exception) -> None: ...
    def action_not_taken(self, workflow_id: str, action_type: str) -> None: ...
    def left_out(self, turn: object, what: str) -> None: ...


def test_an_adapter_may_leave_events_of_pages_uncounted() -> None:
    """Then there is nothing to show, and nothing fails."""
    reports = PageReports(telemetry=_Silent(), clock=FakeClock(), is_on=True)
    reports.take(OPENED)
    assert reports.counts() == {}


def test_none_is_taken_where_none_is_wanted(harness: CoreHarness) -> None:
    """Which is so unless the operator says otherwise."""
    with pytest.raises(TelemetryOff):
        harness.core.page_reports.take(OPENED)
    assert harness.core.page_reports.counts() == {}
