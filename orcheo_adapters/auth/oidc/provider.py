"""One identity provider: the authorization code flow with PKCE (OpenID Connect Core, section 3.1)."""

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode

from orcheo_adapters.auth.oidc.http import ProviderHttp
from orcheo_adapters.auth.oidc.id_token import Expected, verified_claims, verified_logout
from orcheo_adapters.auth.oidc.kept import Kept
from orcheo_adapters.auth.oidc.key_set import KeySet, KeyUnknown
from orcheo_adapters.auth.oidc.metadata import BASIC, POST, MetadataWrong, ProviderMetadata, discovery_url
from orcheo_adapters.auth.oidc.names import display_name
from orcheo_adapters.auth.oidc.registration import ProviderRegistration
from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.login import LONGEST_SUB, EndedLogins, Identity, is_email
from orcheo_core.errors import IdentityProviderUnavailable, LoginDenied, LoginNotVerified
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.identity import IdentityProvider, LoginAttempt

_SCOPE = "openid profile"
_VERIFIED: tuple[object, ...] = (True, "true")
"""Some providers write it as a text."""
_OWNERS_SCOPE = "openid profile email"
_PASSING = frozenset({"server_error", "temporarily_unavailable"})
_OUR_FAULT = frozenset({"invalid_client", "unauthorized_client"})
_LOG = get_logger("login")
_Verified = Callable[[str, KeySet, Expected], Mapping[str, Any]]


