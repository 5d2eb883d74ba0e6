"""Signing in and out: to an identity provider, back from it, and the trial form in place of one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from orcheo_adapters.auth.login_state import LoginState, check_return_path
from orcheo_adapters.http import login_pages
from orcheo_adapters.http.cookies import Cookie, cookie_of, drop_cookie, login_of, set_cookie, set_login_cookie
from orcheo_adapters.http.negotiation import wants_page
from orcheo_adapters.http.parts import parts_of
from orcheo_adapters.http.problems import answer_to
from orcheo_adapters.http.requests import address_of, forbid_cross_site, json_object
from orcheo_core.errors import FieldError, InvalidInput, LoginNotSetUp, LoginNotVerified, MalformedRequest, OrcheoError

Handler = Callable[[Request], Awaitable[Response]]
_NO_STORE = {"cache-control": "no-store"}
_BROWSER_LIFETIME = timedelta(hours=1)
"""Longer than an attempt, so that a visitor who returns too late gets the right error."""


def _for_people(handler: Handler) -> Handler:
    """Where a browser shows the answer, an error is a page with the same words as the problem."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except OrcheoError as error:
            if not wants_page(request.headers.get("accept", "")):
                raise
            title, more = "You could not be signed in", login_pages.way_back(_again(request))
            return answer_to(request, error, title=title, more=more)

    return answer


@_for_people
async def begin(request: Request) -> Response:
    """``GET /auth/login?to=…&provider=…``: off to the identity provider; asks for one when there are several."""
    await parts_of(request).core.limiting.log_in(address=address_of(request))
    return_path = _return_path(request)
    providers = parts_of(request).core.signing_in.providers
    if not providers:
        raise LoginNotSetUp
    name = request.query_params.get("provider")
    if name is None and len(providers) > 1:
        return login_pages.choice([(each.name, each.title) for each in providers], return_path)
    return await _send_off(request, providers[0].name if name is None else name, return_path)


async def _send_off(request: Request, provider: str, return_path: str) -> Response:
    parts = parts_of(request)
    browser = parts.login_states.browser(cookie_of(request, Cookie.LOGIN_BROWSER))
    parts.core.signing_in.provider(provider)
    attempt = parts.login_states.begin(provider=provider, return_path=return_path, browser=browser)
    response = RedirectResponse(await parts.core.signing_in.begin(provider, attempt), 303, _NO_STORE)
    set_cookie(request, response, Cookie.LOGIN_BROWSER, browser, _BROWSER_LIFETIME)
    return response


@_for_people
async def finish(request: Request) -> Response:
    """``GET /auth/callback``: back from the identity provider, with its answer in the query."""
    parts = parts_of(request)
    await parts.core.limiting.log_in(address=address_of(request))
    answer = _answer(request)
    browser = cookie_of(request, Cookie.LOGIN_BROWSER)
    state = await parts.login_states.finish(answer.pop("state", ""), browser=browser)
    login = await parts.core.signing_in.finish(state.provider, state.attempt, answer)
    response = _way_back(state, login.identity.display_name)
    former = login_of(request)
    if former is not None:
        await parts.login_cookies.end(former)
    set_login_cookie(request, response, login)
    return response


def _way_back(state: LoginState, display_name: str) -> Response:
    if state.return_path:
        return RedirectResponse(state.return_path, 303, _NO_STORE)
    return login_pages.signed_in(display_name)


async def end(request: Request) -> Response:
    """``POST /auth/logout``: the login in this browser is over, here and in every other request under way."""
    forbid_cross_site(request)
    await json_object(request)
    parts, login = parts_of(request), login_of(request)
    provider = None
    if login is not None:
        await parts.login_cookies.end(login)
        provider = await parts.core.signing_in.end(login)
    response = _signed_out(provider.name) if provider else Response(status_code=204, headers=_NO_STORE)
    drop_cookie(request, response, Cookie.LOGIN)
    return response


def _signed_out(provider: str) -> Response:
    return JSONResponse({"next_url": f"/auth/signed-out?{urlencode({'provider': provider})}"}, headers=_NO_STORE)


@_for_people
async def signed_out(request: Request) -> Response:
    """``GET /auth/signed-out?provider=…&to=…``: offers to end the login at the identity provider as well."""
    provider = parts_of(request).core.signing_in.provider(request.query_params.get("provider", ""))
    where = urlsplit(provider.issuer).hostname or provider.title
    return login_pages.signed_out(where, await provider.end_url(), _return_path(request) or None)


async def end_by_provider(request: Request) -> Response:
    """``POST /auth/backchannel-logout/{provider}``: an identity provider has ended logins and says so to the server.

    The protocol asks for the status 400 where the token proves nothing.
    """
    parts = parts_of(request)
    await parts.core.limiting.log_in(address=address_of(request))
    form = parse_qs((await request.body()).decode("ascii", "replace"))
    [notice] = form.get("logout_token", [""])[:1]
    try:
        ended = await parts.core.signing_in.ended(request.path_params["provider"], notice)
    except LoginNotVerified:
        message = "The logout token could not be verified; the server's log says why."
        raise MalformedRequest(message) from None
    await parts.login_cookies.end_all(ended)
    return Response(status_code=200, headers=_NO_STORE)


@_for_people
async def trial_form(request: Request) -> Response:
    """``GET /auth/trial?state=…``: asks for a name; without ``--dev-login`` there is no such form."""
    parts, state = parts_of(request), request.query_params.get("state", "")
    if not parts.dev_login:
        raise LoginNotSetUp
    parts.login_states.peek(state, browser=cookie_of(request, Cookie.LOGIN_BROWSER))
    return login_pages.trial(state)


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


def _again(request: Request) -> str | None:
    """Where to go back to and try again: what the request or its state says, if that can be believed."""
    state = request.query_params.get("state", "")
    try:
        return (parts_of(request).login_states.way_back(state) if state else _return_path(request)) or None
    except OrcheoError:
        return None
