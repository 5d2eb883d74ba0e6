"""The server process: its socket, its data folder, its start and its end."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from orcheo_adapters.auth.secrets_file import ServerSecrets, load_secrets
from orcheo_adapters.backends import open_store
from orcheo_adapters.http.client_address import ALL_ONE_ADDRESS
from orcheo_adapters.http.connections import raise_descriptor_limit
from orcheo_adapters.http.deadlines import Deadlines
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_adapters.http.serving import BACKLOG, http_server
from orcheo_adapters.settings import ServerSettings
from orcheo_adapters.system.clock import SystemClock
from orcheo_adapters.system.collector import spare_the_collector
from orcheo_adapters.system.data_folder import DataFolder, write_private
from orcheo_adapters.system.entropy import SystemEntropy
from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_adapters.system.local_server import local_url
from orcheo_adapters.system.logs import configure_logs, get_logger
from orcheo_core.domain.actor import Scope
from orcheo_core.domain.opaque_token import OpaqueToken
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX
from orcheo_core.errors import ConflictError, InvalidError, UnauthenticatedError
from orcheo_core.ports.unit_of_work import Store

if TYPE_CHECKING:
    from orcheo_adapters.bootstrap import Orcheo

CHECKPOINT_SECONDS = 0.25
"""Text of a running turn becomes durable within this time, plus one commit: 500 ms are promised."""

HOUSEKEEPING_SECONDS = 60.0
WEBHOOK_SECONDS = 1.0

_DRAIN_SECONDS = 5.0
_LOG = get_logger("server")
Assemble = Callable[[Store, ServerSecrets, ServerSettings], "Orcheo"]


class PortBusy(ConflictError):
    """Another process listens on the port."""

    code = "port_busy"
    summary = "Another process listens on this port."
    hint = "Stop it, or choose another port with --port or ORCHEO_PORT."


class AddressUnusable(InvalidError):
    """The address does not belong to this machine, or the server may not listen on it."""

    code = "address_unusable"
    summary = "The server cannot listen on this address."
    hint = "Choose another address with --host or ORCHEO_HOST, or a port over 1023."


class RemoteWithoutCredentials(InvalidError):
    """Listening beyond this machine is for servers whose owners have service tokens of their own."""

    code = "remote_without_credentials"
    summary = "Other machines could reach this server, but no credentials are set up."
    hint = (
        "Listen on 127.0.0.1, and put a reverse proxy in front if other machines need access. Or create a service "
        "token first, or set ORCHEO_ALLOW_REMOTE=1 to rely on the local owner token alone."
    )


def run_server(settings: ServerSettings, assemble: Assemble, *, on_ready: Callable[[str], None] | None = None) -> None:
    """See :func:`orcheo_adapters.bootstrap.serve`."""
    listener = _listen(settings)
    try:
        raise_descriptor_limit()
        configure_logs(settings.log_level)
        run_server_loop(_serve(settings, assemble, listener, on_ready))
    finally:
        listener.close()


async def _serve(
    settings: ServerSettings,
    assemble: Assemble,
    listener: socket.socket,
    on_ready: Callable[[str], None] | None,
) -> None:
    folder = DataFolder(settings.data_dir)
    folder.prepare()
    settings = settings.on_port(listener.getsockname()[1])
    url = local_url(settings.host, settings.port)
    with folder.locked(url):
        secrets = load_secrets(folder.path, SystemEntropy().random_bytes)
        store = open_store("sqlite", folder)
        try:
            orcheo = assemble(store, secrets, settings)
            await _prepare(orcheo, folder)
            _warn_of_one_address(settings)
            await _require_credentials(settings, store, folder)
            async with (
                _delivering(orcheo),
                repeated("checkpoint", CHECKPOINT_SECONDS, orcheo.core.engine.checkpoint),
                repeated("housekeeping", HOUSEKEEPING_SECONDS, lambda: keep_house(orcheo, store, settings.retention)),
            ):
                spare_the_collector()
                await _listen_until_told(orcheo, listener, lambda: on_ready(url) if on_ready else None)
                await _drain(orcheo)
        finally:
            await store.close()


async def _prepare(orcheo: "Orcheo", folder: DataFolder) -> None:
    interrupted = await orcheo.core.engine.recover()
    if interrupted:
        _LOG.warning("%d turns of an earlier process were interrupted", interrupted)
    await orcheo.core.attaching.sweep()
    for spent in orcheo.parts.spent_ids:
        await spent.load()
    await _ensure_local_owner_token(orcheo, folder)


def _warn_of_one_address(settings: ServerSettings) -> None:
    """TLS, or another host's public URL while only this machine can connect: a proxy must be in front."""
    if (settings.behind_tls or settings.is_reached_through_a_proxy) and not settings.trusted_proxies:
        _LOG.warning("%s", ALL_ONE_ADDRESS)


