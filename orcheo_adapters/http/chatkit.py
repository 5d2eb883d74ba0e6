"""The ChatKit endpoint: each request type has one handler, which streams a turn or answers JSON."""

from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from orcheo_adapters.http.answers import NO_STORE, HeldAnswer, body_answer, held, json_answer
from orcheo_adapters.http.attachments import upload_descriptor
from orcheo_adapters.http.parts import HttpParts, parts_of
from orcheo_adapters.http.requests import body_of, header_of
from orcheo_adapters.http.sse import TurnStream
from orcheo_adapters.http.visits import visit_of
from orcheo_adapters.wire import chatkit_requests as wire
from orcheo_adapters.wire.chatkit_items import Json, present
from orcheo_core.domain.budget import STREAMS
from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.structured_input import InputStatus, QuestionAnswer
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.services.visitors.acting import ActionInput
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.chatting import VisitorInput

_KEY_LENGTH = 200


@define(kw_only=True)
class _Asked:
    """One request under way."""

    parts: HttpParts
    visit: Visit
    key: str | None
    """Its idempotency key."""


async def chatkit(request: Request) -> ASGIApp:
    """``POST /api/chatkit``: the ChatKit protocol, under a chat grant or a publish token."""
    visit = await visit_of(request)
    body = await body_of(request)
    decoded = wire.decode_chatkit(body)
    if decoded.workflow_ref not in {None, visit.workflow.id, visit.workflow.handle}:
        raise InvalidInput(FieldError("workflow_id", "must be the workflow that the credential was issued for"))
    asked = _Asked(parts=parts_of(request), visit=visit, key=_idempotency_key(request, decoded.client_id))
    begin = _STREAMING.get(type(decoded.params))
    core = asked.parts.core
    if begin is not None:
        hold = core.holding.hold(STREAMS, visit.holders)
        return await held(hold, _begin(request, asked, begin, decoded.params, len(body)))
    if type(decoded.params) in _RUNS_A_WORKFLOW:
        await core.limiting.begin_turn(visit, size=len(body))
    else:
        await core.limiting.read(visit.subject, address=visit.address)
    document = await _ANSWERING[type(decoded.params)](asked, decoded.params)
    return json_answer(document, holding=core.holding, holders=visit.holders)


async def follow_thread(request: Request) -> ASGIApp:
    """``GET /api/chatkit/threads/{thread_id}/events?after=N``: the running turn again, from event N on."""
    parts = parts_of(request)
    visit = await visit_of(request)
    await parts.core.limiting.read(visit.subject, address=visit.address)
    after = _after(request)
    live = await parts.core.own_threads.followable_turn(visit, request.path_params["thread_id"])
    if live is None:
        return Response(status_code=204, headers=NO_STORE)
    stream = TurnStream(live, heartbeats=parts.heartbeats, after=after, numbered=True, on_gone=None)
    return HeldAnswer(stream, parts.core.holding.hold(STREAMS, visit.holders))


_Begin = Callable[[_Asked, Any], Awaitable[Turn]]


async def _begin(request: Request, asked: _Asked, begin: _Begin, params: object, size: int) -> ASGIApp:
    """The events of a turn that begins now; a client that cannot resume stops its turn by going away.

    A request that is repeated after the events are gone (a restart, say) gets what came of the turn.
    """
    parts, visit = asked.parts, asked.visit
    await parts.core.limiting.begin_turn(visit, size=size)
    turn = await begin(asked, params)
    live = parts.core.live_turns.find(turn.id)
    if live is None:
        body = b"".join(map(parts.encoder.frame, await parts.core.own_threads.replay(visit, turn)))
        return body_answer(body, "text/event-stream", holding=parts.core.holding, holders=visit.holders)
    resumable = header_of(request, b"orcheo-resume") == "1"
    stop = None if resumable else lambda: live.stop(TurnStatus.CANCELLED)
    return TurnStream(live, heartbeats=parts.heartbeats, numbered=resumable, on_gone=stop)


def _idempotency_key(request: Request, client_id: str | None) -> str | None:
    key = header_of(request, b"idempotency-key") or client_id
    if key is not None and len(key) > _KEY_LENGTH:
        raise InvalidInput(FieldError("Idempotency-Key", f"must be at most {_KEY_LENGTH} characters"))
    return key


def _after(request: Request) -> int:
    text = request.query_params.get("after") or request.headers.get("last-event-id") or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidInput(FieldError("after", "must be the number of an event"))
    return int(text)


# --- requests that begin a turn ------------------------------------------------------------------------------------


async def _create_thread(asked: _Asked, params: wire.CreateThread) -> Turn:
    return await asked.parts.core.chatting.create_thread(asked.visit, _said(asked, params.input))


async def _add_user_message(asked: _Asked, params: wire.AddUserMessage) -> Turn:
    return await asked.parts.core.chatting.add_user_item(asked.visit, params.thread_id, _said(asked, params.input))


async def _retry(asked: _Asked, params: wire.RetryAfterItem) -> Turn:
    chatting = asked.parts.core.chatting
    return await chatting.retry(asked.visit, params.thread_id, params.item_id, idempotency_key=asked.key)


