"""Standard output and error of a server: what workflows write there is bounded and says whose it is."""

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from orcheo_adapters.system.running import current_run
from orcheo_adapters.system.steady_stream import SteadyStream


class SharedStream:
    """A standard stream that passes on what the server writes as it is, and what runs write as lines of theirs.

    Code that writes to the file descriptor itself passes it by.
    """

    def __init__(self, stream: IO[str] | SteadyStream) -> None:
        """Stand before ``stream``."""
        self._stream: Any = stream

    def write(self, text: str, /) -> int:
        """Write as the caller."""
        running = current_run()
        if running is None:
            return int(self._stream.write(text))
        running.write(text, self._stream)
        return len(text)

    @property
    def buffer(self) -> Any:
        """For programs that write bytes."""
        return getattr(self._stream, "buffer") if current_run() is None else _Bytes(self)  # noqa: B009 - text streams of tests have none

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write all of them."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Leave the stream open: others write to it too."""

    def __getattr__(self, name: str) -> Any:
        """Whatever else the stream has."""
        return getattr(self._stream, name)


class _Bytes(io.RawIOBase):
    """Takes bytes as text in UTF-8."""

    def __init__(self, stream: SharedStream) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = bytes(data)
        self._stream.write(view.decode("utf-8", "replace"))
        return len(view)


@contextmanager
def shared_streams() -> Iterator[None]:
    """Let standard output and error tell apart who writes."""
    before = sys.stdout, sys.stderr
    for each in before:
        if isinstance(each, io.TextIOWrapper):  # into a file a line would wait for eight thousand characters more
            each.reconfigure(line_buffering=True)
    sys.stdout, sys.stderr = SharedStream(SteadyStream(sys.stdout)), SharedStream(SteadyStream(sys.stderr))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
