"""Telemetry that tests can look at."""

from collections import Counter

from orcheo_core.domain.page_event import PageEvent
from orcheo_core.domain.turn import Turn
from orcheo_core.ports.telemetry import Telemetry


class FakeTelemetry(Telemetry):
    """Keeps what it was told; while there is an ``error``, it raises that of each note about a turn."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.ended: list[Turn] = []
        self.run_failures: list[Exception] = []
        self.save_failures: list[Exception] = []
        self.actions_not_taken: list[tuple[str, str]] = []
        self.left_outs: list[str] = []
        self.page_events = Counter[PageEvent]()

    def turn_ended(self, turn: Turn) -> None:
        self._fail()
        self.ended.append(turn)

    def run_failed(self, turn: Turn, error: Exception) -> None:
        self._fail()
        self.run_failures.append(error)

    def action_not_taken(self, workflow_id: str, action_type: str) -> None:
        self.actions_not_taken.append((workflow_id, action_type))

    def left_out(self, turn: Turn, what: str) -> None:
        self._fail()
        self.left_outs.append(what)

    def save_failed(self, turn: Turn, error: Exception) -> None:
        self._fail()
        self.save_failures.append(error)

    def page_event(self, event: PageEvent) -> None:
        self.page_events[event] += 1

    def page_counts(self) -> Counter[PageEvent]:
        return self.page_events

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error
