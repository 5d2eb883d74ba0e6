"""Who an owner's request is from: the holder of a service token, or an owner in the browser."""

from attrs import frozen
from starlette.requests import Request

from orcheo_adapters.http.cookies import Cookies
from orcheo_adapters.http.cross_site import AllowedOrigins
from orcheo_adapters.http.problems import CrossSiteRequest
from orcheo_adapters.http.requests import address_of, bearer, header_of
from orcheo_core.domain.actor import Caller, Channel
from orcheo_core.errors import OwnerSessionMissing, ServiceTokenInvalid
from orcheo_core.services.owners.sessions import OwnerSessions, SignedIn
from orcheo_core.services.owners.tokens import OwnerAccess
from orcheo_core.services.shared.limiting import Limiting

_BY_HEADER = (
    "Send a service token of this server in the header `Authorization: Bearer orc_st_…`; "
    "`orcheo token create` makes one."
)


@frozen(kw_only=True)
class Callers:
    """Finds out who asks by the credential that a request carries; invalid ones are counted by client address."""

    access: OwnerAccess
    sessions: OwnerSessions
    limiting: Limiting
    cookies: Cookies
    own: AllowedOrigins
    """The pages of this very server: no other site may use an owner session, whatever else the operator allows it."""

    async def by_token(self, request: Request, *, hint: str = _BY_HEADER) -> Caller:
        """The owner whose service token this request carries; :class:`ServiceTokenInvalid` without one.

        ``hint`` is for clients that write the header themselves; our own programs take the service token from their
        settings, and read where it is looked for.
        """
        named = request.headers.get("orcheo-channel", "")
        channel = Channel(named) if named in {Channel.CLI, Channel.MCP} else Channel.HTTP
        try:
            return await self._holder(request, channel)
        except ServiceTokenInvalid as error:
            if channel is Channel.HTTP:
                raise ServiceTokenInvalid(error.detail, hint=hint) from None
            raise

    async def by_any(self, request: Request) -> Caller:
        """The same, or the owner who is signed in to Canvas in this browser.

        A request that names a credential in its header is judged by that alone, and its cookie says nothing.
        """
        if header_of(request, b"authorization") is not None:
            return await self.by_token(request)
        if self.cookies.owner_session(request) is None and header_of(request, b"sec-fetch-site") != "same-origin":
            return await self.by_token(request)
        return (await self.signed_in(request)).caller

    async def signed_in(self, request: Request) -> SignedIn:
        """The owner session of the browser's cookie.

        Raises :class:`OwnerSessionMissing`, :class:`OwnerSessionEnded`, and :class:`CrossSiteRequest` for what a page
        of another site sends, reading requests included.
        """
        self.require_own_page(request)
        secret = self.cookies.owner_session(request)
        if secret is None:
            raise OwnerSessionMissing
        return await self.limiting.authenticate(self.sessions.authenticate(secret), address=address_of(request))

    def require_own_page(self, request: Request) -> None:
        """Raise :class:`CrossSiteRequest` for what a browser sends from a page of another site."""
        if self.own.comes_from_elsewhere(request.headers):
            raise CrossSiteRequest("This request came from another site.", hint="Open Canvas at its own address.")

    async def _holder(self, request: Request, channel: Channel) -> Caller:
        credential = bearer(request)
        if credential is None:
            raise ServiceTokenInvalid
        check = self.access.authenticate(credential, channel)
        return await self.limiting.authenticate(check, address=address_of(request))
