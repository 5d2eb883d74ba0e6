"""Space on the disk that is kept back for what an owner must be able to do when all else is used up."""

import os
from pathlib import Path

from orcheo_adapters.system.disk import LEAST_FREE_BYTES, free_bytes

RESERVE_BYTES = 4 * 1024 * 1024
"""Room for some hundred changes such as closing a chat."""

_STEP_BYTES = 1024 * 1024


class Reserve:
    """A file that only takes up space; what is given up of it, the next write can have."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """A reserve of ``size`` bytes at ``path``; nothing is touched before :meth:`fill`."""
        self._path = path
        self._size = size

    @property
    def held(self) -> int:
        """The bytes that can be given up now."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def fill(self) -> None:
        """Take up what is missing, unless that would fill the disk."""
        missing = self._size - self.held
        if missing <= 0 or free_bytes(self._path) < missing + LEAST_FREE_BYTES:
            return
        self._resize(self._size)

    def refill(self) -> None:
        """Take back what was given up and not used, on a disk that is full otherwise."""
        for size in range(self._size, self.held, -_STEP_BYTES // 4):
            if self._resize(size):
                return

    def give_up_some(self) -> bool:
        """Free a part of it; False when there is nothing left."""
        held = self.held
        if held == 0:
            return False
        return self._resize(max(0, held - _STEP_BYTES))

    def _resize(self, size: int) -> bool:
        """Whether the file has this many bytes of the disk now; it keeps those that it had if not."""
        before = self.held
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            if size > before:
                os.posix_fallocate(descriptor, before, size - before)
            else:
                os.ftruncate(descriptor, size)
        except OSError:
            os.ftruncate(descriptor, min(before, size))
            return False
        finally:
            os.close(descriptor)
        return True