async def _ensure_local_owner_token(orcheo: "Orcheo", folder: DataFolder) -> None:
    """The CLI on this machine uses the token in this file; one that no longer works is replaced."""
    from orcheo_adapters.bootstrap import LOCAL_OWNER, local_caller

    access, path = orcheo.core.owner_access, folder.local_owner_token
    if path.is_file():
        with suppress(UnauthenticatedError, OSError, UnicodeDecodeError):
            await access.check(path.read_text(encoding="utf-8").strip())
            return
    issued = await access.issue(local_caller(), owner=LOCAL_OWNER, scopes=frozenset(Scope), label="local owner token")
    write_private(path, issued + "\n")


async def _require_credentials(settings: ServerSettings, store: Store, folder: DataFolder) -> None:
    """Refuse to listen beyond loopback unless a service token other than the local one exists."""
    if settings.is_loopback or settings.allow_remote:
        return
    local = OpaqueToken.parse(SERVICE_TOKEN_PREFIX, folder.local_owner_token.read_text(encoding="utf-8").strip())
    now = SystemClock().now()
    if not await store.begin().service_tokens.any_besides(local.public_id if local else "", now):
        raise RemoteWithoutCredentials(
            f"{settings.host} can be reached from other machines, but no credentials are set up."
        )


@asynccontextmanager
async def repeated(name: str, seconds: float, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do ``work`` repeatedly with a pause of ``seconds``, even when it fails."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:  # noqa: BLE001 - whatever it is, the next time must come
                _LOG.exception("%s failed", name)

    task = asyncio.create_task(repeat(), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _delivering(orcheo: "Orcheo") -> AsyncIterator[None]:
    """Deliver the webhook's messages; a server without a webhook does nothing."""
    async with AsyncExitStack() as stack:
        if orcheo.webhook is not None:
            await stack.enter_async_context(repeated("webhook", WEBHOOK_SECONDS, orcheo.webhook.deliver))
        yield


async def keep_house(orcheo: "Orcheo", store: Store, retention: timedelta | None) -> None:
    """What no visitor should wait for: remove what is too old, index what was said, erase what was removed."""
    await orcheo.core.admitting.remove_expired()
    for spent in orcheo.parts.spent_ids:
        await spent.tidy()
    if retention is not None:
        purged = await orcheo.core.transcripts.purge_older(retention)
        if purged:
            _LOG.info("purged %d threads that were older than %d days", purged, retention.days)
    await orcheo.core.refusals.write()
    await store.tidy()


async def _listen_until_told(orcheo: "Orcheo", listener: socket.socket, on_ready: Callable[[], None]) -> None:
    server = http_server(
        orcheo.app,
        deadlines=Deadlines(),
        security_headers=SecurityHeaders(over_tls=orcheo.parts.secure_cookies),
        on_ready=on_ready,
        on_stop=orcheo.core.engine.stop,
    )
    await server.serve(sockets=[listener])


async def _drain(orcheo: "Orcheo") -> None:
    """Let the interrupted turns and the last refusals become durable, then close what the runners keep open."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            await orcheo.background.wait()
            await orcheo.core.refusals.write()
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            await orcheo.runners.close()


def _listen(settings: ServerSettings) -> socket.socket:
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
        raise AddressUnusable(f"{settings.port} is not a valid port.") from None
    listener.setblocking(False)
    return listener


def _why_not(error: OSError, settings: ServerSettings) -> PortBusy | AddressUnusable:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return PortBusy(f"Another process listens on {where}.")
    return AddressUnusable(f"The server cannot listen on {where}: {error.strerror or error}.")
