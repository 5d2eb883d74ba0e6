"""The server's log: one JSON object a line on standard error, with secrets taken out."""

import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from logging import Formatter, Logger, LogRecord, StreamHandler

import orjson

_SECRETS = re.compile(r"orc_(?:pt|st)_[0-9A-Za-z]{60}|eyJ[\w-]+\.[\w-]+\.[\w-]+")
_EXTRAS = ("request_id", "turn_id", "workflow_id", "status", "input_tokens", "output_tokens")

REQUEST_ID: ContextVar[str] = ContextVar("orcheo.request_id")
"""The request that is being answered; a turn that it begins keeps it, as background work inherits the context."""


def get_logger(part: str) -> Logger:
    """The logger of a part of the server."""
    return logging.getLogger(f"orcheo.{part}")


def redact(text: str) -> str:
    """``text`` without anything of the shape of our tokens or of a JWT, and without halves of surrogate pairs."""
    return _SECRETS.sub("[redacted]", text.encode(errors="backslashreplace").decode())


class JsonLines(Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": redact(record.getMessage()),
        }
        if request_id := REQUEST_ID.get(""):
            line["request_id"] = request_id
        line |= {name: record.__dict__[name] for name in _EXTRAS if name in record.__dict__}
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str).decode()


def configure_logs(level: int = logging.INFO) -> None:
    """Send everything of this level and above to standard error."""
    handler = StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(max(level, logging.WARNING))  # what it says at its start we say ourselves
