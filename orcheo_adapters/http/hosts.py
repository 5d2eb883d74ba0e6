"""The names that this server goes by: other Host headers are refused, against DNS rebinding.

A page under a name of its own can have that name point to this machine afterwards. The browser then takes the
server's answers for that page's own, and only the Host header gives the name away.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

from attrs import field, frozen

from orcheo_core.errors import ForbiddenError

_LOOPBACK = "localhost"
_LONGEST = 300
"""Bytes of a name with its port; of a longer text, which is no name, so much is kept and quoted."""
_OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Supervisors ask these under whatever name they have; the answers say nothing about anybody."""


class HostNotAllowed(ForbiddenError):
    """The request names a host that this server does not go by: a page may have had a name point here."""

    code = "host_not_allowed"
    summary = "This server does not answer to the name in the Host header."
    hint = (
        "Use the address in the share link, an IP address, or localhost. "
        "The operator can add names: ORCHEO_ALLOWED_HOSTS=name.example.org"
    )


def _host_names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(_without_port(name) for name in names)


@frozen
class KnownHosts:
    """Host names with or without a port, such as the public URL's and those that the operator allows."""

    names: frozenset[str] = field(converter=_host_names)

    def refusal(self, path: str, host: bytes | None) -> HostNotAllowed | None:
        """Return why a request is refused; a client of HTTP/1.0 may leave the header out, a browser never does."""
        if host is None or path in _OPEN_PATHS:
            return None
        unknown = _unknown_name(host[:_LONGEST], self.names)
        return None if unknown is None else HostNotAllowed(f"This server does not answer to the name {unknown!r}.")


@lru_cache(1_024)
def _unknown_name(host: bytes, names: frozenset[str]) -> str | None:
    """The name in a Host header if it is not one of ``names`` nor one of this machine."""
    name = _without_port(host.decode("latin-1"))
    return None if name in names or _is_of_this_machine(name) else name


def _is_of_this_machine(name: str) -> bool:
    """Whether it is a loopback name or an address: no page can make a browser send these for its own name."""
    if name == _LOOPBACK or name.endswith(f".{_LOOPBACK}"):
        return True
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    """The name in a Host header, as names are compared (RFC 9110, section 7.2)."""
    name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return name.rstrip(".").lower()
