"""The ChatKit endpoint: each request type has one handler, which streams a turn or answers JSON."""

from base64 import b64decode
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from typing import Any

from attrs import define, evolve
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from orcheo_adapters.http.answers import NO_STORE, HeldAnswer, body_answer, json_answer
from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.negotiation import preferred_languages
from orcheo_adapters.http.requests import body_of, header_of
from orcheo_adapters.http.sse import TurnStream, event_number
from orcheo_adapters.http.visits import Visits
from orcheo_adapters.wire import chatkit_requests as wire
from orcheo_adapters.wire.chatkit_answers import ChatKitEncoder
from orcheo_adapters.wire.chatkit_items import Json, present
from orcheo_core.assembly import Core
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.budget import STREAMS
from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.run import FeedbackGiven, RecordingSpoken
from orcheo_core.domain.structured_input import InputStatus, QuestionAnswer
from orcheo_core.domain.turn import Turn
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.transcriber import Transcriber
from orcheo_core.services.shared.holding import Hold
from orcheo_core.services.visitors.acting import ActionInput
from orcheo_core.services.visitors.admitting import Leave, Visit
from orcheo_core.services.visitors.chatting import VisitorInput
from orcheo_core.turns.register import CANCELLED, CANCELLED_BY_APP, Place, Register, Stop, WorkKind

_KEY_LENGTH, _KEPT_BYTES_OF_A_KEY = 200, 64
"""In characters; of a key that has more bytes, the digest is kept: each turn keeps it twice, for good."""
_RUNS_A_WORKFLOW = frozenset({wire.SyncCustomAction, wire.Transcribe})
"""Requests that are answered at once and cost as much as a turn."""
_READS = frozenset({wire.GetThread, wire.ListThreads, wire.ListItems})
_Begin = Callable[[Visit, Any, str | None], Awaitable[Turn]]


@define(eq=False)
class _SessionStream:
    """A stream that ends with its chat session; where it is of a turn of that, the turn ends it, and says why."""

    _stream: TurnStream
    _register: Register
    _place: Place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        work = self._register.begin(WorkKind.FOLLOWING, self._place, self._stop)
        try:
            await self._stream(scope, receive, send)
        finally:
            self._register.end(work)

    def _stop(self, why: Stop) -> None:
        if why is CANCELLED_BY_APP and not self._register.running(self._place, {WorkKind.TURN}):
            self._stream.end()


