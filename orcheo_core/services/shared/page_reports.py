"""What pages report of themselves, counted for the operator."""

from collections.abc import Mapping
from datetime import datetime

from attrs import define, field

from orcheo_core.domain.page_event import PageEvent
from orcheo_core.errors import TelemetryOff
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.telemetry import Telemetry


@define(kw_only=True, eq=False)
class PageReports:
    """Hands the events of pages to telemetry while the operator wants them, and shows the counts."""

    _telemetry: Telemetry
    _clock: Clock
    is_on: bool
    """Whether the operator wants them; pages ask before they send any."""
    since: datetime = field(init=False)
    """From when on they are counted: since the server started."""

    def __attrs_post_init__(self) -> None:
        """Begin to count."""
        self.since = self._clock.now()

    def take(self, event: PageEvent) -> None:
        """Count an event; raise :class:`TelemetryOff` where none are wanted."""
        if not self.is_on:
            raise TelemetryOff
        self._telemetry.page_event(event)

    def counts(self) -> Mapping[PageEvent, int]:
        """How often each event was reported."""
        return self._telemetry.page_counts()
