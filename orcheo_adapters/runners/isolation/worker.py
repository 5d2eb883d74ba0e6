"""A workflow's own process as the server sees it: started, asked, fed, and ended whatever it does.

What the process says is not trusted: frames are bounded, and anything else ends it.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from attrs import frozen

from orcheo_adapters.runners.isolation.frames import (
    MOST_FROM_CHILD,
    MOST_TO_CHILD,
    WINDOW,
    BrokenProtocol,
    FrameReader,
    Kind,
    cost,
    frame,
)
from orcheo_adapters.runners.isolation.messages import decode_event, decode_failure, encode_request
from orcheo_adapters.runners.isolation.options import Isolation
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_adapters.system.logs import get_logger
from orcheo_adapters.system.running import Conducts, Running
from orcheo_core.domain.run import RunRequest, SentFile
from orcheo_core.ports.runner import RunFailed

FAREWELL_SECONDS = 1.0
"""Time for a run to end when it was stopped, as for runs in the server's process."""
_PING_SECONDS = 2.0
"""A process whose event loop does not answer for so long is blocked."""
_EXIT_SECONDS = 2.0
"""Time for a process to end by itself when nothing is asked of it any more."""
_STATUS_SECONDS = 0.1
"""A closed socket and an exit status come one after the other."""
_CHUNK = 64 * 1024
"""Bytes that are read in one round of the event loop: some thousand frames at most."""
_LAST_CHUNKS = 64
"""As much is read of a process that has ended: what it has started may hold its socket, and talk without end."""
_FILE_PART = 1024 * 1024
_MOST_WANTED = 64
"""Questions for attachments that may wait in one run."""
_MOST_UNREAD = 16 * 2**20
"""A process that takes nothing gets no further attachment."""
_MOST_LATE = 20_000
"""Frames about runs that are over, since the last run began: what was on its way, not what is sent on purpose."""
_PAUSE_SECONDS = 0.1
"""Output that is thrown away is read so often only."""
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from orcheo_adapters.runners.isolation.child import main; main()"
)
_LOG = get_logger("isolation")


@frozen(kw_only=True)
class Plan:
    """What kind of runner a process has, and how it is to be."""

    kind: str
    isolation: Isolation
    conducts: Conducts


def ended(reason: str) -> RunFailed:
    """The error of a run whose process is gone."""
    return RunFailed("process_ended", f"{reason} It is started again with the next message.")


