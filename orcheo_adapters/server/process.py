"""The server process: its socket, its data folder, its start and its end."""

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

from orcheo_adapters.auth.secrets_file import fitting_secrets
from orcheo_adapters.http.client_address import ALL_ONE_ADDRESS, THIS_MACHINE
from orcheo_adapters.http.connections import Connections
from orcheo_adapters.http.deadlines import Deadlines
from orcheo_adapters.http.pace import Pace
from orcheo_adapters.http.serving import BACKLOG, GRACE_SECONDS, http_server
from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.server.assembly import Orcheo, assemble
from orcheo_adapters.server.local_owner import ensure_local_owner_token, require_credentials
from orcheo_adapters.server.stores import open_store
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.system.collector import MemoryKeeper, spare_the_collector
from orcheo_adapters.system.data_folder import DataFolder
from orcheo_adapters.system.descriptors import raise_descriptor_limit
from orcheo_adapters.system.disk import NETWORK_ADVICE, network_system
from orcheo_adapters.system.entropy import SystemEntropy
from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_adapters.system.forks import kept_from_children
from orcheo_adapters.system.last_resort import LastResort, bounded_end
from orcheo_adapters.system.local_server import local_url
from orcheo_adapters.system.logs import LogKeeper, configure_logs, get_logger
from orcheo_adapters.system.process_state import ProcessState, kept_state
from orcheo_adapters.system.running import marking_threads
from orcheo_adapters.system.standard_streams import shared_streams
from orcheo_adapters.system.watchdog import LeftThreads
from orcheo_core.errors import ConflictError, InvalidError, OrcheoError
from orcheo_core.ports.runner import text_of
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.turns.register import WorkKind

CHECKPOINT_SECONDS = 0.25
"""Text of a running turn becomes durable within this time, plus one commit: 500 ms are promised."""

HOUSEKEEPING_SECONDS = 60.0
WEBHOOK_SECONDS = 1.0
CLOSING_SECONDS = 1.0
LEFT_THREADS_SECONDS = 5.0
LOG_SECONDS = 5.0
MEMORY_SECONDS = 15.0
"""What a flood took is given back within a minute, although the last of its requests may end half a minute later."""
STATE_SECONDS = 1.0
"""What a workflow has changed of the process hurts the other chats until it is set back."""

_DRAIN_SECONDS = 5.0
_COUNTS_SECONDS = 1.0
END_SECONDS = GRACE_SECONDS + 2 * _DRAIN_SECONDS + _COUNTS_SECONDS + 2.0
"""The process is gone so long after it was asked to stop, whatever workflows do."""
_TOLD = {WorkKind.TURN, WorkKind.ACTION}
"""Whose clients learn how it ended."""
_LOG = get_logger("server")


class PortBusy(ConflictError):
    """Another process listens on the port."""

    code = "port_busy"
    summary = "Another process listens on this port."
    hint = "Stop it, or choose another port with --port or ORCHEO_PORT."


_PORT_HINT = "Choose a port over 1023 with --port or ORCHEO_PORT."


class AddressUnusable(InvalidError):
    """The address does not belong to this machine, or the server may not listen on it."""

    code = "address_unusable"
    summary = "The server cannot listen on this address."
    hint = "Choose another address with --host or ORCHEO_HOST."


def serve(
    settings: ServerSettings,
    *,
    on_ready: Callable[[str], None] | None = None,
    may_have_new_secrets: bool = False,
) -> None:
    """Run the server until it is asked to stop; ``on_ready`` gets its URL once it listens.

    Raises :class:`OrcheoError`: the port is busy, the data folder cannot be written or is in use, the database is of
    a newer schema or its secrets are lost (unless the server ``may_have_new_secrets``), and the like.
    """
    listener = _listener(settings)
    try:
        raise_descriptor_limit()
        configure_logs(settings.log_level)
        with shared_streams(), marking_threads(), bounded_end() as resort, kept_state() as state:
            work = _serve(settings, listener, on_ready, resort, state, may_have_new_secrets=may_have_new_secrets)
            run_server_loop(work, set_back=state.set_back)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # in what is left to do it would only spoil the exit status
        listener.close()


