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
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from attrs import frozen

from orcheo_adapters.runners.isolation.exchange import Exchange, Question, ended
from orcheo_adapters.runners.isolation.frames import (
    MOST_FROM_CHILD,
    MOST_TO_CHILD,
    BrokenProtocol,
    FrameReader,
    Kind,
    frame,
)
from orcheo_adapters.runners.isolation.messages import encode_request, files_of
from orcheo_adapters.runners.isolation.options import Isolation
from orcheo_adapters.runners.isolation.output import Output
from orcheo_adapters.runners.isolation.remote_run import RemoteRun
from orcheo_adapters.runners.isolation.start import how_it_ended, start_process
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.system.logs import get_logger
from orcheo_adapters.system.running import Conducts, Running
from orcheo_core.domain.run import RunRequest
from orcheo_core.ports.runner import RunFailed

_PING_SECONDS = 2.0
"""A process whose event loop does not answer for so long is blocked."""
_EXIT_SECONDS = 2.0
"""Time for a process to end by itself when nothing is asked of it any more."""
_STATUS_SECONDS = 0.1
_LOOKS = 10
"""How often, and at which distance, an exit status is looked for when the socket is closed: they come one by one."""
_CHUNK = 64 * 1024
"""Bytes that are read in one round of the event loop: some thousand frames at most."""
_LAST_CHUNKS = 64
"""As much is read of a process that has ended: what it has started may hold its socket, and talk without end."""
_MOST_LATE = 20_000
"""Frames that carry nothing of a run's answer, since the last run began: what was on its way, not what is sent on
purpose. All chats wait while they are read."""
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)
"""A send to a process that is gone is an error, and no signal, also where a workflow has changed what that does."""
_LOG = get_logger("isolation")


@frozen(kw_only=True)
class Plan:
    """What kind of runner a process has, and how it is to be."""

    kind: str
    isolation: Isolation
    conducts: Conducts


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
        self._waits_to_write = False
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._exchanges: dict[int, Exchange] = {}
        self._numbers = 0
        self._late = 0
        self._looks = 0
        self._left: dict[int, Running] = {}
        """Runs of which a thread may still be at work, by their number."""
        self._is_gone = False
        self._is_killed = False
        self._pings = 0
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._output = Output(self)
        setup = {
            "kind": plan.kind,
            "server": os.getpid(),
            "path": [*plan.isolation.path, *sys.path],
            "memory_bytes": plan.isolation.memory_bytes,
            "cpu_seconds": plan.isolation.cpu_seconds,
        }
        self.send(Kind.SETUP, 0, orjson.dumps(setup))
        spawning = self._loop.run_in_executor(
            spawner, partial(start_process, theirs, self._output.writing_end(), plan.isolation)
        )
        # Callbacks take the context of who adds them, and this process serves more than the run that starts it.
        spawning.add_done_callback(self._spawned, context=Context())

    # --- asked by runs ----------------------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked of it."""
        return not self._exchanges

    def begin(self, request: RunRequest, writer: Writer) -> RemoteRun:
        """Begin a run, which writes to ``writer``."""
        payload = encode_request(request)
        if len(payload) > MOST_TO_CHILD - len(self._out):
            raise RunFailed("process_busy", "More is waiting for the workflow's process than it may be sent.")
        self.name, self.workflow_id = request.handle or self.name, request.context.workflow_id
        self._plan.conducts.measure(self.workflow_id, self.memory)
        self._output.running = self.new_running()
        run = RemoteRun(self, self._number(), files_of(request.context), writer)
        self._exchanges[run.number] = run
        self._late = 0
        self.send(Kind.RUN, run.number, payload)
        return run

    async def ask(self, what: str, spec: Any, thread_ids: list[str]) -> Any:
        """Ask a question about the workflow; raises what the process raises."""
        question = Question(self._number(), self._loop.create_future())
        self._exchanges[question.number] = question
        self.send(Kind.ASK, question.number, orjson.dumps([what, spec, thread_ids]))
        try:
            return await question.answer
        finally:
            self.leave(question.number)

    def keep_left(self, number: int, running: Running) -> None:
        """Count a part of a run that is still at work, until the process reports its end or is gone."""
        if number not in self._left:
            self._left[number] = running
            running.begin_part()

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
            sent = self._socket.send(self._out, _NO_SIGNAL) if self._out else 0
        except BlockingIOError:
            sent = 0
        except OSError:  # it is gone, which is read elsewhere
            self._out.clear()
            return
        del self._out[:sent]
        if bool(self._out) is not self._waits_to_write:
            self._waits_to_write = bool(self._out)
            if self._waits_to_write:
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
        elif kind is Kind.OVER and number in self._left:
            self._left.pop(number).end_part()
        elif (exchange := self._exchanges.get(number)) is not None and exchange.take(kind, payload):
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
        self._looks += 1
        if self._looks < _LOOKS:
            self.later(_STATUS_SECONDS, self._end_without_socket)
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
            self.failure = how_it_ended(status)
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
        for running in self._left.values():
            running.end_part()
        self._left.clear()
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
