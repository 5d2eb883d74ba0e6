"""The server's log on standard error: one JSON object a line, or text on a terminal; with secrets taken out."""

import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from logging import Formatter, Logger, LogRecord, StreamHandler
from traceback import format_tb
from typing import TYPE_CHECKING

import orjson

from orcheo_adapters.system.error_chains import MOST_ERRORS, chain_of
from orcheo_adapters.system.log_repeats import LogRepeats
from orcheo_adapters.system.running import current_run
from orcheo_adapters.system.steady_stream import SteadyStream
from orcheo_core.domain.durations import counted
from orcheo_core.domain.json_values import is_larger
from orcheo_core.ports.runner import READ_LENGTH, UNREAD, text_of

if TYPE_CHECKING:
    from logging import _SysExcInfoType

_SECRETS = (
    re.compile(r"vis_\w++(\.[\w-]++\.[\w-]{20,}+)?"),
    re.compile(r"eyJ[\w-]{8,}+(\.[\w-]++\.[\w-]*+)?"),
    re.compile(r"orc_(?:pt|st|is|ct|os)_([0-9A-Za-z]{12,})"),
)
"""Visitors' cookies; JWTs; our tokens, also cut off somewhere behind their public id.

A match without its group is not a secret. It takes all the letters that follow, so that no letter is read once for each
beginning before it: strangers choose these texts, and all chats wait.
"""
_EXTRAS = ("request_id", "turn_id", "workflow_id", "status", "fault", "input_tokens", "output_tokens")

_LONGEST_TEXT = 32_000
"""Characters of a message or a traceback that are written: all chats wait."""

_FRAMES = 20
"""Lines of code of each, where not all of them can be written."""

_LONG_NOTES = "\n(its notes are left out: they are too long)"

_LINE_SIZE = 120
_TRACEBACK_SIZE = 2_000
"""About as much does a line of the log, and a traceback, take besides the text."""

REQUEST_ID: ContextVar[str] = ContextVar("orcheo.request_id")
"""The request that is being answered; a turn that it begins keeps it, as background work inherits the context."""


def get_logger(part: str) -> Logger:
    """The logger of a part of the server."""
    return logging.getLogger(f"orcheo.{part}")


def redact(text: str) -> str:
    """``text`` without anything of the shape of our tokens, of a JWT or of a visitor's cookie."""
    for each in _SECRETS:
        text = each.sub(lambda found: found[0] if found[1] is None else "[redacted]", text)
    return text


class _BoundedLines(Formatter):
    """Writes of an error what can be written soon: all chats wait."""

    def formatException(self, ei: "_SysExcInfoType") -> str:  # noqa: N802 - logging's
        """See logging; where errors have too much to say, the last lines of code and a part of each text."""
        if ei[1] is None:
            return super().formatException(ei)
        errors = chain_of(ei[1])
        texts = [text_of(each, _said_by, most=2 * _LONGEST_TEXT) for each in errors]
        is_short = all(
            len(each) < READ_LENGTH and not each.startswith(UNREAD) and not each.endswith(_LONG_NOTES) for each in texts
        )
        if is_short and len(errors) < MOST_ERRORS:
            return _shortened(super().formatException(ei))
        lines = ["".join(format_tb(each.__traceback__, -_FRAMES)) for each in errors]
        told = (f"{code}{type(each).__name__}: {text}" for code, each, text in zip(lines, errors, texts, strict=True))
        return _shortened("\nbecause of or beside:\n".join(told))


class JsonLines(_BoundedLines):
    """Formats a record as one JSON object."""

    def format(self, record: LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": _printable(_shortened(record.getMessage())),
        }
        if (running := current_run()) is not None:
            line["workflow"] = running.name
        if request_id := REQUEST_ID.get(""):
            line["request_id"] = request_id
        line |= {name: record.__dict__[name] for name in _EXTRAS if name in record.__dict__}
        if record.exc_info:
            line["traceback"] = _printable(self.formatException(record.exc_info))
        return redact(orjson.dumps(line, default=str).decode())


class TerminalLines(_BoundedLines):
    """Formats a record for a person who watches: local time, level, part, text and what it is about.

    A traceback is indented below.
    """

    def format(self, record: LogRecord) -> str:
        """The lines, without the last end."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        running = current_run()
        part = record.name.removeprefix("orcheo.") + (f" ({running.name})" if running else "")
        about = [f"{name}={record.__dict__[name]}" for name in _EXTRAS if name in record.__dict__]
        said = _shortened(record.getMessage())
        text = f"{said} ({' '.join(about)})" if about else said
        lines = f"{at:%H:%M:%S} {record.levelname.lower()} {part}: {text}".splitlines()
        if record.exc_info:
            lines += self.formatException(record.exc_info).splitlines()
        return redact("\n    ".join(map(_harmless, lines)))


def _said_by(error: object) -> str:
    """The text of an error, and whether it has too many notes: they are formatted line by line."""
    has_many = is_larger(getattr(error, "__notes__", ()), READ_LENGTH)
    return _shortened(str(error)) + (_LONG_NOTES if has_many else "")


def _harmless(line: str) -> str:
    """A line that cannot drive the terminal: what cannot be printed is written as an escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)


def _printable(text: str) -> str:
    """Half a surrogate pair is not UTF-8; an error while writing the log would print the line as it is."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _shortened(text: str) -> str:
    """``text`` without its middle, if it is long: an error may hold all that a program was given.

    What is left of its end begins with a line, as half a secret would not be known as one.
    """
    if len(text) <= _LONGEST_TEXT:
        return text
    half = _LONGEST_TEXT // 2
    end = text[-half:].partition("\n")[2]
    return f"{text[:half]}\n… {counted(len(text) - half - len(end), 'character')} left out …\n{end}"


def _has_room(record: LogRecord) -> bool:
    """Whether a record may be written: what workflows log is bounded together with what they print."""
    running = current_run()
    if running is None or record.name.startswith("orcheo."):
        return True
    return running.may_log(len(record.getMessage()) + (_TRACEBACK_SIZE if record.exc_info else 0) + _LINE_SIZE)


class LogKeeper:
    """Takes the log back from libraries that set up logging for themselves, and says how many lines it left out."""

    def __init__(self) -> None:
        """Remember how it is now."""
        self._handlers = logging.getLogger().handlers[:]

    async def look(self) -> None:
        """Put back what is missing."""
        for stream in (each.stream for each in self._handlers if isinstance(each, StreamHandler)):
            if isinstance(stream, SteadyStream) and (left_out := stream.take_left_out()):
                get_logger("server").warning("nothing read the log: %s left out", counted(left_out, "line"))
        for repeats in (each for handler in self._handlers for each in handler.filters):
            if isinstance(repeats, LogRepeats):
                for text in repeats.take():
                    get_logger("server").warning("%s", text)
        root = logging.getLogger()
        missing = [each for each in self._handlers if each not in root.handlers]
        if missing or root.manager.disable:
            logging.disable(logging.NOTSET)
            root.handlers += missing
            get_logger("server").warning("a workflow changed how the server logs; it is set back")


def configure_logs(level: int = logging.INFO) -> None:
    """Send everything of this level and above to standard error."""
    handler = StreamHandler(SteadyStream(sys.stderr))
    handler.addFilter(_has_room)
    handler.addFilter(LogRepeats())
    handler.setFormatter(TerminalLines() if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # uvicorn says at its start what we say ourselves, mcp each request, httpx2 each address, which may hold a secret
    for talkative in ("uvicorn", "mcp", "httpx2"):
        logging.getLogger(talkative).setLevel(max(level, logging.WARNING))
