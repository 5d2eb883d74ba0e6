"""The visitor's routes: what the page needs, chat sessions, and the ChatKit endpoint."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from orcheo_adapters.http.parts import HttpParts, parts_of
from orcheo_adapters.http.requests import address_of, authenticated, bearer, forbid_cross_site, json_object
from orcheo_adapters.http.sse import TurnStream
from orcheo_adapters.wire.chatkit_answers import encode_json, item_json, page_json, thread_json, thread_view_json
from orcheo_adapters.wire.chatkit_requests import (
    AddUserMessage,
    CancelTurn,
    ChatKitRequest,
    CreateThread,
    GetThread,
    ListItems,
    ListThreads,
    RetryAfterItem,
    UserMessageInput,
    decode_chatkit,
    page_query,
)
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import Turn
from orcheo_core.errors import FieldError, GrantInvalid, InvalidInput
from orcheo_core.services.admitting import ChatGrant, Visit
from orcheo_core.services.chatting import VisitorInput

_NO_STORE = {"cache-control": "no-store"}
_COOKIE_DAYS = 365
_KEY_LENGTH = 200


async def chat_info(request: Request) -> Response:
    """``GET /api/chat/{ref}``: what the page needs before anybody is admitted."""
    parts = parts_of(request)
    await parts.limiting.read_unknown(address=address_of(request))
    workflow = await parts.admitting.public_workflow(request.path_params["ref"])
    publication = workflow.require_publication()
    return _json(
        {
            "id": workflow.id,
            "name": workflow.name,
            "require_login": publication.require_login,
            "login_url": None,
            "look": {},
        }
    )


async def open_chat_session(request: Request) -> Response:
    """``POST /api/chat/{ref}/session``: a chat grant, by share link, by publish token, or for a grant still good."""
    forbid_cross_site(request)
    parts, ref = parts_of(request), request.path_params["ref"]
    document = await json_object(request)
    credential = bearer(request) or document.get("publish_token")
    if credential is not None and not isinstance(credential, str):
        raise InvalidInput(FieldError("publish_token", "must be a string"))
    if credential is not None and not credential.startswith(PUBLISH_TOKEN_PREFIX):
        return await _renew(request, parts, ref, credential)
    await parts.limiting.open_chat_session(address=address_of(request))
    if credential is None:
        return await _open_by_link(request, parts, ref)
    grant = await authenticated(request, lambda: parts.admitting.by_publish_token(ref, credential))
    return _grant_answer(grant)


async def chatkit(request: Request) -> ASGIApp:
    """``POST /api/chatkit``: the ChatKit protocol, under a chat grant or a publish token."""
    visit = await _visit(request)
    asked = decode_chatkit(await request.body())
    chatting = parts_of(request).chatting
    turn = await _begin_turn(request, visit, asked)
    if turn is not None:
        return _stream(request, turn)
    await parts_of(request).limiting.read(visit.subject)
    match asked.params:
        case GetThread(thread_id=thread_id):
            return _json(thread_view_json(await chatting.read_thread(visit, thread_id)))
        case ListThreads():
            return _json(page_json(await chatting.threads(visit, page_query(asked.params)), thread_json))
        case ListItems(thread_id=thread_id):
            return _json(page_json(await chatting.items(visit, thread_id, page_query(asked.params)), item_json))
        case CancelTurn(thread_id=thread_id):
            await chatting.cancel(visit, thread_id)
    return _json({})


async def follow_thread(request: Request) -> ASGIApp:
    """``GET /api/chatkit/threads/{thread_id}/events?after=N``: the running turn again, from event N on."""
    parts = parts_of(request)
    visit = await _visit(request)
    await parts.limiting.read(visit.subject)
    after = _after(request)
    turn_id = await parts.chatting.followable_turn(visit, request.path_params["thread_id"])
    if turn_id is None:
        return Response(status_code=204, headers=_NO_STORE)
    return TurnStream(parts.relay.follow(turn_id, after=after), numbered=True, on_gone=None)


async def _begin_turn(request: Request, visit: Visit, asked: ChatKitRequest) -> Turn | None:
    chatting = parts_of(request).chatting
    match asked.params:
        case CreateThread(input=wanted):
            said = _said(request, asked, wanted)
            await _count_turn(request, visit)
            return await chatting.create_thread(visit, said)
        case AddUserMessage(thread_id=thread_id, input=wanted):
            said = _said(request, asked, wanted)
            await _count_turn(request, visit)
            return await chatting.add_user_item(visit, thread_id, said)
        case RetryAfterItem(thread_id=thread_id, item_id=item_id):
            key = _idempotency_key(request, asked)
            await _count_turn(request, visit)
            return await chatting.retry(visit, thread_id, item_id, idempotency_key=key)
    return None


async def _count_turn(request: Request, visit: Visit) -> None:
    await parts_of(request).limiting.begin_turn(visit, address=address_of(request))


def _stream(request: Request, turn: Turn) -> TurnStream:
    """The turn's events; a client that cannot resume stops its turn by going away."""
    parts = parts_of(request)
    resumable = request.headers.get("orcheo-resume") == "1"
    stop = None if resumable else lambda: parts.live_turns.stop_turn(turn.id)
    return TurnStream(parts.relay.follow(turn.id), numbered=resumable, on_gone=stop)