async def _add_tool_output(asked: _Asked, params: wire.AddToolOutput) -> Turn:
    chatting = asked.parts.core.chatting
    return await chatting.add_tool_output(asked.visit, params.thread_id, params.result, idempotency_key=asked.key)


async def _add_structured_input(asked: _Asked, params: wire.AddStructuredInput) -> Turn:
    given = params.input
    return await asked.parts.core.chatting.add_structured_input(
        asked.visit,
        params.thread_id,
        params.item_id,
        status=InputStatus(given.status),
        answers={key: QuestionAnswer(values=each.values, skipped=each.skipped) for key, each in given.answers.items()},
        idempotency_key=asked.key,
    )


async def _act(asked: _Asked, params: wire.CustomAction) -> Turn:
    chatting = asked.parts.core.chatting
    return await chatting.act(asked.visit, params.thread_id, _action(params), idempotency_key=asked.key)


def _action(params: wire.CustomAction) -> ActionInput:
    return ActionInput(type=params.action.type, payload=params.action.payload, item_id=params.item_id)


def _said(asked: _Asked, given: wire.UserMessageInput) -> VisitorInput:
    if not given.attachments and not any(part.text.strip() for part in given.content):
        raise InvalidInput(FieldError("params.input.content", "must hold some text"))
    return VisitorInput(
        content=tuple(given.content),
        attachment_ids=given.attachments,
        quoted_text=given.quoted_text,
        inference_options=given.options,
        idempotency_key=asked.key,
    )


# --- requests that are answered at once ----------------------------------------------------------------------------


async def _get_thread(asked: _Asked, params: wire.GetThread) -> Json:
    return asked.parts.encoder.view(await asked.parts.core.own_threads.read(asked.visit, params.thread_id))


async def _list_threads(asked: _Asked, params: wire.ListThreads) -> Json:
    return asked.parts.encoder.threads(await asked.parts.core.own_threads.page(asked.visit, wire.page_query(params)))


async def _list_items(asked: _Asked, params: wire.ListItems) -> Json:
    page = await asked.parts.core.own_threads.items(asked.visit, params.thread_id, wire.page_query(params))
    return asked.parts.encoder.items(page)


async def _update_thread(asked: _Asked, params: wire.UpdateThread) -> Json:
    return asked.parts.encoder.thread(
        await asked.parts.core.own_threads.set_title(asked.visit, params.thread_id, params.title)
    )


async def _delete_thread(asked: _Asked, params: wire.DeleteThread) -> Json:
    await asked.parts.core.own_threads.delete(asked.visit, params.thread_id)
    return {}


async def _cancel(asked: _Asked, params: wire.CancelTurn) -> Json:
    await asked.parts.core.chatting.cancel(asked.visit, params.thread_id)
    return {}


async def _give_feedback(asked: _Asked, params: wire.GiveFeedback) -> Json:
    kind = FeedbackKind(params.kind)
    await asked.parts.core.own_threads.judge(asked.visit, params.thread_id, params.item_ids, kind)
    return {}


async def _act_now(asked: _Asked, params: wire.SyncCustomAction) -> Json:
    changed = await asked.parts.core.acting.act_now(asked.visit, params.thread_id, _action(params))
    return present(updated_item=asked.parts.encoder.item(changed) if changed else None)


async def _create_attachment(asked: _Asked, params: wire.CreateAttachment) -> Json:
    attachment = await asked.parts.core.attaching.announce(
        asked.visit, name=params.name, size=params.size, mime_type=params.mime_type
    )
    return asked.parts.encoder.attachment(attachment, upload_descriptor(asked.parts, attachment))


async def _delete_attachment(asked: _Asked, params: wire.DeleteAttachment) -> Json:
    await asked.parts.core.attaching.remove(asked.visit, params.attachment_id)
    return {}


async def _transcribe(asked: _Asked, params: wire.Transcribe) -> Json:
    try:
        audio = b64decode(params.audio_base64, validate=True)
    except ValueError:  # no base64, or no ASCII
        raise InvalidInput(FieldError("params.audio_base64", "must be base64")) from None
    return {"text": await asked.parts.transcriber.transcribe(audio, params.mime_type)}


_STREAMING: dict[type, _Begin] = {
    wire.CreateThread: _create_thread,
    wire.AddUserMessage: _add_user_message,
    wire.RetryAfterItem: _retry,
    wire.AddToolOutput: _add_tool_output,
    wire.AddStructuredInput: _add_structured_input,
    wire.CustomAction: _act,
}
_RUNS_A_WORKFLOW = frozenset({wire.SyncCustomAction, wire.Transcribe})
"""Requests that are answered at once and cost as much as a turn."""
_ANSWERING: dict[type, Callable[[_Asked, Any], Awaitable[Json]]] = {
    wire.GetThread: _get_thread,
    wire.ListThreads: _list_threads,
    wire.ListItems: _list_items,
    wire.UpdateThread: _update_thread,
    wire.DeleteThread: _delete_thread,
    wire.CancelTurn: _cancel,
    wire.GiveFeedback: _give_feedback,
    wire.SyncCustomAction: _act_now,
    wire.CreateAttachment: _create_attachment,
    wire.DeleteAttachment: _delete_attachment,
    wire.Transcribe: _transcribe,
}
