"""Settings of the server: the only place that reads its environment."""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from attrs import evolve, field, frozen
from platformdirs import user_data_path

from orcheo_adapters.runners.addresses import AllowedAddresses
from orcheo_adapters.runners.conditions import Conditions
from orcheo_core.errors import FieldError, InvalidInput

DEFAULT_PORT = 8700
_MAX_PORT = 65_535


@frozen(kw_only=True)
class ServerSettings:
    """Where the server listens, where it keeps its data, and the address visitors know it by."""

    host: str
    port: int
    data_dir: Path
    public_url: str
    runner_conditions: Conditions = field(factory=Conditions)
    """What workflows may take: secrets by the names of environment variables, addresses of the own network."""

    @classmethod
    def load(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        data_dir: Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> "ServerSettings":
        """Options first, then ``ORCHEO_HOST``, ``ORCHEO_PORT``, ``ORCHEO_DATA_DIR``, ``ORCHEO_PUBLIC_URL``.

        Raises :class:`InvalidInput` for a port that is none.
        """
        host = host or environment.get("ORCHEO_HOST") or "127.0.0.1"
        port = _port(environment.get("ORCHEO_PORT")) if port is None else port
        folder = data_dir or _folder(environment)
        public_url = environment.get("ORCHEO_PUBLIC_URL") or local_url(host, port)
        return cls(
            host=host,
            port=port,
            data_dir=folder,
            public_url=public_url.rstrip("/"),
            runner_conditions=_runner_conditions(environment),
        )

    def on_port(self, port: int) -> "ServerSettings":
        """These settings on the port that the system chose for port 0; a public URL of the operator's own stays."""
        given = self.public_url != local_url(self.host, self.port)
        return evolve(self, port=port, public_url=self.public_url if given else local_url(self.host, port))

    @property
    def behind_tls(self) -> bool:
        """Whether visitors reach the server over https."""
        return self.public_url.startswith("https://")


def local_url(host: str, port: int) -> str:
    """The URL of a server that listens on ``host`` and ``port``; one on all interfaces is named by loopback."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        return f"http://127.0.0.1:{port}"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"


def _port(text: str | None) -> int:
    if not text:
        return DEFAULT_PORT
    if not text.isdecimal() or not 0 <= int(text) <= _MAX_PORT:
        wrong = FieldError("ORCHEO_PORT", f"must be a whole number from 0 to {_MAX_PORT}")
        raise InvalidInput(wrong, hint="Correct the environment variable and try again.")
    return int(text)


def _folder(environment: Mapping[str, str]) -> Path:
    named = environment.get("ORCHEO_DATA_DIR")
    return Path(named).expanduser() if named else user_data_path("orcheo", appauthor=False)


def _runner_conditions(environment: Mapping[str, str]) -> Conditions:
    allowed = environment.get("ORCHEO_HTTP_RUNNER_ALLOW", "")
    return Conditions(environment=environment, allowed=AllowedAddresses.parse(allowed, path="ORCHEO_HTTP_RUNNER_ALLOW"))