def _said(request: Request, asked: ChatKitRequest, wanted: UserMessageInput) -> VisitorInput:
    _refuse_unsupported(wanted)
    return VisitorInput(
        content=tuple(wanted.content),
        quoted_text=wanted.quoted_text,
        inference_options=wanted.options,
        idempotency_key=_idempotency_key(request, asked),
    )


def _refuse_unsupported(wanted: UserMessageInput) -> None:
    if wanted.attachments:
        raise InvalidInput(FieldError("params.input.attachments", "this server does not take attachments yet"))
    if not any(part.text.strip() for part in wanted.content):
        raise InvalidInput(FieldError("params.input.content", "must hold some text"))


def _idempotency_key(request: Request, asked: ChatKitRequest) -> str | None:
    key = request.headers.get("idempotency-key") or asked.client_id
    if key is not None and len(key) > _KEY_LENGTH:
        raise InvalidInput(FieldError("Idempotency-Key", f"must be at most {_KEY_LENGTH} characters"))
    return key


def _after(request: Request) -> int:
    text = request.query_params.get("after") or request.headers.get("last-event-id") or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidInput(FieldError("after", "must be the number of an event"))
    return int(text)


async def _visit(request: Request) -> Visit:
    credential = bearer(request)
    if credential is None:
        raise GrantInvalid("This needs a chat grant or a publish token.")
    admitting = parts_of(request).admitting
    if credential.startswith(PUBLISH_TOKEN_PREFIX):
        return await authenticated(request, lambda: admitting.visit_by_publish_token(credential))
    return await authenticated(request, lambda: admitting.visit_by_grant(credential))


async def _renew(request: Request, parts: HttpParts, ref: str, credential: str) -> Response:
    grant = await authenticated(request, lambda: parts.admitting.renew(ref, credential))
    await parts.limiting.read(grant.claims.subject)
    return _grant_answer(grant)


async def _open_by_link(request: Request, parts: HttpParts, ref: str) -> Response:
    known = parts.visitor_cookies.read(request.cookies.get(_cookie_name(parts), ""))
    visitor_id = known or parts.identifiers.new(IdKind.VISITOR)
    response = _grant_answer(await parts.admitting.by_link(ref, Subject.anonymous(visitor_id)))
    response.set_cookie(
        _cookie_name(parts),
        parts.visitor_cookies.issue(visitor_id),
        max_age=_COOKIE_DAYS * 24 * 3600,
        path="/",
        secure=parts.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    return response


def _cookie_name(parts: HttpParts) -> str:
    return "__Host-orcheo_visitor" if parts.secure_cookies else "orcheo_visitor"


def _grant_answer(grant: ChatGrant) -> Response:
    claims = grant.claims
    return _json(
        {
            "client_secret": grant.text,
            "expires_in": int((claims.expires_at - claims.issued_at).total_seconds()),
            "expires_at": claims.expires_at.isoformat(),
        }
    )


def _json(document: dict[str, object]) -> Response:
    return Response(encode_json(document), headers=_NO_STORE, media_type="application/json")
