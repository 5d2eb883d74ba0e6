"""Streams that wait, streams that drip, and connections that come all at once.

Run as `python -m bench.streams`.
"""

import asyncio
import re
import time
from statistics import median, quantiles

from bench.client import Visitor
from bench.rounds import print_table
from bench.start import resident_mib
from bench.turns import Subject, cpu_seconds, running
from orcheo_adapters.http.heartbeats import HEARTBEAT_SECONDS

OURS = "bench.servers.ours"
IDLE = MANY = 4_500
"""With room below what one address may have open."""
COLD, BUSY = 256, 32
ROUNDS = 5
_SAID = re.compile(rb"(\d{12,}) ")


async def hold(port: int, credential: str, streams: int) -> list[Visitor]:
    """Begin this many streams, wait for the first bytes of each, and keep them open."""
    visitors = [Visitor(port, credential) for _ in range(streams)]
    for start in range(0, streams, 50):
        await asyncio.gather(*(each.begin() for each in visitors[start : start + 50]))
    return visitors


def idle_kib(subject: Subject, credential: str) -> float:
    """Resident memory of one stream that waits, in KiB."""

    async def measure() -> float:
        warm = await hold(subject.port, credential, 500)
        before = resident_mib(subject.pid)
        held = await hold(subject.port, credential, IDLE)
        await asyncio.sleep(1)
        grown = resident_mib(subject.pid) - before
        for visitor in [*warm, *held]:
            visitor.close()
        return grown * 1024 / IDLE

    return asyncio.run(measure())


def added_latency(subject: Subject, clients: int) -> list[float]:
    """Milliseconds from a piece being said to its arrival, for every piece of a few turns."""

    async def measure() -> list[float]:
        visitors = [Visitor(subject.port, subject.credentials[1]) for _ in range(clients)]
        said = await asyncio.gather(*(_listen(each) for each in visitors))
        return [late for some in said for late in some]

    return asyncio.run(measure())


async def _listen(visitor: Visitor) -> list[float]:
    late: list[float] = []
    await visitor.connect()
    for _ in range(10):
        async for chunk in visitor.chunks():
            now = time.monotonic_ns()
            deltas = b"".join(frame for frame in chunk.split(b"\n\n") if b"text_delta" in frame)
            late += [(now - int(said)) / 1e6 for said in _SAID.findall(deltas)]
    visitor.close()
    return late


def cold_and_steady(subject: Subject) -> tuple[float, float]:
    """The p99 of the first event, in ms: of 256 connections that are opened at once, and of 32 that stay busy."""

    async def measure() -> tuple[float, float]:
        steady: list[float] = []
        enough = asyncio.Event()
        busy = [asyncio.create_task(_stay_busy(subject, steady, enough)) for _ in range(BUSY)]
        await asyncio.sleep(1)
        cold = await asyncio.gather(*(_come(subject) for _ in range(COLD)))
        await asyncio.sleep(1)
        enough.set()
        await asyncio.gather(*busy)
        return _p99(cold), _p99(steady)

    return asyncio.run(measure())


async def _stay_busy(subject: Subject, firsts: list[float], enough: asyncio.Event) -> None:
    visitor = Visitor(subject.port, subject.credentials[0])
    await visitor.connect()
    while not enough.is_set():
        firsts.append((await visitor.turn()).first)
    visitor.close()


async def _come(subject: Subject) -> float:
    began = time.perf_counter()
    visitor = Visitor(subject.port, subject.credentials[0])
    await visitor.begin()
    first = time.perf_counter() - began
    visitor.close()
    return first


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[-1] * 1000


def report_pauses(ours: Subject) -> None:
    """What a piece waits on its way."""
    late = {clients: added_latency(ours, clients) for clients in (1, BUSY)}
    rows = [[str(n), f"{median(some):.2f}", f"{quantiles(some, n=20)[-1]:.2f}"] for n, some in late.items()]
    title = "From a piece being said to its arrival, 10 ms between pieces"
    print_table(title, ("clients", "median, ms", "p95, ms"), rows)


def report_paced(ours: Subject, bare: Subject) -> None:
    """What a turn costs whose pieces come one by one."""
    rows = []
    for clients in (BUSY, 128):
        cpu: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(ROUNDS):
            for name, subject, credential in (("ours", ours, ours.credentials[1]), ("bare", bare, "paced")):
                measured = subject.measure(clients=clients, turns=clients * 8, credential=credential)
                cpu[name].append(measured.cpu)
        ms = {name: median(some) * 1000 for name, some in cpu.items()}
        rows.append([str(clients), f"{ms['ours']:.2f}", f"{ms['bare']:.2f}", f"{ms['ours'] / ms['bare']:.2f}"])
    title = "CPU of a turn of 20 pieces, 10 ms between pieces"
    print_table(title, ("clients", "Orcheo FULL, ms", "bare Starlette, ms", "÷"), rows)


def report_idle_cpu(ours: Subject) -> None:
    """What streams that wait cost in processor time, heartbeats included."""

    async def measure() -> float:
        held = await hold(ours.port, ours.credentials[2], MANY)
        await asyncio.sleep(3)
        before = cpu_seconds(ours.pid)
        await asyncio.sleep(HEARTBEAT_SECONDS * 2)
        used = cpu_seconds(ours.pid) - before
        for visitor in held:
            visitor.close()
        return used / (HEARTBEAT_SECONDS * 2)

    print(f"\nCPU of {MANY} streams that wait: {asyncio.run(measure()):.1%} of a core")


def report_idle(ours: Subject, bare: Subject) -> None:
    """What a stream that waits costs."""
    kib = {"Orcheo": idle_kib(ours, ours.credentials[2]), "bare Starlette": idle_kib(bare, "waiting")}
    rows = [[name, f"{each:.1f}"] for name, each in kib.items()]
    print_table(f"Memory of a stream that waits, of {IDLE}", ("server", "KiB"), rows)


def report_cold(ours: Subject) -> None:
    """What a crowd at the door waits."""
    pairs = [cold_and_steady(ours) for _ in range(ROUNDS)]
    cold, steady = (median(pair[at] for pair in pairs) for at in (0, 1))
    title = f"p99 of the first event: {COLD} connections at once while {BUSY} are busy"
    print_table(title, ("cold, ms", "steady, ms", "÷"), [[f"{cold:.0f}", f"{steady:.0f}", f"{cold / steady:.2f}"]])


def main() -> None:
    """Measure and print."""
    with running(OURS, "FULL") as ours, running("bench.servers.bare") as bare:
        report_pauses(ours)
        report_paced(ours, bare)
        report_idle(ours, bare)
    with running(OURS, "FULL") as fresh:  # which has no turns of others to index
        report_idle_cpu(fresh)
    with running(OURS, "FULL") as crowded:
        report_cold(crowded)


if __name__ == "__main__":
    main()
