"""Which run is at work: what workflows do to the process is traced to them by this, and counted."""

import asyncio
import concurrent.futures.thread
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from typing import IO, Any

from orcheo_core.domain.conduct import Conduct

RUN_BYTES = 64 * 1024
"""What one run may write to standard output, standard error and the log."""
MINUTE_BYTES = 1024 * 1024
"""What all runs of one workflow may write in a minute."""
LEFT_BY_WORKFLOW = 32
"""Threads that ended runs of one workflow may have left; then it gets no more."""
LEFT_BY_ALL = 128
"""The same for all workflows together."""
_LONGEST_LINE = 8 * 1024
"""A line without an end is passed on in parts of this size."""
_MARK = "_orcheo_run"
"""Attribute of a thread or a task: the run that started it, or is at work in it."""
_AT_WORK = "_orcheo_work"
"""Attribute of a thread: the run that it does something for right now."""
_POOLED: Collection[threading.Thread] = getattr(concurrent.futures.thread, "_threads_queues", ())
"""Threads of executors, which wait for work and end with their executor; the standard library keeps them here."""
_FEW_RUNS = 3
"""Threads that fewer runs have started are taken for a pool, or a helper, that the workflow keeps."""
SHARED_THREADS = "orcheo-shared"
"""Threads of the loop's own executor serve one run after the other, so they belong to no run while they are idle."""

_RUNNING: "ContextVar[Running | None]" = ContextVar("orcheo.running", default=None)


def mark_task(task: "asyncio.Task[Any] | None", running: "Running | None") -> None:
    """What ``task`` does is of this run from now on, or with None of the server; for :func:`run_of`."""
    setattr(task, _MARK, running)


def run_of(task: "asyncio.Task[Any] | None") -> "Running | None":
    """The run that a task works for, asked from any thread: only its own context knows it otherwise."""
    return getattr(task, _MARK, None)


class CallbackOf:
    """A callback that a run or its thread has left with the event loop: its frame tells the watchdog whose it is."""

    __slots__ = ("_call", "running")

    def __init__(self, running: "Running", call: Callable[..., object]) -> None:
        """Do ``call`` when this is called."""
        self.running = running
        self._call = call

    def __call__(self, *args: Any) -> None:
        """Do it as a part of the run, which a thread's own context does not know."""
        token = _RUNNING.set(self.running)
        try:
            self._call(*args)
        finally:
            _RUNNING.reset(token)


class Running:
    """One run under way, or over with threads left behind."""

    def __init__(self, name: str, workflow_id: str, conducts: "Conducts") -> None:
        """``name`` is what people know the workflow by, its handle."""
        self.name = name
        self.workflow_id = workflow_id
        self.conducts = conducts
        self.is_over = False
        self.task: object = None
        """The task in which the workflow is called."""
        self.own_cancellations = 0
        """How often what runs in that task cancelled it, and did not take it back as time limits do."""
        self._left = RUN_BYTES
        self._is_cut = False
        self._lines: dict[int, tuple[IO[str], str]] = {}
        self._lock = threading.Lock()
        self._parts = 0
        self._waiting: list[Callable[[], None]] = []

    def begin_part(self) -> None:
        """Count one more part that is at work: the workflow itself, or work of it in a thread."""
        with self._lock:
            self._parts += 1

    def end_part(self) -> None:
        """One part has really come to its end; called in any thread."""
        with self._lock:
            self._parts -= 1
            if self._parts:
                return
            waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def when_over(self, call: Callable[[], None]) -> None:
        """Call this when no part is at work any more: at once, or later in the thread of the part that ends last."""
        with self._lock:
            if self._parts:
                self._waiting.append(call)
                return
        call()

    def __enter__(self) -> None:
        """What happens inside, and in tasks and threads that are started inside, belongs to this run."""
        self._token = _RUNNING.set(self)
        self.begin_part()

    def __exit__(self, *_error: object) -> None:
        _RUNNING.reset(self._token)
        self.is_over = True
        if self._lines:
            for stream, rest in tuple(self._lines.values()):
                if rest:
                    self.write("\n", stream)
        self.end_part()

    def write(self, text: str, stream: IO[str]) -> None:
        """Pass the lines in ``text`` on, each with the workflow's name before it, as far as there is room."""
        with self._lock:
            _, begun = self._lines.get(id(stream), (stream, ""))
            text = begun + text[: RUN_BYTES + 1]
            *lines, rest = text.split("\n")
            while len(rest) > _LONGEST_LINE:
                lines.append(rest[:_LONGEST_LINE])
                rest = rest[_LONGEST_LINE:]
            self._lines[id(stream)] = stream, rest
            for line in lines:
                if self._has_room(len(line) + 1):
                    stream.write(f"{self.name} | {_harmless(line)}\n")
                elif self._cut():
                    stream.write(f"{self.name} | … the rest of what this run writes is left out\n")

    @property
    def is_cut(self) -> bool:
        """Whether nothing more of what it writes is kept."""
        return self._is_cut

    def may_log(self, size: int) -> bool:
        """Whether there is room for a line of the log."""
        with self._lock:
            if self._has_room(size):
                return True
            self._cut()
            return False

    def _has_room(self, size: int) -> bool:
        if self._is_cut or size > self._left or not self.conducts.take_bytes(self.workflow_id, size):
            return False
        self._left -= size
        return True

    def _cut(self) -> bool:
        is_first, self._is_cut = not self._is_cut, True
        if is_first:
            self.conducts.cut(self.workflow_id)
        return is_first


