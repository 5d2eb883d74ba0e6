"""Streams of bytes in lines: JSON lines, and the ``data`` of server-sent events. Pure parsers, fed by chunks."""

from collections.abc import Iterator
from typing import Protocol, TypeVar

_Bytes = TypeVar("_Bytes", bytes, bytearray)

LINE_LIMIT = 1024 * 1024
"""Bytes of one line, and of the data of one event."""


class LineTooLong(Exception):
    """A line, or the data of an event, has more than :data:`LINE_LIMIT` bytes."""


class Payloads(Protocol):
    """Cuts a stream into payloads."""

    def push(self, chunk: bytes) -> Iterator[bytes]:
        """The payloads that end in ``chunk``; raises :class:`LineTooLong`."""

    def end(self) -> Iterator[bytes]:
        """The payload that the end of the stream ends, if any."""


class Lines(Payloads):
    """Each line without its end (LF or CRLF)."""

    def __init__(self) -> None:
        """At the beginning of the stream."""
        self._rest = b""

    def push(self, chunk: bytes) -> Iterator[bytes]:
        """See :meth:`Payloads.push`."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            yield _checked(line).removesuffix(b"\r")
        _checked(self._rest)

    def end(self) -> Iterator[bytes]:
        """See :meth:`Payloads.end`."""
        if self._rest:
            yield self._rest


class JsonLines(Payloads):
    """Each line that is not empty."""

    def __init__(self) -> None:
        """At the beginning of the stream."""
        self._lines = Lines()

    def push(self, chunk: bytes) -> Iterator[bytes]:
        """See :meth:`Payloads.push`."""
        return filter(bytes.strip, self._lines.push(chunk))

    def end(self) -> Iterator[bytes]:
        """See :meth:`Payloads.end`."""
        return filter(bytes.strip, self._lines.end())


class ServerSentData(Payloads):
    """The data of each event (WHATWG HTML, section 9.2.6); names, ids and comments are passed over."""

    def __init__(self) -> None:
        """At the beginning of the stream."""
        self._lines = Lines()
        self._data = bytearray()

    def push(self, chunk: bytes) -> Iterator[bytes]:
        """See :meth:`Payloads.push`."""
        for line in self._lines.push(chunk):
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data += value.removeprefix(b" ") + b"\n"
                _checked(self._data)
            elif not line and self._data:
                yield bytes(self._data[:-1])
                self._data.clear()

    def end(self) -> Iterator[bytes]:
        """None: an event that no empty line ends does not count."""
        return iter(())


def _checked(line: _Bytes) -> _Bytes:
    if len(line) > LINE_LIMIT:
        raise LineTooLong(f"a line has more than {LINE_LIMIT:,} bytes")
    return line
