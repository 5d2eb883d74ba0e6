"""Runs workflows that ask for it in processes of their own, and the others as before."""

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import asdict, define, field

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.isolation.options import isolation_of, wants_process, without_isolation
from orcheo_adapters.runners.lookups import IMPORT_SECONDS
from orcheo_adapters.runners.packages import require_package
from orcheo_adapters.runners.settings import Given, Setting
from orcheo_adapters.runners.target import invalid_target
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.system.running import SHARED_THREADS
from orcheo_core.domain.run import RunRequest
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, RunFailed, Runner

if TYPE_CHECKING:
    from orcheo_adapters.runners.isolation.worker import Plan, Worker

MOST_PROCESSES = 16
"""Of workflows of one kind of runner."""
IDLE_SECONDS = 900.0
"""A process that nothing is asked of for so long ends."""
_CRASHES = 3
_REST_SECONDS = 5.0
"""A workflow whose process has ended so often without one whole answer is started again only after this."""
FORGET_SECONDS = 30.0
"""Time for a process to delete what it keeps of some threads; it may have to be started for that."""
_IDS = 500
"""Threads that are forgotten with one question."""


class IsolatingRunner(Runner):
    """Stands before a runner that loads code."""

    def __init__(self, kind: str, inner: Runner, settings: tuple[Setting, ...], conditions: Conditions) -> None:
        """``inner`` runs what wants no process of its own; ``settings`` are all that this kind knows."""
        self._kind = kind
        self._inner = inner
        self._settings = settings
        self._conditions = conditions
        self._homes: dict[str, _Home] = {}
        self._workers: set[Worker] = set()
        self._spawner: ThreadPoolExecutor | None = None

    async def check(self, spec: RunnerSpec) -> str | None:
        """See the port: the code is imported in the process, never in the server."""
        if not wants_process(spec):
            return await self._inner.check(spec)
        try:
            async with asyncio.timeout(IMPORT_SECONDS):
                advice: str | None = await self._ask(spec, "check")
        except TimeoutError:
            raise invalid_target(f"importing {spec.target!r} did not end within {IMPORT_SECONDS:g} s") from None
        except RunFailed as error:
            raise invalid_target(f"its process has a problem: {error.reason}") from error
        return advice

    def run(self, request: RunRequest) -> Run:
        """See the port."""
        if not wants_process(request.spec):
            return self._inner.run(request)
        return self._conditions.run_of(request, partial(self._answer, request))

    async def takes_actions(self, spec: RunnerSpec) -> bool:
        """See the port; a workflow whose process fails says so where it is run."""
        if not wants_process(spec):
            return await self._inner.takes_actions(spec)
        try:
            home = self._home(spec)
            if home.takes_actions is None:
                home.takes_actions = bool(await self._ask(spec, "takes_actions"))
        except (RunFailed, InvalidInput):
            return True
        return home.takes_actions

    async def takes_feedback(self, spec: RunnerSpec) -> bool:
        """See the port; a process of its own has no place for it."""
        return not wants_process(spec) and await self._inner.takes_feedback(spec)

    async def takes_recordings(self, spec: RunnerSpec) -> bool:
        """See the port; as for feedback."""
        return not wants_process(spec) and await self._inner.takes_recordings(spec)

    async def forget(self, spec: RunnerSpec, thread_ids: AsyncIterator[str]) -> None:
        """See the port."""
        if not wants_process(spec):
            await self._inner.forget(spec, thread_ids)
            return
        some: list[str] = []
        async for thread_id in thread_ids:
            some.append(thread_id)
            if len(some) == _IDS:
                await self._forget(spec, some)
                some = []
        if some:
            await self._forget(spec, some)

    async def _forget(self, spec: RunnerSpec, thread_ids: list[str]) -> None:
        """Raises :class:`TimeoutError` where the process does not answer: a run may block its event loop."""
        async with asyncio.timeout(FORGET_SECONDS):
            await self._ask(spec, "forget", thread_ids)

    async def close(self) -> None:
        """Let all processes end, and what runs in this one."""
        self._homes.clear()
        workers = tuple(self._workers)
        for each in workers:
            each.close()
        if workers:
            await asyncio.wait([each.gone for each in workers])
        await self._inner.close()
        if self._spawner is not None:
            self._spawner.shutdown(wait=False)
            self._spawner = None
        await self._inner.close()

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        worker = self._worker(request.spec)
        await worker.begin(request, writer).talk()

    async def _ask(self, spec: RunnerSpec, what: str, thread_ids: list[str] | None = None) -> Any:
        return await self._worker(spec).ask(what, asdict(without_isolation(spec)), thread_ids or [])

    # --- processes --------------------------------------------------------------------------------------------------

    def _home(self, spec: RunnerSpec) -> "_Home":
        key = json.dumps([spec.target, sorted(spec.settings.items())])
        if key not in self._homes:
            require_package("cattrs", extra="server")
            from orcheo_adapters.runners.isolation.worker import Plan

            isolation = isolation_of(Given.of(spec, self._settings, self._conditions.environment))
            plan = Plan(kind=self._kind, isolation=isolation, conducts=self._conditions.conducts)
            self._homes[key] = _Home(plan, key=key)
        return self._homes[key]

    def _worker(self, spec: RunnerSpec) -> "Worker":
        from orcheo_adapters.runners.isolation.worker import Worker

        home, loop = self._home(spec), asyncio.get_running_loop()
        if home.timer is not None:
            home.timer.cancel()
        if home.worker is None or not home.worker.takes_runs:
            if loop.time() < home.rests_until:
                raise _resting(home.last_failure)
            self._make_room()
            home.worker = Worker(
                home.plan,
                name=spec.target,
                spawner=self._spawning(),
                on_end=partial(self._ended, home),
            )
            self._workers.add(home.worker)
        home.timer = loop.call_later(IDLE_SECONDS, self._rest, home)
        home.used_at = loop.time()
        return home.worker

    def _make_room(self) -> None:
        """Close the process that was not used for longest, when there are as many as there may be."""
        if len(self._workers) < MOST_PROCESSES:
            return
        idle = [each for each in self._homes.values() if each.worker is not None and each.worker.is_idle]
        if not idle:
            raise RunFailed(
                "too_many_processes",
                f"All {MOST_PROCESSES} processes of isolated workflows are at work.",
                retry_after=5,
                visitor_message="The workflow is busy.",
            )
        oldest = min(idle, key=lambda each: each.used_at)
        if oldest.worker is not None:
            oldest.worker.close()

    def _rest(self, home: "_Home") -> None:
        """Nothing was asked of it for a while; a run that takes longer is waited for."""
        if home.worker is None:
            return
        if home.worker.is_idle:
            home.worker.close()
        else:
            home.timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._rest, home)

    def _ended(self, home: "_Home", worker: "Worker") -> None:
        self._workers.discard(worker)
        if home.worker is worker:
            home.worker = None
        if worker.was_useful or worker.failure is None:
            home.crashes = 0
            if home.worker is None:
                self._homes.pop(home.key, None)  # settings that were changed do not come again
        else:
            home.crashes += 1
            home.last_failure = worker.failure
            if home.crashes >= _CRASHES:
                home.rests_until = asyncio.get_running_loop().time() + _REST_SECONDS

    def _spawning(self) -> ThreadPoolExecutor:
        if self._spawner is None:
            self._spawner = ThreadPoolExecutor(1, f"{SHARED_THREADS}-spawner")
        return self._spawner


@define(kw_only=True)
class _Home:
    """What is known of one isolated workflow."""

    plan: "Plan" = field(kw_only=False)
    key: str
    worker: "Worker | None" = None
    timer: asyncio.TimerHandle | None = None
    used_at: float = 0.0
    crashes: int = 0
    rests_until: float = 0.0
    last_failure: str = ""
    takes_actions: bool | None = None


def _resting(reason: str) -> RunFailed:
    return RunFailed(
        "process_restarting",
        f"The workflow's own process ends again and again: {reason} It is not started for {_REST_SECONDS:g} s.",
        retry_after=int(_REST_SECONDS),
        visitor_message="The workflow is not available at the moment.",
    )
