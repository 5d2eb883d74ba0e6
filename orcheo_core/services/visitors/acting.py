"""Acting: what a visitor does in a widget or on the page, carried out at once, beside the turns."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from attrs import define, evolve, frozen

from orcheo_core.domain.budget import DATABASE_BYTES, RUNS
from orcheo_core.domain.component_items import HiddenItem, WidgetItem
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import Item
from orcheo_core.domain.json_values import json_fault, rough_size
from orcheo_core.domain.run import (
    OUTPUT_LIMIT,
    ActionTaken,
    Cause,
    ContextKept,
    FeedbackGiven,
    RecordingSpoken,
    RunEvent,
    RunRequest,
    TextDelta,
    ThreadChange,
    WidgetChanged,
)
from orcheo_core.domain.thread_events import ItemEvent, ItemReplaced
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.errors import ActionFailed, ItemNotFound, OrcheoError, TranscriptionFailed
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.run_thread import RunThread
from orcheo_core.ports.runner import RunSink, RunTooLong
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.shared.holding import Hold, Holding
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.own_threads import find_own_thread
from orcheo_core.services.visitors.run_requests import RunRequests
from orcheo_core.turns.draft import TurnDraft, changed_thread
from orcheo_core.turns.engine import TurnEngine
from orcheo_core.turns.live import Pace
from orcheo_core.turns.register import Place, Register, WorkKind
from orcheo_core.turns.run_thread import DraftThread

_Kept = WidgetChanged | ContextKept | ThreadChange
"""What an action without a turn may say."""

RECORDING_SECONDS = 30.0
"""For the words of one recording; the element waits as long."""
RECORDING_CHARACTERS = 20_000
"""Of these words: far more than anyone says in a minute."""

_MOST_EVENTS = 1_000
"""As much of them, when each counts as its part of the limit of text, or for its own length if that is more."""


@frozen(kw_only=True)
class ActionInput:
    """An action of the visitor's page: its type, its JSON, and the id of the widget it was taken in, if any."""

    type: str
    payload: Any = None
    item_id: str | None = None


