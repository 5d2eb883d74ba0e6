"""Canvas for the browser: signing in with a ticket, the owner's sessions, signing out; and what forms are made of."""

import asyncio
from collections.abc import Callable
from gzip import compress
from typing import Any
from urllib.parse import urlencode

from attrs import define, field, frozen
from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.answers import NO_STORE
from orcheo_adapters.http.callers import Callers
from orcheo_adapters.http.cookies import Cookies
from orcheo_adapters.http.negotiation import preferred_coding
from orcheo_adapters.http.requests import address_of, json_object
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.json_schema import request_schema
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.errors import (
    FieldError,
    ForbiddenError,
    InvalidInput,
    OrcheoError,
    OwnerSessionEnded,
    OwnerSessionMissing,
)
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import Effect, Operation
from orcheo_core.services.owners.sessions import Opened, OwnerSessions, SignedIn
from orcheo_core.services.owners.signing_in import OwnerLogins
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
    logins: OwnerLogins
    is_secure: bool
    """Whether browsers reach the server over TLS, or on its own machine alone."""
    telemetry: bool
    """Whether the page should report what happens in its bubble."""

    async def show(self, request: Request) -> Response:
        """``GET /api/canvas/session``: who is signed in, with which scopes, until when."""
        try:
            signed_in = await self.callers.signed_in(request)
        except (OwnerSessionMissing, OwnerSessionEnded) as error:
            error.providers = self._providers()
            raise
        return _json(self._session_json(signed_in))

    async def open(self, request: Request) -> Response:
        """``POST /api/canvas/session``: the owner session of a ticket; one that this browser had before ends."""
        self.callers.require_own_page(request)
        if not self.is_secure:
            raise CanvasNeedsTls
        address = address_of(request)
        ticket = (await json_object(request)).get("ticket")
        if not isinstance(ticket, str):
            raise InvalidInput(FieldError("ticket", "must be the ticket of a one-time address"))
        user_agent = request.headers.get("user-agent", "")
        opening = self.sessions.open(ticket, address=address, user_agent=user_agent)
        opened = await self.limiting.authenticate(opening, address=address)
        return await self.hold(opened, request, _json(self._session_json(opened.signed_in)))

    async def hold(self, opened: Opened, request: Request, response: Response) -> Response:
        """Let the browser hold a new owner session; one that it had before ends."""
        await self._end_former(request)
        self.cookies.set_owner_session(response, opened.secret)
        return response

    async def _end_former(self, request: Request) -> None:
        try:
            former = await self.sessions.authenticate(self.cookies.owner_session(request) or "")
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

    async def show_all(self, request: Request) -> Response:
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

    def _session_json(self, signed_in: SignedIn) -> dict[str, Any]:
        caller = signed_in.caller
        return {
            "owner": caller.actor.name,
            "scopes": sorted(caller.scopes),
            "expires_at": signed_in.expires_at.isoformat(),
            "idle_ends_at": signed_in.idle_ends_at.isoformat(),
            "features": self.sessions.features(caller.actor),
            "csrf": None,
            "telemetry": self.telemetry,
            "providers": self._providers(),
        }

    def _providers(self) -> list[dict[str, str]]:
        """Where owners can sign in besides by a one-time address."""
        return [
            {
                "id": each.name,
                "label": each.title,
                "login_url": f"/auth/login?{urlencode({'purpose': 'owner', 'provider': each.name})}",
            }
            for each in self.logins.providers
        ]


@define(eq=False, kw_only=True)
class CanvasCatalogue:
    """Answers what forms and confirmations are made of, which is put together with the first request for it."""

    callers: Callers
    runners: Callable[[], list[dict[str, Any]]]
    """Each kind of runner as JSON values; called in a thread, as it imports what the kinds need."""
    _bodies: dict[str, bytes] | None = field(default=None, init=False)

    async def answer(self, request: Request) -> Response:
        """``GET /api/canvas/catalogue``: the operations and the kinds of runner with their schemas and words."""
        await self.callers.signed_in(request)
        if self._bodies is None:
            self._bodies = await asyncio.to_thread(self._make)
        coding = preferred_coding(request.headers.get("accept-encoding", ""), ("gzip",)) or "identity"
        coded = {} if coding == "identity" else {"content-encoding": coding}
        headers = {**NO_STORE, "vary": "Accept-Encoding", **coded}
        return Response(self._bodies[coding], headers=headers, media_type="application/json")

    def _make(self) -> dict[str, bytes]:
        operations = [_operation_json(each) for each in CATALOGUE.values() if not each.for_people]
        body = encode_json({"operations": operations, "runners": self.runners()})
        return {"identity": body, "gzip": compress(body, mtime=0)}


def _operation_json(operation: Operation[Any, Any]) -> dict[str, Any]:
    return {
        "name": operation.name,
        "title": operation.title,
        "summary": operation.summary,
        "guide": operation.guide,
        "scope": operation.scope,
        "destructive": operation.effect is Effect.DESTRUCTIVE,
        "confirm": operation.confirmation,
        "secret": operation.secret,
        "schema": request_schema(operation.request, nulls=True),
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
