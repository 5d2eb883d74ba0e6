"""Frames between the server and a workflow's process: a header with the length of what follows. Does no I/O."""

import struct
from collections.abc import Iterator
from enum import IntEnum

_HEADER = struct.Struct(">IBI")
HEADER_SIZE = _HEADER.size
MOST_FROM_CHILD = 4 * 2**20
"""Bytes in one frame that the server takes from a workflow's process, which may say anything."""
MOST_TO_CHILD = 64 * 2**20
"""Bytes in one frame that it sends: a message with the whole history of its thread."""
WINDOW = 512 * 1024
"""What a run may say before the server has taken it."""
_COST = 100
"""Besides its bytes a frame costs as much."""


class Kind(IntEnum):
    """What a frame is about."""

    # from the server
    SETUP = 1
    """How the process is to be; the first frame."""
    RUN = 2
    STOP = 3
    CREDIT = 4
    """So much of what a run said was taken."""
    ASK = 5
    FILE = 6
    """A part of the bytes of an attachment."""
    PING = 7
    # from the workflow's process
    TEXT = 16
    EVENT = 17
    DONE = 18
    FAILED = 19
    REPLY = 20
    WANT = 21
    """The bytes of an attachment are asked for."""
    PONG = 22
    LEFT = 23
    """A run ends, but a thread of it could not be stopped and is still at work."""
    OVER = 24
    """Now that thread has ended, too."""


class BrokenProtocol(Exception):
    """The other side did not send a frame, or sent too much."""


def frame(kind: Kind, run: int, payload: bytes = b"") -> bytes:
    """One frame; ``run`` numbers runs and questions."""
    return _HEADER.pack(len(payload), kind, run) + payload


def cost(payload: bytes) -> int:
    """What a frame counts in the window of its run."""
    return len(payload) + _COST


class FrameReader:
    """Cuts bytes into frames."""

    def __init__(self, most: int) -> None:
        """No frame may have more than ``most`` bytes."""
        self._most = most
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, int, bytes]]:
        """The frames that are whole now; raises :class:`BrokenProtocol`."""
        source: bytes | bytearray = data  # mostly frames come whole, so nothing is copied together first
        if self._buffer:
            self._buffer += data
            source = self._buffer
        at, end = 0, len(source)
        try:
            while end - at >= HEADER_SIZE:
                size, kind, run = _HEADER.unpack_from(source, at)
                if size > self._most:
                    message = f"a frame of {size} bytes"
                    raise BrokenProtocol(message)
                if end - at - HEADER_SIZE < size:
                    break
                begin = at + HEADER_SIZE
                at = begin + size
                yield _kind(kind), run, bytes(source[begin:at])
        finally:
            if source is self._buffer:
                del self._buffer[:at]
            else:
                self._buffer += source[at:]


_KINDS = {int(each): each for each in Kind}


def _kind(number: int) -> Kind:
    try:
        return _KINDS[number]
    except KeyError:
        message = f"a frame of the unknown kind {number}"
        raise BrokenProtocol(message) from None
