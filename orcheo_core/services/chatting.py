"""Chatting: what begins a turn; every request is scoped to (workflow, subject)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen

from orcheo_core.domain.component_items import ClientToolCallItem, EndOfTurnItem, HiddenItem, WidgetItem
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.items import InferenceOptions, InputPart, Item, UserItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.run import (
    ActionTaken,
    Cause,
    ContextKept,
    PastMessage,
    RunEvent,
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
from orcheo_core.errors import ActionFailed, ActionNotTaken, ItemNotFound, NothingPending
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.admitting import Visit
from orcheo_core.services.attaching import find_sendable
from orcheo_core.services.identifiers import Identifiers
from orcheo_core.services.live_turns import LiveTurns
from orcheo_core.services.own_threads import find_own_thread
from orcheo_core.services.turn_launcher import Beginning, TurnLauncher

_PENDING_WINDOW = 20
"""So many of the newest items are looked through for pending client tool calls, as ChatKit's own server does."""


@frozen(kw_only=True)
class VisitorInput:
    """What a visitor sends: the content and, for a repeat that must not count twice, a key of their own."""

    content: tuple[InputPart, ...]
    attachment_ids: tuple[str, ...] = ()
    quoted_text: str | None = None
    inference_options: InferenceOptions = field(factory=InferenceOptions)
    idempotency_key: str | None = None


@frozen(kw_only=True)
class ActionInput:
    """An action of the visitor's page: its type, its JSON, and the id of the widget it was taken in, if any."""

    type: str
    payload: Any = None
    item_id: str | None = None


