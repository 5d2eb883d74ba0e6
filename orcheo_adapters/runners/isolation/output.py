"""What a workflow's process prints."""

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING

from orcheo_adapters.system.running import Running

if TYPE_CHECKING:
    from orcheo_adapters.runners.isolation.worker import Worker

_CHUNK = 64 * 1024
_PAUSE_SECONDS = 0.1
"""Output that is thrown away is read so often only."""


class Output:
    """What a process prints, as far as there is room; what is left out is read slowly, so that it costs little."""

    def __init__(self, worker: "Worker") -> None:
        """Nothing is read before :meth:`listen`."""
        self.running: Running | None = None
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._reads, self._writes = os.pipe()
        os.set_blocking(self._reads, False)

    def writing_end(self) -> int:
        """For the process, which closes it here."""
        return self._writes

    def listen(self) -> None:
        """Read what comes."""
        self._loop.add_reader(self._reads, self._read)

    def close(self) -> None:
        """Read what it printed last, often the reason of its end, and stop."""
        self._loop.remove_reader(self._reads)
        self._pass_on()
        os.close(self._reads)

    def _read(self) -> None:
        running = self._pass_on()
        if running is None:
            self._loop.remove_reader(self._reads)
        elif running.is_cut:
            self._loop.remove_reader(self._reads)
            self._worker.later(_PAUSE_SECONDS, self.listen)

    def _pass_on(self) -> Running | None:
        """What is there now; None at the end."""
        data = b""
        with contextlib.suppress(OSError):
            data = os.read(self._reads, _CHUNK)
        if not data:
            return None
        if self.running is None:
            self.running = self._worker.new_running()
        self.running.write(data.decode("utf-8", "replace"), sys.stdout)
        return self.running
