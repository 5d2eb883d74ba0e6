"""Chatting: what begins a turn; every request is scoped to (workflow, subject)."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from attrs import field, frozen

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.component_items import ClientToolCallItem, EndOfTurnItem, HiddenItem, WidgetItem
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.items import AssistantItem, InferenceOptions, InputPart, Item, UserItem
from orcheo_core.domain.json_values import json_fault
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.run import (
    OUTPUT_LIMIT,
    ActionTaken,
    Cause,
    ContextKept,
    PastMessage,
    RunContext,
    RunEvent,
    RunRequest,
    SentFile,
    TextDelta,
    TitleGiven,
    WidgetChanged,
)
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
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.widgets import widget_fault
from orcheo_core.domain.workflow import ANSWER_SECONDS, HISTORY_LENGTH
from orcheo_core.errors import (
    ActionFailed,
    ActionNotTaken,
    ChatSessionEnded,
    IdempotencyKeyReused,
    ItemNotFound,
    NothingPending,
    ThreadNotFound,
)
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.runner import RunSink, RunTooLong
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.ports.unit_of_work import DuplicateTurn, Store, UnitOfWork
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.attaching import find_sendable
from orcheo_core.services.visitors.own_threads import find_own_thread
from orcheo_core.turns.engine import TurnEngine
from orcheo_core.turns.live import LiveTurns

_PENDING_WINDOW = 20
"""How many of the newest items are searched for pending client tool calls, as in ChatKit's own server."""


_Kept = WidgetChanged | ContextKept | TitleGiven
"""What an action without a turn may say."""

_MOST_EVENTS = 1_000
"""As much of them, when each counts as its part of the limit of text."""

_GIVE_UP_WINDOW = 5
"""As many of the newest items: calls that wait are at the end of a thread, only marks can follow them."""


@frozen(kw_only=True)
class VisitorInput:
    """What a visitor sends: the content and, for a repeat that must not count twice, a key of their own."""

    content: tuple[InputPart, ...]
    attachment_ids: tuple[str, ...] = ()
    quoted_text: str | None = None
    inference_options: InferenceOptions = field(factory=InferenceOptions)
    idempotency_key: str | None = None

    @property
    def text(self) -> str:
        """All its text, tags by their visible words."""
        return "".join(part.text for part in self.content)


@frozen(kw_only=True)
class ActionInput:
    """An action of the visitor's page: its type, its JSON, and the id of the widget it was taken in, if any."""

    type: str
    payload: Any = None
    item_id: str | None = None


@frozen(kw_only=True)
class _Asked:
    """What a request that begins a turn is known by when it comes again."""

    key: str | None
    thread_id: str | None
    """None for a request that begins a thread."""
    text: str | None = None
    """Of the message, if it brings one."""


