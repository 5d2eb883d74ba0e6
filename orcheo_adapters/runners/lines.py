"""Streams of bytes in lines: JSON lines, and the ``data`` of server-sent events. Pure parsers, fed by chunks."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol, TypeVar

from orcheo_core.ports.runner import RunFailed

_Bytes = TypeVar("_Bytes", bytes, bytearray)

LINE_LIMIT = 1024 * 1024
"""Bytes of one line, and of the data of one event."""
MOST_LINES = 640 * 1024
"""Lines of one answer: as many as the largest answer has of 16 bytes. Comments alone could be millions."""


class LineTooLong(RunFailed):
    """A line, or the data of an event, has more than :data:`LINE_LIMIT` bytes."""

    def __init__(self) -> None:
        """The limit is part of the reason."""
        super().__init__(code="answer_too_large", reason=f"A line of the answer has more than {LINE_LIMIT:,} bytes")


class TooManyLines(RunFailed):
    """An answer has more than :data:`MOST_LINES` lines."""

    def __init__(self) -> None:
        """The limit is part of the reason."""
        super().__init__(code="answer_too_large", reason=f"The answer has more than {MOST_LINES:,} lines")


class Payloads(Protocol):
    """Cuts a stream into payloads."""

    def push(self, chunk: bytes) -> Iterator[bytes]:
        """The payloads that end in ``chunk``; raises :class:`LineTooLong` and :class:`TooManyLines`."""

    def end(self) -> Iterator[bytes]:
        """The payload that the end of the stream ends, if any."""


class Lines(Payloads):
    """Each line without its end (LF or CRLF); a byte order mark before the first one is dropped."""

    def __init__(self) -> None:
        """At the beginning of the stream."""
        self._rest = bytearray()
        """What has come of the next line; it grows in place, as chunks may be tiny."""
        self._mark = codecs.BOM_UTF8
        self._left = MOST_LINES

    def push(self, chunk: bytes) -> Iterator[bytes]:
        """See :meth:`Payloads.push`."""
        self._rest += chunk
        if b"\n" in chunk:
            *whole, rest = bytes(self._rest).split(b"\n")
            self._rest = bytearray(rest)
            self._left -= len(whole)
            if self._left < 0:
                raise TooManyLines
            for line in whole:
                yield _checked(line).removesuffix(b"\r").removeprefix(self._mark)
                self._mark = b""
        _checked(self._rest)

    def end(self) -> Iterator[bytes]:
        """See :meth:`Payloads.end`."""
        if rest := bytes(self._rest).removeprefix(self._mark):
            yield rest


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

    def __init__(self, *, last_may_be_open: bool = False) -> None:
        """At the beginning of the stream; ``last_may_be_open`` takes an event that the end of the stream ends."""
        self._lines = Lines()
        self._is_after_cr = False
        self._data = bytearray()
        self._last_may_be_open = last_may_be_open

    def push(self, chunk: bytes) -> Iterator[bytes]:
        """See :meth:`Payloads.push`."""
        return self._cut(self._lines.push(self._with_plain_ends(chunk)))

    def _with_plain_ends(self, chunk: bytes) -> bytes:
        """A line ends with CRLF, LF or CR; a CR at the end of a chunk ends its line at once."""
        if self._is_after_cr and chunk:
            chunk, self._is_after_cr = chunk.removeprefix(b"\n"), False
        if b"\r" in chunk:
            self._is_after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def end(self) -> Iterator[bytes]:
        """See :meth:`Payloads.end`; by the rule, an event that no empty line ends does not count."""
        if self._last_may_be_open:
            yield from self._cut(chain(self._lines.end(), [b""]))

    def _cut(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data += value.removeprefix(b" ") + b"\n"
                _checked(self._data)
            elif not line and self._data:
                yield bytes(self._data[:-1])
                self._data.clear()


def _checked(line: _Bytes) -> _Bytes:
    if len(line) > LINE_LIMIT:
        raise LineTooLong
    return line
