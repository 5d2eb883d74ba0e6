"""What one stranger can do in a minute: each kind of flood alone, then all at once, from one address.

Run as `python -m bench.flood [SECONDS] [once]`. The server is the real one with its default limits, in a process of
its own; the stranger and the other visitors sit at addresses of their own. For each flood it prints how much disk,
memory and log it cost, how long another visitor waited for the first event, how long the owner's
`unpublish --end-sessions` took in the middle of it, and what is left a minute after its end.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from statistics import quantiles

import orjson
from attrs import asdict, define, field, frozen

from bench.rounds import print_table
from bench.start import free_port, resident_mib, wait_until_ready

STRANGERS = "127.0.66.{}"
"""Each flood has an address of its own, so that no flood meets limits that another one has used up."""
VISITORS = tuple(f"127.0.2.{number}" for number in range(1, 9))
"""Those who only chat; several, as each may begin 20 turns a minute."""
PAUSE_SECONDS = 0.4
"""Between two turns of the other visitors."""
RECOVERY_SECONDS = 60
MIB = 1024 * 1024
CHATKIT = "/api/chatkit"
SAID = {"content": [{"type": "input_text", "text": "Hello"}], "attachments": [], "inference_options": {}}


@frozen
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> dict[str, object]:
        document: dict[str, object] = orjson.loads(self.body)
        return document


@define
class Door:
    """The server, as a client at one address sees it."""

    port: int
    address: str
    statuses: Counter[int] = field(factory=Counter)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0), limit=2**20)

    async def send(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request on a connection of its own; nothing is read."""
        reader, writer = await self.connect()
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        lines = {"host": f"127.0.0.1:{self.port}", "content-length": str(len(content)), "connection": "close"}
        if content and not isinstance(body, bytes):
            lines["content-type"] = "application/json"
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        return reader, writer

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send a request and read its answer."""
        reader, writer = await self.send(method, path, body, **headers)
        try:
            async with asyncio.timeout(30):
                head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        status = int(head[9:12] or 0)
        self.statuses[status] += 1
        is_chunked = b"transfer-encoding: chunked" in head.lower()
        return Answer(status, _unchunked(rest) if is_chunked else rest)

    async def grant(self) -> str:
        answer = await self.ask("POST", "/api/chat/flooded/session", {})
        return f"Bearer {answer.json().get('client_secret', '')}"

    async def chat(self, grant: str, kind: str, **params: object) -> Answer:
        return await self.ask("POST", CHATKIT, {"type": kind, "params": params}, authorization=grant)


def _unchunked(body: bytes) -> bytes:
    parts: list[bytes] = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        parts.append(body[:length])
        body = body[length + 2 :]
    return b"".join(parts)


Flood = Callable[[Door], Awaitable[None]]
"""One step of it, done again and again by many tasks until the time is over."""


async def announce_and_upload(door: Door) -> None:
    """Attachments that no message will have."""
    grant = await door.grant()
    for _ in range(50):
        wanted = {"name": "a.txt", "size": MIB, "mime_type": "text/plain"}
        announced = await door.chat(grant, "attachments.create", **wanted)
        if announced.status != 200:
            return
        to = announced.json()["upload_descriptor"]
        assert isinstance(to, dict)
        path = "/" + str(to["url"]).split("/", 3)[3]
        ticket = {name: value for name, value in to["headers"].items() if name.lower() != "content-type"}
        await door.ask("PUT", path, b"x" * MIB, **{"content-type": "text/plain", **ticket})


async def begin_and_leave(door: Door) -> None:
    """Runs whose visitor is gone."""
    grant = await door.grant()
    for _ in range(20):
        _, writer = await door.send(
            "POST", CHATKIT, {"type": "threads.create", "params": {"input": SAID}}, authorization=grant
        )
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.close()


async def begin_and_hold(door: Door) -> None:
    """Streams that are kept open and never read."""
    grant = await door.grant()
    held = []
    for _ in range(20):
        held.append(
            await door.send("POST", CHATKIT, {"type": "threads.create", "params": {"input": SAID}}, authorization=grant)
        )
        await asyncio.sleep(0.01)
    await asyncio.sleep(5)
    for _, writer in held:
        writer.close()


async def say_much(door: Door) -> None:
    """Threads with long messages."""
    grant = await door.grant()
    text = {**SAID, "content": [{"type": "input_text", "text": "word " * 1_500}]}
    for _ in range(20):
        await door.chat(grant, "threads.create", input=text)


async def ask_for_pages(door: Door) -> None:
    """Pages of threads that are asked for and never read."""
    grant = await door.grant()
    await door.chat(grant, "threads.create", input={**SAID, "content": [{"type": "input_text", "text": "w " * 3_000}]})
    request = {"type": "threads.list", "params": {}}
    held = [await door.send("POST", CHATKIT, request, authorization=grant) for _ in range(30)]
    await asyncio.sleep(3)
    for _, writer in held:
        writer.close()


async def open_connections(door: Door) -> None:
    """Connections without a request."""
    opened = await asyncio.gather(*(door.connect() for _ in range(400)), return_exceptions=True)
    held = [each for each in opened if not isinstance(each, BaseException)]
    await asyncio.sleep(3)
    for _, writer in held:
        writer.close()


async def pipeline(door: Door) -> None:
    """Many small requests at once on one connection."""
    _, writer = await door.connect()
    writer.write(f"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:{door.port}\r\n\r\n".encode() * 4_000)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(5):
            await writer.drain()
    await asyncio.sleep(1)
    writer.close()


async def guess(door: Door) -> None:
    """Wrong credentials of each kind."""
    for number in range(50):
        await door.chat(f"Bearer orc_pt_{number:022}{'x' * 43}", "threads.list")
        await door.ask(
            "POST", "/api/operations/workflows.list", {}, authorization=f"Bearer orc_st_{number:022}{'x' * 43}"
        )


async def open_sessions(door: Door) -> None:
    """Chat sessions that are opened and never used."""
    await door.grant()


FLOODS: dict[str, Flood] = {
    "attachments": announce_and_upload,
    "runs begun and left": begin_and_leave,
    "streams held open": begin_and_hold,
    "threads with long messages": say_much,
    "pages not read": ask_for_pages,
    "connections": open_connections,
    "pipelined requests": pipeline,
    "wrong credentials": guess,
    "chat sessions": open_sessions,
}


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
    log: float
    first_p95: float
    close: float

    def row(self, idle: "Result") -> list[str]:
        return [
            self.name,
            f"{self.requests:,}",
            f"{self.refused:,}",
            str(self.faults),
            f"{self.disk:.0f}",
            f"{self.memory - idle.memory:+.0f}",
            f"{self.left / idle.memory - 1:+.0%}",
            f"{self.log * 1024:.0f}",
            f"{self.first_p95 / idle.first_p95:.1f}",
            f"{self.close:.2f}",
        ]


@define
class Server:
    """The server's process, its folder and its owner."""

    port: int
    process: "subprocess.Popen[bytes]"
    folder: Path
    log: Path

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
    with tempfile.TemporaryDirectory() as name:
        port, log = free_port(), Path(name, "log")
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "orcheo_cli", "serve", "--port", str(port), "--data-dir", f"{name}/data"],
                stdout=out,
                stderr=out,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            )
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
    opened = await server.operation("workflows.publish", ref="flooded")
    assert (added.status, opened.status) == (200, 200), (added.body, opened.body)


