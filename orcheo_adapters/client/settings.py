"""Settings of the programs that talk to a server: the only place that reads their environment."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import field, frozen

from orcheo_adapters.client.credentials import Credentials
from orcheo_adapters.system.data_folder import DataFolder
from orcheo_adapters.system.local_server import data_folder_path, listening_host, listening_port, local_url
from orcheo_core.domain.opaque_token import OpaqueToken
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX
from orcheo_core.errors import FieldError, InvalidInput, OrcheoError, UnauthenticatedError

_SENDABLE = re.compile(r"[!-~]+")
"""What can stand in a header; anything else would fail later, in a message that may quote it."""
_HINT = "Correct the environment variable and try again."
_NAMED = (
    "The service token in use is the one in ORCHEO_SERVICE_TOKEN; without that variable it would be the one of "
    "`orcheo login` or the local owner token."
)
_KEPT = "The service token in use is the one that `orcheo login` saved; `orcheo logout` removes it."


class NoServiceToken(UnauthenticatedError):
    """Neither the environment nor the data folder has a service token for this server."""

    code = "no_service_token"
    summary = "There is no service token for this server."
    hint = (
        "Start the server once with `orcheo serve` (it writes a local owner token), use the same ORCHEO_DATA_DIR, "
        "run `orcheo login`, or set ORCHEO_SERVICE_TOKEN."
    )


@frozen(kw_only=True)
class ClientSettings:
    """Which server to ask, and as whom."""

    url: str
    service_token: str = field(repr=False)
    origin: str = field(default="", eq=False)
    """A sentence about where the service token is from."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "ClientSettings":
        """The server at :func:`server_url`, asked with ``ORCHEO_SERVICE_TOKEN``, else with what ``orcheo login`` keeps.

        Else with the local owner token, which is only ever sent to this machine. Raises :class:`NoServiceToken`, and
        :class:`InvalidInput` for what cannot be an address or a token.
        """
        return cls._at(server_url(environment), environment)

    @classmethod
    def _at(cls, url: str, environment: Mapping[str, str]) -> "ClientSettings":
        named = environment.get("ORCHEO_SERVICE_TOKEN", "").strip()
        if named:
            if not _SENDABLE.fullmatch(named):
                raise InvalidInput(FieldError("ORCHEO_SERVICE_TOKEN", "must be ASCII text without blanks"), hint=_HINT)
            return cls(url=url, service_token=named, origin=_NAMED)
        if kept := Credentials.locate(environment).get(url):
            return cls(url=url, service_token=kept, origin=_KEPT)
        if not _is_loopback(url):
            raise NoServiceToken(
                f"{url} is another machine: the local owner token is not sent there.",
                hint="Run `orcheo login`, or set ORCHEO_SERVICE_TOKEN.",
            )
        folder = _data_folder(environment)
        origin = f"The service token in use is the local owner token in {folder.local_owner_token}."
        return cls(url=url, service_token=_local_owner_token(folder), origin=origin)

    @property
    def token_id(self) -> str:
        """The public id of the service token; empty for anything else."""
        token = OpaqueToken.parse(SERVICE_TOKEN_PREFIX, self.service_token)
        return token.public_id if token else ""

    @classmethod
    def token_id_for(cls, url: str, environment: Mapping[str, str] = os.environ) -> str:
        """The public id of the service token that would be sent to this server; empty when there is none."""
        try:
            return cls._at(url, environment).token_id
        except OrcheoError:
            return ""


def server_url(environment: Mapping[str, str] = os.environ) -> str:
    """``ORCHEO_URL``, else where the server of this data folder listens, else ``ORCHEO_HOST`` and ``ORCHEO_PORT``.

    The data folder comes before host and port because its local owner token is for its own server only; when no server
    runs there, it says where the last one listened, unless host or port are set. Without a
    scheme, an address on this machine is ``http`` and any other ``https``: a service token is never sent in the clear
    on a guess. Raises :class:`InvalidInput` for anything but an address.
    """
    named = environment.get("ORCHEO_URL", "").strip()
    if not named:
        server = _data_folder(environment).server()
        is_set = environment.get("ORCHEO_HOST") or environment.get("ORCHEO_PORT")
        if server and (server.is_running or not is_set):
            return server.url
        return local_url(listening_host(environment), listening_port(environment))
    url = (named if "://" in named else f"{_scheme(named)}://{named}").rstrip("/")
    if not _is_address(url):
        raise InvalidInput(FieldError("ORCHEO_URL", "must have the form http://host:port or https://host"), hint=_HINT)
    return url


def _scheme(address: str) -> str:
    return "http" if _is_loopback(f"http://{address}") else "https"


def _data_folder(environment: Mapping[str, str]) -> DataFolder:
    return DataFolder(data_folder_path(environment))


def _local_owner_token(folder: DataFolder) -> str:
    path = folder.local_owner_token
    try:
        token = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NoServiceToken(f"There is no local owner token at {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NoServiceToken(f"The local owner token at {path} cannot be read: {_reason(error)}.") from None
    if not _SENDABLE.fullmatch(token):
        raise NoServiceToken(f"The local owner token at {path} is damaged.")
    return token


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "it is not text"


def _is_address(url: str) -> bool:
    """Whether a URL names a server and nothing that would be sent or shown by accident, such as a password."""
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and not (parts.query or parts.fragment)
    plain = plain and not parts.path.startswith("//")  # as in http://http://host
    return plain and port_fits and parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in url


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
