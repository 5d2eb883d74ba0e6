"""What one stranger can do in a minute: each kind of flood alone, then all at once, from one address.

Run as `python -m bench.flood [SECONDS] [once | write] [FLOOD...]`; `write` puts the table into the page about limits.

The server is the real one with its default limits, in a process of
its own; the stranger and the other visitors sit at addresses of their own. For each flood it prints how much disk,
memory and log it cost, how long another visitor waited for the first event, how long the owner's
`unpublish --end-sessions` took in the middle of it, and what is left a minute after its end.

The stranger's process shares the machine with the server, which no stranger on the internet does, so it has the lowest
priority. What is left of its load on the machine, and of the load of others, must not count as the server's fault: next
to the server that is flooded runs another one that is not, and the visitors begin a turn with the one and then with
the other. How long they wait at the flooded server is compared with how long they wait at the quiet one in the same
minute.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import orjson
from attrs import asdict, define, field, frozen

from bench.start import free_port, resident_mib, wait_until_ready
from bench.stranger import CHATKIT, CUT, FLOODS, MIB, SAID, STARTED, Answer, Door

STRANGERS = "127.0.66.{}"
"""Each flood has an address of its own, so that no flood meets limits that another one has used up."""
VISITORS = tuple(f"127.0.2.{number}" for number in range(1, 21))
"""Those who only chat; several, as each may begin 20 turns a minute."""
PAUSE_SECONDS = 0.2
"""Between two turns of the other visitors."""
NOT_AT_ALL = 20.0
"""Seconds after which a visitor does not wait any longer."""
RECOVERY_SECONDS = 60
RECOVERED = 1.2
"""Times the memory of the idle server: who has no more is back."""
ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "how-to" / "limits.md"
HEAD = (
    "flood", "connections", "faults", "disk, MiB", "memory, MiB", "memory afterwards", "log, KiB",
    "first event, p95 ÷ quiet server", "unpublish, s",
)  # fmt: skip


@frozen(kw_only=True)
class Result:
    """What a flood cost."""

    name: str
    requests: int
    refused: int
    faults: int
    disk: float
    memory: float
    left: float
    recovered_after: float
    log: float
    calm_p95: float
    first_p95: float
    close: float

    def row(self, idle_memory: float) -> tuple[str, ...]:
        """The cells of the table in the documentation."""
        return (
            self.name,
            f"{self.requests:,}",
            str(self.faults),
            f"{self.disk:.0f}",
            f"{self.memory - idle_memory:+.0f}",
            f"{self.left / idle_memory - 1:+.0%} ({self.recovered_after:.0f} s)",
            f"{self.log * 1024:.0f}",
            f"{self.first_p95 / self.calm_p95:.1f}",
            f"{self.close:.2f}",
        )


@define
class Server:
    """The server's process, its folder and its owner."""

    port: int
    process: "subprocess.Popen[bytes]"
    folder: Path
    log: Path
    secrets: dict[str, str] = field(factory=dict, repr=False)
    """What a stranger is given who holds a publish token, or the cookie of an owner session."""

    @property
    def owner(self) -> dict[str, str]:
        return {"authorization": f"Bearer {(self.folder / 'owner-token').read_text('utf-8').strip()}"}

    async def operation(self, name: str, **arguments: object) -> Answer:
        return await Door(self.port, "127.0.0.1").ask("POST", f"/api/operations/{name}", arguments, **self.owner)

    def disk(self) -> float:
        return sum(each.stat().st_size for each in self.folder.rglob("*") if each.is_file()) / MIB

    def memory(self) -> float:
        return resident_mib(self.process.pid)