@define(kw_only=True, eq=False)
class Acting:
    """Carries out actions without a turn, even while a turn of the thread runs."""

    _store: Store
    _engine: TurnEngine
    _requests: RunRequests
    _clock: Clock
    _identifiers: Identifiers
    _register: Register
    _telemetry: Telemetry
    _part_limits: PartLimits
    _holding: Holding
    _files: AttachmentFiles

    async def act_now(self, visit: Visit, thread_id: str, action: ActionInput) -> Item | None:
        """Carry out an action without a turn; the item that the workflow changed, mostly the widget it was taken in.

        Besides the widget, a title, hidden context and what a workflow writes by ids are kept; what else the workflow
        says is left out, with a line in the log. May be called while a turn runs. Raises :class:`ItemNotFound`,
        :class:`ActionFailed`, :class:`ActionNotTaken`, and :class:`ChatSessionEnded` when the owner ended all chats in
        between.
        """
        place = Place(workflow_id=visit.workflow.id, thread_id=thread_id, chat_session_id=visit.chat_session_id)
        async with self._register.working(WorkKind.ACTION, place):
            with self._holding.hold(RUNS, visit.holders) as hold:
                change, thread = await self._begun(visit, thread_id)
                await self._engine.check_takes_actions(visit.workflow, action.type)
                cause = await find_action(change, thread_id, action)
                return await self._carry_out(change, visit, thread, cause, action.item_id or "", hold)

    async def takes_feedback(self, visit: Visit) -> bool:
        """Whether the workflow is run for feedback, which then costs as much as a turn."""
        return await self._engine.takes_feedback(visit.workflow)

    async def pass_on(
        self, visit: Visit, thread_id: str, given: FeedbackGiven, keep: Callable[[], Awaitable[None]]
    ) -> None:
        """Run a workflow that asks for feedback, once ``keep`` has kept it; where none can be run, it is not kept.

        What the workflow says is kept as for an action. How its run ends is the owner's: the feedback is kept by then.
        """
        place = Place(workflow_id=visit.workflow.id, thread_id=thread_id, chat_session_id=visit.chat_session_id)
        is_kept = False
        try:
            async with self._register.working(WorkKind.ACTION, place):
                with self._holding.hold(RUNS, visit.holders) as hold:
                    change, thread = await self._begun(visit, thread_id)
                    await keep()
                    is_kept = True
                    await self._carry_out(change, visit, thread, given, "", hold)
        except OrcheoError:
            if not is_kept:
                raise

    @asynccontextmanager
    async def beside_turns(self, visit: Visit) -> AsyncIterator[Hold]:
        """Count what happens inside as a run, which ends with the chat; it belongs to no thread."""
        place = Place(workflow_id=visit.workflow.id, chat_session_id=visit.chat_session_id)
        async with self._register.working(WorkKind.ACTION, place):
            with self._holding.hold(RUNS, visit.holders) as hold:
                await self._bound(visit)
                yield hold

    async def write_down(self, visit: Visit, spoken: RecordingSpoken) -> str | None:
        """What was said in a recording, by the workflow itself; None for one that does not do this.

        Raises :class:`TranscriptionFailed` when no words came; the reason is the owner's.
        """
        if not await self._engine.takes_recordings(visit.workflow):
            return None
        now = self._clock.now()
        thread = Thread(
            id=self._identifiers.new(IdKind.THREAD),
            workflow_id=visit.workflow.id,
            subject=visit.subject,
            created_at=now,
            updated_at=now,
        )
        turn = self._requests.new_turn(visit, thread, "", None)
        said = self._said(thread, turn)
        request = self._requests.request(visit, turn, thread, text="", history=(), cause=spoken)
        request = evolve(request, time_limit=RECORDING_SECONDS, is_at_once=True)
        async with self.beside_turns(visit) as hold:
            try:
                await self._carried_out(request, said, hold)
            except Exception as error:
                self._note_failure(turn, error)
                raise TranscriptionFailed from error
        return said.words[:RECORDING_CHARACTERS].strip()

    async def _begun(self, visit: Visit, thread_id: str) -> tuple[UnitOfWork, Thread]:
        self._holding.check(DATABASE_BYTES, visit.holders, self._store.kept_bytes)  # for what it keeps
        change = await self._bound(visit)
        return change, await find_own_thread(change, visit, thread_id)

    async def _bound(self, visit: Visit) -> UnitOfWork:
        change = self._store.begin()
        visit.bind(change)
        await change.commit()  # or it would begin after an end
        return change

    async def _carry_out(
        self, change: UnitOfWork, visit: Visit, thread: Thread, cause: Cause, item_id: str, hold: Hold
    ) -> Item | None:
        turn = self._requests.new_turn(visit, thread, item_id, None)
        said = self._said(thread, turn)
        try:
            request = await self._requests.caused_by(change, visit, turn, thread, cause)
            # The page waits for it, and sees no progress.
            request = evolve(request, time_limit=request.silence_limit, is_at_once=True)
            await self._carried_out(request, said, hold)
        except Exception as error:
            self._note_failure(turn, error)
            raise ActionFailed from error
        for what in said.left_out:
            self._note_left_out(turn, f"{what} of an action that was carried out without a turn")
        if said.draft.fault:
            self._note_left_out(turn, said.draft.fault.reason)
        return await self._keep(visit, turn, said)

    def _note_failure(self, turn: Turn, error: Exception) -> None:
        with suppress(Exception):  # the visitor learns how it ended, whatever becomes of the note about it
            self._telemetry.run_failed(turn, error)

    def _note_left_out(self, turn: Turn, what: str) -> None:
        with suppress(Exception):  # see above
            self._telemetry.left_out(turn, what)

    async def _carried_out(self, request: RunRequest, said: "_Said", hold: Hold) -> None:
        run = await self._engine.run_apart(request)
        try:
            await run.execute_apart(said)
        finally:
            run.when_over(hold.share().release)

    def _said(self, thread: Thread, turn: Turn) -> "_Said":
        def stamp() -> ItemBase:
            return ItemBase(id=self._new_id(), thread_id=thread.id, turn_id=turn.id, created_at=self._clock.now())

        draft = TurnDraft(thread=thread, stamp=stamp, limits=self._part_limits)
        return _Said(draft, self._store, self._files, self._engine.pace)

    def _new_id(self) -> str:
        return self._identifiers.new(IdKind.ITEM)

    async def _keep(self, visit: Visit, turn: Turn, said: "_Said") -> Item | None:
        """Save what an action without a turn may say; the item that was changed.

        Thread and widget are looked up again: while the workflow was at work, the thread may have been deleted or
        given a title, and an answer that was tried again may have taken the widget away.
        """
        change = self._store.begin()
        visit.bind(change)
        thread = (await find_own_thread(change, visit, turn.thread_id)).touched(self._clock.now())
        before = await change.items.find(thread.id, turn.user_item_id)
        after = before
        thread = _stage_written(change, thread, said.draft)
        for run_event in said.kept:
            if fault := _fault(run_event, after, self._part_limits):
                self._note_left_out(turn, fault)
                continue
            if isinstance(run_event, ContextKept):
                change.items.save(self._hidden(turn, run_event))
            elif isinstance(run_event, ThreadChange):
                thread = changed_thread(thread, run_event)
                change.threads.save(thread)
            else:
                after = cast(WidgetItem, after).changed(run_event.widget, run_event.copy_text)
                change.items.save(after)
        await change.commit()
        return after if after is not before else said.changed

    def _hidden(self, turn: Turn, said: ContextKept) -> HiddenItem:
        return HiddenItem(
            id=self._new_id(),
            thread_id=turn.thread_id,
            turn_id=turn.id,
            created_at=self._clock.now(),
            content=said.content,
        )


