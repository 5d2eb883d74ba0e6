"""The server's log: one JSON object a line on standard error, with secrets taken out."""

import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from logging import Formatter, Logger, LogRecord, StreamHandler

import orjson

_SECRETS = re.compile(r"orc_(?:pt|st)_[0-9A-Za-z]{12,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|vis_\w+\.[\w-]+\.[\w-]{20,}")
"""Our tokens, also cut off somewhere behind their public id; JWTs; visitors' cookies."""
_EXTRAS = ("request_id", "turn_id", "workflow_id", "status", "input_tokens", "output_tokens")

REQUEST_ID: ContextVar[str] = ContextVar("orcheo.request_id")
"""The request that is being answered; a turn that it begins keeps it, as background work inherits the context."""


def get_logger(part: str) -> Logger:
    """The logger of a part of the server."""
    return logging.getLogger(f"orcheo.{part}")


def redact(text: str) -> str:
    """``text`` without anything of the shape of our tokens, of a JWT or of a visitor's cookie."""
    return _SECRETS.sub("[redacted]", text)


class JsonLines(Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": _printable(record.getMessage()),
        }
        if request_id := REQUEST_ID.get(""):
            line["request_id"] = request_id
        line |= {name: record.__dict__[name] for name in _EXTRAS if name in record.__dict__}
        if record.exc_info:
            line["traceback"] = _printable(self.formatException(record.exc_info))
        return redact(orjson.dumps(line, default=str).decode())


def _printable(text: str) -> str:
    """Half a surrogate pair is no UTF-8; an error while writing the log would print the line as it is."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def configure_logs(level: int = logging.INFO) -> None:
    """Send everything of this level and above to standard error."""
    handler = StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(max(level, logging.WARNING))  # what it says at its start we say ourselves
