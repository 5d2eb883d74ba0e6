"""Writing to standard output and error without ever waiting for the program that reads them."""

import os
import select
from threading import Lock
from typing import IO, Any

_PIECE = select.PIPE_BUF
"""A pipe that can be written to takes this many bytes at once."""
_PATIENCE_MS = 20
"""For a reader that is behind; one that was waited for in vain gets no more time until it reads again."""


class SteadyStream:
    """A standard stream: what its reader leaves no room for, or no longer reads, is left out and counted.

    A pipe holds 64 KiB. Once it is full, a write to it waits until it is read, and all chats would wait with it.
    """

    def __init__(self, stream: IO[str]) -> None:
        """Stand before ``stream``; one without a descriptor is written to as it is."""
        self._stream = stream
        self._descriptor = _descriptor_of(stream)
        self._room = select.poll()
        if self._descriptor is not None:
            self._room.register(self._descriptor, select.POLLOUT)
        self._lock = Lock()
        self._left_out = 0
        self._patience = _PATIENCE_MS
        self._is_torn = False

    def write(self, text: str, /) -> int:
        """Write it, or leave it out."""
        if self._descriptor is None:
            return self._stream.write(text)
        with self._lock:
            data = text.encode("utf-8", "backslashreplace")
            if not self._write_all(self._descriptor, b"\n" + data if self._is_torn else data):
                self._left_out += 1
        return len(text)

    def take_left_out(self) -> int:
        """How many writes were left out since the last call."""
        with self._lock:
            left_out, self._left_out = self._left_out, 0
        return left_out

    def _write_all(self, descriptor: int, data: bytes) -> bool:
        at = 0
        while at < len(data):
            try:
                has_room = bool(self._room.poll(self._patience))
                if has_room:
                    at += os.write(descriptor, data[at : at + _PIECE])
            except OSError:  # its reader is gone
                has_room = False
            self._patience = _PATIENCE_MS if has_room else 0
            if not has_room:
                self._is_torn = self._is_torn or at > 0
                return False
        self._is_torn = False
        return True

    def __getattr__(self, name: str) -> Any:
        """Whatever else the stream has."""
        return getattr(self._stream, name)


def _descriptor_of(stream: IO[str]) -> int | None:
    try:
        stream.flush()
        return stream.fileno()
    except (AttributeError, OSError, ValueError):  # of a test, or closed
        return None
