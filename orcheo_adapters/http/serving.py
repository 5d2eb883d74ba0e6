"""The HTTP server over one application: uvicorn with our deadlines, and an end that tells the streams."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from orcheo_adapters.http.connections import Acceptor, Connections
from orcheo_adapters.http.deadlines import Deadlines, guarded_protocol
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_adapters.system.logs import get_logger

BACKLOG = 2048
"""How many clients may wait for a connection."""

GRACE_SECONDS = 1.5
"""Time for other requests when the server is asked to stop; then they are cut off."""
TELLING_SECONDS = 5.0
"""Time for the ends of running answers before: each comes when it is durable, which a slow disk puts off."""
_TELLING_STEP = 0.02

_TICKS = 5
"""uvicorn ticks ten times a second."""
_LOG = get_logger("server")


def http_server(
    app: ASGIApp,
    *,
    deadlines: Deadlines,
    security_headers: SecurityHeaders,
    on_ready: Callable[[], None],
    on_stop: Callable[[], None],
    on_signal: Callable[[], None] = lambda: None,
    connections: Connections | None = None,
    is_telling: Callable[[], bool] = lambda: False,
) -> uvicorn.Server:
    """A server for ``app``; ``on_ready`` is called once it listens, ``on_stop`` when it is asked to stop.

    ``on_signal`` is called by the handler of the signal that asks, so it also works while the event loop is blocked.
    While ``is_telling`` says that answers are coming to their end, no stream is cut off.
    """
    config = uvicorn.Config(
        app,
        http=guarded_protocol(deadlines, security_headers),
        interface="asgi3",  # which uvicorn would only see in a coroutine function
        ws="none",  # an upgrade would leave our deadlines behind
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # uvicorn trusts all connections from this machine; TrustedProxies decides here
        timeout_graceful_shutdown=GRACE_SECONDS,  # type: ignore[arg-type]  # it only ever waits for so long
    )
    return _Server(
        config,
        connections=connections or Connections(),
        on_ready=on_ready,
        on_stop=on_stop,
        on_signal=on_signal,
        is_telling=is_telling,
    )


class _Server(uvicorn.Server):
    """Accepts connections itself, and ends running turns with a final event before uvicorn waits for them."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        connections: Connections,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None],
        on_signal: Callable[[], None],
        is_telling: Callable[[], bool],
    ) -> None:
        super().__init__(config)
        self._is_telling = is_telling
        self._connections = connections
        self._acceptors: list[Acceptor] = []
        self._on_signal = on_signal
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=[])  # asyncio would make a transport and a task of what is to be refused
        for each in sockets or ():
            each.listen(BACKLOG)
            each.setblocking(False)
            self._acceptors.append(Acceptor(each, self._connections, self._protocol))
        self._on_ready()

    def _protocol(self, on_lost: Callable[[], None]) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # it is our own class
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, on_lost=on_lost
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for each in self._acceptors:
            each.close()
        await self._tell_the_ends()
        await super().shutdown(sockets=sockets)

    async def _tell_the_ends(self) -> None:
        ends_at = time.monotonic() + TELLING_SECONDS
        while self._is_telling() and not self.force_exit and time.monotonic() < ends_at:  # noqa: ASYNC110 - as uvicorn
            await asyncio.sleep(_TELLING_STEP)

    async def on_tick(self, counter: int) -> bool:
        try:
            if counter % _TICKS == 0:
                self._keep_handlers()
            return await super().on_tick(counter)
        except Exception:  # noqa: BLE001 - of a function that a workflow has replaced: it is set back in a moment
            return self.should_exit

    def _keep_handlers(self) -> None:
        """Take signals back from a workflow that took them: it may not keep the server from ending."""
        if threading.current_thread() is threading.main_thread():
            for each in HANDLED_SIGNALS:
                if signal.getsignal(each) != self.handle_exit:
                    _LOG.warning("a workflow changed the handler of %s; it is set back", signal.Signals(each).name)
                    signal.signal(each, self.handle_exit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_signal()
        if self._loop is not None:
            # A signal comes in the middle of anything: the loop's own state must not be touched, only woken.
            self._loop.call_soon_threadsafe(self._on_stop)
        super().handle_exit(sig, frame)
        # uvicorn raises the signal again after it has shut down; for us that end is a clean one.
        self._captured_signals.clear()
