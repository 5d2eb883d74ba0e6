"""What limits cost: the same turns on a server that counts every one of them, and on one with `ORCHEO_LIMITS=off`.

Run as `python -m bench.limits`. Both run at the same time and are asked in turn; each round gives one ratio. The
clients sit at an address to which all limits apply.
"""

import asyncio
from pathlib import Path
from statistics import median, quantiles

from bench.client import load
from bench.turns import Subject, running

ROUNDS = 101
TURNS = 160
CLIENTS = 8
ADDRESS = "127.0.2.1"


def cpu_of_turns(server: Subject) -> float:
    """Nanoseconds that all threads of a server take for the turns of a round."""
    began = _cpu(server)
    asyncio.run(load(server.port, server.credentials[0], clients=CLIENTS, turns=TURNS, address=ADDRESS))
    return _cpu(server) - began


def _cpu(server: Subject) -> float:
    threads = Path(f"/proc/{server.pid}/task").glob("*/schedstat")
    return sum(int(each.read_text("ascii").split()[0]) for each in threads)


def main() -> None:
    """Measure and print."""
    ratios = []
    with (
        running("bench.servers.ours", "FULL", "on") as counting,
        running("bench.servers.ours", "FULL", "off") as free,
    ):
        for number in range(ROUNDS + 2):
            order = (counting, free) if number % 2 else (free, counting)
            cpu = {each.port: cpu_of_turns(each) for each in order}
            if number > 1:  # the first ones warm up
                ratios.append(cpu[counting.port] / cpu[free.port])
    low, _, high = quantiles(ratios, n=4)
    print(f"CPU of a turn with limits ÷ without: {median(ratios):.3f} (half of the rounds {low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
