"""A stranger who floods a server from one address, in a process of its own that leaves the processors to the server.

Run as `python -m bench.stranger PORT ADDRESS SECONDS TASKS FLOOD...`; prints how often which status came back, as JSON.
Some floods need what only a holder has: `FLOOD_PUBLISH_TOKEN`, and the cookie of an owner session, `FLOOD_COOKIE`.
"""

import asyncio
import os
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import orjson
from attrs import define, field, frozen

MIB = 1024 * 1024
CHATKIT = "/api/chatkit"
SESSION_API = "/v1/chatkit/sessions"
LIVE = "/api/canvas/workflows/flooded/live"
SAID = {"content": [{"type": "input_text", "text": "Hello"}], "attachments": [], "inference_options": {}}

STARTED, CUT = -1, 0
"""Counted beside the statuses: connections that were begun, and those that were closed without an answer."""


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
    publish_token: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.statuses[STARTED] += 1
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
        except ConnectionError:
            head = rest = b""
        finally:
            writer.close()
        status = int(head[9:12] or CUT)
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
    """Wrong credentials of each kind, at each door that asks for one."""
    for number in range(50):
        guessed = f"{number:022}{'x' * 43}"
        token, owner = f"Bearer orc_pt_{guessed}", f"Bearer orc_st_{guessed}"
        await door.chat(token, "threads.list")
        await door.ask("POST", SESSION_API, {"user": "a", "workflow": {"id": "flooded"}}, authorization=token)
        await door.ask("POST", "/api/operations/workflows.list", {}, authorization=owner)
        await door.ask("POST", "/mcp", {"jsonrpc": "2.0", "id": 0, "method": "ping"}, authorization=owner)
        await door.ask("GET", "/api/workflows/flooded/share-link.png", authorization=owner)
        await door.ask("POST", "/api/canvas/session", {"ticket": f"orc_ct_{guessed}"})
        await door.ask("GET", LIVE, cookie=f"orcheo_owner=orc_os_{guessed}", sec_fetch_site="same-origin")


async def dictate(door: Door) -> None:
    """Recordings as long as they may be, for an endpoint that is silent."""
    grant, audio = await door.grant(), b64encode(bytes(180_000)).decode()
    request = {"type": "input.transcribe", "params": {"audio_base64": audio, "mime_type": "audio/webm"}}
    held = [await door.send("POST", CHATKIT, request, authorization=grant) for _ in range(20)]
    await asyncio.sleep(5)
    for _, writer in held:
        writer.close()


async def open_apps_sessions(door: Door) -> None:
    """Chat sessions of an app's users, each with a turn; the app reads its threads and ends the sessions again."""
    token = f"Bearer {door.publish_token}"
    asked = {
        "user": f"user-{time.monotonic_ns()}",
        "workflow": {"id": "flooded", "state_variables": {"a": "x" * 3_000}},
    }
    opened = (await door.ask("POST", SESSION_API, asked, authorization=token)).json()
    await door.chat(f"Bearer {opened['client_secret']}", "threads.create", input=SAID)
    await door.ask("GET", SESSION_API.replace("sessions", "threads"), authorization=token)
    await door.ask("POST", f"{SESSION_API}/{opened['id']}/cancel", authorization=token)


async def watch(door: Door) -> None:
    """Live views of an owner session that are never read, while turns begin and end."""
    head = {"cookie": door.cookie, "sec_fetch_site": "same-origin"}
    held = [await door.send("GET", LIVE, **head) for _ in range(30)]
    await begin_and_leave(door)
    await asyncio.sleep(2)
    for _, writer in held:
        writer.close()


async def open_sessions(door: Door) -> None:
    """Chat sessions that are opened and never used."""
    await door.grant()


FLOODS: dict[str, Flood] = {
    "files that no message has": announce_and_upload,
    "turns begun and left": begin_and_leave,
    "streams held open, not read": begin_and_hold,
    "threads with long messages": say_much,
    "pages asked for, not read": ask_for_pages,
    "connections": open_connections,
    "pipelined requests": pipeline,
    "wrong credentials": guess,
    "chat sessions": open_sessions,
    "chat sessions of an app": open_apps_sessions,
    "dictations": dictate,
    "live views of an owner, not read": watch,
}
"""By what they leave behind or keep open, as the documentation names it."""


async def flood(door: Door, floods: list[Flood], *, seconds: float, tasks: int) -> None:
    """Do these floods again and again, each by some tasks, until the time is over."""
    until = time.monotonic() + seconds

    async def repeat(step: Flood) -> None:
        while time.monotonic() < until:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, ValueError, KeyError, AssertionError):
                await step(door)
            await asyncio.sleep(0)

    running = [asyncio.create_task(repeat(step)) for step in floods for _ in range(tasks)]
    await asyncio.wait(running, timeout=seconds)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def main(port: str, address: str, seconds: str, tasks: str, *names: str) -> None:
    """Flood, then say what came back."""
    os.nice(19)
    secrets = os.environ.get("FLOOD_PUBLISH_TOKEN", ""), os.environ.get("FLOOD_COOKIE", "")
    door = Door(int(port), address, publish_token=secrets[0], cookie=secrets[1])
    asyncio.run(flood(door, [FLOODS[name] for name in names], seconds=float(seconds), tasks=int(tasks)))
    print(orjson.dumps({str(status): count for status, count in door.statuses.items()}).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