class _Said(RunSink):
    """Keeps what an action without a turn may say, and the names of the rest; an endless run is ended."""

    def __init__(self, draft: TurnDraft, store: Store, files: AttachmentFiles, pace: Pace) -> None:
        self.draft = draft
        """What is written by ids."""
        self.changed: Item | None = None
        self._store = store
        self._files = files
        self._pace = pace
        self.kept: list[_Kept] = []
        self.words = ""
        self.left_out: dict[str, None] = {}
        self._length = 0

    def text(self, text: str) -> bool:
        return self.event(TextDelta(text))

    def event(self, event: RunEvent) -> bool:
        length = len(event.text) if isinstance(event, TextDelta) else _length_of(event)
        self._length += length
        if self._length > OUTPUT_LIMIT:
            raise RunTooLong
        if isinstance(event, _Kept):
            self.kept.append(event)
        else:
            self.left_out[type(event).__name__] = None
            self.words += event.text if isinstance(event, TextDelta) else ""
        return self._pace.took(length)

    async def room(self) -> None:
        await self._pace.room()

    def thread(self) -> RunThread:
        return DraftThread(
            draft=self.draft, new_id=self.draft.new_id, say=self._tell, store=self._store, files=self._files
        )

    def _tell(self, event: ItemEvent | ThreadChange) -> bool:
        characters = self.draft.apply(event)
        if isinstance(event, ItemReplaced):
            self.changed = event.item
        return self._pace.took(characters)

    def abandoned(self, error: Exception | None) -> None:
        """The action does not wait for it either."""


def _stage_written(change: UnitOfWork, thread: Thread, draft: TurnDraft) -> Thread:
    """What was written by ids; the thread with what was set for it."""
    for item in draft.whole.items:
        change.items.save(item)
    for item_id in draft.whole.gone:
        change.items.remove(thread.id, item_id, item_id)
    if draft.is_retitled:
        given = draft.thread
        thread = evolve(thread, title=given.title, is_titled=given.is_titled, settings=given.settings)
        change.threads.save(thread)
    return thread


def _length_of(event: RunEvent) -> int:
    """What an event counts for, by its size; what is far too large is not looked at to its end."""
    return max(OUTPUT_LIMIT // _MOST_EVENTS, rough_size(event, OUTPUT_LIMIT))


def _fault(said: _Kept, acted_upon: Item | None, limits: PartLimits) -> str | None:
    """Why something that an action without a turn said cannot be kept."""
    if fault := json_fault(said):
        return f"{type(said).__name__} that cannot be kept: {fault}"
    if not isinstance(said, WidgetChanged):
        return None
    if not isinstance(acted_upon, WidgetItem):
        return "WidgetChanged of an action that belongs to no widget"
    fault = limits.widget_fault(said.widget)
    return f"a widget that cannot be shown: {fault}" if fault else None


async def find_action(change: UnitOfWork, thread_id: str, asked: ActionInput) -> ActionTaken:
    """The action with the widget it was taken in; raises :class:`ItemNotFound` for an item of another kind."""
    if asked.item_id is None:
        return ActionTaken(type=asked.type, payload=asked.payload)
    widget = await change.items.find(thread_id, asked.item_id)
    if not isinstance(widget, WidgetItem):
        raise ItemNotFound("The thread has no widget with this id.")
    return ActionTaken(type=asked.type, payload=asked.payload, widget=widget)