class Chatting:
    """Begins turns.

    Besides what the methods name, each raises :class:`ThreadNotFound`, :class:`TurnInProgress`,
    :class:`ServerStopping` and :class:`StorageUnavailable`; a repeated idempotency key gives the first turn again.
    """

    def __init__(
        self,
        *,
        store: Store,
        launcher: TurnLauncher,
        clock: Clock,
        identifiers: Identifiers,
        live_turns: LiveTurns,
        telemetry: Telemetry,
    ) -> None:
        """Join the ports this service needs."""
        self._store = store
        self._launcher = launcher
        self._clock = clock
        self._identifiers = identifiers
        self._live_turns = live_turns
        self._telemetry = telemetry

    async def create_thread(self, visit: Visit, said: VisitorInput) -> Turn:
        """Begin a thread with a first turn; raises :class:`AttachmentNotFound`."""
        now = self._clock.now()
        thread = Thread(
            id=self._identifiers.new(IdKind.THREAD),
            workflow_id=visit.workflow.id,
            subject=visit.subject,
            created_at=now,
            updated_at=now,
            title=title_from("".join(part.text for part in said.content)),
        )
        return await self._say(self._store.begin(), visit, thread, said, history=(), opening=[ThreadCreated(thread)])

    async def add_user_item(self, visit: Visit, thread_id: str, said: VisitorInput) -> Turn:
        """Begin the next turn of a thread; raises :class:`AttachmentNotFound`."""
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        history = await self._launcher.history(change, visit, thread_id)
        return await self._say(change, visit, thread.touched(self._clock.now()), said, history=history, opening=())

    async def retry(self, visit: Visit, thread_id: str, item_id: str, *, idempotency_key: str | None = None) -> Turn:
        """Answer a user item again; what came after it goes when the new answer is durable.

        Raises :class:`ItemNotFound`.
        """
        if first := await self._launcher.begun(visit, idempotency_key, thread_id=thread_id):
            return first
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        item = await change.items.find(thread_id, item_id)
        if not isinstance(item, UserItem):
            raise ItemNotFound("The thread has no visitor's item with this id to answer again.")
        later = await _items_after(change, thread_id, item_id)
        marks = [each.id for each in later if isinstance(each, EndOfTurnItem)]
        for mark in marks:  # at once: what they say of the last try does not hold for this one
            change.items.remove(mark)
        replaces = tuple(each.id for each in later if each.id not in marks)
        history = await self._launcher.history(change, visit, thread_id, before=item_id)
        turn = self._launcher.new_turn(visit, thread, item_id, replaces=replaces, idempotency_key=idempotency_key)
        return await self._launcher.launch(
            Beginning(
                change=change,
                visit=visit,
                thread=thread.touched(self._clock.now()),
                turn=turn,
                text=item.text,
                history=history,
                opening=[StreamOptions(), *map(ItemRemoved, marks)],
                user_item=item,
            )
        )

    async def add_tool_output(
        self, visit: Visit, thread_id: str, output: Any, *, idempotency_key: str | None = None
    ) -> Turn:
        """Go on with the output of the client tool call that the thread waits for.

        Older calls that wait are dropped, as ChatKit's own server does. Raises :class:`NothingPending`.
        """
        if first := await self._launcher.begun(visit, idempotency_key, thread_id=thread_id):
            return first
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        newest = await change.items.page(thread_id, PageQuery(limit=_PENDING_WINDOW, newest_first=True))
        calls = [each for each in newest.entries if isinstance(each, ClientToolCallItem) and each.is_pending]
        if not calls or calls[0] is not newest.entries[0]:
            raise NothingPending("The newest item of the thread is no client tool call that waits for its output.")
        call = calls[0].completed(output)
        change.items.save(call)
        for dangling in calls[1:]:
            change.items.remove(dangling.id)
        return await self._go_on(change, visit, thread, call, item_id=call.id, idempotency_key=idempotency_key)

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
        """Go on with the visitor's answers to questions; raises :class:`ItemNotFound`, :class:`NothingPending`."""
        if first := await self._launcher.begun(visit, idempotency_key, thread_id=thread_id):
            return first
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        item = await change.items.find(thread_id, item_id)
        if not isinstance(item, StructuredInputItem):
            raise ItemNotFound("The thread has no questions with this id.")
        if not item.is_pending:
            raise NothingPending("These questions are answered already.")
        item = item.submitted(status, answers)
        change.items.save(item)
        return await self._go_on(
            change, visit, thread, item, item_id=item_id, opening=[ItemReplaced(item)], idempotency_key=idempotency_key
        )

    async def act(
        self, visit: Visit, thread_id: str, asked: ActionInput, *, idempotency_key: str | None = None
    ) -> Turn:
        """Begin a turn out of an action.

        Raises :class:`ItemNotFound` for an item that is no widget, :class:`ActionNotTaken`.
        """
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        await self._check_takes_actions(visit, asked)
        action = await _action(change, thread_id, asked)
        item_id = asked.item_id or ""
        return await self._go_on(change, visit, thread, action, item_id=item_id, idempotency_key=idempotency_key)

    async def act_now(self, visit: Visit, thread_id: str, asked: ActionInput) -> WidgetItem | None:
        """Carry out an action without a turn; the widget it was taken in, if the workflow changed it.

        Besides the widget, a title and hidden context are kept; what else the workflow says is left out, with a line
        in the log. May be called while a turn runs. Raises :class:`ItemNotFound`, :class:`ActionFailed`,
        :class:`ActionNotTaken`.
        """
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        await self._check_takes_actions(visit, asked)
        action = await _action(change, thread_id, asked)
        beginning = await self._beginning(change, visit, thread, action, asked.item_id or "")
        return await self._keep(change, beginning, await self._carry_out(beginning))

    async def cancel(self, visit: Visit, thread_id: str) -> None:
        """Stop the running turn of a thread, if any; what it has said so far stays."""
        await find_own_thread(self._store.begin(), visit, thread_id)
        self._live_turns.stop_thread(thread_id)

    def stop(self) -> None:
        """The server shuts down: no new turn, and the running ones are interrupted."""
        self._launcher.stop()
        self._live_turns.stop_all()

    async def _say(
        self,
        change: UnitOfWork,
        visit: Visit,
        thread: Thread,
        said: VisitorInput,
        *,
        history: tuple[PastMessage, ...],
        opening: Sequence[ThreadEvent],
    ) -> Turn:
        sent = await find_sendable(change, visit, said.attachment_ids, thread.id)
        item_id = self._identifiers.new(IdKind.ITEM)
        turn = self._launcher.new_turn(visit, thread, item_id, idempotency_key=said.idempotency_key)
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
        beginning = Beginning(
            change=change,
            visit=visit,
            thread=thread,
            turn=turn,
            text=item.text,
            history=history,
            opening=[*opening, ItemDone(item), StreamOptions()],
            user_item=item,
        )
        return await self._launcher.launch(beginning)

    async def _go_on(
        self,
        change: UnitOfWork,
        visit: Visit,
        thread: Thread,
        cause: Cause,
        *,
        item_id: str,
        opening: Sequence[ThreadEvent] = (),
        idempotency_key: str | None = None,
    ) -> Turn:
        beginning = await self._beginning(change, visit, thread, cause, item_id, idempotency_key)
        return await self._launcher.launch(evolve(beginning, opening=[StreamOptions(), *opening]))

    async def _beginning(
        self,
        change: UnitOfWork,
        visit: Visit,
        thread: Thread,
        cause: Cause,
        item_id: str,
        idempotency_key: str | None = None,
    ) -> Beginning:
        """Of a turn that no message begins."""
        history = await self._launcher.history(change, visit, thread.id)
        return Beginning(
            change=change,
            visit=visit,
            thread=thread.touched(self._clock.now()),
            turn=self._launcher.new_turn(visit, thread, item_id, idempotency_key=idempotency_key),
            text=_text_of(cause),
            history=history,
            cause=cause,
        )

    async def _check_takes_actions(self, visit: Visit, asked: ActionInput) -> None:
        if not await self._launcher.takes_actions(visit):
            self._telemetry.action_not_taken(visit.workflow.id, asked.type)
            raise ActionNotTaken

    async def _carry_out(self, beginning: Beginning) -> list[RunEvent]:
        said: list[RunEvent] = []
        try:
            async for batch in self._launcher.run_apart(beginning).batches():
                said += batch
        except Exception as error:
            self._telemetry.run_failed(beginning.turn, error)
            raise ActionFailed from error
        return said

    async def _keep(self, change: UnitOfWork, beginning: Beginning, said: list[RunEvent]) -> WidgetItem | None:
        """Save what an action without a turn may say; the widget if it was changed."""
        before = after = beginning.cause.widget if isinstance(beginning.cause, ActionTaken) else None
        kept = 0
        for run_event in said:
            if isinstance(run_event, WidgetChanged) and (fault := widget_fault(run_event.widget)):
                self._telemetry.left_out(beginning.turn, f"a widget that cannot be shown: {fault}")
                continue
            if isinstance(run_event, WidgetChanged) and after is not None:
                after = after.changed(run_event.widget, run_event.copy_text)
            elif isinstance(run_event, ContextKept):
                change.items.save(self._hidden(beginning.turn, run_event))
            elif isinstance(run_event, TitleGiven):
                change.threads.save(beginning.thread.titled(run_event.title))
            else:
                what = type(run_event).__name__
                self._telemetry.left_out(beginning.turn, f"{what} of an action that was carried out without a turn")
                continue
            kept += 1
        if after is not None and after is not before:
            change.items.save(after)
        if kept:
            await change.commit()
        return None if after is before else after

    def _hidden(self, turn: Turn, said: ContextKept) -> HiddenItem:
        return HiddenItem(
            id=self._identifiers.new(IdKind.ITEM),
            thread_id=turn.thread_id,
            turn_id=turn.id,
            created_at=self._clock.now(),
            content=said.content,
        )


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


async def _items_after(change: UnitOfWork, thread_id: str, item_id: str) -> list[Item]:
    found: list[Item] = []
    query = PageQuery(limit=100, after=item_id)
    while True:
        page = await change.items.page(thread_id, query, hidden=True)
        found += page.entries
        if not page.has_more:
            return found
        query = PageQuery(limit=100, after=found[-1].id)