class Chatting:
    """Begins turns.

    Besides what the methods name, each raises :class:`ThreadNotFound`, :class:`TurnInProgress`,
    :class:`ServerStopping` and :class:`StorageUnavailable`. One rule holds for repeated idempotency keys: the same
    request again gives the turn that it began, whatever has changed since; another request with the key of an earlier
    one (another thread, another message) raises :class:`IdempotencyKeyReused`.
    """

    def __init__(
        self,
        *,
        store: Store,
        engine: TurnEngine,
        files: AttachmentFiles,
        clock: Clock,
        identifiers: Identifiers,
        live_turns: LiveTurns,
        telemetry: Telemetry,
    ) -> None:
        """Join the ports this service needs."""
        self._store = store
        self._engine = engine
        self._files = files
        self._clock = clock
        self._identifiers = identifiers
        self._live_turns = live_turns
        self._telemetry = telemetry

    # --- messages ---------------------------------------------------------------------------------------------------

    async def create_thread(self, visit: Visit, said: VisitorInput) -> Turn:
        """Begin a thread with a first turn; raises :class:`AttachmentNotFound`."""
        asked = _Asked(key=said.idempotency_key, thread_id=None, text=said.text)
        if first := await self._begun(visit, asked):
            return first
        now = self._clock.now()
        thread = Thread(
            id=self._identifiers.new(IdKind.THREAD),
            workflow_id=visit.workflow.id,
            subject=visit.subject,
            created_at=now,
            updated_at=now,
            title=title_from(said.text),
        )
        change = self._store.begin()
        change.threads.add(thread)
        return await self._say(change, visit, thread, said, asked, history=(), opening=(ThreadCreated(thread),))

    async def add_user_item(self, visit: Visit, thread_id: str, said: VisitorInput) -> Turn:
        """Begin the next turn of a thread; raises :class:`AttachmentNotFound`.

        A client tool call that waits is given up, or a page that opens the thread later would make it.
        """
        asked = _Asked(key=said.idempotency_key, thread_id=thread_id, text=said.text)
        if first := await self._begun(visit, asked):
            return first
        change, thread = await self._opened(visit, thread_id)
        history = await _history(change, visit, thread_id)
        newest = await change.items.page(thread_id, PageQuery(limit=_GIVE_UP_WINDOW, newest_first=True))
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
    ) -> Turn:
        sent = await find_sendable(change, visit, said.attachment_ids, thread.id)
        item_id = self._identifiers.new(IdKind.ITEM)
        turn = self._new_turn(visit, thread, item_id, said.idempotency_key)
        item = UserItem(
            id=item_id,
            thread_id=thread.id,
            turn_id=turn.id,
            created_at=turn.started_at,
            content=said.content,
            attachments=tuple(each.sent_in(thread.id) for each in sent),
            quoted_text=said.quoted_text,
            inference_options=said.inference_options,
        )
        change.items.save(item)
        for attachment in item.attachments:
            change.attachments.save(attachment)
        request = self._request(visit, turn, thread, text=said.text, history=history, item=item)
        opening = (*opening, ItemDone(item), StreamOptions())
        return await self._begin(change, visit, turn, asked, thread=thread, request=request, opening=opening)

    async def retry(self, visit: Visit, thread_id: str, item_id: str, *, idempotency_key: str | None = None) -> Turn:
        """Answer a user item again; what came after it goes when the new answer is durable.

        Raises :class:`ItemNotFound`.
        """
        asked = _Asked(key=idempotency_key, thread_id=thread_id)
        if first := await self._begun(visit, asked):
            return first
        change, thread = await self._opened(visit, thread_id)
        item = await change.items.find(thread_id, item_id)
        if not isinstance(item, UserItem):
            raise ItemNotFound("The thread has no visitor's message with this id that could be answered again.")
        later = await _items_after(change, thread_id, item_id)
        marks = [each.id for each in later if isinstance(each, EndOfTurnItem)]
        for mark in marks:  # at once: what they say of the last try does not hold for this one
            change.items.remove(mark)
        replaces = tuple(each.id for each in later if each.id not in marks)
        history = await _history(change, visit, thread_id, before=item_id)
        turn = self._new_turn(visit, thread, item_id, idempotency_key, replaces=replaces)
        request = self._request(visit, turn, thread, text=item.text, history=history, item=item)
        opening: list[ThreadEvent] = [StreamOptions(), *map(ItemRemoved, marks)]
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
        newest = await change.items.page(thread_id, PageQuery(limit=_PENDING_WINDOW, newest_first=True))
        calls = [each for each in newest.entries if isinstance(each, ClientToolCallItem) and each.is_pending]
        if not calls or calls[0] is not newest.entries[0]:
            raise NothingPending(
                "The newest item of the thread is not a client tool call that is waiting for its output."
            )
        call = calls[0].completed(output)
        change.items.save(call)
        for dangling in calls[1:]:
            change.items.remove(dangling.id)
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
        await self._check_takes_actions(visit, action)
        cause = await _action(change, thread_id, action)
        return await self._go_on(change, visit, thread, cause, action.item_id or "", asked)

    async def _go_on(
        self,
        change: UnitOfWork,
        visit: Visit,
        thread: Thread,
        cause: Cause,
        item_id: str,
        asked: _Asked,
        *shown: ThreadEvent,
    ) -> Turn:
        """Begin a turn that no message begins."""
        turn = self._new_turn(visit, thread, item_id, asked.key)
        request = await self._request_of(change, visit, turn, thread, cause)
        return await self._begin(
            change, visit, turn, asked, thread=thread, request=request, opening=(StreamOptions(), *shown)
        )

    async def act_now(self, visit: Visit, thread_id: str, action: ActionInput) -> WidgetItem | None:
        """Carry out an action without a turn; the widget it was taken in, if the workflow changed it.

        Besides the widget, a title and hidden context are kept; what else the workflow says is left out, with a line
        in the log. May be called while a turn runs. Raises :class:`ItemNotFound`, :class:`ActionFailed`,
        :class:`ActionNotTaken`, and :class:`ChatSessionEnded` when the owner ended all chats in between.
        """
        change, thread = await self._opened(visit, thread_id, touch=False)
        await self._check_takes_actions(visit, action)
        cause = await _action(change, thread_id, action)
        turn = self._new_turn(visit, thread, action.item_id or "", None)
        said = _Said()
        try:
            request = await self._request_of(change, visit, turn, thread, cause)
            await self._engine.run_apart(request).execute_apart(said)
        except Exception as error:
            self._telemetry.run_failed(turn, error)
            raise ActionFailed from error
        if self._live_turns.has_ended_since(visit.workflow.id, visit.endings):
            raise ChatSessionEnded
        for what in said.left_out:
            self._telemetry.left_out(turn, f"{what} of an action that was carried out without a turn")
        return await self._keep(visit, turn, said.kept)

    async def _keep(self, visit: Visit, turn: Turn, said: Sequence[_Kept]) -> WidgetItem | None:
        """Save what an action without a turn may say; the widget if it was changed.

        Thread and widget are looked up again: while the workflow was at work, the thread may have been deleted or
        given a title, and an answer that was tried again may have taken the widget away.
        """
        change = self._store.begin()
        thread = (await find_own_thread(change, visit, turn.thread_id)).touched(self._clock.now())
        before = await change.items.find(thread.id, turn.user_item_id)
        after, kept = before, 0
        for run_event in said:
            if fault := _fault(run_event, after):
                self._telemetry.left_out(turn, fault)
                continue
            if isinstance(run_event, ContextKept):
                change.items.save(self._hidden(turn, run_event))
            elif isinstance(run_event, TitleGiven):
                thread = thread.titled(run_event.title)
                change.threads.save(thread)
            else:
                after = cast(WidgetItem, after).changed(run_event.widget, run_event.copy_text)
                change.items.save(after)
            kept += 1
        if kept:
            await change.commit()
        return after if isinstance(after, WidgetItem) and after is not before else None

    def _hidden(self, turn: Turn, said: ContextKept) -> HiddenItem:
        return HiddenItem(
            id=self._identifiers.new(IdKind.ITEM),
            thread_id=turn.thread_id,
            turn_id=turn.id,
            created_at=self._clock.now(),
            content=said.content,
        )

    async def _check_takes_actions(self, visit: Visit, action: ActionInput) -> None:
        if not await self._engine.takes_actions(visit.workflow.runner):
            self._telemetry.action_not_taken(visit.workflow.id, action.type)
            raise ActionNotTaken

    async def cancel(self, visit: Visit, thread_id: str) -> None:
        """Stop the running turn of a thread, if any; what it has said so far stays."""
        await find_own_thread(self._store.begin(), visit, thread_id)
        self._live_turns.stop_thread(thread_id)

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

    async def _opened(self, visit: Visit, thread_id: str, *, touch: bool = True) -> tuple[UnitOfWork, Thread]:
        """A change that makes the visitor's thread the one that was used last, and that thread."""
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        if touch:
            thread = thread.touched(self._clock.now())
            change.threads.save(thread)
        return change, thread

    def _new_turn(
        self, visit: Visit, thread: Thread, item_id: str, key: str | None, *, replaces: tuple[str, ...] = ()
    ) -> Turn:
        return Turn(
            id=self._identifiers.new(IdKind.TURN),
            workflow_id=visit.workflow.id,
            thread_id=thread.id,
            subject=visit.subject,
            user_item_id=item_id,
            answer_id=self._identifiers.new(IdKind.ITEM),
            started_at=self._clock.now(),
            idempotency_key=key,
            replaces=replaces,
        )

    async def _request_of(
        self, change: UnitOfWork, visit: Visit, turn: Turn, thread: Thread, cause: Cause
    ) -> RunRequest:
        """The order to the runner when no message began the turn."""
        history = await _history(change, visit, turn.thread_id)
        return self._request(visit, turn, thread, text=_text_of(cause), history=history, cause=cause)

    def _request(
        self,
        visit: Visit,
        turn: Turn,
        thread: Thread,
        *,
        text: str,
        history: tuple[PastMessage, ...],
        cause: Cause | None = None,
        item: UserItem | None = None,
    ) -> RunRequest:
        context = RunContext(
            workflow_id=turn.workflow_id,
            thread_id=turn.thread_id,
            turn_id=turn.id,
            subject=turn.subject,
            app_user=visit.app_user,
            history=history,
            cause=cause,
            message_id=item.id if item else None,
            attachments=tuple(map(self._sent_file, item.attachments)) if item else (),
            quoted_text=item.quoted_text if item else None,
            inference_options=item.inference_options if item else InferenceOptions(),
            thread_title=thread.title if thread.is_titled else None,
        )
        time_limit = visit.workflow.time_limit or ANSWER_SECONDS
        return RunRequest(spec=visit.workflow.runner, text=text, context=context, time_limit=time_limit)

    def _sent_file(self, sent: Attachment) -> SentFile:
        read = partial(self._files.read, sent.id)
        return SentFile(name=sent.name, mime_type=sent.mime_type, size=sent.size, read=read)

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
        try:
            await self._engine.begin(change, turn, thread=thread, request=request, opening=opening)
        except DuplicateTurn:  # the same request has come in between
            first = await self._begun(visit, asked)
            if first is None:
                raise ThreadNotFound from None
            return first
        self._live_turns.stop_if_ended_since(turn.id, visit.endings)
        return turn