async def _serve(
    settings: ServerSettings,
    listener: socket.socket,
    on_ready: Callable[[str], None] | None,
    resort: LastResort,
    state: ProcessState,
    *,
    may_have_new_secrets: bool,
) -> None:
    folder = DataFolder(settings.data_dir)
    folder.prepare()
    if system := network_system(folder.path):
        _LOG.warning("The data folder %s is on a network disk (%s). %s", folder.path, system, NETWORK_ADVICE)
    settings = settings.on_port(listener.getsockname()[1])
    url = local_url(settings.host, settings.port)
    with kept_from_children(port=settings.port, folder=folder.path), folder.locked(url):
        async with (
            repeated("state of the process", STATE_SECONDS, state.look),
            open_server(settings, open_store("sqlite", folder), may_have_new_secrets=may_have_new_secrets) as orcheo,
        ):
            await require_credentials(settings, orcheo.store, folder)
            await listen(
                orcheo,
                listener,
                lambda: on_ready(url) if on_ready else None,
                on_signal=lambda: resort.end_within(END_SECONDS),
                connections=Connections(
                    limits=settings.connection_limits, pace=Pace(settings.pace, exempt=THIS_MACHINE)
                ),
            )
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one more of them must not cut off the end


@asynccontextmanager
async def open_server(
    settings: ServerSettings, store: Store, *, may_have_new_secrets: bool = False
) -> AsyncIterator[Orcheo]:
    """A server with all that works behind its requests; at the end it is drained, and ``store`` is closed.

    Turns that an earlier process left are ended before it is given out. Raises :class:`SecretsLost` when the store has
    tokens of other secrets than those of the data folder, unless it ``may_have_new_secrets``.
    """
    folder = DataFolder(settings.data_dir)
    try:
        random_bytes = SystemEntropy().random_bytes
        secrets = await fitting_secrets(folder.path, store, random_bytes, may_be_new=may_have_new_secrets)
        orcheo = assemble(store, secrets, settings)
        await _prepare(orcheo, folder)
        if settings.asks_others:
            await settings.runner_conditions.outgoing.prepare()
        _warn_of_one_address(settings)
        async with (
            _outgoing_tried(settings.runner_conditions.outgoing),
            _watched(orcheo),
            _delivering(orcheo),
            repeated("left threads", LEFT_THREADS_SECONDS, LeftThreads().look),
            repeated("log", LOG_SECONDS, LogKeeper().look),
            repeated("memory", MEMORY_SECONDS, MemoryKeeper().look),
            repeated("closed chats", CLOSING_SECONDS, orcheo.core.closing.settle),
            repeated("running answers", CHECKPOINT_SECONDS, orcheo.core.engine.checkpoint),
            repeated("housekeeping", HOUSEKEEPING_SECONDS, lambda: do_housekeeping(orcheo, store, settings.retention)),
        ):
            spare_the_collector()
            yield orcheo
            await _drain(orcheo)
    finally:
        await store.close()


async def _prepare(orcheo: Orcheo, folder: DataFolder) -> None:
    await orcheo.core.identifiers.begin_after(orcheo.store)
    interrupted = await orcheo.core.engine.recover()
    if interrupted:
        _LOG.warning("%d turns of an earlier process were interrupted", interrupted)
    await orcheo.core.attaching.sweep()
    for spent in orcheo.spent_ids:
        await spent.load()
    await ensure_local_owner_token(orcheo, folder)


def _warn_of_one_address(settings: ServerSettings) -> None:
    """TLS, or another host's public URL while only this machine can connect: a proxy must be in front."""
    if (settings.behind_tls or settings.is_reached_through_a_proxy) and not settings.trusted_proxies:
        _LOG.warning("%s", ALL_ONE_ADDRESS)