@contextmanager
def running(target: str) -> Iterator[Server]:
    """A real server with its default limits, on a folder of its own."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0), backlog=1_000) as silent:
        # An endpoint for dictations that takes connections and never says anything.
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ORCHEO_TRANSCRIPTION_URL": f"http://{where}/v1",
            "ORCHEO_TRANSCRIPTION_MODEL": "silent",
            "ORCHEO_HTTP_RUNNER_ALLOW": where,
        }
        port, log = free_port(), Path(name, "log")
        command = [sys.executable, "-m", "orcheo_cli", "serve", "--port", str(port), "--data-dir", f"{name}/data"]
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, env=env)
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz")
            server = Server(port, process, Path(name, "data"), log)
            asyncio.run(_publish(server, target))
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


async def _publish(server: Server, target: str) -> None:
    added = await server.operation("workflows.add", handle="flooded", runner="python", target=target)
    assert added.status == 200, added.body
    await _open(server)


async def _open(server: Server) -> None:
    """Publish the workflow, and keep what holders get: a publish token, and the cookie of an owner session."""
    opened = await server.operation("workflows.publish", ref="flooded")
    ticket = (await server.operation("canvas.open")).json()
    door = Door(server.port, "127.0.0.1")
    reader, writer = await door.send(
        "POST", "/api/canvas/session", {"ticket": str(ticket["address"]).partition("#ticket=")[2]}
    )
    cookie = re.search(rb"orcheo_owner=[^;]+", await reader.read())
    writer.close()
    assert opened.status == 200, opened.body
    assert cookie is not None
    server.secrets = {
        "FLOOD_PUBLISH_TOKEN": str(opened.json()["publish_token"]),
        "FLOOD_COOKIE": cookie[0].decode(),
    }


@contextmanager
def flooding(
    server: Server, names: list[str], seconds: float, *, tasks: int, number: int
) -> "Iterator[asyncio.Task[bytes]]":
    """A process that floods this server; gives a task that returns what it prints at its end."""
    arguments = (str(server.port), STRANGERS.format(number), str(seconds), str(tasks), *names)
    command = [sys.executable, "-m", "bench.stranger", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, **server.secrets})

    async def said() -> bytes:
        return (await asyncio.to_thread(process.communicate))[0]

    try:
        yield asyncio.create_task(said())
    finally:
        process.terminate()


Visitors = list[tuple[Door, str]]
"""Each with a chat grant."""


async def visitors_of(server: Server) -> Visitors:
    """They come in."""
    return [(door, await door.grant()) for door in (Door(server.port, address) for address in VISITORS)]


async def first_event(door: Door, grant: str) -> float:
    """Seconds that a visitor waits for the first event of a turn."""
    began = time.perf_counter()
    request = {"type": "threads.create", "params": {"input": SAID}}
    reader, writer = await door.send("POST", CHATKIT, request, authorization=grant)
    try:
        async with asyncio.timeout(NOT_AT_ALL):
            await reader.readuntil(b"data:")
            return time.perf_counter() - began
    except TimeoutError:
        return NOT_AT_ALL
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        print(f"a visitor was refused: {getattr(error, 'partial', b'')[-400:]!r}", file=sys.stderr)
        return NOT_AT_ALL
    finally:
        writer.close()


async def first_events(servers: list[Visitors], seconds: float) -> list[list[float]]:
    """How long the visitors of these servers wait, one after the other."""
    took: list[list[float]] = [[] for _ in servers]
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        for visitors, times in zip(servers, took, strict=True):
            times.append(await first_event(*visitors[number % len(visitors)]))
            await asyncio.sleep(PAUSE_SECONDS)
        number += 1
    return took


async def _watch(server: Server, seconds: float) -> float:
    highest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        highest = max(highest, server.memory())
        await asyncio.sleep(0.1)
    return highest


async def measure(
    server: Server,
    quiet: Server,
    name: str,
    floods: list[str],
    seconds: float,
    *,
    tasks: int,
    number: int,
    idle_memory: float,
) -> Result:
    """One flood, the owner's end of it, and what is left when it is over."""
    visitors = [await visitors_of(server), await visitors_of(quiet)]
    disk, log = server.disk(), server.log.stat().st_size
    with flooding(server, floods, seconds + 2, tasks=tasks, number=number) as said:
        await asyncio.sleep(0.5)  # its process starts
        (flooded, calm), memory = await asyncio.gather(first_events(visitors, seconds), _watch(server, seconds))
        began = time.perf_counter()
        closed = await server.operation("workflows.unpublish", ref="flooded", end_sessions=True)
        close = time.perf_counter() - began
        assert closed.status == 200, closed.body
        statuses = {int(status): count for status, count in orjson.loads(await said).items()}
    used = server.disk() - disk
    left, ended = server.memory(), time.monotonic()
    while left > RECOVERED * idle_memory and time.monotonic() < ended + min(RECOVERY_SECONDS, 4 * seconds):
        await asyncio.sleep(1)
        left = server.memory()
    recovered_after = time.monotonic() - ended
    await _open(server)
    return Result(
        name=name,
        requests=statuses[STARTED],
        refused=sum(count for status, count in statuses.items() if status in {CUT, 503} or 400 <= status < 500),
        faults=sum(count for status, count in statuses.items() if status >= 500 and status != 503),
        disk=used,
        memory=memory,
        left=left,
        recovered_after=recovered_after,
        log=(server.log.stat().st_size - log) / MIB,
        calm_p95=quantiles(calm, n=20)[-1],
        first_p95=quantiles(flooded, n=20)[-1],
        close=close,
    )


