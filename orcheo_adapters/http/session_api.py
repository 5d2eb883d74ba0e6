"""OpenAI's session API, for apps that open chat sessions on their own server with a publish token."""

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from orcheo_adapters.http.answers import NO_STORE, json_answer
from orcheo_adapters.http.requests import address_of, json_object
from orcheo_adapters.http.visits import Visits
from orcheo_adapters.wire import session_api as wire
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.chatkit_items import AttachmentLinks, Json
from orcheo_core.domain.budget import Holders
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.services.shared.holding import Holding
from orcheo_core.services.shared.limiting import Limiting
from orcheo_core.services.visitors.admitting import Program
from orcheo_core.services.visitors.apps import Apps


@frozen(kw_only=True)
class SessionApi:
    """Answers apps that open chat sessions for their users."""

    apps: Apps
    limiting: Limiting
    holding: Holding
    visits: Visits
    links: AttachmentLinks

    async def open_session(self, request: Request) -> Response:
        """``POST /v1/chatkit/sessions``: a chat session, whose chat grant is the client secret."""
        program = await self.visits.program(request)
        await self.limiting.open_chat_session_of_app(_subject(program))
        ref, app_user, rules = wire.decode_session(await json_object(request))
        grant = await self.apps.open(program, ref, app_user, rules)
        return _json(wire.session_json(grant.chat_session, grant.claims.issued_at, grant.text))

    async def cancel_session(self, request: Request) -> Response:
        """``POST /v1/chatkit/sessions/{session_id}/cancel``: it ends at once, with what runs under it."""
        program = await self._reader(request)
        cancelled = await self.apps.cancel(program, request.path_params["session_id"])
        return _json(wire.session_json(cancelled, cancelled.expires_at))

    async def list_threads(self, request: Request) -> ASGIApp:
        """``GET /v1/chatkit/threads``: of all users of the app, or of one ``user``."""
        program = await self._reader(request)
        span = wire.decode_span(dict(request.query_params), "user")
        page = await self.apps.threads(program, span, request.query_params.get("user"))
        return self._page(request, program, wire.page_json(page, lambda thread: _thread(program, thread)))

    async def show_thread(self, request: Request) -> Response:
        """``GET /v1/chatkit/threads/{thread_id}``."""
        program = await self._reader(request)
        return _json(_thread(program, await self.apps.thread(program, request.path_params["thread_id"])))

    async def list_items(self, request: Request) -> ASGIApp:
        """``GET /v1/chatkit/threads/{thread_id}/items``."""
        program = await self._reader(request)
        span = wire.decode_span(dict(request.query_params))
        page = await self.apps.items(program, request.path_params["thread_id"], span)
        return self._page(request, program, wire.page_json(page, lambda item: wire.item_json(item, self.links)))

    async def delete_thread(self, request: Request) -> Response:
        """``DELETE /v1/chatkit/threads/{thread_id}``."""
        program = await self._reader(request)
        thread_id = request.path_params["thread_id"]
        await self.apps.delete(program, thread_id)
        return _json(wire.deleted_json(thread_id))

    async def _reader(self, request: Request) -> Program:
        program = await self.visits.program(request)
        await self.limiting.read(_subject(program), address=address_of(request))
        return program

    def _page(self, request: Request, program: Program, document: Json) -> ASGIApp:
        holders = Holders.of(_subject(program), address_of(request), program.workflow.id)
        return json_answer(document, holding=self.holding, holders=holders)


def _subject(program: Program) -> Subject:
    return Subject.program(program.token.holder_id)


def _thread(program: Program, thread: Thread) -> Json:
    return wire.thread_json(thread, program.token.holder_id)


def _json(document: Json) -> Response:
    return Response(encode_json(document), headers=NO_STORE, media_type="application/json")
