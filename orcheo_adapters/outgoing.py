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
from orcheo_core.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    import httpx2

PROXY, CA_FILE, CA_FOLDER = "ORCHEO_OUTGOING_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"

_OFF = frozenset({"0", "false", "no", "off"})
_PORTS = {"http": 80, "https": 443}
_KEPT_SECONDS = 30.0


_LONGEST_REASON = 300
_WITHOUT_WORDS = {
    "ConnectTimeout": "no connection in time",
    "PoolTimeout": "no free connection in time",
    "ReadTimeout": "no answer in time",
    "TimeoutError": "no whole answer in time",
    "WriteTimeout": "the request could not be sent in time",
}


_UNKNOWN_ISSUER = (
    "its certificate is not trusted; name the certificate authority in the server's SSL_CERT_FILE, and start it again"
)
_CERTIFICATES = {
    "mismatch": "its certificate is for another name; name the host as the certificate does",
    "has expired": "its certificate has expired; it must be renewed where it is shown",
    "not yet valid": "its certificate is not valid yet; compare the clocks of both machines",
    "local issuer": _UNKNOWN_ISSUER,
    "self-signed": _UNKNOWN_ISSUER,
    "self signed": _UNKNOWN_ISSUER,
    "certificate_required": "it asks for a certificate of this server, which Orcheo cannot show",
    "certificate_verify_failed": "its certificate is refused",
}
"""What to do, by words of OpenSSL in small letters; those that say more go first."""


class CertificatesUnreadable(OSError):
    """The certificates to trust cannot be read, so nothing was sent; the words name the setting."""


def what_failed(error: BaseException) -> str:
    """Why a request to others had no answer, as one line for operators and owners.

    The words of the error, without its number; a class of Python is named only where there are none, and nothing took
    too long. A certificate that is refused comes with what to do.
    """
    kind = type(error).__name__
    words = " ".join(str(getattr(error, "strerror", None) or error).split()) or _WITHOUT_WORDS.get(
        kind, f"no reason is given ({kind})"
    )
    fault = certificate_fault(error)
    return f"{fault} ({words})"[:_LONGEST_REASON] if fault else words[:_LONGEST_REASON]


def certificate_fault(error: BaseException) -> str | None:
    """What is wrong with the certificate of the other side, and what to do; None when something else failed."""
    said = " ".join(f"{type(each).__name__} {each}" for each in chain_of(error)).lower()
    said = said.replace(ssl.SSLCertVerificationError.__name__.lower(), "certificate_verify_failed")
    is_told = isinstance(error, CertificatesUnreadable) or type(error).__name__ == "ProxyError"
    is_one = not is_told and ("certificate_verify_failed" in said or "certificate_required" in said)
    return next((fault for words, fault in _CERTIFICATES.items() if words in said), None) if is_one else None


def chain_of(error: BaseException | None) -> list[BaseException]:
    """The error, and those that it came from."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


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

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> "Outgoing":
        """From ``ORCHEO_OUTGOING_PROXY``, else the variables that other programs read too; ``off`` means no proxy.

        Raises :class:`InvalidInput` for a proxy that is not an ``http`` or ``https`` URL. Other kinds in ``ALL_PROXY``
        and its like are meant for other programs.
        """
        given = environment.get(PROXY, "").strip()
        if given.lower() in _OFF:
            proxies = {}
        elif given:
            if not _is_proxy(given):
                message = "must be the URL of an HTTP proxy, or off"
                raise InvalidInput(FieldError(PROXY, message), hint="For example: http://proxy.example.org:3128.")
            proxies = dict.fromkeys(_PORTS, given)
        else:
            proxies = {scheme: url for scheme in _PORTS if _is_proxy(url := _usual_proxy(environment, scheme))}
        return cls(
            ca_file=_path(environment, CA_FILE),
            ca_folder=_path(environment, CA_FOLDER),
            proxies=proxies,
            direct=_either_case(environment, "NO_PROXY"),
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

    async def connections(self, proxy: str | None = None) -> "httpx2.AsyncHTTPTransport":
        """A pool of connections, made in a thread: the first one imports the client and reads all certificates."""
        return await asyncio.to_thread(self.transport, proxy)

    def transport(self, proxy: str | None = None) -> "httpx2.AsyncHTTPTransport":
        """A pool of connections, all of them over ``proxy`` if one is given; nothing else of the environment counts."""
        import httpx2

        from orcheo_adapters.outgoing_streams import BoundedTransport

        return BoundedTransport(
            verify=self._ssl_context,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=_KEPT_SECONDS),
            trust_env=False,
            proxy=httpx2.Proxy(proxy, ssl_context=self._ssl_context if _is_tls(proxy) else None) if proxy else None,
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


def _usual_proxy(environment: Mapping[str, str], scheme: str) -> str:
    """With the scheme that other programs take for granted."""
    named = _either_case(environment, f"{scheme}_proxy") or _either_case(environment, "ALL_PROXY")
    return named if "://" in named or not named else f"http://{named}"


def _either_case(environment: Mapping[str, str], name: str) -> str:
    """The lower-case form goes first, as in other programs."""
    return (environment.get(name.lower()) or environment.get(name.upper()) or "").strip()


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
