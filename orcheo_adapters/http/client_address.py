"""Where a request comes from: the address of the connection, or what proxies that are trusted say of it.

``X-Forwarded-For`` is a list to which each proxy adds, at the end, the address it was reached from. What stands
before the entries of trusted proxies may be forged, so it is read from the end only.
"""

from collections.abc import Iterable, MutableMapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from attrs import define, field, frozen

from orcheo_adapters.http.scope import ADDRESS, HEADERS
from orcheo_adapters.system.logs import get_logger

Network = IPv4Network | IPv6Network
ALL_ONE_ADDRESS = (
    "ORCHEO_TRUSTED_PROXIES is not set: all visitors behind the proxy count as one address. "
    "See docs/how-to/limits.md, 'What is a client address?'"
)
_LOG = get_logger("http")
_UNKNOWN = "unknown"
_FORWARDED = b"x-forwarded-for"
_MAX_HOPS = 32
_LONGEST = 64
"""Characters of an address with zone and port; what is behind them is a stranger's, and would be kept with it."""
_KEPT = 4_096


@frozen(kw_only=True)
class TrustedProxies:
    """How many proxies stand in front of the server, or in which networks they are; none by default."""

    count: int = 0
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "TrustedProxies":
        """From ``2`` or ``127.0.0.1, 10.0.0.0/8``; :class:`ValueError` for anything else."""
        text = text.strip()
        if text.isascii() and text.isdecimal() and int(text) <= _MAX_HOPS:
            return cls(count=int(text))
        return cls(networks=tuple(ip_network(part.strip()) for part in text.split(",") if part.strip()))

    def __bool__(self) -> bool:
        return self.count > 0 or bool(self.networks)

    def client_of(self, peer: str, forwarded: Iterable[str]) -> str:
        """The address of the client whose request came over ``peer``, with what the proxies said, in their order."""
        hops = [part.strip()[:_LONGEST] for line in forwarded for part in line.split(",") if part.strip()]
        return self._by_count(peer, hops) if self.count else self._by_network(peer, hops)

    def _by_count(self, peer: str, hops: list[str]) -> str:
        """The entry of the outermost proxy; a request that passed fewer proxies than there are is counted by peer."""
        if len(hops) < self.count:
            return peer
        client = hops[-self.count]
        return peer if _parse(client) is None else client

    def _by_network(self, peer: str, hops: list[str]) -> str:
        """The first address, from the end, that is not a trusted proxy."""
        client = peer
        while hops and self._trusts(client):
            said = hops.pop()
            if _parse(said) is None:
                break
            client = said
        return client

    def may_be(self, peer: str) -> bool:
        """Whether a connection from this address may be a proxy's; where only their number is known, any may be."""
        return self.count > 0 or (bool(self.networks) and self._trusts(peer))

    def _trusts(self, text: str) -> bool:
        address = _parse(text)
        return address is not None and any(address in network for network in self.networks)


@define(eq=False)
class ClientAddresses:
    """Gives each request the key that its address is counted under: IPv4 as it is, IPv6 by its /64 network."""

    proxies: TrustedProxies = field(factory=TrustedProxies)
    _has_warned: bool = field(default=False, init=False)

    def of(self, scope: MutableMapping[str, Any]) -> str:
        """The key of the address that the request of an ASGI scope comes from."""
        address: str | None = scope.get(ADDRESS)
        if address is None:
            client = scope["client"]
            peer = client[0] if client else _UNKNOWN
            if _FORWARDED in scope[HEADERS]:
                peer = self._behind(peer, scope)
            address = scope[ADDRESS] = address_key(peer)
        return address

    def _behind(self, peer: str, scope: MutableMapping[str, Any]) -> str:
        if self.proxies:
            forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED]
            return self.proxies.client_of(peer, forwarded)
        if not self._has_warned:
            self._warn(peer)
        return peer

    def _warn(self, peer: str) -> None:
        """Say once that a proxy on this machine passes requests on and is not known as one."""
        address = _parse(peer)
        if address is not None and address.is_loopback:
            self._has_warned = True
            _LOG.warning("%s", ALL_ONE_ADDRESS)


@lru_cache(_KEPT)
def address_key(text: str) -> str:
    """``192.0.2.7`` as it is, ``2001:db8::/64`` for all of a customer's IPv6 addresses; other text unchanged."""
    address = _parse(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> 64 << 64, 64)))
    return str(address) if address else text[:64]


@lru_cache(_KEPT)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address in ``text``, with or without port; one of IPv4 inside IPv6 as IPv4."""
    host = text
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


THIS_MACHINE = frozenset({address_key("127.0.0.1"), address_key("::1")})
"""Keys of the server's own machine, from where owners and proxies connect."""
