"""The owner on the machine itself, and what a server that others can reach asks for besides them."""

from contextlib import suppress

from orcheo_adapters.server.assembly import Orcheo
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.system.clock import SystemClock
from orcheo_adapters.system.data_folder import DataFolder, write_private
from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.opaque_token import OpaqueToken
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX
from orcheo_core.errors import InvalidError, UnauthenticatedError
from orcheo_core.ports.unit_of_work import Store

LOCAL_OWNER = Actor("local")
"""The owner that the local owner token of a data folder stands for."""


class RemoteWithoutCredentials(InvalidError):
    """Listening beyond this machine is for servers whose owners have service tokens of their own."""

    code = "remote_without_credentials"
    summary = "Other machines could reach this server, but no credentials are set up."
    hint = (
        "Listen on 127.0.0.1, and put a reverse proxy in front if other machines need access. Or create a service "
        "token first, or set ORCHEO_ALLOW_REMOTE=1 to rely on the local owner token alone."
    )


def local_caller() -> Caller:
    """The local owner with every scope, for what the server itself does on their behalf."""
    return Caller(actor=LOCAL_OWNER, channel=Channel.PYTHON, scopes=frozenset(Scope))


async def ensure_local_owner_token(orcheo: Orcheo, folder: DataFolder) -> None:
    """The CLI on this machine uses the token in this file; one that no longer works is replaced."""
    access, path = orcheo.core.owner_access, folder.local_owner_token
    if path.is_file():
        with suppress(UnauthenticatedError, OSError, UnicodeDecodeError):
            await access.check(path.read_text(encoding="utf-8").strip())
            return
    issued = await access.issue(local_caller(), owner=LOCAL_OWNER, scopes=frozenset(Scope), label="local owner token")
    write_private(path, issued + "\n")


async def require_credentials(settings: ServerSettings, store: Store, folder: DataFolder) -> None:
    """Refuse to listen beyond loopback unless a service token other than the local one exists."""
    if settings.is_loopback or settings.allow_remote:
        return
    local = OpaqueToken.parse(SERVICE_TOKEN_PREFIX, folder.local_owner_token.read_text(encoding="utf-8").strip())
    now = SystemClock().now()
    if not await store.begin().service_tokens.any_besides(local.public_id if local else "", now):
        raise RemoteWithoutCredentials(
            f"{settings.host} can be reached from other machines, but no credentials are set up."
        )
