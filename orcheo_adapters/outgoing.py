"""How this server reaches others: whose certificates it trusts, and over which proxy."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import field, frozen

from orcheo_adapters.auth.oidc.registration import is_loopback_host
from orcheo_adapters.connection_faults import CertificatesUnreadable, what_failed
from orcheo_core.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    import httpx2

PROXY, CA_FILE, CA_FOLDER = "ORCHEO_OUTGOING_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"

CAME_THROUGH = "orcheo_came_through"
"""The extension of an answer that names the proxy which has read it, and may have written it: none does of TLS."""

_OFF = frozenset({"0", "false", "no", "off"})
_PORTS = {"http": 80, "https": 443}
_KEPT_SECONDS = 30.0
_REACHED_WITHIN = 3.0
"""Seconds that a proxy has to take a connection when it is tried at the start."""

PROXY_SETTINGS = f"{PROXY} (or HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)"


@frozen
class OutgoingFault:
    """What keeps requests to others from their way, and what the operator can do."""

    found: str
    advice: str


@frozen(kw_only=True)
class Outgoing:
    """The same for workflows and identity providers; set by the operator.

    ``proxies`` holds the URL of a proxy by the scheme of what it leads to. ``direct`` lists the hosts that are reached
    without one, written as in ``NO_PROXY``.
    """

    ca_file: Path | None = None
    ca_folder: Path | None = None
    proxies: Mapping[str, str] = field(default=MappingProxyType({}), repr=False)  # may hold a password
    direct: str = ""
    unusable: tuple[str, ...] = ()
    """The variables that name a proxy which is not used, as it is of another kind or no URL."""

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> "Outgoing":
        """From ``ORCHEO_OUTGOING_PROXY``, else the variables that other programs read too; ``off`` means no proxy.

        Raises :class:`InvalidInput` for a proxy that is not an ``http`` or ``https`` URL. Other kinds in ``ALL_PROXY``
        and its like may be meant for other programs: :meth:`faults` names them.
        """
        given = environment.get(PROXY, "").strip()
        unusable: dict[str, None] = {}
        if given.lower() in _OFF:
            proxies = {}
        elif given:
            if not _is_proxy(given):
                message = "must be the URL of an HTTP proxy, or off"
                raise InvalidInput(FieldError(PROXY, message), hint="For example: http://proxy.example.org:3128.")
            proxies = dict.fromkeys(_PORTS, given)
        else:
            usual = {scheme: _usual_proxy(environment, scheme) for scheme in _PORTS}
            proxies = {scheme: url for scheme, (_, url) in usual.items() if _is_proxy(url)}
            unusable |= {name: None for name, url in usual.values() if url and not _is_proxy(url)}
        return cls(
            ca_file=_path(environment, CA_FILE),
            ca_folder=_path(environment, CA_FOLDER),
            proxies=proxies,
            direct=_either_case(environment, "NO_PROXY")[1],
            unusable=tuple(unusable),
        )

    def proxy_for(self, url: "httpx2.URL") -> str | None:
        """The URL of the proxy that leads to ``url``, None when it is reached without one."""
        proxy = self.proxies.get(url.scheme)
        if proxy is None:
            return None
        port = url.port or _PORTS[url.scheme]
        is_direct = any(_covers(each, url.host, port) for each in self.direct.lower().replace(",", " ").split())
        return None if is_direct or is_loopback_host(url.host) else proxy

    async def prepare(self) -> None:
        """Load what the first request needs, which would keep others waiting: the HTTP client and all certificates.

        Certificates that cannot be read are the error of each request.
        """
        with suppress(OSError):
            await (await self.connections()).aclose()

    async def faults(self) -> list[OutgoingFault]:
        """What is wrong with these settings, as far as it is seen without a request; a proxy is connected to."""
        found = [
            OutgoingFault(
                f"{name} does not name an HTTP proxy: requests to others are made without it",
                f"Set {PROXY} to the URL of an HTTP proxy, or to off if none is needed.",
            )
            for name in self.unusable
        ]
        if self.ca_file or self.ca_folder:
            try:
                await asyncio.to_thread(lambda: self._ssl_context)
            except CertificatesUnreadable as error:
                advice = "Correct it, and start the server again; until then no https:// address is reached."
                found.append(OutgoingFault(str(error), advice))
        tried = [fault for each in dict.fromkeys(self.proxies.values()) if (fault := await _why_not_reached(each))]
        return [*found, *tried]

    async def connections(self, proxy: str | None = None, *, is_tls: bool = True) -> "httpx2.AsyncHTTPTransport":
        """A pool of connections, made in a thread: the first one imports the client and reads all certificates."""
        return await asyncio.to_thread(self.transport, proxy, is_tls=is_tls)

    def transport(self, proxy: str | None = None, *, is_tls: bool = True) -> "httpx2.AsyncHTTPTransport":
        """A pool of connections, all of them over ``proxy`` if one is given; nothing else of the environment counts.

        Without ``is_tls`` it is for ``http://`` alone, which needs no certificates. Raises
        :class:`CertificatesUnreadable`.
        """
        import httpx2

        from orcheo_adapters.outgoing_streams import BoundedTransport

        needs_trust = is_tls or (proxy is not None and _is_tls(proxy))
        trust = self._ssl_context if needs_trust else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return BoundedTransport(
            verify=trust,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=_KEPT_SECONDS),
            trust_env=False,
            proxy=httpx2.Proxy(proxy, ssl_context=trust if _is_tls(proxy) else None) if proxy else None,
        )

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        """Raises :class:`CertificatesUnreadable`."""
        if self.ca_file is None and self.ca_folder is None:
            import httpx2

            return httpx2.create_ssl_context(trust_env=False)
        if self.ca_folder is not None and not self.ca_folder.is_dir():  # OpenSSL would trust nothing, without a word
            what = f"is a file, which {CA_FILE} can name" if self.ca_folder.is_file() else "is missing"
            message = f"{CA_FOLDER} must name a folder of certificates: {self.ca_folder} {what}"
            raise CertificatesUnreadable(message)
        try:
            return ssl.create_default_context(cafile=self.ca_file, capath=self.ca_folder)
        except OSError as error:
            name = CA_FILE if self.ca_file else CA_FOLDER
            reason = error.strerror or error
            message = f"the certificates that {name} names cannot be read: {self.ca_file or self.ca_folder}: {reason}"
            raise CertificatesUnreadable(message) from None


async def _why_not_reached(proxy: str) -> OutgoingFault | None:
    parts = urlsplit(proxy)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    try:
        async with asyncio.timeout(_REACHED_WITHIN):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or _PORTS[parts.scheme])
        writer.close()
    except (OSError, UnicodeError) as error:  # a name that is too long for one is the latter
        why = f"no connection within {_REACHED_WITHIN:g} s" if isinstance(error, TimeoutError) else what_failed(error)
        return OutgoingFault(f"the outgoing proxy {shown} cannot be reached ({why})", f"Correct {PROXY_SETTINGS}.")
    return None


def _usual_proxy(environment: Mapping[str, str], scheme: str) -> tuple[str, str]:
    """The variable, and its URL with the scheme that other programs take for granted."""
    name, named = _either_case(environment, f"{scheme}_proxy")
    if not named:
        name, named = _either_case(environment, "ALL_PROXY")
    return name, named if "://" in named or not named else f"http://{named}"


def _either_case(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """The variable and its value; the lower-case form goes first, as in other programs."""
    found = (each for each in (name.lower(), name.upper()) if environment.get(each))
    used = next(found, name)
    return used, environment.get(used, "").strip()


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of ``NO_PROXY`` means this host: a name with all below it, an address, a network, or ``*``.

    Programs differ: a name may begin with a dot or ``*.``, and an IPv6 address may stand in brackets.
    """
    if entry == "*":
        return True
    with suppress(ValueError):
        return ip_address(host) in ip_network(entry.strip("[]"))
    name, colon, only_port = entry.rpartition(":")
    if colon and only_port.isdecimal():
        return int(only_port) == port and _covers(name, host, port)
    name = entry.removeprefix("*").strip(".")
    return bool(name) and f".{host.rstrip('.')}".endswith(f".{name}")


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _port = parts.port
    except ValueError:
        return False
    return parts.scheme in _PORTS and bool(parts.hostname) and " " not in text


def _is_tls(proxy: str) -> bool:
    return proxy.lower().startswith("https://")
