"""Telemetry into the log, and what pages report into counters."""

from collections import Counter
from collections.abc import Mapping
from logging import INFO

from attrs import asdict

from orcheo_adapters.system.logs import get_logger
from orcheo_adapters.system.own_code import own_part
from orcheo_core.domain.page_event import PageEvent
from orcheo_core.domain.turn import Turn
from orcheo_core.ports.runner import RunFailed
from orcheo_core.ports.telemetry import Telemetry

_LOG = get_logger("turns")
_ACTION_TYPE_LENGTH = 100


class LoggingTelemetry(Telemetry):
    """Writes a line for each thing that operators want to see, and counts the events of pages."""

    def __init__(self) -> None:
        """Count from nothing."""
        self._page_events = Counter[PageEvent]()

    def turn_ended(self, turn: Turn) -> None:
        """See the port."""
        if _LOG.isEnabledFor(INFO):
            _LOG.info("turn ended", extra={**_about(turn), "status": turn.status.value, **_used(turn), **_fault(turn)})

    def run_failed(self, turn: Turn, error: Exception) -> None:
        """See the port.

        Code and reason say what an endpoint did. An error in the owner's code has its traceback too, from their first
        line on; one that was not expected has all of it. An error that cannot be read, as a workflow's own class may do
        anything then, has its class named: the turn must end nevertheless.
        """
        try:
            self._write_failure(turn, error)
        except BaseException as broken:  # noqa: BLE001 - whatever reading the workflow's error raises, an exit too
            _LOG.error("run failed; reading its error raised %s", type(broken).__name__, extra=_about(turn))

    @staticmethod
    def _write_failure(turn: Turn, error: Exception) -> None:
        if isinstance(error, RunFailed):
            _LOG.error("run failed: %s: %s", error.code, error.reason, exc_info=_of_owner(error), extra=_about(turn))
        else:
            _LOG.error("run failed", exc_info=error, extra=_about(turn))

    def action_not_taken(self, workflow_id: str, action_type: str) -> None:
        """See the port; a page chose the type, so only its beginning is written."""
        text = "action %r not taken: the workflow takes messages only"
        _LOG.warning(text, action_type[:_ACTION_TYPE_LENGTH], extra={"workflow_id": workflow_id})

    def left_out(self, turn: Turn, what: str) -> None:
        """See the port."""
        _LOG.warning("left out: %s", what, extra=_about(turn))

    def save_failed(self, turn: Turn, error: Exception) -> None:
        """See the port."""
        _LOG.error("turn could not be saved: %s", error, extra=_about(turn))

    def page_event(self, event: PageEvent) -> None:
        """See the port."""
        self._page_events[event] += 1

    def page_counts(self) -> Mapping[PageEvent, int]:
        """See the port."""
        return self._page_events


def _of_owner(error: RunFailed) -> BaseException | None:
    """What the owner's code raised; of an isolated workflow that is a text without lines of this process."""
    cause = error.__cause__
    if cause is None or cause.__traceback__ is None:
        return cause
    own = own_part(cause.__traceback__)
    return None if own is None else cause.with_traceback(own)


def _about(turn: Turn) -> dict[str, str]:
    return {"turn_id": turn.id, "workflow_id": turn.workflow_id}


def _used(turn: Turn) -> dict[str, int]:
    return asdict(turn.usage) if turn.usage else {}


def _fault(turn: Turn) -> dict[str, str]:
    return {"fault": turn.fault.code} if turn.fault else {}
