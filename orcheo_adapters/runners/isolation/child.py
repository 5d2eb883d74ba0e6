"""The program in a workflow's own process: it runs one workflow, for as many turns at once as there are.

It is started by the server with a socket and nothing else of the server's; what it says goes through that socket.
"""

import asyncio
import ctypes
import logging
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import orjson

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.isolation.frames import (
    HEADER_SIZE,
    MOST_TO_CHILD,
    WINDOW,
    FrameReader,
    Kind,
    cost,
    frame,
)
from orcheo_adapters.runners.isolation.messages import decode_request, encode_event, encode_failure
from orcheo_adapters.runners.registry import KINDS
from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_core.domain.run import RunEvent, TextDelta
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run, Runner, RunSink

_LONGEST_PIECE = 128 * 1024
"""Characters of text in one frame."""
_LONGEST_RUN = 1_000_000.0
"""Seconds: the server counts the time, so this process must not be earlier."""
_IN_A_ROW = 32
_FAREWELL_SECONDS = 1.0
_CHUNK = 256 * 1024


def _ignore(_kind: Kind, _run: int, _payload: bytes) -> None:
    """Take nothing yet."""


class Link:
    """The socket to the server."""

    def __init__(self, connection: socket.socket) -> None:
        """Serve the running event loop."""
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._out = bytearray()
        self._is_due = False
        self._files: dict[int, _Answer] = {}
        self._asked = 0
        self._lock = threading.Lock()
        self._reader = FrameReader(MOST_TO_CHILD)
        self._take: Callable[[Kind, int, bytes], None] = _ignore
        self.is_over = asyncio.Event()

    # --- written by the event loop ----------------------------------------------------------------------------------

    def send(self, kind: Kind, run: int, payload: bytes = b"") -> None:
        """Send a frame: the first one in a round of the loop at once, the others together when it ends."""
        self._out += frame(kind, run, payload)
        if not self._is_due:
            self.flush()
            self._is_due = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what the socket takes, and the rest when it takes more."""
        self._is_due = False
        if not self._out:
            return
        try:
            sent = self._socket.send(self._out)
        except BlockingIOError:
            sent = 0
        except OSError:  # the server is gone; which is read elsewhere
            self._out.clear()
            return
        del self._out[:sent]
        if self._out:
            self._is_due = True
            self._loop.add_writer(self._socket, self._flush_rest)

    def _flush_rest(self) -> None:
        self._loop.remove_writer(self._socket)
        self.flush()

    # --- read by the event loop -------------------------------------------------------------------------------------

    def listen(self, take: Callable[[Kind, int, bytes], None]) -> None:
        """Call ``take`` with each frame."""
        self._take = take
        self._loop.add_reader(self._socket, self._read)

    def _read(self, *, is_waiting: bool = False) -> None:
        """Read what is there; code that waits inside the event loop must not be entered by it."""
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
        for kind, run, payload in self._reader.feed(data):
            if kind is Kind.FILE:
                self._receive(run, payload)
            elif is_waiting:
                self._loop.call_soon(self._take, kind, run, payload)
            else:
                self._take(kind, run, payload)

    def _end(self) -> None:
        """The server is gone, or wants this process to end."""
        self._loop.remove_reader(self._socket)
        self.is_over.set()
        for answer in self._files.values():
            answer.add(b"!")

    def _receive(self, number: int, payload: bytes) -> None:
        answer = self._files.get(number)
        if answer is not None:
            answer.add(payload)

    def read_file(self, run: int, position: int) -> bytes:
        """The bytes of an attachment; called in any thread, which waits for them."""
        with self._lock:
            self._asked += 1
            number = self._asked
        answer = self._files[number] = _Answer()
        wanted = orjson.dumps([number, position])
        try:
            if threading.get_ident() == self._loop_thread:
                self.send(Kind.WANT, run, wanted)
                self._wait_in_the_loop(answer)
            else:
                self._loop.call_soon_threadsafe(self.send, Kind.WANT, run, wanted)
            return answer.wait()
        finally:
            del self._files[number]

    def _wait_in_the_loop(self, answer: "_Answer") -> None:
        """Async code that reads an attachment stops the loop, so it is done here what the loop would do."""
        while not answer.is_whole:
            self.flush()
            select.select([self._socket], [self._socket] if self._out else [], [])
            self._read(is_waiting=True)


class _Answer:
    """The bytes of an attachment on their way: each part begins with a letter for more, the end, or an error."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._is_whole = threading.Event()
        self._is_lost = False

    def add(self, part: bytes) -> None:
        self._data += part[1:]
        if part[:1] != b"+":
            self._is_lost = part[:1] == b"!"
            self._is_whole.set()

    @property
    def is_whole(self) -> bool:
        return self._is_whole.is_set()

    def wait(self) -> bytes:
        self._is_whole.wait()
        if self._is_lost:
            message = "the server could not read this attachment"
            raise OSError(message)
        return bytes(self._data)