class _Said(RunSink):
    """Keeps what an action without a turn may say, and the names of the rest; an endless run is ended."""

    def __init__(self) -> None:
        self.kept: list[_Kept] = []
        self.left_out: dict[str, None] = {}
        self._length = 0

    def text(self, text: str) -> bool:
        return self.event(TextDelta(text))

    def event(self, event: RunEvent) -> bool:
        self._length += len(event.text) if isinstance(event, TextDelta) else OUTPUT_LIMIT // _MOST_EVENTS
        if self._length > OUTPUT_LIMIT:
            raise RunTooLong
        if isinstance(event, _Kept):
            self.kept.append(event)
        else:
            self.left_out[type(event).__name__] = None
        return True

    async def room(self) -> None:
        """There always is."""

    def abandoned(self, error: Exception | None) -> None:
        """The action does not wait for it either."""


def _fault(said: _Kept, acted_upon: Item | None) -> str | None:
    """Why something that an action without a turn said cannot be kept."""
    if fault := json_fault(said):
        return f"{type(said).__name__} that cannot be kept: {fault}"
    if not isinstance(said, WidgetChanged):
        return None
    if not isinstance(acted_upon, WidgetItem):
        return "WidgetChanged of an action that belongs to no widget"
    fault = widget_fault(said.widget)
    return f"a widget that cannot be shown: {fault}" if fault else None


