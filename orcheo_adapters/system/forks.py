"""What children that a workflow forks may not inherit: port, connections, the data folder's lock and files, signals.

A child that keeps them holds the port and the lock after the server's death, and keeps clients' connections open. What
is taken from it becomes a door to nothing under the same number, as objects that it inherited may still close it.
"""

import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TypeVar

_Starter = TypeVar("_Starter", bound=Callable[..., Any])
_OPEN_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")
_END_BY_THEMSELVES = {"multiprocessing.popen_fork", "subprocess"}
"""What forks and never returns in the child."""
_ENDED = (
    b"A child that a workflow forked came back to the event loop of the server, and is ended: use os._exit() there.\n"
)


def _trace_nothing_else(_frame: FrameType, _event: str, _argument: object) -> None:
    return None


def _end_on_return(_frame: FrameType, event: str, _argument: object) -> Any:
    if event == "return":  # also when it waits
        with suppress(OSError):
            os.write(2, _ENDED)
        os._exit(1)
    return _end_on_return


class _Guard:
    """Takes from children what belongs to the servers of this process."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.folders: list[Path] = []
        self.starters: set[CodeType] = set()
        self.loops: set[CodeType] = set()

    def in_child(self) -> None:
        caller = sys._getframe(1)  # noqa: SLF001 - nothing else says who forks
        if caller.f_code in self.starters:
            return
        if caller.f_globals.get("__name__") not in _END_BY_THEMSELVES:
            self._end_at_the_loop(caller)
        if self.ports or self.folders:
            _take_signals_as_usual()
            nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            files = {(found.st_dev, found.st_ino) for found in self._files()}
            for descriptor in _open_descriptors():
                if descriptor != nothing and self._belongs_to_server(descriptor, files):
                    os.dup2(nothing, descriptor, inheritable=False)
            os.close(nothing)

    def _end_at_the_loop(self, frame: FrameType) -> None:
        """End the child when what the event loop has called comes back to it.

        The loop waits for the same things as the parent's, and would take from it what comes.
        """
        below = frame.f_back
        while below is not None and below.f_code not in self.loops:
            frame, below = below, below.f_back
        if below is not None:
            frame.f_trace, frame.f_trace_lines = _end_on_return, False
            sys.settrace(_trace_nothing_else)

    def _files(self) -> Iterator[os.stat_result]:
        for path in (path for folder in self.folders for path in folder.glob("*")):
            with suppress(OSError):
                yield path.stat()

    def _belongs_to_server(self, descriptor: int, files: set[tuple[int, int]]) -> bool:
        try:
            found = os.fstat(descriptor)
        except OSError:
            return False
        if stat.S_ISSOCK(found.st_mode):
            return _port_of(descriptor) in self.ports
        return (found.st_dev, found.st_ino) in files


def _take_signals_as_usual() -> None:
    """Let SIGTERM end the child: the server's handlers would have it wait, and a pool of processes ends by it.

    Nor does the loop of the parent hear of the child's signals.
    """
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


_GUARD = _Guard()
os.register_at_fork(after_in_child=_GUARD.in_child)


@contextmanager
def kept_from_children(*, port: int, folder: Path) -> Iterator[None]:
    """Within the block no child that is forked has sockets of this port or open files of this folder."""
    _GUARD.ports.append(port)
    _GUARD.folders.append(folder)
    try:
        yield
    finally:
        _GUARD.ports.remove(port)
        _GUARD.folders.remove(folder)


def runs_forever(function: _Starter) -> _Starter:
    """Let children that are forked below ``function``, an event loop, not come back to it."""
    _GUARD.loops.add(function.__code__)
    return function


def starts_programs(function: _Starter) -> _Starter:
    """Leave what ``function`` forks as it is: it executes a program at once, to which no descriptor passes anyway.

    The event loop waits until the program is executed, and the look at each descriptor takes longer than all the rest.
    """
    _GUARD.starters.add(function.__code__)
    return function


def _open_descriptors() -> list[int]:
    for folder in _OPEN_DESCRIPTORS:
        with suppress(OSError):
            return [int(each) for each in os.listdir(folder)]  # noqa: PTH208 - names, not paths
    return []


def _port_of(descriptor: int) -> int | None:
    """The local port of a TCP socket; None for others, such as those between processes."""
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        return int(copy.getsockname()[1]) if copy.family in {socket.AF_INET, socket.AF_INET6} else None
