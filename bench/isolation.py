"""What a process of its own costs a workflow: the same runs inside the server's process and in one of their own.

Run as `python -m bench.isolation`. Rounds are interleaved. A turn says one piece. Pieces come with a
pause between them, so that each travels alone, or as quickly as they can.
"""

import asyncio
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from statistics import median

from bench.rounds import print_table
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import PastMessage, RunContext, RunEvent, RunRequest
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Runner, RunSink

ROUNDS = 15
TURNS = 200
PIECES = 2_000
PAUSED = 100
HISTORY = tuple(PastMessage(said_by=("visitor", "workflow")[n % 2], text="word " * 40) for n in range(40))


async def one(_text: str) -> AsyncIterator[str]:
    """A turn of one piece."""
    yield "piece"


async def quick(_text: str) -> AsyncIterator[str]:
    """Pieces without a pause."""
    for _ in range(PIECES):
        yield "piece "
        await asyncio.sleep(0)


async def paused(_text: str) -> AsyncIterator[str]:
    """Pieces that come alone; each says when it was said."""
    for _ in range(PAUSED):
        await asyncio.sleep(0.002)
        yield f"{time.monotonic_ns()} "


class Listening(RunSink):
    """Takes everything at once, and knows how late it came."""

    def __init__(self) -> None:
        """Nothing was heard."""
        self.late: list[float] = []

    def text(self, text: str) -> bool:
        """See the port."""
        if text[:1].isdigit():
            self.late.append((time.monotonic_ns() - int(text)) / 1_000)
        return True

    def event(self, event: RunEvent) -> bool:  # noqa: ARG002 - see the port
        """See the port."""
        return True

    async def room(self) -> None:
        """There always is."""

    def abandoned(self, error: Exception | None) -> None:
        """Does not happen here."""


def request(name: str, isolation: str, history: tuple[PastMessage, ...] = ()) -> RunRequest:
    """A turn of one of the workflows here."""
    spec = RunnerSpec(kind="python", target=f"bench.isolation:{name}", settings={"isolation": isolation})
    context = RunContext(workflow_id="wf", thread_id="thr", turn_id="trn", subject=Subject("anon:vis"), history=history)
    return RunRequest(spec=spec, text="Hello", context=context)


async def timed(work: Awaitable[object]) -> tuple[float, float]:
    """Microseconds of time, and of this process's CPU."""
    began, used = time.perf_counter(), _cpu()
    await work
    return (time.perf_counter() - began) * 1e6, (_cpu() - used) * 1e6


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def turns(runner: Runner, isolation: str, history: tuple[PastMessage, ...]) -> None:
    """Turns one after the other."""
    for _ in range(TURNS):
        await runner.run(request("one", isolation, history)).execute(Listening())


async def main() -> None:
    """Measure and print."""
    registry = RunnerRegistry(Conditions(environment={}))
    runner, ways = registry.get("python"), ("none", "process")
    measured: dict[tuple[str, str], list[tuple[float, float]]] = {}

    def note(what: str, way: str, times: tuple[float, float], count: int) -> None:
        measured.setdefault((what, way), []).append((times[0] / count, times[1] / count))

    for way in ways:  # import the workflow, start the processes
        for name in ("one", "quick", "paused"):
            await runner.run(request(name, way)).execute(Listening())
    for number in range(ROUNDS):
        for way in ways if number % 2 else reversed(ways):
            note("a turn", way, await timed(turns(runner, way, ())), TURNS)
            note("a turn with 40 earlier messages", way, await timed(turns(runner, way, HISTORY)), TURNS)
            run = runner.run(request("quick", way))
            note("a piece, as quick as can be", way, await timed(run.execute(Listening())), PIECES)
            heard = Listening()
            _, cpu = await timed(runner.run(request("paused", way)).execute(heard))
            note("a piece that comes alone, from said to heard", way, (median(heard.late), cpu / PAUSED), 1)
    rows = []
    for what in dict.fromkeys(what for what, _ in measured):
        (inside, inside_cpu), (apart, apart_cpu) = (
            tuple(median(each[at] for each in measured[what, way]) for at in (0, 1)) for way in ways
        )
        rows.append([what, *(f"{each:.0f}" for each in (inside, apart, apart - inside, inside_cpu, apart_cpu))])
    head = ("what", "in the server, µs", "own process, µs", "more, µs", "server's CPU, µs", "with own process, µs")
    print_table("Isolation", head, rows)
    await registry.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
