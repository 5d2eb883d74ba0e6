"""What an operator says about an identity provider."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import field, frozen

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_LONGEST = 255
_SCOPE = re.compile(r"[!#-\[\]-~]{1,255}")
"""RFC 6749, section 3.3."""
_PROMPTS = frozenset({"login", "consent", "select_account"})
_LONGEST_AGE = 31_536_000
CLIENT_AUTHS = ("auto", "basic", "post")


def _check_name(_registration: object, _attribute: object, name: str) -> None:
    if not _NAME.fullmatch(name):
        message = "must have 1 to 32 lower-case letters, digits or hyphens, and start and end with a letter or digit"
        raise ValueError(message)


def _check_issuer(_registration: object, _attribute: object, issuer: str) -> None:
    if len(issuer) > _LONGEST or not is_secure_url(issuer) or "?" in issuer or "#" in issuer:
        message = "must be a URL that begins with https:// (http:// on this machine only), without ? and #"
        raise ValueError(message)


def _check_client_id(_registration: object, _attribute: object, client_id: str) -> None:
    if not 0 < len(client_id) <= _LONGEST or not (client_id.isascii() and client_id.isprintable()):
        message = f"must be 1 to {_LONGEST} printable ASCII characters" if client_id else "is not set"
        raise ValueError(message)


def _check_prompt(_registration: object, _attribute: object, prompt: str) -> None:
    if not set(prompt.split()) <= _PROMPTS:
        message = f"must be one or more of: {', '.join(sorted(_PROMPTS))}"
        raise ValueError(message)


def _check_max_age(_registration: object, _attribute: object, max_age: int | None) -> None:
    if max_age is not None and not 0 <= max_age <= _LONGEST_AGE:
        message = f"must be a whole number of seconds from 0 to {_LONGEST_AGE}"
        raise ValueError(message)


def _check_client_auth(_registration: object, _attribute: object, client_auth: str) -> None:
    if client_auth not in CLIENT_AUTHS:
        message = f"must be one of {', '.join(CLIENT_AUTHS)}"
        raise ValueError(message)


def _check_audiences(_registration: object, _attribute: object, audiences: tuple[str, ...]) -> None:
    if not all(0 < len(each) <= _LONGEST for each in audiences):
        message = f"must each have 1 to {_LONGEST} characters"
        raise ValueError(message)


def _check_more_scopes(_registration: object, _attribute: object, scopes: tuple[str, ...]) -> None:
    if not all(_SCOPE.fullmatch(each) for each in scopes):
        message = "must each have 1 to 255 printable ASCII characters, no blank and no quotation mark"
        raise ValueError(message)


@frozen(kw_only=True)
class ProviderRegistration:
    """An identity provider, and this server as it is registered there.

    ``name`` names it in addresses and in the audit, ``title`` to visitors. ``issuer`` is compared exactly, to the
    last slash. Without a ``client_secret`` the server is a public client, which PKCE alone protects.
    ``prompt`` and ``max_age`` say when the provider should ask the visitor to sign in again. ``client_auth`` is how the
    secret is sent, ``auto`` as the provider's metadata says. ``audiences`` are other applications whose name may stand
    in an id token beside the client id. ``more_scopes`` are asked for when an owner signs in, such as ``groups``.
    """

    name: str = field(validator=_check_name)
    title: str
    issuer: str = field(validator=_check_issuer)
    client_id: str = field(validator=_check_client_id)
    client_secret: str | None = field(default=None, repr=False)
    prompt: str = field(default="", validator=_check_prompt)
    max_age: int | None = field(default=None, validator=_check_max_age)
    client_auth: str = field(default="auto", validator=_check_client_auth)
    audiences: tuple[str, ...] = field(default=(), validator=_check_audiences)
    more_scopes: tuple[str, ...] = field(default=(), validator=_check_more_scopes)


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
