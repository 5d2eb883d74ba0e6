"""Where this machine's server listens and keeps its data, as the environment says.

The server and the programs that ask it share this, and nothing else of the server's settings: a setting of limits
that is wrong here must not keep a client from asking a server elsewhere.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from orcheo_core.errors import FieldError, InvalidInput

DEFAULT_PORT = 8700
_MAX_PORT = 65_535


def data_folder_path(environment: Mapping[str, str]) -> Path:
    """``ORCHEO_DATA_DIR``, or where this system keeps the data of programs."""
    if named := environment.get("ORCHEO_DATA_DIR"):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("orcheo", appauthor=False)


def listening_host(environment: Mapping[str, str], given: str | None = None) -> str:
    """``--host``, ``ORCHEO_HOST``, or loopback; raises :class:`InvalidInput` for a URL or an address with its port."""
    name, text = ("--host", given) if given else ("ORCHEO_HOST", environment.get("ORCHEO_HOST", ""))
    host = text.strip().strip("[]")
    if set(host) & set("/ ") or (host.count(":") == 1):
        wrong = FieldError(name, "must be an address or a host name alone, such as 0.0.0.0 or ::")
        raise InvalidInput(wrong, hint="The port is ORCHEO_PORT, the address that visitors use ORCHEO_PUBLIC_URL.")
    return host or "127.0.0.1"


def listening_port(environment: Mapping[str, str]) -> int:
    """``ORCHEO_PORT``, or the default; raises :class:`InvalidInput` for anything but a port."""
    text = environment.get("ORCHEO_PORT")
    if not text:
        return DEFAULT_PORT
    if not text.isdecimal() or not 0 <= int(text) <= _MAX_PORT:
        wrong = FieldError("ORCHEO_PORT", f"must be a whole number from 0 to {_MAX_PORT}")
        raise InvalidInput(wrong, hint="Correct ORCHEO_PORT in the environment and start again.")
    return int(text)


def local_url(host: str, port: int) -> str:
    """The URL of a server that listens on ``host`` and ``port``; one on all interfaces is named by loopback."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        return f"http://127.0.0.1:{port}"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"