class Worker:
    """One process. It can be asked at once: what is sent waits until it is there."""

    def __init__(self, plan: Plan, *, name: str, spawner: Executor, on_end: Callable[["Worker"], None]) -> None:
        """Start it; ``on_end`` is called when it is gone. ``name`` is what it is known by until its first run."""
        self.name = name
        self.workflow_id = ""
        self.is_retired = False
        self.takes_runs = True
        """Whether new runs may begin in it."""
        self.was_useful = False
        """Whether a run came to its end in it."""
        self.failure: str | None = None
        """Why it ended without being asked to."""
        self._plan = plan
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self._reader = FrameReader(MOST_FROM_CHILD)
        self._out = bytearray()
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._exchanges: dict[int, _Exchange] = {}
        self._numbers = 0
        self._late = 0
        self._is_gone = False
        self._is_killed = False
        self._pings = 0
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._output = _Output(self)
        setup = {
            "kind": plan.kind,
            "server": os.getpid(),
            "path": [*plan.isolation.path, *sys.path],
            "memory_bytes": plan.isolation.memory_bytes,
            "cpu_seconds": plan.isolation.cpu_seconds,
        }
        self.send(Kind.SETUP, 0, orjson.dumps(setup))
        spawning = self._loop.run_in_executor(
            spawner, partial(_spawn, theirs, self._output.writing_end(), plan.isolation)
        )
        # Callbacks take the context of who adds them, and this process serves more than the run that starts it.
        spawning.add_done_callback(self._spawned, context=Context())

    # --- asked by runs ----------------------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked of it."""
        return not self._exchanges

    def begin(self, request: RunRequest, writer: Writer) -> "RemoteRun":
        """Begin a run, which writes to ``writer``."""
        payload = encode_request(request)
        if len(payload) > MOST_TO_CHILD - len(self._out):
            raise RunFailed("process_busy", "More is waiting for the workflow's process than it may be sent.")
        self.name, self.workflow_id = request.handle or self.name, request.context.workflow_id
        self._plan.conducts.measure(self.workflow_id, self.memory)
        self._output.running = self.new_running()
        run = RemoteRun(self, self._number(), request.context.attachments, writer)
        self._exchanges[run.number] = run
        self._late = 0
        self.send(Kind.RUN, run.number, payload)
        return run

    async def ask(self, what: str, spec: Any, thread_ids: list[str]) -> Any:
        """Ask a question about the workflow; raises what the process raises."""
        question = _Question(self._number(), self._loop.create_future())
        self._exchanges[question.number] = question
        self.send(Kind.ASK, question.number, orjson.dumps([what, spec, thread_ids]))
        try:
            return await question.answer
        finally:
            self.leave(question.number)

    def leave(self, number: int) -> None:
        """Nothing more of this is of interest."""
        self._exchanges.pop(number, None)
        if self.is_retired and self.is_idle:
            self.close()

    @property
    def unread(self) -> int:
        """Bytes that it has not taken yet."""
        return len(self._out)

    def memory(self) -> int | None:
        """Resident bytes of the process; None when it is not known."""
        if self._process is None or self._is_gone:
            return None
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text("ascii").split()[1])
        except (OSError, ValueError, IndexError):
            return None
        return pages * os.sysconf("SC_PAGE_SIZE")

    # --- its end ----------------------------------------------------------------------------------------------------

    def retire(self, number: int) -> None:
        """A run does not end: no more runs begin here, and with the last of the others the process ends.

        When its event loop is blocked the others do not come on either: then it ends at once.
        """
        _LOG.warning("a run of the workflow %s does not end; its process is replaced", self.name, extra=self._extra)
        self.is_retired, self.takes_runs = True, False
        self.leave(number)
        if not self.is_idle:
            before = self._pings
            self.send(Kind.PING, 0)
            self.later(_PING_SECONDS, lambda: self._kill_if_blocked(before))

    def _kill_if_blocked(self, pings_before: int) -> None:
        if self._pings == pings_before:
            self.kill("Its event loop was blocked.")

    def close(self) -> None:
        """Let it end by itself, and make sure that it does."""
        self.is_retired, self.takes_runs = True, False
        if not self._is_gone:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
            self.later(_EXIT_SECONDS, self.kill)

    def kill(self, why: str | None = None) -> None:
        """End it now, with all that it has started in its own session."""
        self._is_killed, self.takes_runs = True, False
        if why is not None and self.failure is None:
            self.failure = why
        if self._process is not None and not self._is_gone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()

    @property
    def _extra(self) -> dict[str, str]:
        return {"workflow_id": self.workflow_id}

    # --- the process and its streams --------------------------------------------------------------------------------

    def _spawned(self, spawning: "asyncio.Future[subprocess.Popen[bytes]]") -> None:
        if spawning.cancelled() or (error := spawning.exception()) is not None:
            self.failure = f"The process could not be started: {error if not spawning.cancelled() else 'stopping'}."
            self._end()
            return
        self._process = spawning.result()
        if self._is_killed:
            self.kill()
        self._loop.add_reader(self._socket, self._read)
        self._output.listen()
        with contextlib.suppress(AttributeError, OSError):  # elsewhere than on Linux the closed socket tells
            self._pidfd = os.pidfd_open(self._process.pid)
            self._loop.add_reader(self._pidfd, self._exited, self._process)
        self._write()

    def send(self, kind: Kind, number: int, payload: bytes = b"") -> None:
        """Send a frame as soon as the process is there and takes it."""
        self._out += frame(kind, number, payload)
        if self._process is not None and not self._is_gone:
            self._write()

    def _write(self) -> None:
        try:
            sent = self._socket.send(self._out) if self._out else 0
        except BlockingIOError:
            sent = 0
        except OSError:  # it is gone, which is read elsewhere
            self._out.clear()
            return
        del self._out[:sent]
        if self._out:
            self._loop.add_writer(self._socket, self._write)
        else:
            self._loop.remove_writer(self._socket)

    def _read(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.takes_runs = False
            self._loop.remove_reader(self._socket)
            self.later(_STATUS_SECONDS, self._end_without_socket)
            return
        try:
            for kind, number, payload in self._reader.feed(data):
                self._take(kind, number, payload)
        except BrokenProtocol as error:
            self._loop.remove_reader(self._socket)
            self.kill(f"It sent {error}.")

    def _take(self, kind: Kind, number: int, payload: bytes) -> None:
        if kind is Kind.PONG:
            self._pings += 1
        elif (exchange := self._exchanges.get(number)) is not None:
            exchange.take(kind, payload)
            return
        self._late += 1
        if self._late > _MOST_LATE:
            message = "frames without end"
            raise BrokenProtocol(message)

    def _end_without_socket(self) -> None:
        """The socket is closed: either it has ended, or it has closed what it should not have."""
        if self._process is None:
            return
        if self._process.poll() is not None:
            self._exited(self._process)
            return
        if not self.is_retired:
            self.kill("It closed its connection to the server.")
        if self._pidfd < 0:
            self.later(_STATUS_SECONDS, self._end_without_socket)

    def _exited(self, process: "subprocess.Popen[bytes]") -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it has started and left
        status = process.wait()
        with contextlib.suppress(OSError, BrokenProtocol):  # what it said before it ended
            for _ in range(_LAST_CHUNKS):
                for kind, number, payload in self._reader.feed(self._socket.recv(_CHUNK)):
                    self._take(kind, number, payload)
        if self.failure is None and not self.is_retired:
            self.failure = _how(status)
        self._end()

    def _end(self) -> None:
        if self._is_gone:
            return
        self._is_gone = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._output.close()
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
        self._tell_the_end()

    def _tell_the_end(self) -> None:
        if self.failure is not None:
            _LOG.warning("the process of the workflow %s has ended: %s", self.name, self.failure, extra=self._extra)
            self._plan.conducts.process_ended(self.workflow_id)
        reason = f"The workflow's own process ended during the answer. {self.failure or ''}".rstrip()
        for exchange in tuple(self._exchanges.values()):
            exchange.fail(ended(reason))
        self._exchanges.clear()
        self._on_end(self)
        if not self.gone.done():
            self.gone.set_result(None)

    def new_running(self) -> Running:
        """Whose output it is from now on."""
        return Running(self.name, self.workflow_id, self._plan.conducts)

    def later(self, seconds: float, call: Callable[[], object]) -> None:
        """Call this in a while, if the process is still there."""
        self._loop.call_later(seconds, lambda: self._is_gone or call(), context=Context())

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers


class _Output:
    """What a process prints, as far as there is room; what is left out is read slowly, so that it costs little."""

    def __init__(self, worker: Worker) -> None:
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


class _Exchange:
    """A run or a question under way."""

    number: int

    def take(self, kind: Kind, payload: bytes) -> None:
        """A frame about it."""
        raise NotImplementedError

    def fail(self, error: Exception) -> None:
        """The process is gone."""
        raise NotImplementedError


class _Question(_Exchange):
    def __init__(self, number: int, answer: "asyncio.Future[Any]") -> None:
        self.number = number
        self.answer = answer

    def take(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.FAILED:
            self.fail(decode_failure(payload))
        elif kind is Kind.REPLY and not self.answer.done():
            try:
                self.answer.set_result(orjson.loads(payload))
            except ValueError as error:
                message = "an answer that is not JSON"
                raise BrokenProtocol(message) from error

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class RemoteRun(_Exchange):
    """A run in the process: what it says is written at once, or waits until there is room."""

    def __init__(self, worker: Worker, number: int, files: tuple[SentFile, ...], writer: Writer) -> None:
        """Begin to listen."""
        self.number = number
        self._worker = worker
        self._files = files
        self._writer = writer
        self._waiting: deque[tuple[Kind, bytes]] = deque()
        self._waits = 0
        self._taken = 0
        self._is_full = False
        self._is_left = False
        self._is_over = False
        self._error: Exception | None = None
        self._wanted: deque[tuple[int, SentFile]] = deque()
        self._news = asyncio.Event()

    async def talk(self) -> None:
        """Pass on what the run says, to its end; raises what it raises. After a stop it is given a moment to end."""
        try:
            while not (self._is_over and not self._waiting):
                await self._news.wait()
                self._news.clear()
                while self._is_full:
                    await self._writer.room()
                    self._is_full = False
                    self._pass_on_waiting()
        finally:
            if not self._is_over:
                await self._stop()
            self._worker.leave(self.number)
        if self._error is not None:
            raise self._error
        self._worker.was_useful = True

    async def _stop(self) -> None:
        """Ask the run to stop; one that does not costs its process."""
        self._is_left = True
        self._waiting.clear()
        self._worker.send(Kind.STOP, self.number)
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                while not self._is_over:
                    await self._news.wait()
                    self._news.clear()
        except TimeoutError:
            pass
        finally:
            if not self._is_over:
                self._worker.retire(self.number)

    def take(self, kind: Kind, payload: bytes) -> None:
        """See the base class."""
        if kind is Kind.TEXT or kind is Kind.EVENT:
            self._hear(kind, payload)
        elif kind is Kind.DONE:
            self._end(None)
        elif kind is Kind.FAILED:
            self._end(decode_failure(payload))
        elif kind is Kind.WANT:
            self._want(payload)

    def fail(self, error: Exception) -> None:
        """See the base class."""
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        if not self._is_over:
            self._is_over, self._error = True, error
            self._news.set()

    def _hear(self, kind: Kind, payload: bytes) -> None:
        if self._is_over:
            message = "something after the end of its answer"
            raise BrokenProtocol(message)
        if not self._is_full and not self._waiting:
            self._pass_on(kind, payload)
            return
        self._waits += cost(payload)
        if self._waits > WINDOW + MOST_FROM_CHILD:
            message = "more than it was allowed to"
            raise BrokenProtocol(message)
        self._waiting.append((kind, payload))

    def _pass_on_waiting(self) -> None:
        while self._waiting and not self._is_full:
            kind, payload = self._waiting.popleft()
            self._waits -= cost(payload)
            self._pass_on(kind, payload)

    def _pass_on(self, kind: Kind, payload: bytes) -> None:
        self._taken += cost(payload)
        if self._taken >= WINDOW // 4:
            self._worker.send(Kind.CREDIT, self.number, self._taken.to_bytes(4, "big"))
            self._taken = 0
        if not payload:
            message = "an empty piece"
            raise BrokenProtocol(message)
        if self._is_left:
            return
        if kind is Kind.TEXT:
            may_continue = self._writer.text(payload.decode("utf-8", "replace"))
        else:
            may_continue = self._write_event(payload)
        if not may_continue:
            self._is_full = True
            self._news.set()

    def _write_event(self, payload: bytes) -> bool:
        event = decode_event(payload)
        try:
            return self._writer.event(event)
        except Exception as error:  # noqa: BLE001 - in the server's process it would come to the run, too
            self._end(error)
            return True

    def _want(self, payload: bytes) -> None:
        """Send an attachment."""
        try:
            number, position = orjson.loads(payload)
            sent = self._files[position]
        except (ValueError, TypeError, IndexError) as error:
            message = "a question for an attachment that was not sent"
            raise BrokenProtocol(message) from error
        if len(self._wanted) >= _MOST_WANTED or not isinstance(number, int) or not 0 <= number < 2**32:
            message = "too many questions for attachments"
            raise BrokenProtocol(message)
        self._wanted.append((number, sent))
        if len(self._wanted) == 1:
            self._read_file()

    def _read_file(self) -> None:
        """One after the other, and none while the process has not taken the one before."""
        if self._worker.unread > _MOST_UNREAD:
            self._worker.later(_PAUSE_SECONDS, self._read_file)
            return
        number, sent = self._wanted[0]
        in_thread(sent.read).add_done_callback(partial(self._send_file, number), context=Context())

    def _send_file(self, number: int, reading: "asyncio.Future[bytes]") -> None:
        send = partial(self._worker.send, Kind.FILE, number)
        if reading.cancelled() or reading.exception() is not None:
            send(b"!")
        else:
            data = reading.result()
            for at in range(0, len(data), _FILE_PART):
                send(b"+" + data[at : at + _FILE_PART])
            send(b".")
        self._wanted.popleft()
        if self._wanted and not self._is_over:
            self._read_file()


def _spawn(theirs: socket.socket, output: int, isolation: Isolation) -> "subprocess.Popen[bytes]":
    """Start the program; the caller's thread must live as long as the server, as its end would be the process's."""
    with theirs, os.fdopen(output, "wb") as out:
        number = theirs.fileno()
        return subprocess.Popen(  # noqa: S603 - the interpreter of the server itself
            [sys.executable, "-P", "-c", _PROGRAM, str(number), orjson.dumps(sys.path).decode()],
            pass_fds=(number,),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**isolation.environment, "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"},
            start_new_session=True,
            bufsize=0,
        )


def _how(status: int) -> str:
    """How a process ended, for its owner."""
    if status >= 0:
        return f"It ended itself with exit status {status}."
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    more = {
        "SIGXCPU": ": it used up its CPU time (cpu_seconds)",
        "SIGKILL": ": the system may have been short of memory",
    }.get(name, "")
    return f"It was ended by {name}{more}."