class _PipeSink(RunSink):
    """What a run says goes to the server; when that takes no more, the run waits."""

    def __init__(self, link: Link, number: int) -> None:
        self._link = link
        self._number = number
        self._spent = 0
        self._since_pause = 0
        self._credit = asyncio.Event()

    def text(self, text: str) -> bool:
        for at in range(0, len(text), _LONGEST_PIECE):
            self._send(Kind.TEXT, text[at : at + _LONGEST_PIECE].encode("utf-8", "replace"))
        return self._may_continue

    def event(self, event: RunEvent) -> bool:
        if isinstance(event, TextDelta):
            return self.text(event.text)
        self._send(Kind.EVENT, encode_event(event))
        return self._may_continue

    def _send(self, kind: Kind, payload: bytes) -> None:
        self._spent += cost(payload)
        self._since_pause += 1
        self._link.send(kind, self._number, payload)

    @property
    def _may_continue(self) -> bool:
        return self._since_pause < _IN_A_ROW and self._spent < WINDOW

    async def room(self) -> None:
        self._since_pause = 0
        await asyncio.sleep(0)
        while self._spent >= WINDOW:
            self._credit.clear()
            await self._credit.wait()

    def credit(self, taken: int) -> None:
        """The server has taken so much."""
        self._spent -= taken
        self._credit.set()

    def abandoned(self, error: Exception | None) -> None:
        """The server decides about a run that does not end."""


class Server:
    """Does what the server's frames say."""

    def __init__(self, link: Link, runner: Runner, cpu_seconds: int | None) -> None:
        """Nothing runs."""
        self._link = link
        self._runner = runner
        self._cpu_seconds = cpu_seconds
        self._runs: dict[int, tuple[Run, _PipeSink]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, kind: Kind, number: int, payload: bytes) -> None:
        """One frame."""
        if kind is Kind.RUN:
            self._start(self._execute(number, payload))
        elif kind is Kind.ASK:
            self._start(self._answer(number, payload))
        elif kind is Kind.PING:
            self._link.send(Kind.PONG, number)
        elif number in self._runs:
            run, sink = self._runs[number]
            if kind is Kind.STOP:
                run.stop()
            elif kind is Kind.CREDIT:
                sink.credit(int.from_bytes(payload, "big"))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _execute(self, number: int, payload: bytes) -> None:
        try:
            request = decode_request(payload, lambda position: self._link.read_file(number, position))
            run, sink = self._runner.run(request), _PipeSink(self._link, number)
            self._runs[number] = run, sink
            self._allow_cpu_time()
            try:
                await run.execute(sink)
            finally:
                self._tell_what_is_left(number, run)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the server hears of it
            self._link.send(Kind.FAILED, number, encode_failure(error))
        else:
            self._link.send(Kind.DONE, number)
        finally:
            self._runs.pop(number, None)

    def _tell_what_is_left(self, number: int, run: Run) -> None:
        is_over = asyncio.Event()
        run.when_over(is_over.set)
        if not is_over.is_set():
            self._link.send(Kind.LEFT, number)
            self._start(self._tell_when_over(number, is_over))

    async def _tell_when_over(self, number: int, is_over: asyncio.Event) -> None:
        await is_over.wait()
        self._link.send(Kind.OVER, number)

    def _allow_cpu_time(self) -> None:
        """The system counts a process, not a run: let it have as much more as its runs may use."""
        if self._cpu_seconds is not None:
            used = resource.getrusage(resource.RUSAGE_SELF)
            most = int(used.ru_utime + used.ru_stime) + 1 + self._cpu_seconds * len(self._runs)
            resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))

    async def _answer(self, number: int, payload: bytes) -> None:
        try:
            what, spec, thread_ids = orjson.loads(payload)
            value = await self._asked(what, RunnerSpec(**spec), thread_ids)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the server hears of it
            self._link.send(Kind.FAILED, number, encode_failure(error))
        else:
            self._link.send(Kind.REPLY, number, orjson.dumps(value))

    async def _asked(self, what: str, spec: RunnerSpec, thread_ids: list[str]) -> bool | str | None:
        if what == "takes_actions":
            return await self._runner.takes_actions(spec)
        if what == "check":
            return await self._runner.check(spec)
        await self._runner.forget(spec, _each(thread_ids))
        return None


async def _each(thread_ids: list[str]) -> AsyncIterator[str]:
    for each in thread_ids:
        yield each


async def serve(connection: socket.socket, setup: dict[str, Any], *, end: Callable[[int], object] = os._exit) -> None:
    """Answer the server until it closes the socket; a moment later ``end`` is called, whatever still runs."""
    runner: Runner = resolve_name(KINDS[setup["kind"]].adapter)(Conditions(time_limit=_LONGEST_RUN))
    link = Link(connection)
    link.listen(Server(link, runner, setup["cpu_seconds"]).take)
    await link.is_over.wait()
    last_resort = threading.Timer(_FAREWELL_SECONDS, end, (0,))
    last_resort.daemon = True
    last_resort.start()
    await runner.close()


def main() -> None:
    """Become what the first frame says, then serve."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    os.register_at_fork(after_in_child=connection.close)
    size = struct.unpack(">I", connection.recv(HEADER_SIZE, socket.MSG_WAITALL)[:4])[0]
    setup: dict[str, Any] = orjson.loads(connection.recv(size, socket.MSG_WAITALL))
    connection.setblocking(False)
    _die_with(setup["server"])
    sys.path[:] = setup["path"]
    with suppress(OSError):  # the kernel ends this process before the server when memory is short
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (setup["memory_bytes"],) * 2)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    run_server_loop(serve(connection, setup))


def _die_with(server: int) -> None:
    """Ask the kernel to end this process with the server; elsewhere the closed socket has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != server:
        os._exit(0)