class ChatKitDoor:
    """``POST /api/chatkit``, the ChatKit protocol under a chat grant or a publish token, and running turns again."""

    def __init__(
        self,
        core: Core,
        *,
        visits: Visits,
        encoder: ChatKitEncoder,
        heartbeats: Heartbeats,
        transcriber: Transcriber,
        describe_upload: Callable[[Attachment, Leave], Json],
    ) -> None:
        """Answer with the services of ``core``; ``describe_upload`` says where announced bytes go."""
        self._visits = visits
        self._encoder = encoder
        self._heartbeats = heartbeats
        self._transcriber = transcriber
        self._describe_upload = describe_upload
        self._limiting = core.limiting
        self._holding = core.holding
        self._chatting = core.chatting
        self._acting = core.acting
        self._attaching = core.attaching
        self._own_threads = core.own_threads
        self._live_turns = core.live_turns
        self._register = core.register
        self._streaming: dict[type, _Begin] = {
            wire.CreateThread: self._create_thread,
            wire.AddUserMessage: self._add_user_message,
            wire.RetryAfterItem: self._retry,
            wire.AddToolOutput: self._add_tool_output,
            wire.AddStructuredInput: self._add_structured_input,
            wire.CustomAction: self._act,
        }
        self._answering: dict[type, Callable[[Visit, Any], Awaitable[Json]]] = {
            wire.GetThread: self._get_thread,
            wire.ListThreads: self._list_threads,
            wire.ListItems: self._list_items,
            wire.UpdateThread: self._update_thread,
            wire.DeleteThread: self._delete_thread,
            wire.CancelTurn: self._cancel,
            wire.GiveFeedback: self._give_feedback,
            wire.SyncCustomAction: self._act_now,
            wire.CreateAttachment: self._create_attachment,
            wire.DeleteAttachment: self._delete_attachment,
            wire.Transcribe: self._transcribe,
        }

    async def answer(self, request: Request) -> ASGIApp:
        """Answer a ChatKit request: by the events of a turn, or by a document."""
        visit = await self._visits.of(request)
        body = await body_of(request)
        decoded = wire.decode_chatkit(body)
        params = decoded.params
        if decoded.workflow_ref not in {None, visit.workflow.id, visit.workflow.handle}:
            raise InvalidInput(FieldError("workflow_id", "must be the workflow that the credential was issued for"))
        visit = self._visits.named(_with_page(visit, request, decoded.metadata), request)
        key = _idempotency_key(request, decoded.client_id)
        begin = self._streaming.get(type(params))
        if begin is not None:
            hold = self._holding.hold(STREAMS, visit.holders)
            try:
                await self._limiting.begin_turn(visit, size=len(body))
                try:
                    turn = await begin(visit, params, key)
                except InvalidInput as error:
                    raise _named_in_the_request(error) from None
                return await self._stream(request, visit, turn, hold)
            except BaseException:
                hold.release()
                raise
        if type(params) in _RUNS_A_WORKFLOW:
            await self._limiting.begin_turn(visit, size=len(body))
        else:
            await self._limiting.read(visit.subject, address=visit.address)
        try:
            document = await self._answering[type(params)](visit, params)
        except InvalidInput as error:
            raise _named_in_the_request(error) from None
        is_done = type(params) not in _READS
        return json_answer(document, holding=self._holding, holders=visit.holders, is_done=is_done)

    async def follow(self, request: Request) -> ASGIApp:
        """``GET /api/chatkit/threads/{thread_id}/events?after=N``: the running turn again, from event N on."""
        visit = await self._visits.of(request)
        await self._limiting.read(visit.subject, address=visit.address)
        after = event_number(request)
        relay = await self._own_threads.followable_turn(visit, request.path_params["thread_id"])
        if relay is None:
            return Response(status_code=204, headers=NO_STORE)
        hold = self._holding.hold(STREAMS, visit.holders)
        stream = TurnStream(relay, heartbeats=self._heartbeats, after=after, numbered=True, on_gone=None, hold=hold)
        return self._under_session(visit, request.path_params["thread_id"], stream)

    async def _stream(self, request: Request, visit: Visit, turn: Turn, hold: Hold) -> ASGIApp:
        """The events of a turn that has begun; a client that cannot resume stops its turn by going away.

        A request that is repeated after the events are gone (a restart, say) gets what came of the turn.
        """
        relay = self._live_turns.find(turn.id)
        if relay is None:
            body = b"".join(self._encoder.frames(await self._own_threads.replay(visit, turn)))
            answer = body_answer(body, "text/event-stream", holding=self._holding, holders=visit.holders)
            return HeldAnswer(answer, hold)
        resumable = header_of(request, b"orcheo-resume") == "1"
        stop = None if resumable else partial(self._live_turns.stop, turn.id, CANCELLED)
        stream = TurnStream(relay, heartbeats=self._heartbeats, numbered=resumable, on_gone=stop, hold=hold)
        return self._under_session(visit, turn.thread_id, stream)

    def _under_session(self, visit: Visit, thread_id: str, stream: TurnStream) -> ASGIApp:
        """The stream; it ends with the chat session where an app can end that."""
        if visit.rules is None:
            return stream
        place = Place(workflow_id=visit.workflow.id, thread_id=thread_id, chat_session_id=visit.chat_session_id)
        return _SessionStream(stream, self._register, place)

    # --- requests that begin a turn ---------------------------------------------------------------------------------

    def _create_thread(self, visit: Visit, params: wire.CreateThread, key: str | None) -> Awaitable[Turn]:
        return self._chatting.create_thread(visit, _said(params.input, key))

    def _add_user_message(self, visit: Visit, params: wire.AddUserMessage, key: str | None) -> Awaitable[Turn]:
        return self._chatting.add_user_item(visit, params.thread_id, _said(params.input, key))

    async def _retry(self, visit: Visit, params: wire.RetryAfterItem, key: str | None) -> Turn:
        content = None if params.content is None else tuple(params.content)
        return await self._chatting.retry(visit, params.thread_id, params.item_id, content=content, idempotency_key=key)

    async def _add_tool_output(self, visit: Visit, params: wire.AddToolOutput, key: str | None) -> Turn:
        return await self._chatting.add_tool_output(visit, params.thread_id, params.result, idempotency_key=key)

    async def _add_structured_input(self, visit: Visit, params: wire.AddStructuredInput, key: str | None) -> Turn:
        given = params.input
        return await self._chatting.add_structured_input(
            visit,
            params.thread_id,
            params.item_id,
            status=InputStatus(given.status),
            answers={q: QuestionAnswer(values=one.values, skipped=one.skipped) for q, one in given.answers.items()},
            idempotency_key=key,
        )

    async def _act(self, visit: Visit, params: wire.CustomAction, key: str | None) -> Turn:
        return await self._chatting.act(visit, params.thread_id, _action(params), idempotency_key=key)

    # --- requests that are answered at once -------------------------------------------------------------------------

    async def _get_thread(self, visit: Visit, params: wire.GetThread) -> Json:
        return self._encoder.view(await self._own_threads.read(visit, params.thread_id))

    async def _list_threads(self, visit: Visit, params: wire.ListThreads) -> Json:
        return self._encoder.threads(await self._own_threads.page(visit, wire.page_query(params)))

    async def _list_items(self, visit: Visit, params: wire.ListItems) -> Json:
        items = await self._own_threads.items(visit, params.thread_id, wire.page_query(params))
        return self._encoder.items(items)

    async def _update_thread(self, visit: Visit, params: wire.UpdateThread) -> Json:
        return self._encoder.thread(await self._own_threads.set_title(visit, params.thread_id, params.title))

    async def _delete_thread(self, visit: Visit, params: wire.DeleteThread) -> Json:
        await self._own_threads.delete(visit, params.thread_id)
        return {}

    async def _cancel(self, visit: Visit, params: wire.CancelTurn) -> Json:
        await self._chatting.cancel(visit, params.thread_id)
        return {}

    async def _give_feedback(self, visit: Visit, params: wire.GiveFeedback) -> Json:
        kind = FeedbackKind(params.kind)
        keep = partial(self._own_threads.judge, visit, params.thread_id, params.item_ids, kind)
        if await self._acting.takes_feedback(visit):
            await self._limiting.begin_turn(visit)
            given = FeedbackGiven(item_ids=params.item_ids, kind=params.kind)
            await self._acting.pass_on(visit, params.thread_id, given, keep)
        else:
            await keep()
        return {}

    async def _act_now(self, visit: Visit, params: wire.SyncCustomAction) -> Json:
        changed = await self._acting.act_now(visit, params.thread_id, _action(params))
        return present(updated_item=self._encoder.item(changed) if changed else None)

    async def _create_attachment(self, visit: Visit, params: wire.CreateAttachment) -> Json:
        attachment = await self._attaching.announce(
            visit, name=params.name, size=params.size, mime_type=params.mime_type
        )
        return self._encoder.attachment(attachment, self._describe_upload(attachment, visit.leave))

    async def _delete_attachment(self, visit: Visit, params: wire.DeleteAttachment) -> Json:
        await self._attaching.remove(visit, params.attachment_id)
        return {}

    async def _transcribe(self, visit: Visit, params: wire.Transcribe) -> Json:
        try:
            audio = b64decode(params.audio_base64, validate=True)
        except ValueError:  # no base64, or no ASCII
            raise InvalidInput(FieldError("audio_base64", "must be base64")) from None
        words = await self._acting.write_down(visit, RecordingSpoken(data=audio, mime_type=params.mime_type))
        if words is not None:
            return {"text": words}
        async with self._acting.beside_turns(visit):
            return {"text": await self._transcriber.transcribe(audio, params.mime_type)}


