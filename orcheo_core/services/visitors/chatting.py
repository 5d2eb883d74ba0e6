"""Chatting: what begins a turn; every request is scoped to (workflow, subject)."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, evolve, field

from orcheo_core.domain.budget import DATABASE_BYTES, FRAME_BYTES, RUNS
from orcheo_core.domain.component_items import ClientToolCallItem
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.items import InferenceOptions, InputPart, Item, UserItem
from orcheo_core.domain.pages import PAGE_BYTES, PageQuery
from orcheo_core.domain.run import Cause, PastMessage, RunRequest
from orcheo_core.domain.structured_input import InputStatus, QuestionAnswer, StructuredInputItem
from orcheo_core.domain.thread_events import (
    ItemDone,
    ItemRemoved,
    ItemReplaced,
    StreamOptions,
    ThreadCreated,
    ThreadEvent,
)
from orcheo_core.domain.threads import Thread, title_from
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.domain.values import value
from orcheo_core.errors import IdempotencyKeyReused, ItemNotFound, NothingPending, ThreadNotFound
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import DuplicateTurn, Store, UnitOfWork
from orcheo_core.services.shared.holding import Holding
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.visitors.acting import ActionInput, find_action
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.attaching import find_sendable
from orcheo_core.services.visitors.own_threads import find_own_thread
from orcheo_core.services.visitors.run_requests import IDS_OF_A_TURN, RunRequests
from orcheo_core.turns.engine import TurnEngine
from orcheo_core.turns.register import CANCELLED, Place, Register, WorkKind

_PENDING_WINDOW = 20
"""How many of the newest items are searched for pending client tool calls, as in ChatKit's own server."""


_OPTIONS = StreamOptions()
_GIVE_UP_WINDOW = 5
"""As many of the newest items: calls that wait are at the end of a thread, only marks can follow them."""


def _newest(limit: int) -> PageQuery:
    """As many of the newest items; fewer where answers of megabytes lie between them, which each request would read."""
    return PageQuery(limit=limit, newest_first=True, most_bytes=PAGE_BYTES)


async def _last_try(change: UnitOfWork, thread_id: str, later: Mapping[str, type[Item]]) -> list[str]:
    """The items of the thread's latest turn, if it did not come to its end and no message follows that it answers."""
    last = await change.turns.latest(thread_id)
    if last is None or last.status is TurnStatus.COMPLETED or UserItem in later.values():
        return []
    return [each for each in later if each >= last.answer_id]


def _remove(change: UnitOfWork, thread_id: str, gone: Sequence[str]) -> None:
    if gone:
        change.items.remove(thread_id, gone[0], gone[-1])


@value(kw_only=True)
class VisitorInput:
    """What a visitor sends: the content and, for a repeat that must not count twice, a key of their own."""

    content: tuple[InputPart, ...]
    attachment_ids: tuple[str, ...] = ()
    quoted_text: str | None = None
    inference_options: InferenceOptions = field(factory=InferenceOptions)
    idempotency_key: str | None = None
    text: str = field(init=False)
    """All its text, tags by their visible words."""

    @text.default
    def _joined(self) -> str:
        parts = self.content
        return parts[0].text if len(parts) == 1 else "".join([part.text for part in parts])


@value(kw_only=True)
class _Asked:
    """What a request that begins a turn is known by when it comes again."""

    key: str | None
    thread_id: str | None
    """None for a request that begins a thread."""
    text: str | None = None
    """Of the message, if it brings one."""


