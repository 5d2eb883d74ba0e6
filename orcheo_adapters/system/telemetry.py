"""Telemetry into the log."""

from logging import INFO

from attrs import asdict

from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.turn import Turn
from orcheo_core.ports.telemetry import Telemetry

_LOG = get_logger("turns")
_ACTION_TYPE_LENGTH = 100


class LoggingTelemetry(Telemetry):
    """Writes a line for each thing that operators want to see."""

    def turn_ended(self, turn: Turn) -> None:
        """See the port."""
        if _LOG.isEnabledFor(INFO):
            _LOG.info("turn ended", extra={**_about(turn), "status": turn.status.value, **_used(turn), **_fault(turn)})

    def run_failed(self, turn: Turn, error: Exception) -> None:
        """See the port; the whole traceback goes to the log."""
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


def _about(turn: Turn) -> dict[str, str]:
    return {"turn_id": turn.id, "workflow_id": turn.workflow_id}


def _used(turn: Turn) -> dict[str, int]:
    return asdict(turn.usage) if turn.usage else {}


def _fault(turn: Turn) -> dict[str, str]:
    return {"fault": turn.fault.code} if turn.fault else {}