class OidcProvider(IdentityProvider):
    """Sends browsers to the provider and verifies what they bring back; remembers its addresses and keys."""

    def __init__(
        self,
        registration: ProviderRegistration,
        *,
        redirect_uri: str,
        http: ProviderHttp,
        clock: Clock,
        notices: SpentIds,
    ) -> None:
        """Nothing is asked before the first visitor wants to sign in."""
        self.name = registration.name
        self.title = registration.title
        self.issuer = registration.issuer
        self._registration = registration
        self._redirect_uri = redirect_uri
        self._http = http
        self._clock = clock
        self._metadata = Kept(self._fetch_metadata, clock)
        self._keys = Kept(self._fetch_keys, clock)
        self._notices = notices

    async def begin(self, attempt: LoginAttempt) -> str:
        """See the port."""
        metadata = await self._metadata.get()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._registration.client_id,
                "redirect_uri": self._redirect_uri,
                "scope": _SCOPE if attempt.claims is None else self._owners_scope(),
                "state": attempt.state,
                "nonce": _secret(attempt, "nonce"),
                "code_challenge": _challenge(_secret(attempt, "verifier")),
                "code_challenge_method": "S256",
                **self._asking_again(),
            }
        )
        return _with_query(metadata.authorization_endpoint, query)

    def _owners_scope(self) -> str:
        return " ".join((_OWNERS_SCOPE, *self._registration.more_scopes))

    def _asking_again(self) -> dict[str, str]:
        """When the provider should not take its own word for who it is."""
        prompt, max_age = self._registration.prompt, self._registration.max_age
        return ({"prompt": prompt} if prompt else {}) | ({} if max_age is None else {"max_age": str(max_age)})

    async def finish(self, attempt: LoginAttempt, answer: Mapping[str, str]) -> Identity:
        """See the port."""
        metadata = await self._metadata.get()
        self._check_sender(metadata, answer)
        self._check_error(answer)
        if not answer.get("code"):
            raise self._refused("there is no code")
        tokens = await self._exchange(metadata, attempt, answer["code"])
        claims = await self._verify(tokens.get("id_token"), verified_claims, self._expected(attempt))
        if attempt.claims is None:
            return self._identity(claims, await self._with_name(metadata, tokens, claims))
        more = await self._userinfo(metadata, tokens, claims)
        named = claims if display_name(claims) else more
        return self._identity(claims, named, _vouched((claims, more), attempt.claims))

    async def end_url(self) -> str | None:
        """See the port; the provider may ask the visitor whether that is meant."""
        endpoint = (await self._metadata.get()).end_session_endpoint
        query = urlencode({"client_id": self._registration.client_id})
        return None if endpoint is None else _with_query(endpoint, query)

    async def ended(self, notice: str) -> EndedLogins:
        """See the port; ``notice`` is a logout token (OpenID Connect Back-Channel Logout 1.0), which counts once."""
        claims = await self._verify(notice, verified_logout, self._expected())
        if not await self._notices.spend(f"{self.issuer} {claims['jti']}"):
            raise self._refused("the logout token came before")
        return EndedLogins(issuer=self.issuer, sub=claims.get("sub", ""), session=claims.get("sid", ""))

    def _check_sender(self, metadata: ProviderMetadata, answer: Mapping[str, str]) -> None:
        """RFC 9207: an answer of one provider must never be taken for another's."""
        issuer = self._registration.issuer
        named = answer.get("iss", None if metadata.sends_iss else issuer)
        if named != issuer:
            raise self._refused(f"the answer is of the issuer {named[:255] if named else None!r}, not of {issuer!r}")

    def _check_error(self, answer: Mapping[str, str]) -> None:
        error = answer.get("error")
        if error is None:
            return
        if error in _PASSING:
            raise IdentityProviderUnavailable
        if error != "access_denied":
            _LOG.warning("identity provider %s: %s", self.name, _quoted(error))
        raise LoginDenied

    async def _exchange(self, metadata: ProviderMetadata, attempt: LoginAttempt, code: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": _secret(attempt, "verifier"),
        }
        headers, more = self._credentials(metadata)
        answer = await self._http.post(metadata.token_endpoint, {**form, **more}, headers)
        if answer.status != 200:
            raise self._exchange_refused(answer.document.get("error"))
        return answer.document

    def _credentials(self, metadata: ProviderMetadata) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and form fields by which this server is known there (RFC 6749, section 2.3.1)."""
        client_id, secret = self._registration.client_id, self._registration.client_secret
        if secret is None:
            return {}, {"client_id": client_id}
        chosen = {"basic": BASIC, "post": POST}.get(self._registration.client_auth, metadata.token_endpoint_auth)
        if chosen == POST:
            return {}, {"client_id": client_id, "client_secret": secret}
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}, {}

    def _exchange_refused(self, error: object) -> Exception:
        if error in _OUR_FAULT:
            _LOG.error("identity provider %s does not accept our client id and secret", self.name)
            return IdentityProviderUnavailable(hint="The operator of this server should look at its log.")
        return self._refused(f"the provider did not take the code: {_quoted(error)}")

    def _expected(self, attempt: LoginAttempt | None = None) -> Expected:
        return Expected(
            issuer=self._registration.issuer,
            client_id=self._registration.client_id,
            nonce=_secret(attempt, "nonce") if attempt else "",
            now=self._clock.now(),
            audiences=frozenset(self._registration.audiences),
            max_age=self._registration.max_age,
        )

    async def _verify(self, token: object, verified: _Verified, expected: Expected) -> Mapping[str, Any]:
        if not isinstance(token, str):
            raise self._refused("there is no id token")
        keys = await self._keys.get()
        try:
            return verified(token, keys, expected)
        except KeyUnknown:
            newer = await self._keys.renewed()
        except Exception as error:  # noqa: BLE001 - whatever a text does to a parser, it is not an id token
            raise self._refused(_reason(error)) from None
        try:
            return verified(token, newer, expected)
        except Exception as error:  # noqa: BLE001 - as above
            raise self._refused(_reason(error)) from None

    async def _with_name(
        self, metadata: ProviderMetadata, tokens: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The claims in which a name is looked for: many providers tell it at the userinfo endpoint only."""
        return claims if display_name(claims) else await self._userinfo(metadata, tokens, claims) or claims

    async def _userinfo(
        self, metadata: ProviderMetadata, tokens: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What the userinfo endpoint says of the same person; nothing where there is none, or it does not answer."""
        access_token = tokens.get("access_token")
        if metadata.userinfo_endpoint is None or not isinstance(access_token, str):
            return {}
        try:
            headers = {"authorization": f"Bearer {access_token}"}
            userinfo = await self._http.get(metadata.userinfo_endpoint, headers)
        except IdentityProviderUnavailable:
            return {}  # what it says is good to have; who it is we know already
        if userinfo.get("sub") != claims["sub"]:
            raise self._refused("the userinfo is another person's")
        return userinfo

    def _identity(
        self, claims: Mapping[str, Any], named: Mapping[str, Any], vouched: Mapping[str, Any] | None = None
    ) -> Identity:
        sub, session = claims["sub"], claims.get("sid")
        if not isinstance(session, str) or len(session) > LONGEST_SUB:
            session = ""
        try:
            return Identity(
                issuer=self._registration.issuer,
                sub=sub,
                display_name=display_name(named) or sub,
                session=session,
                **(vouched or {}),
            )
        except ValueError as error:
            raise self._refused(str(error)) from None

    async def _fetch_metadata(self) -> ProviderMetadata:
        issuer = self._registration.issuer
        document = await self._http.get(discovery_url(issuer))
        try:
            return ProviderMetadata.parse(document, issuer=issuer)
        except MetadataWrong as error:
            _LOG.error("what identity provider %s says about itself cannot be used: %s", self.name, error)
            raise IdentityProviderUnavailable from None

    async def _fetch_keys(self) -> KeySet:
        metadata = await self._metadata.get()
        try:
            return KeySet.parse(await self._http.get(metadata.jwks_uri))
        except ValueError:
            _LOG.error("the key set of identity provider %s cannot be read", self.name)
            raise IdentityProviderUnavailable from None

    def _refused(self, why: str) -> LoginNotVerified:
        _LOG.warning("login by identity provider %s refused: %s", self.name, why)
        return LoginNotVerified()


def _vouched(documents: Sequence[Mapping[str, Any]], claims: frozenset[str]) -> Mapping[str, Any]:
    """The verified e-mail address and the groups in the first document that has them.

    An address and the word that it is verified are from the same document, or one could lend it to another.
    """
    verified = (each.get("email") for each in documents if each.get("email_verified") in _VERIFIED)
    groups = {claim: next((each[claim] for each in documents if claim in each), None) for claim in claims}
    return {
        "verified_email": next((each for each in verified if is_email(each)), ""),
        "groups": {claim: _texts(named) for claim, named in groups.items()},
    }


def _texts(named: object) -> frozenset[str]:
    listed = named if isinstance(named, list) else [named]
    return frozenset(each for each in listed if isinstance(each, str))


def _with_query(endpoint: str, query: str) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"


def _secret(attempt: LoginAttempt, purpose: str) -> str:
    """43 characters that only this server and this browser's attempt know; PKCE's least length (RFC 7636 §4.1)."""
    return _text(hmac.digest(attempt.seed, purpose.encode(), "sha256"))


def _challenge(verifier: str) -> str:
    return _text(sha256(verifier.encode()).digest())


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) and str(error).startswith("not acceptable") else "unreadable"


def _quoted(error: object) -> str:
    """An error code as the log may hold it."""
    text = error if isinstance(error, str) else ""
    return text if text.isascii() and text.replace("_", "").isalnum() and len(text) < 64 else "an unknown error"
