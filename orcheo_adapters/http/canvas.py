"""Canvas for the browser: signing in with a ticket, the owner's sessions, signing out."""

from typing import Any

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.answers import NO_STORE
from orcheo_adapters.http.callers import Callers
from orcheo_adapters.http.cookies import Cookies
from orcheo_adapters.http.requests import address_of, json_object
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.errors import FieldError, ForbiddenError, InvalidInput, OrcheoError
from orcheo_core.services.owners.sessions import OwnerSessions, SignedIn
from orcheo_core.services.shared.limiting import Limiting


class CanvasNeedsTls(ForbiddenError):
    """An owner session travels in a cookie, which anyone on the way could read where there is no TLS."""

    code = "canvas_needs_tls"
    summary = "Owners cannot sign in to Canvas here, as the address of this server has no TLS."
    hint = (
        "Operators: put a reverse proxy with TLS in front of the server, and set ORCHEO_PUBLIC_URL to its https:// "
        "address (docs/how-to/run-behind-a-reverse-proxy.md). On the server's own machine http:// is fine."
    )


@frozen(kw_only=True)
class CanvasSessions:
    """Answers what the page asks of who is signed in."""

    callers: Callers
    sessions: OwnerSessions
    limiting: Limiting
    cookies: Cookies
    is_secure: bool
    """Whether browsers reach the server over TLS, or on its own machine alone."""

    async def show(self, request: Request) -> Response:
        """``GET /api/canvas/session``: who is signed in, with which scopes, until when."""
        return _json(_session_json(await self.callers.signed_in(request)))

    async def open(self, request: Request) -> Response:
        """``POST /api/canvas/session``: the owner session of a ticket; one that this browser had before ends."""
        self.callers.require_own_page(request)
        if not self.is_secure:
            raise CanvasNeedsTls
        address = address_of(request)
        await self.limiting.log_in(address=address)
        ticket = (await json_object(request)).get("ticket")
        if not isinstance(ticket, str):
            raise InvalidInput(FieldError("ticket", "must be the ticket of a one-time address"))
        user_agent = request.headers.get("user-agent", "")
        opening = self.sessions.open(ticket, address=address, user_agent=user_agent)
        opened = await self.limiting.authenticate(opening, address=address)
        await self._end_former(request)
        response = _json(_session_json(opened.signed_in))
        self.cookies.set_owner_session(response, opened.secret)
        return response

    async def _end_former(self, request: Request) -> None:
        try:
            former = await self.callers.signed_in(request)
        except OrcheoError:
            return
        await self.sessions.end(former.caller, former.session.id)

    async def end(self, request: Request) -> Response:
        """``DELETE /api/canvas/session``: signs out."""
        signed_in = await self.callers.signed_in(request)
        await self.sessions.end(signed_in.caller, signed_in.session.id)
        response = Response(status_code=204, headers=NO_STORE)
        self.cookies.drop_owner_session(response)
        return response

    async def list(self, request: Request) -> Response:
        """``GET /api/canvas/sessions``: the owner's sessions in all browsers, newest first."""
        signed_in = await self.callers.signed_in(request)
        found = await self.sessions.of(signed_in.caller.actor)
        return _json({"items": [_entry_json(each, signed_in.session) for each in found]})

    async def end_one(self, request: Request) -> Response:
        """``DELETE /api/canvas/sessions/{id}``: ends one of the owner's sessions, in whatever browser it is."""
        signed_in = await self.callers.signed_in(request)
        await self.sessions.end(signed_in.caller, request.path_params["id"])
        response = Response(status_code=204, headers=NO_STORE)
        if request.path_params["id"] == signed_in.session.id:
            self.cookies.drop_owner_session(response)
        return response


def _session_json(signed_in: SignedIn) -> dict[str, Any]:
    session, caller = signed_in.session, signed_in.caller
    return {
        "owner": caller.actor.name,
        "scopes": sorted(caller.scopes),
        "expires_at": session.expires_at.isoformat(),
        "idle_ends_at": session.idle_ends_at.isoformat(),
        "csrf": None,
        "providers": [],
    }


def _entry_json(session: OwnerSession, current: OwnerSession) -> dict[str, Any]:
    opened_at, seen_at = session.opened_at, session.seen_at
    return {
        "id": session.id,
        "current": session.id == current.id,
        "created_at": opened_at and opened_at.isoformat(),
        "last_used_at": seen_at and seen_at.isoformat(),
        "address": session.address,
        "user_agent": session.user_agent,
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(encode_json(document), headers=NO_STORE, media_type="application/json")
