"""What an identity provider says about itself (OpenID Connect Discovery 1.0)."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from orcheo_adapters.auth.oidc.registration import is_secure_url

_LONGEST_ISSUER = 255
_LONGEST_URL = 2_000
"""Every visitor who signs in is answered with one of them."""
BASIC, POST = "client_secret_basic", "client_secret_post"


class MetadataWrong(Exception):
    """The document is not of this issuer, or lacks what is needed; the text says what, for the log."""


@frozen(kw_only=True)
class ProviderMetadata:
    """The addresses of an identity provider."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    """Where a browser ends its login there (OpenID Connect RP-Initiated Logout 1.0)."""
    sends_iss: bool
    """Whether it names itself in each answer (RFC 9207), so that an answer without its name is refused."""
    token_endpoint_auth: str

    @classmethod
    def parse(cls, document: Mapping[str, Any], *, issuer: str) -> "ProviderMetadata":
        """Raises :class:`MetadataWrong`."""
        if document.get("issuer") != issuer:
            named = str(document.get("issuer"))[:_LONGEST_ISSUER]
            raise MetadataWrong(
                f"its issuer is {named!r}, the setting says {issuer!r}; they must be the same to the last character"
            )
        return cls(
            authorization_endpoint=_url(document, "authorization_endpoint"),
            token_endpoint=_url(document, "token_endpoint"),
            jwks_uri=_url(document, "jwks_uri"),
            userinfo_endpoint=_optional_url(document, "userinfo_endpoint"),
            end_session_endpoint=_optional_url(document, "end_session_endpoint"),
            sends_iss=document.get("authorization_response_iss_parameter_supported") is True,
            token_endpoint_auth=_auth(document.get("token_endpoint_auth_methods_supported")),
        )


def discovery_url(issuer: str) -> str:
    """Where the document is (section 4)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def _url(document: Mapping[str, Any], name: str) -> str:
    url = document.get(name)
    if url is None:
        raise MetadataWrong(f"{name} is missing")
    if not isinstance(url, str) or not is_secure_url(url):
        raise MetadataWrong(f"{name} is not an https URL")
    if len(url) > _LONGEST_URL:
        raise MetadataWrong(f"{name} has more than {_LONGEST_URL:,} characters")
    return url


def _optional_url(document: Mapping[str, Any], name: str) -> str | None:
    """None for one that is not to be used: signing in works without it."""
    try:
        return _url(document, name)
    except MetadataWrong:
        return None


def _auth(methods: object) -> str:
    """The default is the header (section 3), which is taken wherever it is offered."""
    if isinstance(methods, list) and BASIC not in methods and POST in methods:
        return POST
    return BASIC