@asynccontextmanager
async def repeated(name: str, seconds: float, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do ``work`` repeatedly with a pause of ``seconds``, even when it fails."""
    failures = _Failures(f"the regular work on {name} failed; it is done again in {seconds:g} s")

    async def repeat() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next time must come
                with suppress(Exception):  # the log may be what is broken
                    failures.add(error)
            else:
                failures.end()

    task = asyncio.create_task(repeat(), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class _Failures:
    """Writes that the same fails again and again: the first time, the tenth, the hundredth, and so on.

    A disk that is full stays so for a night, and the log is often on it.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._text = ""
        self._count = 0

    def add(self, error: Exception) -> None:
        """It has failed."""
        text = f"{type(error).__name__}: {text_of(error)}"
        self._count = self._count + 1 if text == self._text else 1
        self._text = text
        if str(self._count).strip("0") != "1":
            return
        times = f" ({self._count} times in a row now)" if self._count > 1 else ""
        if self._count > 1 or isinstance(error, OrcheoError):  # which says what is wrong; so did the first traceback
            _LOG.error("%s%s: %s", self._what, times, text)
        else:
            _LOG.error("%s", self._what, exc_info=error)

    def end(self) -> None:
        """It has not failed this time."""
        self._text, self._count = "", 0


@asynccontextmanager
async def _outgoing_tried(outgoing: Outgoing) -> AsyncIterator[None]:
    """Say in the log what is wrong with the way to others, while the server answers: a proxy may be slow to look up."""

    async def look() -> None:
        for fault in await outgoing.faults():
            _LOG.warning("%s. %s", fault.found[:1].upper() + fault.found[1:], fault.advice)

    task = asyncio.create_task(look(), name="outgoing")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _watched(orcheo: Orcheo) -> AsyncIterator[None]:
    with orcheo.watchdog.watching():
        yield


@asynccontextmanager
async def _delivering(orcheo: Orcheo) -> AsyncIterator[None]:
    """Deliver the webhook's messages; a server without a webhook does nothing."""
    async with AsyncExitStack() as stack:
        if orcheo.webhook is not None:
            await stack.enter_async_context(repeated("webhook", WEBHOOK_SECONDS, orcheo.webhook.deliver))
        yield


async def do_housekeeping(orcheo: Orcheo, store: Store, retention: timedelta | None) -> None:
    """What no visitor should wait for: remove what is too old, index what was said, erase what was removed.

    Each part is tried whatever came of the others; raises the last error.
    """

    async def forget() -> None:
        for each in orcheo.forget:
            each()

    parts = (
        forget,
        partial(_remove_aged, orcheo, retention),
        orcheo.core.tally.write,
        store.tidy,
    )
    failure: Exception | None = None
    for part in parts:
        try:
            await part()
        except Exception as error:  # noqa: BLE001 - a graph's memory that is broken must not stop the rest
            failure = error
    if failure is not None:
        raise failure


async def _remove_aged(orcheo: Orcheo, retention: timedelta | None) -> None:
    purged = await orcheo.core.housekeeping.remove_aged(retention, *(spent.tidy for spent in orcheo.spent_ids))
    if retention is not None and purged:
        _LOG.info("purged %d threads that were older than %d days", purged, retention.days)


async def listen(
    orcheo: Orcheo,
    listener: socket.socket,
    on_ready: Callable[[], None],
    *,
    on_signal: Callable[[], None] = lambda: None,
    connections: Connections | None = None,
) -> None:
    """Answer requests until the process is asked to stop; then ``on_signal`` is called at once, whatever runs."""
    server = http_server(
        orcheo.app,
        deadlines=Deadlines(),
        security_headers=orcheo.security_headers,
        on_ready=on_ready,
        on_stop=orcheo.core.register.close,
        on_signal=on_signal,
        connections=connections,
        is_telling=lambda: bool(orcheo.core.register.running(kinds=_TOLD)),
    )
    await server.serve(sockets=[listener])


async def _drain(orcheo: Orcheo) -> None:
    """Let the interrupted turns and the last counts become durable, then close what the runners keep open.

    What fails, as counts do on a full disk, keeps nothing else from its end.
    """
    parts = (orcheo.background.wait, _DRAIN_SECONDS), (orcheo.core.tally.write, _COUNTS_SECONDS)
    for end, seconds in (*parts, (orcheo.runners.close, _DRAIN_SECONDS)):
        try:
            async with asyncio.timeout(seconds):
                await end()
        except TimeoutError:
            continue
        except Exception as error:  # noqa: BLE001 - see above
            with suppress(Exception):  # the log may be what is broken
                _LOG.warning("at the end of the server a part of it failed: %s", error)


def _listener(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol must be named: asyncio switches Nagle's delay off (40 ms an answer) only where it reads TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _why_not(error, settings) from None
    except OverflowError:
        listener.close()
        raise AddressUnusable(f"{settings.port} is not a valid port.", hint=_PORT_HINT) from None
    listener.setblocking(False)
    return listener


def _why_not(error: OSError, settings: ServerSettings) -> PortBusy | AddressUnusable:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return PortBusy(f"Another process listens on {where}.")
    hint = _PORT_HINT if error.errno == errno.EACCES else None
    return AddressUnusable(f"The server cannot listen on {where}: {error.strerror or error}.", hint=hint)
