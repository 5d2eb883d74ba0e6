"""What an operator says about an identity provider."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import field, frozen

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_LONGEST = 255


def _check_name(_registration: object, _attribute: object, name: str) -> None:
    if not _NAME.fullmatch(name):
        message = "must be 1 to 32 lower-case letters, digits and inner hyphens"
        raise ValueError(message)


def _check_issuer(_registration: object, _attribute: object, issuer: str) -> None:
    if len(issuer) > _LONGEST or not is_secure_url(issuer) or "?" in issuer or "#" in issuer:
        message = "must be a URL that begins with https:// (http:// on this machine only), without ? and #"
        raise ValueError(message)


def _check_client_id(_registration: object, _attribute: object, client_id: str) -> None:
    if not 0 < len(client_id) <= _LONGEST or not (client_id.isascii() and client_id.isprintable()):
        message = f"must be 1 to {_LONGEST} printable ASCII characters"
        raise ValueError(message)


@frozen(kw_only=True)
class ProviderRegistration:
    """An identity provider, and this server as it is registered there.

    ``name`` names it in addresses and in the audit, ``title`` to visitors. ``issuer`` is compared exactly, to the
    last slash. Without a ``client_secret`` the server is a public client, which PKCE alone protects.
    """

    name: str = field(validator=_check_name)
    title: str
    issuer: str = field(validator=_check_issuer)
    client_id: str = field(validator=_check_client_id)
    client_secret: str | None = field(default=None, repr=False)


def is_secure_url(text: object) -> bool:
    """Whether ``text`` is an ``https`` URL, or an ``http`` URL of this very machine."""
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _port = parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(host))


def is_loopback_host(host: str) -> bool:
    """Whether a host name or address is of this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
