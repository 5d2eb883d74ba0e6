"""Who a visitor's request is from."""

from attrs import evolve, frozen
from starlette.requests import Request

from orcheo_adapters.http.cookies import Cookies
from orcheo_adapters.http.requests import address_of, bearer
from orcheo_adapters.http.scope import HEADERS, WORKFLOW
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import GrantInvalid, PublishTokenInvalid
from orcheo_core.services.shared.limiting import Limiting
from orcheo_core.services.visitors.admitting import Admitting, Program, Visit


@frozen
class Visits:
    """Admits by the credential that a request carries; invalid ones are counted by client address."""

    _admitting: Admitting
    _limiting: Limiting
    _cookies: Cookies

    async def of(self, request: Request) -> Visit:
        """The visit that the chat grant or publish token stands for; see :class:`Admitting` for refusals."""
        credential = bearer(request)
        if credential is None:
            raise GrantInvalid("This needs a chat grant or a publish token.", hint=GrantInvalid.either_hint)
        address = address_of(request)
        if credential.startswith(PUBLISH_TOKEN_PREFIX):
            login = self._cookies.login(request) if b"cookie" in request.scope[HEADERS] else None
            checked = self._admitting.visit_by_publish_token(credential, login, address=address)
        else:
            checked = self._admitting.visit_by_grant(credential, address=address)
        visit = await self._limiting.authenticate(checked, address=address)
        request.scope[WORKFLOW] = visit.workflow.id
        return visit

    def named(self, visit: Visit, request: Request) -> Visit:
        """The visit with the name of its visitor, where they are signed in with this browser."""
        if b"cookie" not in request.scope[HEADERS] or not visit.subject.is_logged_in:
            return visit
        login = self._cookies.login(request)
        if login is None or Subject.logged_in(login.identity.issuer, login.identity.sub) != visit.subject:
            return visit
        return evolve(visit, display_name=login.identity.display_name)

    async def reading(self, request: Request) -> Visit:
        """The same for a request that only reads, which is counted by its subject and its address."""
        visit = await self.of(request)
        await self._limiting.read(visit.subject, address=visit.address)
        return visit

    async def program(self, request: Request) -> Program:
        """The app whose publish token this is; a login cookie beside it says nothing here."""
        credential = bearer(request)
        if credential is None:
            raise PublishTokenInvalid(
                "This needs a publish token.",
                hint="Give it to the client as its API key: `Authorization: Bearer orc_pt_…`.",
            )
        checked = self._admitting.program(credential)
        program = await self._limiting.authenticate(checked, address=address_of(request))
        request.scope[WORKFLOW] = program.workflow.id
        return program
