"""What a turn costs: a bare Starlette stream, OpenAI's own server, and ours, side by side.

Run as `python -m bench.turns`. All servers run at the same time and are asked in turn, so that a slow moment of the
machine meets all of them; only the ratios mean something.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles

from attrs import frozen

from bench.client import load
from bench.rounds import print_table
from bench.start import free_port, resident_mib, wait_until_ready

ROUNDS = 7
BARE, SHIPPED, KEPT = "bare Starlette, same bytes", "openai-chatkit, as shipped", "openai-chatkit, adapter kept"
FULL, NORMAL = "Orcheo, SQLite FULL", "Orcheo, SQLite NORMAL"
SERVERS = {
    BARE: ("bench.servers.bare",),
    SHIPPED: ("bench.servers.official", "shipped"),
    KEPT: ("bench.servers.official", "kept"),
    NORMAL: ("bench.servers.ours", "NORMAL"),
    FULL: ("bench.servers.ours", "FULL"),
}
TURNS = {BARE: 1_600, SHIPPED: 160, KEPT: 320, NORMAL: 1_600, FULL: 1_600}
"""Turns a round: a second or so each."""


@frozen
class Round:
    """One round of one server."""

    rate: float
    cpu: float
    first_p95: float


@frozen
class Subject:
    """A server under measurement."""

    port: int
    pid: int
    credentials: list[str]
    """Publish tokens of the workflows twenty, paused and waiting; only of our server."""

    def measure(self, *, clients: int, turns: int, credential: str | None = None) -> Round:
        """Turns a second, server CPU seconds a turn, and the time to the first event."""
        cpu, began = cpu_seconds(self.pid), time.perf_counter()
        times = asyncio.run(load(self.port, credential or self.credentials[0], clients=clients, turns=turns))
        took = time.perf_counter() - began
        firsts = [each.first for each in times]
        return Round(
            rate=len(times) / took,
            cpu=(cpu_seconds(self.pid) - cpu) / len(times),
            first_p95=quantiles(firsts, n=20)[-1],
        )


@contextmanager
def running(module: str, *options: str) -> Iterator[Subject]:
    """A server's process while it is measured."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", module, str(port), *options], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        credentials = process.stdout.readline().split() if module.endswith("ours") else ["none"]
        wait_until_ready(f"http://127.0.0.1:{port}/readyz")
        yield Subject(port, process.pid, credentials)
    finally:
        process.terminate()
        process.wait()


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(subjects: dict[str, Subject], *, clients: int) -> dict[str, list[Round]]:
    """Rounds of every server, one after the other."""
    rounds: dict[str, list[Round]] = {name: [] for name in subjects}
    for name, subject in subjects.items():  # warm up
        subject.measure(clients=clients, turns=max(clients, TURNS[name] // 4))
    for number in range(ROUNDS):
        names = list(subjects)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            rounds[name].append(subjects[name].measure(clients=clients, turns=TURNS[name] // (1 if clients > 1 else 4)))
    return rounds


def report(rounds: dict[str, list[Round]], *, clients: int) -> None:
    """Print medians and ratios."""
    rate = {name: median(each.rate for each in some) for name, some in rounds.items()}
    cpu = {name: median(each.cpu for each in some) for name, some in rounds.items()}
    first = {name: median(each.first_p95 for each in some) for name, some in rounds.items()}
    rows = [
        [
            name,
            f"{rate[name]:.0f}",
            f"{rate[name] / rate[BARE]:.2f}",
            f"{rate[name] / rate[SHIPPED]:.1f}",
            f"{rate[name] / rate[KEPT]:.1f}",
            f"{cpu[name] * 1000:.2f}",
            f"{cpu[name] / cpu[BARE]:.2f}",
            f"{first[name] / first[BARE]:.2f}",
        ]
        for name in rounds
    ]
    head = ("server", "turns/s", "÷ bare", "÷ shipped", "÷ kept", "CPU a turn, ms", "÷ bare", "first event p95 ÷ bare")
    print_table(f"A turn of 20 pieces, {clients} client{'s' if clients > 1 else ''}", head, rows)
    print(f"\nFULL ÷ NORMAL, turns/s: {rate[FULL] / rate[NORMAL]:.2f}")


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        subjects = {name: stack.enter_context(running(*command)) for name, command in SERVERS.items()}
        idle = {name: resident_mib(subject.pid) for name, subject in subjects.items()}
        for clients in (1, 32):
            report(measure(subjects, clients=clients), clients=clients)
        print("\nIdle memory, MiB: " + ", ".join(f"{name} {mib:.0f}" for name, mib in idle.items()))


if __name__ == "__main__":
    main()
