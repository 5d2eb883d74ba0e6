"""Signing in and out: to an identity provider, back from it, and the trial form in place of one."""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import parse_qs, urlencode, urlsplit

from attrs import frozen
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from orcheo_adapters.auth.login_state import LoginState, LoginStates, check_return_path
from orcheo_adapters.http import login_pages
from orcheo_adapters.http.canvas import CanvasSessions
from orcheo_adapters.http.cookies import Cookies
from orcheo_adapters.http.negotiation import wants_page
from orcheo_adapters.http.page_words import words_of
from orcheo_adapters.http.pages import KEEPS_OPENER
from orcheo_adapters.http.problems import answer_to
from orcheo_adapters.http.requests import address_of, json_object
from orcheo_core.domain.login import Login
from orcheo_core.errors import FieldError, InvalidInput, LoginNotSetUp, LoginNotVerified, MalformedRequest, OrcheoError
from orcheo_core.services.owners.signing_in import OwnerLogins
from orcheo_core.services.shared.limiting import Limiting
from orcheo_core.services.visitors.signing_in import SigningIn

CANVAS = "/canvas"
_VISITOR, _OWNER = "visitor", "owner"
_NO_STORE = {"cache-control": "no-store"}
_Handler = Callable[["SignInPages", Request], Awaitable[Response]]
_FORM_LIMIT, _MOST_FIELDS = 16 * 1024, 20
"""A logout token has a kilobyte or two; what stands behind the limit is not read."""


def _for_people(handler: _Handler) -> _Handler:
    """Where a browser shows the answer, an error is a page in their language."""

    @wraps(handler)
    async def answer(pages: "SignInPages", request: Request) -> Response:
        again = pages.again(request)
        try:
            response = await handler(pages, request)
        except OrcheoError as error:
            if not wants_page(request.headers.get("accept", "")):
                raise
            more = login_pages.way_back(words_of(request), again)
            response = answer_to(request, error, title="signInFailedTitle", more=more)
        if again is not None and again.startswith("/embed/"):
            response.headers.update(KEEPS_OPENER)
        return response

    return answer


