"""Which network addresses a runner may reach, so that a workflow cannot look into the server's own network.

The lists are our own: ``ipaddress.is_global`` lets NAT64, 6to4, IPv4-compatible and multicast addresses through.
Of IPv6 only global unicast (2000::/3) is open, less what it holds of tunnels and documentation.
"""

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import inet_aton, inet_ntoa

from attrs import frozen

from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.runner import RunFailed

Address = IPv4Address | IPv6Address

_CLOSED: dict[str, str] = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by carriers",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "AS112",
    "192.52.193.0/24": "AMT relays",
    "192.88.99.0/24": "6to4 relays",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "AS112",
    "198.18.0.0/15": "benchmarks",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::1/128": "loopback",
    "::/3": "not global unicast",
    "2001::/23": "protocol assignments",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "2620:4f:8000::/48": "AS112",
    "3fff::/20": "documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "ff00::/8": "multicast",
    "4000::/2": "not global unicast",
    "8000::/1": "not global unicast",
}
_NETWORKS = [(ip_network(network), why) for network, why in _CLOSED.items()]


def why_closed(address: Address) -> str | None:
    """What kind of address it is when a runner must not reach it, None when it is open."""
    return next((why for network, why in _NETWORKS if address in network), None)


@frozen(kw_only=True)
class _Entry:
    """An address or network, or a host name, and the port if only one."""

    network: IPv4Network | IPv6Network | None = None
    host: str | None = None
    port: int | None = None

    def covers(self, host: str, port: int, address: Address) -> bool:
        if self.port not in (None, port):
            return False
        return address in self.network if self.network is not None else host == self.host


@frozen
class AllowedAddresses:
    """What an operator allows although it is closed."""

    entries: tuple[_Entry, ...] = ()

    @classmethod
    def parse(cls, text: str, *, path: str) -> "AllowedAddresses":
        """From ``host:port`` and networks (CIDR) with commas between; :class:`InvalidInput` names ``path``."""
        try:
            return cls(tuple(_parse_entry(each.strip()) for each in text.split(",") if each.strip()))
        except ValueError as error:
            raise InvalidInput(
                FieldError(path, f"must be a comma-separated list of host:port and networks: {error}"),
                hint="For example: localhost:9000, [::1]:9000, 10.1.0.0/16.",
            ) from None

    def cover(self, host: str, port: int, address: Address) -> bool:
        """Whether ``address``, which ``host`` resolved to, may be reached at ``port``."""
        return any(each.covers(host, port, address) for each in self.entries)

    def name(self, host: str, port: int) -> bool:
        """Whether ``host`` itself is allowed at ``port``, by its name or as an address, without a look-up."""
        host = host.lower().rstrip(".")
        named = any(each.host == host and each.port in (None, port) for each in self.entries)
        return named or any(self.cover(host, port, ip_address(each)) for each in literal_addresses(host))


NONE_ALLOWED = AllowedAddresses()


def _parse_entry(text: str) -> _Entry:
    """Raises :class:`ValueError` in words for operators."""
    if "://" in text:
        message = f"{text!r} is written without http:// or https://, and with its port"
        raise ValueError(message)
    if "/" in text:
        return _Entry(network=_network(text))
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65_536:
        message = f"{text!r} has no port, as in {text}:9000" if text.count(":") != 1 else f"{text!r} has no valid port"
        raise ValueError(message)
    host = host.removeprefix("[").removesuffix("]").lower()
    try:
        return _Entry(network=ip_network(host), port=int(port))
    except ValueError:
        return _Entry(host=host, port=int(port))


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        message = f"{text!r} is not a network"
        raise ValueError(message) from None
    if found.network_address != ip_address(text.partition("/")[0]):
        message = f"{text!r} is an address in a network: write {found} for all of it"
        raise ValueError(message)
    return found


class AddressRefused(RunFailed):
    """A target leads to an address that runners of this server must not reach."""

    def __init__(self, host: str, port: int, address: Address, why: str) -> None:
        """Say which, why, and how an operator can allow it."""
        where = f"[{host}]" if ":" in host else host
        what = f"{where} is an address that" if host == str(address) else f"{where} leads to {address}, which"
        super().__init__(
            code="address_refused",
            reason=f"{what} this server must not reach ({why}). "
            f"The operator can allow it with ORCHEO_HTTP_RUNNER_ALLOW={where}:{port} (several with commas between).",
        )


def literal_addresses(host: str) -> list[str]:
    """The address that ``host`` is, in any form that the operating system takes (``127.1``, ``0x7f000001``).

    None for a name, which has to be looked up.
    """
    with suppress(ValueError):
        return [str(ip_address(host))]
    with suppress(OSError):
        return [inet_ntoa(inet_aton(host))]
    return []


def known_addresses(host: str) -> list[str]:
    """As :func:`literal_addresses`; names of this machine lead to it everywhere (RFC 6761, 6.3)."""
    is_localhost = f".{host.lower().rstrip('.')}".endswith(".localhost")
    return ["127.0.0.1"] if is_localhost else literal_addresses(host)


def check_addresses(host: str, port: int, found: Iterable[str], allowed: AllowedAddresses) -> list[str]:
    """All of ``found`` when each is open or allowed; :class:`AddressRefused` names the first that is not."""
    checked = []
    for text in found:
        address = ip_address(text)
        why = why_closed(address)
        if why is not None and not allowed.cover(host.lower().rstrip("."), port, address):
            raise AddressRefused(host, port, address, why)
        checked.append(text)
    return checked