def _harmless(line: str) -> str:
    """``line`` without what could drive a terminal: workflows print what strangers say."""
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() or each == "\t" else repr(each)[1:-1] for each in line)


def call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call this on an event loop, from any thread: at once when that is the thread of the loop."""
    try:
        is_here = asyncio.get_running_loop() is loop
    except RuntimeError:
        is_here = False
    if is_here:
        call()
        return
    with suppress(RuntimeError):  # the loop is closed: the server has ended
        loop.call_soon_threadsafe(call, context=copy_context())


def current_run() -> Running | None:
    """The run that the caller is part of: by its task, or by the thread that a workflow started."""
    running = _RUNNING.get()
    return running if running is not None else getattr(threading.current_thread(), _MARK, None)


def run_in(context: Context) -> Running | None:
    """The run that what is called in this context is part of."""
    return context.get(_RUNNING)


def mark(thread: threading.Thread, *, is_work: bool = False) -> None:
    """Let a thread that is about to be started belong to the run that starts it.

    ``is_work`` says that it ends with what it does for that run, so that it is left behind when the run ends before.
    """
    running = current_run()
    if running is not None and not thread.name.startswith(SHARED_THREADS):
        setattr(thread, _MARK, running)
        if is_work:
            setattr(thread, _AT_WORK, running)


@contextmanager
def lent_to(running: Running) -> Iterator[None]:
    """Let the thread of an executor belong to a run while it works for it."""
    thread = threading.current_thread()
    for name in (_MARK, _AT_WORK):
        setattr(thread, name, running)
    try:
        yield
    finally:
        for name in (_MARK, _AT_WORK):
            setattr(thread, name, None)


@contextmanager
def marking_threads() -> Iterator[None]:
    """Mark every thread that is started: before Python 3.14 a thread does not know the context it was started in."""
    original = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        mark(thread)
        original(thread)

    threading.Thread.start = start  # type: ignore[assignment, method-assign]  # there is no hook for it
    try:
        yield
    finally:
        threading.Thread.start = original  # type: ignore[method-assign]


class Conducts:
    """What each workflow has done to the process since the start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` counts seconds."""
        self._clock = clock
        self._blocks: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0])
        self._cut: Counter[str] = Counter()
        self._written: dict[str, tuple[float, int]] = {}
        self._ends: Counter[str] = Counter()
        self._memory: dict[str, Callable[[], int | None]] = {}

    def of(self, workflow_id: str) -> Conduct:
        """What is known of one workflow."""
        count, longest = self._blocks.get(workflow_id, (0, 0.0))
        left = sum(count for (of, _), count in left_threads().items() if of == workflow_id)
        return Conduct(
            blocks=int(count),
            longest_block=round(longest, 3),
            threads_left=left,
            output_cut=self._cut[workflow_id],
            process_ends=self._ends[workflow_id],
            process_memory=None if (measure := self._memory.get(workflow_id)) is None else measure(),
        )

    def blocked(self, workflow_id: str) -> None:
        """It blocks the event loop."""
        self._blocks[workflow_id][0] += 1

    def blocked_for(self, workflow_id: str, seconds: float) -> None:
        """A block that was counted has lasted this long so far."""
        known = self._blocks[workflow_id]
        known[1] = max(known[1], seconds)

    def process_ended(self, workflow_id: str) -> None:
        """Its own process has ended without being asked to."""
        self._ends[workflow_id] += 1

    def measure(self, workflow_id: str, memory: Callable[[], int | None]) -> None:
        """It has a process of its own, whose memory ``memory`` tells."""
        self._memory[workflow_id] = memory

    def cut(self, workflow_id: str) -> None:
        """What one of its runs writes is left out from now on."""
        self._cut[workflow_id] += 1

    def take_bytes(self, workflow_id: str, size: int) -> bool:
        """Whether the workflow may write so much more in this minute."""
        began, written = self._written.get(workflow_id, (0.0, 0))
        now = self._clock()
        if now - began >= 60:
            began, written = now, 0
        if written + size > MINUTE_BYTES:
            return False
        self._written[workflow_id] = began, written + size
        return True


def may_start_thread(workflow_id: str) -> bool:
    """Whether another thread may be started for a workflow: what cannot be stopped counts until it ends."""
    left = Counter(running.workflow_id for running in _over(_AT_WORK))
    return left[workflow_id] < LEFT_BY_WORKFLOW and left.total() < LEFT_BY_ALL


def left_threads() -> Counter[tuple[str, str]]:
    """How many threads ended runs have left, by id and name of the workflow.

    A thread that a workflow has started itself may wait for work on purpose, as those of a pool do; it counts when
    several runs have left such threads.
    """
    certain = Counter((each.workflow_id, each.name) for each in _over(_AT_WORK))
    started = defaultdict[tuple[str, str], list[Running]](list)
    for each in _over(_MARK, but=_AT_WORK):
        started[each.workflow_id, each.name].append(each)
    likely = {of: len(runs) for of, runs in started.items() if len(set(runs)) >= _FEW_RUNS}
    return certain + Counter(likely)


def _over(name: str, *, but: str = "") -> Iterator[Running]:
    """The runs that are over, once for each thread that still has them as this attribute."""
    for thread in threading.enumerate():
        running = getattr(thread, name, None)
        if running is None or not running.is_over or (but and (getattr(thread, but, None) or thread in _POOLED)):
            continue
        yield running