def _text_of(cause: Cause) -> str:
    """What a workflow that takes a text gets: the output of a tool, the answers, and nothing for an action.

    Never what the visitor said last: it would be carried out twice.
    """
    if isinstance(cause, ClientToolCallItem):
        return cause.output if isinstance(cause.output, str) else json.dumps(cause.output, ensure_ascii=False)
    return cause.answers_text if isinstance(cause, StructuredInputItem) else ""


async def _action(change: UnitOfWork, thread_id: str, asked: ActionInput) -> ActionTaken:
    if asked.item_id is None:
        return ActionTaken(type=asked.type, payload=asked.payload)
    widget = await change.items.find(thread_id, asked.item_id)
    if not isinstance(widget, WidgetItem):
        raise ItemNotFound("The thread has no widget with this id.")
    return ActionTaken(type=asked.type, payload=asked.payload, widget=widget)


async def _history(
    change: UnitOfWork, visit: Visit, thread_id: str, *, before: str | None = None
) -> tuple[PastMessage, ...]:
    """What was said in a thread, oldest first, with what the workflow kept there; as much as it wants."""
    length = visit.workflow.history_length
    if length == 0:
        return ()
    query = PageQuery(limit=length or HISTORY_LENGTH, newest_first=True, after=before)
    page = await change.items.page(thread_id, query, hidden=True)
    return tuple(past for item in reversed(page.entries) if (past := _past_message(item)))


def _past_message(item: Item) -> PastMessage | None:
    if isinstance(item, UserItem):
        return PastMessage(said_by="visitor", text=item.text)
    if isinstance(item, AssistantItem):
        return PastMessage(said_by="workflow", text=item.text)
    return PastMessage(said_by="workflow", text="", hidden=item.content) if isinstance(item, HiddenItem) else None


async def _items_after(change: UnitOfWork, thread_id: str, item_id: str) -> list[Item]:
    found: list[Item] = []
    query = PageQuery(limit=100, after=item_id)
    while True:
        page = await change.items.page(thread_id, query, hidden=True)
        found += page.entries
        if not page.has_more:
            return found
        query = PageQuery(limit=100, after=found[-1].id)