def _named_in_the_request(error: InvalidInput) -> InvalidInput:
    """The error of a service, which names fields of ``params``, for the client, who wrote more around them."""
    inside = (evolve(each, path=f"params.{each.path}") for each in error.fields)
    return InvalidInput(*inside, hint=error.hint)


def _with_page(visit: Visit, request: Request, metadata: dict[str, Any]) -> Visit:
    """The visit with what the page says for the workflow; programs mostly say nothing."""
    languages = header_of(request, b"accept-language")
    wanted = visit.workflow.runner.wanted_headers if "headers" in visit.workflow.runner.settings else ()
    if languages is None and not (metadata or wanted):
        return visit
    locale = next((each for each in preferred_languages(languages or "") if each != "*"), None)
    given = ((name, request.headers.get(name)) for name in sorted(wanted))
    headers = {name: value for name, value in given if value is not None}
    return evolve(visit, metadata=metadata, locale=locale, headers=headers)


def _idempotency_key(request: Request, client_id: str | None) -> str | None:
    key = header_of(request, b"idempotency-key") or client_id
    if key is not None and len(key) > _KEY_LENGTH:
        raise InvalidInput(FieldError("Idempotency-Key", f"must be at most {_KEY_LENGTH} characters"))
    encoded = (key or "").encode()
    return key if len(encoded) <= _KEPT_BYTES_OF_A_KEY else sha256(encoded).hexdigest()


def _action(params: wire.CustomAction) -> ActionInput:
    return ActionInput(type=params.action.type, payload=params.action.payload, item_id=params.item_id)


def _said(given: wire.UserMessageInput, key: str | None) -> VisitorInput:
    said = VisitorInput(
        content=tuple(given.content),
        attachment_ids=given.attachments,
        quoted_text=given.quoted_text,
        inference_options=given.options,
        idempotency_key=key,
    )
    if not (said.attachment_ids or said.text.strip()):
        raise InvalidInput(FieldError("input.content", "must hold some text"))
    return said
