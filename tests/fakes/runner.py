"""Runners that say what a test tells them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from orcheo_core.domain.run import RunEvent, RunRequest, TextDelta
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.run_thread import RunThread
from orcheo_core.ports.runner import FoundKind, Run, Runner, Runners, RunSink

Batch = Sequence[RunEvent] | Exception | Callable[[], object]
"""Run events that come together, an error to raise, or something to do in between."""


class FakeRun(Run):
    """Plays its batches until it is stopped."""

    def __init__(self, request: RunRequest, batches: Sequence[Batch]) -> None:
        self.request = request
        self.stopped = False
        self.sink: RunSink | None = None
        """What it writes into, while it runs."""
        self.goes_on = False
        """Whether a thread of the workflow is still at work."""
        self._batches = batches
        self._when_over: list[Callable[[], None]] = []

    async def execute(self, sink: RunSink) -> None:
        self.sink = sink
        for batch in self._batches:
            if self.stopped:
                return
            if isinstance(batch, Exception):
                raise batch
            if callable(batch):
                done = batch()
                if isinstance(done, Awaitable):
                    await done
                continue
            for event in batch:
                sink.event(event)
            await sink.room()

    async def execute_apart(self, sink: RunSink) -> None:
        await self.execute(sink)

    def thread(self) -> RunThread:
        """The thread that it runs in."""
        thread = self.sink.thread() if self.sink else None
        assert thread is not None
        return thread

    def stop(self) -> None:
        self.stopped = True

    def when_over(self, call: Callable[[], None]) -> None:
        if self.goes_on:
            self._when_over.append(call)
        else:
            call()

    def thread_ends(self) -> None:
        """The last thread of the workflow has come to its end."""
        self.goes_on = False
        for call in self._when_over:
            call()


class FakeRunners(Runners, Runner):
    """One runner for every kind; ``script`` is what the next runs say."""

    def __init__(self) -> None:
        self.script: Sequence[Batch] = ([TextDelta("Hello")],)
        self.runs: list[FakeRun] = []
        self.is_for_texts_only = False
        self.hears = False
        """Whether workflows write down what visitors say."""
        self.answer: Callable[[RunRequest], Batch] | None = None
        """What the next runs say, made of what is asked; None leaves it to the script."""
        self.before_check: Callable[[], Awaitable[None]] | None = None
        """What a check waits for first, as for the import of a large module."""
        self.advice: str | None = None
        """What a check says to the owner."""
        self.goes_on = False
        """Whether the next runs have threads that work on."""
        self.forgotten: list[str] = []
        self.unforgettable: dict[str, Exception] = {}
        """What :meth:`forget` raises for these threads."""

    def get(self, kind: str) -> Runner:
        return self

    async def close(self) -> None:
        """Nothing is open."""

    async def find(self, target: str) -> FoundKind:
        """What is an address is a service."""
        return FoundKind("http" if "://" in target else "python", f"{target!r} looks so")

    def executes_code(self, spec: RunnerSpec) -> bool:
        return spec.kind == "python"

    async def takes_actions(self, spec: RunnerSpec) -> bool:
        return not self.is_for_texts_only

    async def takes_recordings(self, spec: RunnerSpec) -> bool:
        return self.hears

    async def check(self, spec: RunnerSpec) -> str | None:
        """Everything can be executed."""
        if self.before_check is not None:
            await self.before_check()
        return self.advice

    def run(self, request: RunRequest) -> Run:
        self.runs.append(FakeRun(request, self.script))
        if self.answer is not None:
            self.runs[-1] = FakeRun(request, [self.answer(request)])
        self.runs[-1].goes_on = self.goes_on
        return self.runs[-1]

    async def forget(self, spec: RunnerSpec, thread_ids: AsyncIterator[str]) -> None:
        async for thread_id in thread_ids:
            if thread_id in self.unforgettable:
                raise self.unforgettable[thread_id]
            self.forgotten.append(thread_id)