async def idle(server: Server, seconds: float) -> float:
    """Memory in MiB of a server that only a few visitors use."""
    _, memory = await asyncio.gather(first_events([await visitors_of(server)], seconds), _watch(server, seconds))
    return memory


def main(seconds: float, wanted: list[str]) -> None:
    """Print the table, or write it into the page about limits."""
    floods = {name: ([name], 8) for name in FLOODS} | {"all at once": (list(FLOODS), 2)}
    chosen = [each for each in wanted if each != "write"]
    results = []
    with running("tests.workflows:twenty") as server, running("tests.workflows:twenty") as quiet:
        memory = asyncio.run(idle(server, seconds / 2))
        for number, (name, (parts, tasks)) in enumerate(floods.items(), 1):
            if not chosen or name in chosen:
                options = {"tasks": tasks, "number": number}
                results.append(asyncio.run(measure(server, quiet, name, parts, seconds, idle_memory=memory, **options)))
                refused = f"{results[-1].refused:,} refused, quiet p95 {results[-1].calm_p95 * 1_000:.1f} ms"
                print(" | ".join((*results[-1].row(memory), refused)), file=sys.stderr)
    text = told(results, memory)
    print(text)
    if "write" in wanted:
        write(text)


def told(results: list[Result], idle_memory: float) -> str:
    """The part of the page about limits that is measured."""
    rows = [HEAD, ["---"] * len(HEAD), *(each.row(idle_memory) for each in results)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows).replace("| --- ", "|---").replace("---|", "---|")
    return f"""\
Measured on {datetime.now(UTC):%-d %B %Y}, on a machine with {os.cpu_count()} processors:

{table}

*Faults* are answers of 500 and above, except for 503. *Memory* is what the server takes at most over that of a server which only a few
visitors use ({idle_memory:.0f} MiB), and *afterwards* what is left of it, with the seconds after which it was 20 % or less. The server of this
table went through all of them, one after the other."""  # noqa: E501 - as wide as the page


def write(text: str) -> None:
    """Replace what an earlier run has written."""
    page = PAGE.read_text("utf-8")
    begin, end = "<!-- flood -->\n", "\n<!-- end of flood -->"
    before, _, rest = page.partition(begin)
    PAGE.write_text(f"{before}{begin}{text}{end}{rest.partition(end)[2]}", "utf-8")


def once(seconds: float) -> None:
    """All floods at once, without a look at what is left: one line of JSON."""
    with running("tests.workflows:twenty") as server, running("tests.workflows:twenty") as quiet:
        name, floods = "all at once", list(FLOODS)
        result = asyncio.run(measure(server, quiet, name, floods, seconds, tasks=1, number=99, idle_memory=1_000))
    print(orjson.dumps(asdict(result)).decode())


if __name__ == "__main__":
    span = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    if "once" in sys.argv:
        once(span)
    else:
        main(span, sys.argv[2:])
