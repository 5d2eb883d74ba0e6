"""Telemetry that tests can look at."""

from orcheo_core.domain.turn import Turn
from orcheo_core.ports.telemetry import Telemetry


class FakeTelemetry(Telemetry):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.ended: list[Turn] = []
        self.run_failures: list[Exception] = []
        self.save_failures: list[Exception] = []

    def turn_ended(self, turn: Turn) -> None:
        self.ended.append(turn)

    def run_failed(self, turn: Turn, error: Exception) -> None:
        self.run_failures.append(error)

    def save_failed(self, turn: Turn, error: Exception) -> None:
        self.save_failures.append(error)
