"""Settings of the programs that talk to a server: the only place that reads their environment."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import field, frozen

from orcheo_adapters.credentials import Credentials
from orcheo_adapters.settings import ServerSettings, local_url
from orcheo_core.errors import FieldError, InvalidInput, UnauthenticatedError

OWNER_TOKEN_FILE = "owner-token"  # noqa: S105 - the name of a file, no secret
_SENDABLE = re.compile(r"[!-~]+")
"""What can stand in a header; anything else would fail later, in a message that may quote it."""
_HINT = "Correct the environment variable and try again."


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

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "ClientSettings":
        """``ORCHEO_URL``, and as whom: ``ORCHEO_SERVICE_TOKEN``, what ``orcheo login`` keeps, the local owner token.

        The local owner token is only ever sent to this machine. Raises :class:`NoServiceToken`, and
        :class:`InvalidInput` for what cannot be an address or a token.
        """
        server = ServerSettings.load(environment=environment)
        url = server_url(environment)
        named = environment.get("ORCHEO_SERVICE_TOKEN", "").strip()
        if named and not _SENDABLE.fullmatch(named):
            raise InvalidInput(FieldError("ORCHEO_SERVICE_TOKEN", "must be one word of ASCII letters"), hint=_HINT)
        kept = named or Credentials.locate(environment).get(url)
        if kept:
            return cls(url=url, service_token=kept)
        if not _is_loopback(url):
            raise NoServiceToken(
                f"{url} is another machine: the local owner token is not sent there.",
                hint="Run `orcheo login`, or set ORCHEO_SERVICE_TOKEN.",
            )
        return cls(url=url, service_token=_local_owner_token(server))


def server_url(environment: Mapping[str, str] = os.environ) -> str:
    """``ORCHEO_URL``, or where this machine's server listens; :class:`InvalidInput` for what is no address."""
    server = ServerSettings.load(environment=environment)
    url = environment.get("ORCHEO_URL", "").strip().rstrip("/")
    if url and not _is_address(url):
        raise InvalidInput(FieldError("ORCHEO_URL", "must have the form http://host:port or https://host"), hint=_HINT)
    return url or local_url(server.host, server.port)


def _local_owner_token(server: ServerSettings) -> str:
    path = server.data_dir / OWNER_TOKEN_FILE
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
    return plain and port_fits and parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in url


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
