"""The end of the server's process, which nothing that a workflow leaves behind can put off."""

import atexit
import faulthandler
import logging
import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from orcheo_adapters.system.logs import get_logger

_AFTER_THE_LOOP = 2.0
"""Seconds for threads that do not end, for exit handlers and finalisers, once the loop has ended."""
_FOR_THE_MEMORY = 20.0
"""Seconds for Python to clear its memory, when no more of its own threads can run."""
_LOG = get_logger("server")


class LastResort:
    """Ends the process at a deadline, whatever blocks its main thread.

    A second alarm, which needs no Python, follows after a second: code may hold the interpreter's lock.
    """

    def __init__(self) -> None:
        """No deadline is set."""
        self._deadline = float("inf")
        self._status = 0
        self._reads, self._writes = os.pipe()
        atexit.register(self._give_time)  # called after what workflows register
        threading.Thread(target=self._wait, name="orcheo-last-resort", daemon=True).start()

    def end_within(self, seconds: float, *, status: int = 0) -> None:
        """Set the deadline, unless an earlier one is set; may be called by the handler of a signal."""
        deadline = time.monotonic() + seconds
        if deadline < self._deadline:
            self._deadline, self._status = deadline, status
            os.write(self._writes, b"!")  # no lock of threading: a handler may have interrupted its holder
            _end_by_force(seconds + 1)

    def _give_time(self) -> None:
        """A slow machine may take longer to clear the memory: the second alarm would end the process as failed."""
        if self._deadline < float("inf"):
            _end_by_force(_FOR_THE_MEMORY)

    def _wait(self) -> None:
        while (left := self._deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self._reads], [], [], min(left, 3600.0))
            if ready:
                os.read(self._reads, 1)
        names = sorted(each.name for each in threading.enumerate() if not each.daemon)
        _LOG.warning("ended without waiting for what workflows left at work; threads: %s", ", ".join(names))
        logging.shutdown()
        os._exit(self._status)


def _end_by_force(seconds: float) -> None:
    # Without a usable standard error there is only the first alarm.
    with suppress(OSError, AttributeError, RuntimeError, TypeError, ValueError):
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)  # type: ignore[arg-type]


@contextmanager
def bounded_end() -> Iterator[LastResort]:
    """From the end of this on the process ends soon: normally by itself, else by force."""
    resort = LastResort()
    status = 1
    try:
        yield resort
        status = 0
    finally:
        resort.end_within(_AFTER_THE_LOOP, status=status)