@frozen(kw_only=True)
class SignInPages:
    """Answers the browsers of visitors who sign in or out."""

    signing_in: SigningIn
    limiting: Limiting
    states: LoginStates
    cookies: Cookies
    owner_logins: OwnerLogins
    canvas: CanvasSessions
    dev_login: bool
    """Whether the trial sign-in is on."""

    @_for_people
    async def begin(self, request: Request) -> Response:
        """``GET /auth/login?to=…&provider=…``: off to the identity provider; asks for one when there are several.

        With ``purpose=owner`` an owner signs in to Canvas, at a provider that a rule of the operator's names.
        """
        await self.limiting.log_in(address=address_of(request))
        purpose = request.query_params.get("purpose", _VISITOR)
        if purpose == _OWNER:
            return await self._begin_as_owner(request)
        if purpose != _VISITOR:
            raise InvalidInput(FieldError("purpose", f"must be {_VISITOR} or {_OWNER}"))
        return_path = _return_path(request)
        providers = self.signing_in.providers
        if not providers:
            raise LoginNotSetUp
        name = request.query_params.get("provider")
        if name is None and len(providers) > 1:
            titles = [(each.name, each.title) for each in providers]
            return login_pages.choice(words_of(request), titles, return_path)
        return await self._send_off(request, providers[0].name if name is None else name, return_path)

    async def _begin_as_owner(self, request: Request) -> Response:
        return_path = _return_path(request) or CANVAS
        if return_path != CANVAS and not return_path.startswith(f"{CANVAS}/"):
            raise InvalidInput(FieldError("to", f"must be a path of Canvas, such as {CANVAS}"))
        names = [each.name for each in self.owner_logins.providers]
        name = request.query_params.get("provider", names[0] if len(names) == 1 else "")
        browser = self.states.browser(self.cookies.login_browser(request))
        attempt = self.states.begin(provider=name, return_path=return_path, browser=browser, is_owners=True)
        response = RedirectResponse(await self.owner_logins.begin(name, attempt), 303, _NO_STORE)
        self.cookies.set_login_browser(response, browser)
        return response

    async def _send_off(self, request: Request, provider: str, return_path: str) -> Response:
        browser = self.states.browser(self.cookies.login_browser(request))
        self.signing_in.provider(provider)
        attempt = self.states.begin(provider=provider, return_path=return_path, browser=browser)
        response = RedirectResponse(await self.signing_in.begin(provider, attempt), 303, _NO_STORE)
        self.cookies.set_login_browser(response, browser)
        return response

    @_for_people
    async def finish(self, request: Request) -> Response:
        """``GET /auth/callback``: back from the identity provider, with its answer in the query."""
        await self.limiting.log_in(address=address_of(request))
        answer = _answer(request)
        browser = self.cookies.login_browser(request)
        state = await self.states.finish(answer.pop("state", ""), browser=browser)
        if state.is_owners:
            return await self._finish_as_owner(request, state, answer)
        login = await self.signing_in.finish(state.provider, state.attempt, answer)
        response = _way_back(request, state, login.identity.display_name)
        former = self.cookies.login(request)
        if former is not None:
            await self.cookies.logins.end(former)
        self.cookies.set_login(response, login)
        return response

    async def _finish_as_owner(self, request: Request, state: LoginState, answer: dict[str, str]) -> Response:
        """An owner session and no login: the cookie of a visitor's login in this browser stays as it is."""
        opened = await self.owner_logins.finish(
            state.provider,
            state.attempt,
            answer,
            address=address_of(request),
            user_agent=request.headers.get("user-agent", ""),
        )
        return await self.canvas.hold(opened, request, RedirectResponse(state.return_path, 303, _NO_STORE))

    async def end(self, request: Request) -> Response:
        """``POST /auth/logout``: the login in this browser is over, here and in every other request under way."""
        login = self._login_to_end(request, await json_object(request))
        provider = None
        if login is not None:
            await self.cookies.logins.end(login)
            provider = await self.signing_in.end(login)
        response = _signed_out(provider.name) if provider else Response(status_code=204, headers=_NO_STORE)
        self.cookies.drop_login(response)
        return response

    def _login_to_end(self, request: Request, document: dict[str, object]) -> Login | None:
        """That of the cookie, or in the frame of a bubble the one that its login pass stands for."""
        login_pass, workflow_id = (_text_in(document, name) for name in ("login_pass", "workflow_id"))
        if login_pass is None and workflow_id is None:
            return self.cookies.login(request)
        if login_pass is None or workflow_id is None:
            missing = "login_pass" if login_pass is None else "workflow_id"
            raise InvalidInput(FieldError(missing, "is missing: a login pass is for one workflow"))
        return self.cookies.logins.read_pass(login_pass, workflow_id)

    @_for_people
    async def signed_out(self, request: Request) -> Response:
        """``GET /auth/signed-out?provider=…&to=…``: offers to end the login at the identity provider as well.

        Opened by hand in a browser that is signed in, it says that.
        """
        await self.limiting.log_in(address=address_of(request))  # it asks the provider where its logins end
        provider = self.signing_in.provider(request.query_params.get("provider", ""))
        return_path = _return_path(request) or None
        if login := self.cookies.login(request):
            return login_pages.signed_in(words_of(request), login.identity.display_name, return_path)
        where = urlsplit(provider.issuer).hostname or provider.title
        end_url = await provider.end_url()
        return login_pages.signed_out(words_of(request), where, end_url, return_path)

    async def end_by_provider(self, request: Request) -> Response:
        """``POST /auth/backchannel-logout/{provider}``: an identity provider says that it has ended logins.

        The protocol asks for the status 400 where the token proves nothing.
        """
        await self.limiting.log_in(address=address_of(request))
        [notice] = (await _form(request)).get("logout_token", [""])[:1]
        try:
            ended = await self.signing_in.ended(request.path_params["provider"], notice)
        except LoginNotVerified:
            message = "The logout token could not be verified; the server's log says why."
            raise MalformedRequest(message) from None
        await self.cookies.logins.end_all(ended)
        await self.owner_logins.ended(ended)
        return Response(status_code=200, headers=_NO_STORE)

    @_for_people
    async def trial_form(self, request: Request) -> Response:
        """``GET /auth/trial?state=…``: asks for a name; without ``--dev-login`` there is no such form."""
        state = request.query_params.get("state", "")
        if not self.dev_login:
            raise LoginNotSetUp
        self.states.peek(state, browser=self.cookies.login_browser(request))
        return login_pages.trial(words_of(request), state)

    def again(self, request: Request) -> str | None:
        """Where to go back to and try again: what the request or its state says, if that can be believed."""
        state = request.query_params.get("state", "")
        try:
            return (self.states.way_back(state) if state else _return_path(request)) or None
        except OrcheoError:
            return None


def _text_in(document: dict[str, object], name: str) -> str | None:
    text = document.get(name)
    if not isinstance(text, str | None):
        raise InvalidInput(FieldError(name, "must be a string"))
    return text


def _way_back(request: Request, state: LoginState, display_name: str) -> Response:
    if state.return_path:
        return RedirectResponse(state.return_path, 303, _NO_STORE)
    return login_pages.signed_in(words_of(request), display_name)


def _signed_out(provider: str) -> Response:
    return JSONResponse({"next_url": f"/auth/signed-out?{urlencode({'provider': provider})}"}, headers=_NO_STORE)


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of a small form; a large one would keep its parser busy."""
    body = await request.body()
    try:
        return parse_qs(body[:_FORM_LIMIT].decode("ascii", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise MalformedRequest(f"The form has more than {_MOST_FIELDS} fields.") from None


def _return_path(request: Request) -> str:
    path = request.query_params.get("to", "")
    return check_return_path(path) if path else ""


def _answer(request: Request) -> dict[str, str]:
    """The parameters of the query, none of them twice (RFC 6749, section 3.1)."""
    pairs = request.query_params.multi_items()
    answer = dict(pairs)
    if len(answer) != len(pairs):
        raise InvalidInput(FieldError("query", "must name each parameter once"))
    return answer
