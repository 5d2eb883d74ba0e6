"""Requests to an ASGI application in this process, whose answers stream; and its lifespan."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from typing import Any

from attrs import field, frozen

from orcheo_core.ports.runner import RunFailed

App = Callable[..., Awaitable[None]]
_AHEAD = 64
"""Pieces of a body that wait to be read."""
_FAREWELL = 1.0
"""Seconds for an application to notice that its client is gone."""
_START_SECONDS = 30.0


@frozen(kw_only=True)
class AsgiAnswer:
    """An answer whose head has come."""

    status: int
    headers: Mapping[str, str]
    body: AsyncIterator[bytes]


@frozen
class _Exchange:
    body: bytes
    sent: asyncio.Queue[Mapping[str, Any] | None] = field(factory=lambda: asyncio.Queue(_AHEAD))
    asked: list[bool] = field(factory=list)
    is_gone: asyncio.Event = field(factory=asyncio.Event)

    async def receive(self) -> dict[str, Any]:
        if not self.asked:
            self.asked.append(True)
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        if self.is_gone.is_set():  # as servers do: the application learns it from what it receives
            await asyncio.sleep(0)
        else:
            await self.sent.put(message)

    async def next(self, task: "asyncio.Task[None]") -> Mapping[str, Any] | None:
        """What the application sends next; None at its end. Raises what it raises."""
        message = await self.sent.get()
        if message is None:
            await task
        return message


@asynccontextmanager
async def post(app: App, path: str, body: bytes, headers: Mapping[str, str]) -> AsyncIterator[AsgiAnswer]:
    """Send ``body``; leaving the block tells the application that its client is gone, and ends it soon after."""
    exchange = _Exchange(body)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), *((name.encode(), each.encode()) for name, each in headers.items())],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
    }
    task = asyncio.ensure_future(_call(app, scope, exchange))
    try:
        head = await exchange.next(task)
        if head is None or head["type"] != "http.response.start":
            raise RunFailed("application_failed", "The application gave no answer.")
        found = {bytes(name).decode("latin-1").lower(): bytes(each).decode("latin-1") for name, each in head["headers"]}
        yield AsgiAnswer(status=head["status"], headers=found, body=_body(exchange, task))
    finally:
        exchange.is_gone.set()
        while not exchange.sent.empty():
            exchange.sent.get_nowait()
        await asyncio.wait({task}, timeout=0 if task.done() else _FAREWELL)
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


async def _call(app: App, scope: Mapping[str, Any], exchange: _Exchange) -> None:
    try:
        await app(scope, exchange.receive, exchange.send)
    finally:
        if not exchange.is_gone.is_set():
            await exchange.sent.put(None)


async def _body(exchange: _Exchange, task: "asyncio.Task[None]") -> AsyncIterator[bytes]:
    while (message := await exchange.next(task)) is not None:
        if message["type"] == "http.response.body":
            if piece := message.get("body", b""):
                yield piece
            if not message.get("more_body", False):
                return


class Lifespan:
    """The lifespan of an application: it is started before the first request, and shut down with the server."""

    def __init__(self, app: App) -> None:
        """Nothing is started yet."""
        self._app = app
        self._messages: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._answers: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Start it, once; an application without a lifespan needs none. Raises :class:`RunFailed` when it fails."""
        async with self._lock:
            if self._task is not None:
                return
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._live(), context=Context())  # of no run: it outlives them
            answer = await self._ask("lifespan.startup")
            if answer["type"] == "lifespan.startup.failed":
                self._task = None
                lines = str(answer.get("message", "")).split("\n")
                why = next((line for line in reversed(lines) if line.strip()), "it does not say why")
                raise RunFailed("application_failed", f"The application does not start: {why}")

    async def stop(self) -> None:
        """Shut it down."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            self._messages.put_nowait({"type": "lifespan.shutdown"})
            await asyncio.wait({task}, timeout=_FAREWELL)
            task.cancel()

    async def _ask(self, what: str) -> Mapping[str, Any]:
        self._messages.put_nowait({"type": what})
        async with asyncio.timeout(_START_SECONDS):
            return await self._answers.get()

    async def _live(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        try:
            await self._app(scope, self._messages.get, self._answers.put)
        except Exception:  # noqa: BLE001 - the protocol's way to say that there is no lifespan
            self._answers.put_nowait({"type": "lifespan.unsupported"})
        else:
            self._answers.put_nowait({"type": "lifespan.over"})