async def first_events(grants: list[tuple[Door, str]], until: float) -> list[float]:
    """How long the other visitors wait for the first event of a turn, one after the other."""
    took = []
    while time.monotonic() < until:
        for door, grant in grants:
            began = time.perf_counter()
            request = {"type": "threads.create", "params": {"input": SAID}}
            reader, writer = await door.send("POST", CHATKIT, request, authorization=grant)
            try:
                async with asyncio.timeout(20):
                    await reader.readuntil(b"data:")
                took.append(time.perf_counter() - began)
            except (TimeoutError, asyncio.IncompleteReadError):
                took.append(20.0)
            writer.close()
            await asyncio.sleep(PAUSE_SECONDS)
    return took


@asynccontextmanager
async def flooding(
    server: Server, floods: list[Flood], until: float, *, tasks: int, number: int
) -> AsyncIterator[Door]:
    """Floods of one address, until the time is over."""
    door = Door(server.port, STRANGERS.format(number))

    async def repeat(flood: Flood) -> None:
        while time.monotonic() < until:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, ValueError, KeyError, AssertionError):
                await flood(door)
            await asyncio.sleep(0)

    running = [asyncio.create_task(repeat(flood)) for flood in floods for _ in range(tasks)]
    try:
        yield door
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _watch(server: Server, until: float) -> float:
    highest = 0.0
    while time.monotonic() < until:
        highest = max(highest, server.memory())
        await asyncio.sleep(0.1)
    return highest


