"""Settings of the programs that talk to a server: the only place that reads their environment."""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import field, frozen

from orcheo_adapters.settings import ServerSettings, local_url
from orcheo_core.errors import UnauthenticatedError

OWNER_TOKEN_FILE = "owner-token"  # noqa: S105 - the name of a file, no secret


class NoServiceToken(UnauthenticatedError):
    """Neither the environment nor the data folder has a service token for this server."""

    code = "no_service_token"
    summary = "There is no service token for this server."
    hint = (
        "Start the server once with `orcheo serve` (it writes a local owner token), use the same ORCHEO_DATA_DIR, "
        "or set ORCHEO_SERVICE_TOKEN."
    )


@frozen(kw_only=True)
class ClientSettings:
    """Which server to ask, and as whom."""

    url: str
    service_token: str = field(repr=False)

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "ClientSettings":
        """``ORCHEO_URL`` and ``ORCHEO_SERVICE_TOKEN``, or this machine's server and its local owner token.

        The local owner token is only ever sent to this machine. Raises :class:`NoServiceToken`.
        """
        server = ServerSettings.load(environment=environment)
        url = (environment.get("ORCHEO_URL") or local_url(server.host, server.port)).rstrip("/")
        named = environment.get("ORCHEO_SERVICE_TOKEN", "").strip()
        if named:
            return cls(url=url, service_token=named)
        if not _is_loopback(url):
            raise NoServiceToken(f"{url} is another machine: the local owner token is not sent there.")
        return cls(url=url, service_token=_local_owner_token(server))


def _local_owner_token(server: ServerSettings) -> str:
    path = server.data_dir / OWNER_TOKEN_FILE
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NoServiceToken(f"There is no local owner token at {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NoServiceToken(f"The local owner token at {path} cannot be read: {error}.") from None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
