"""Few lines of a kind: what strangers cause again and again must not fill the disk that the log is on."""

from collections.abc import Callable
from logging import WARNING, Filter, LogRecord
from threading import Lock
from time import monotonic

from attrs import define

from orcheo_adapters.system.running import current_run

LINES_OF_A_KIND = 10
"""This many of a kind are written within a minute; one line says how many more there were."""
_OF_THE_SERVER = ("orcheo.", "asyncio", "uvicorn", "python_multipart")
"""Also what is said during a run; of all other loggers such lines are the workflow's."""
_WINDOW_SECONDS = 60.0
_MOST_KINDS = 1_000

_Kind = tuple[str, int, str, str]
"""Where in the code it comes from, which error it is about, and which workflow."""


@define
class _Window:
    began: float
    text: str
    count: int = 0


class LogRepeats(Filter):
    """Leaves warnings and errors out once many of their kind were written in a minute, and counts them.

    So are those of libraries: some have a line for each request that they cannot read. Lines of workflows have a bound
    of their own, and lines of information are bounded by what they inform of: there is one for each turn.
    """

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        """Measure the minute by ``seconds``."""
        super().__init__()
        self._seconds = seconds
        self._windows: dict[_Kind, _Window] = {}
        self._lock = Lock()

    def filter(self, record: LogRecord) -> bool:
        """Whether the record may be written."""
        if record.levelno < WARNING or (current_run() is not None and not record.name.startswith(_OF_THE_SERVER)):
            return True
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        kind = record.pathname, record.lineno, error, str(record.__dict__.get("workflow_id", ""))
        with self._lock:
            window = self._windows.get(kind)
            if window is None:
                if len(self._windows) >= _MOST_KINDS:
                    return False
                window = self._windows[kind] = _Window(self._seconds(), record.getMessage())
            window.count += 1
            return window.count <= LINES_OF_A_KIND

    def take(self) -> list[str]:
        """What to say of the kinds whose minute is over."""
        now = self._seconds()
        with self._lock:
            over = {each: one for each, one in self._windows.items() if now - one.began >= _WINDOW_SECONDS}
            for each in over:
                del self._windows[each]
        return [
            f"{one.count - LINES_OF_A_KIND} more lines like this in a minute were left out: {one.text[:200]}"
            for one in over.values()
            if one.count > LINES_OF_A_KIND
        ]