@define(kw_only=True, eq=False)
class Chatting:
    """Begins turns.

    Besides what the methods name, each raises :class:`ThreadNotFound`, :class:`TurnInProgress`,
    :class:`ServerStopping` and :class:`StorageUnavailable`. One rule holds for repeated idempotency keys: the same
    request again gives the turn that it began, whatever has changed since; another request with the key of an earlier
    one (another thread, another message) raises :class:`IdempotencyKeyReused`.
    """

    _store: Store
    _engine: TurnEngine
    _requests: RunRequests
    _clock: Clock
    _identifiers: Identifiers
    _register: Register
    _holding: Holding

    # --- messages ---------------------------------------------------------------------------------------------------

    async def create_thread(self, visit: Visit, said: VisitorInput) -> Turn:
        """Begin a thread with a first turn; raises :class:`AttachmentNotFound`."""
        asked = _Asked(key=said.idempotency_key, thread_id=None, text=said.text)
        if first := await self._begun(visit, asked):
            return first
        now = self._clock.now()
        thread_id, *ids = self._identifiers.several(IdKind.THREAD, *IDS_OF_A_TURN)
        thread = Thread(
            id=thread_id,
            workflow_id=visit.workflow.id,
            subject=visit.subject,
            created_at=now,
            updated_at=now,
            title=title_from(said.text) if visit.rules is None or visit.rules.makes_titles else None,
        )
        change = self._store.begin()
        change.threads.add(thread)
        opening = (ThreadCreated(thread),)
        return await self._say(change, visit, thread, said, asked, history=(), opening=opening, ids=ids)

    async def add_user_item(self, visit: Visit, thread_id: str, said: VisitorInput) -> Turn:
        """Begin the next turn of a thread; raises :class:`AttachmentNotFound`.

        A client tool call that waits is given up, or a page that opens the thread later would make it.
        """
        asked = _Asked(key=said.idempotency_key, thread_id=thread_id, text=said.text)
        if first := await self._begun(visit, asked):
            return first
        change, thread = await self._opened(visit, thread_id)
        history = await self._requests.history(change, visit, thread_id)
        newest = await change.items.page(thread_id, _newest(_GIVE_UP_WINDOW))
        waiting = [each for each in newest.entries if isinstance(each, ClientToolCallItem) and each.is_pending]
        given_up = [each.given_up() for each in reversed(waiting)]
        for call in given_up:
            change.items.save(call)
        opening = tuple(map(ItemReplaced, given_up))
        return await self._say(change, visit, thread, said, asked, history=history, opening=opening)

    async def _say(
        self,
        change: UnitOfWork,
        visit: Visit,
        thread: Thread,
        said: VisitorInput,
        asked: _Asked,
        *,
        history: tuple[PastMessage, ...],
        opening: tuple[ThreadEvent, ...] = (),
        ids: Sequence[str] | None = None,
    ) -> Turn:
        visit.workflow.look.check_wishes("input.inference_options", said.inference_options)
        sent = await find_sendable(change, visit, said.attachment_ids, thread.id) if said.attachment_ids else ()
        turn = self._requests.new_turn(visit, thread, None, said.idempotency_key, ids=ids)
        item = UserItem(
            id=turn.user_item_id,
            thread_id=thread.id,
            turn_id=turn.id,
            created_at=turn.started_at,
            content=said.content,
            attachments=tuple([each.sent_in(thread.id) for each in sent]) if sent else (),
            quoted_text=said.quoted_text,
            inference_options=said.inference_options,
        )
        change.items.save(item)
        for attachment in item.attachments:
            change.attachments.save(attachment)
        request = self._requests.request(visit, turn, thread, text=said.text, history=history, item=item)
        opening = (*opening, ItemDone(item), _OPTIONS)
        return await self._begin(change, visit, turn, asked, thread=thread, request=request, opening=opening)

    async def retry(
        self,
        visit: Visit,
        thread_id: str,
        item_id: str,
        *,
        content: tuple[InputPart, ...] | None = None,
        idempotency_key: str | None = None,
    ) -> Turn:
        """Answer a user item again; a whole answer goes when the new one is durable.

        What a try has left that did not come to its end goes at once: no one could tell it from a whole answer beside
        the new one. With ``content`` the visitor has changed what they said: then all that came after it goes at once,
        as it answers another question. Answers to questions and outputs of client tools can be given again, too, where
        the turn that they began is the latest and did not come to its end. Raises :class:`ItemNotFound`.
        """
        text = None if content is None else "".join(each.text for each in content)
        asked = _Asked(key=idempotency_key, thread_id=thread_id, text=text)
        if first := await self._begun(visit, asked):
            return first
        change, thread = await self._opened(visit, thread_id)
        item = await change.items.find(thread_id, item_id)
        if content is None and isinstance(item, StructuredInputItem | ClientToolCallItem):
            return await self._go_on_again(change, visit, thread, item, asked)
        if not isinstance(item, UserItem):
            raise ItemNotFound("The thread has no visitor's message with this id that could be answered again.")
        later = await change.items.classes_after(thread_id, item_id)
        ids = list(later)
        gone = ids if content is not None else await _last_try(change, thread_id, later)
        _remove(change, thread_id, gone)
        replaces = tuple(ids[: len(ids) - len(gone)])
        edited: list[ThreadEvent] = []
        if content is not None:
            item = evolve(item, content=content)
            change.items.save(item)
            edited = [ItemReplaced(item)]
        history = await self._requests.history(change, visit, thread_id, before=item_id)
        turn = self._requests.new_turn(visit, thread, item_id, idempotency_key, replaces=replaces)
        request = self._requests.request(visit, turn, thread, text=item.text, history=history, item=item)
        opening: list[ThreadEvent] = [_OPTIONS, *map(ItemRemoved, gone), *edited]
        return await self._begin(change, visit, turn, asked, thread=thread, request=request, opening=opening)

    # --- what else begins a turn ------------------------------------------------------------------------------------

    async def add_tool_output(
        self, visit: Visit, thread_id: str, output: Any, *, idempotency_key: str | None = None
    ) -> Turn:
        """Continue with the output of the client tool call that the thread waits for.

        Older calls that wait are dropped, as ChatKit's own server does. Raises :class:`NothingPending`.
        """
        asked = _Asked(key=idempotency_key, thread_id=thread_id)
        if first := await self._begun(visit, asked):
            return first
        change, thread = await self._opened(visit, thread_id)
        newest = await change.items.page(thread_id, _newest(_PENDING_WINDOW))
        calls = [each for each in newest.entries if isinstance(each, ClientToolCallItem) and each.is_pending]
        if not calls or calls[0] is not newest.entries[0]:
            raise NothingPending(
                "The newest item of the thread is not a client tool call that is waiting for its output."
            )
        call = calls[0].completed(output)
        change.items.save(call)
        for dangling in calls[1:]:
            change.items.remove(thread_id, dangling.id, dangling.id)
        return await self._go_on(change, visit, thread, call, call.id, asked)

    async def add_structured_input(
        self,
        visit: Visit,
        thread_id: str,
        item_id: str,
        *,
        status: InputStatus,
        answers: Mapping[str, QuestionAnswer],
        idempotency_key: str | None = None,
    ) -> Turn:
        """Continue with the visitor's answers to questions; raises :class:`ItemNotFound`, :class:`NothingPending`."""
        asked = _Asked(key=idempotency_key, thread_id=thread_id)
        if first := await self._begun(visit, asked):
            return first
        change, thread = await self._opened(visit, thread_id)
        item = await change.items.find(thread_id, item_id)
        if not isinstance(item, StructuredInputItem):
            raise ItemNotFound("The thread has no questions with this id.")
        if not item.is_pending:
            raise NothingPending("These questions have already been answered.")
        item = item.submitted(status, answers)
        change.items.save(item)
        return await self._go_on(change, visit, thread, item, item_id, asked, ItemReplaced(item))

    async def act(
        self, visit: Visit, thread_id: str, action: ActionInput, *, idempotency_key: str | None = None
    ) -> Turn:
        """Begin a turn out of an action.

        Raises :class:`ItemNotFound` for an item that is not a widget, :class:`ActionNotTaken`.
        """
        asked = _Asked(key=idempotency_key, thread_id=thread_id)
        if first := await self._begun(visit, asked):
            return first
        change, thread = await self._opened(visit, thread_id)
        await self._engine.check_takes_actions(visit.workflow, action.type)
        cause = await find_action(change, thread_id, action)
        return await self._go_on(change, visit, thread, cause, action.item_id or "", asked)

    async def _go_on_again(
        self,
        change: UnitOfWork,
        visit: Visit,
        thread: Thread,
        cause: StructuredInputItem | ClientToolCallItem,
        asked: _Asked,
    ) -> Turn:
        """Continue once more with what the visitor gave, in the place of a turn that did not come to its end."""
        later = await change.items.classes_after(thread.id, cause.id)
        last = await change.turns.latest(thread.id)  # read last: what is said after it is not among those that go
        is_whole = last is None or last.status is TurnStatus.COMPLETED
        if last is None or is_whole or last.user_item_id != cause.id or UserItem in later.values():
            raise ItemNotFound("The thread's latest answer is whole, or it answers something else.")
        gone = [each for each in later if each >= last.answer_id]
        _remove(change, thread.id, gone)
        return await self._go_on(
            change,
            visit,
            thread,
            cause,
            cause.id,
            asked,
            *map(ItemRemoved, gone),
            before=last.answer_id,
            waiting=cause.waiting(),
        )

    async def _go_on(
        self,
        change: UnitOfWork,
        visit: Visit,
        thread: Thread,
        cause: Cause,
        item_id: str,
        asked: _Asked,
        *shown: ThreadEvent,
        before: str | None = None,
        waiting: Item | None = None,
    ) -> Turn:
        """Begin a turn that no message begins."""
        turn = self._requests.new_turn(visit, thread, item_id, asked.key)
        request = await self._requests.caused_by(change, visit, turn, thread, cause, before=before, waiting=waiting)
        return await self._begin(change, visit, turn, asked, thread=thread, request=request, opening=(_OPTIONS, *shown))

    async def cancel(self, visit: Visit, thread_id: str) -> None:
        """Stop the running turn of a thread, if any; what it has said so far stays. Raises :class:`StopNotOffered`."""
        await find_own_thread(self._store.begin(), visit, thread_id)
        self._engine.check_stop_offered(thread_id)
        self._register.stop(CANCELLED, Place(thread_id=thread_id), {WorkKind.TURN})

    # --- every way --------------------------------------------------------------------------------------------------

    async def _begun(self, visit: Visit, asked: _Asked) -> Turn | None:
        """The turn that this request has begun already; raises :class:`IdempotencyKeyReused`."""
        if asked.key is None:
            return None
        change = self._store.begin()
        first = await change.turns.find_by_key(visit.workflow.id, visit.subject, asked.key)
        if first is None:
            return None
        if asked.thread_id not in {None, first.thread_id}:
            raise IdempotencyKeyReused
        if asked.text is not None:
            said = await change.items.find(first.thread_id, first.user_item_id)
            if not isinstance(said, UserItem) or said.text != asked.text:
                raise IdempotencyKeyReused
        return first

    async def _opened(self, visit: Visit, thread_id: str) -> tuple[UnitOfWork, Thread]:
        """A change that makes the visitor's thread the one that was used last, and that thread."""
        change = self._store.begin()
        thread = (await find_own_thread(change, visit, thread_id)).touched(self._clock.now())
        change.threads.save(thread)
        return change, thread

    async def _begin(
        self,
        change: UnitOfWork,
        visit: Visit,
        turn: Turn,
        asked: _Asked,
        *,
        thread: Thread,
        request: RunRequest,
        opening: Sequence[ThreadEvent],
    ) -> Turn:
        holders = visit.holders
        self._holding.check(DATABASE_BYTES, holders, self._store.kept_bytes)
        visit.bind(change)
        hold = self._holding.hold(RUNS, holders)
        try:
            await self._engine.begin(
                change,
                turn,
                thread=thread,
                request=request,
                opening=opening,
                room=self._holding.growing(FRAME_BYTES, holders),
                chat_session_id=visit.chat_session_id,
                on_end=hold.release,
            )
        except DuplicateTurn:  # the same request has come in between
            hold.release()
            first = await self._begun(visit, asked)
            if first is None:
                raise ThreadNotFound from None
            return first
        except BaseException:
            hold.release()
            raise
        return turn