async def measure(
    server: Server, name: str, floods: list[Flood], seconds: float, *, tasks: int, number: int = 0
) -> Result:
    """One flood, the owner's end of it, and what is left when it is over."""
    visitors = [(door, await door.grant()) for door in (Door(server.port, address) for address in VISITORS)]
    disk, log, until = server.disk(), server.log.stat().st_size, time.monotonic() + seconds
    async with flooding(server, floods, until + 5, tasks=tasks, number=number) as stranger:
        first, memory = await asyncio.gather(first_events(visitors, until), _watch(server, until))
        began = time.perf_counter()
        closed = await server.operation("workflows.unpublish", ref="flooded", end_sessions=True)
        close = time.perf_counter() - began
        assert closed.status == 200, closed.body
    used = server.disk() - disk
    left, end = server.memory(), time.monotonic() + min(RECOVERY_SECONDS, 4 * seconds)
    while floods and time.monotonic() < end:
        await asyncio.sleep(1)
        left = min(left, server.memory())
    await server.operation("workflows.publish", ref="flooded")
    statuses = stranger.statuses
    return Result(
        name=name,
        requests=statuses.total(),
        refused=sum(count for status, count in statuses.items() if 400 <= status < 500),
        faults=sum(count for status, count in statuses.items() if status >= 500 and status != 503),
        disk=used,
        memory=memory,
        left=left,
        log=(server.log.stat().st_size - log) / MIB,
        first_p95=quantiles(first, n=20)[-1],
        close=close,
    )


def main(seconds: float) -> None:
    """Print the table."""
    with running("tests.workflows:twenty") as server:
        idle = asyncio.run(measure(server, "no flood", [], seconds, tasks=0))
        results = [
            asyncio.run(measure(server, name, [flood], seconds, tasks=8, number=number))
            for number, (name, flood) in enumerate(FLOODS.items(), 1)
        ]
        every = list(FLOODS.values())
        results.append(asyncio.run(measure(server, "all at once", every, seconds, tasks=2, number=99)))
    head = ("flood", "requests", "refused", "faults", "disk, MiB", "memory, MiB", "memory left", "log, KiB")
    print_table(
        f"A flood by one address, {seconds:g} s each",
        (*head, "first event, p95 ÷ idle", "unpublish, s"),
        [each.row(idle) for each in (idle, *results)],
    )


def once(seconds: float) -> None:
    """All floods at once, without a look at what is left: one line of JSON."""
    with running("tests.workflows:twenty") as server:
        result = asyncio.run(measure(server, "all at once", list(FLOODS.values()), seconds, tasks=1))
    print(orjson.dumps(asdict(result)).decode())


if __name__ == "__main__":
    span = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    (once if "once" in sys.argv else main)(span)
