"""The turn engine: begins turns, runs their workflows, and makes what was said durable.

A turn does not depend on a connection: the run is background work, connections follow the live turn. Text becomes
durable at each :meth:`TurnEngine.checkpoint` (call it at least twice a second) and at the end, and the end is sent
only after it is durable. No transaction is open during a run.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain

from attrs import evolve

from orcheo_core.domain.component_items import ClientToolCallItem, Ending, EndingKind, EndOfTurnItem
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.run import ActionTaken, RunRequest
from orcheo_core.domain.thread_events import ItemRemoved, ThreadEvent, TurnTrouble
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.domain.turn_end import TurnEnd
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import ActionNotTaken, ConcurrentChange, StopNotOffered, StorageUnavailable
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.background import Background
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.frame_encoder import FrameEncoder
from orcheo_core.ports.notices import Notices, NullNotices
from orcheo_core.ports.runner import NothingSaid, Run, Runners, failure_of
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.turns.draft import TurnDraft
from orcheo_core.turns.live import THREAD_DELETED, LiveTurn, LiveTurns, Pace
from orcheo_core.turns.register import INTERRUPTED, Register
from orcheo_core.turns.relay import Relay, Room
from orcheo_core.turns.run_thread import DraftThread

FAILED = TurnTrouble(message="The workflow could not answer. You can try again.", allow_retry=True)
NOT_SAVED = TurnTrouble(message="The answer could not be saved. You can try again in a little while.", allow_retry=True)

_MAY_BE_SILENT = (ActionTaken, ClientToolCallItem)
"""Causes of a turn that a workflow may carry out without a word."""
_INTERRUPTED = Ending(kind=EndingKind.INTERRUPTED, message=INTERRUPTED.message)
_UNWRITABLE = TurnFault("not_saved", "What the workflow said cannot be stored.")
_BROKEN = TurnFault("not_saved", "The end of the turn could not be made: the log has the error.")
_KINDS = {
    "timed_out": EndingKind.TIMED_OUT,
    "too_long": EndingKind.CUT_OFF,
    "no_answer": EndingKind.NO_ANSWER,
}
"""What a thread remembers of failures by their code; of all others that the turn failed."""


class TurnEngine:
    """Begins and executes turns."""

    def __init__(
        self,
        *,
        store: Store,
        runners: Runners,
        encoder: FrameEncoder,
        background: Background,
        telemetry: Telemetry,
        clock: Clock,
        new_item_id: Callable[[], str],
        live_turns: LiveTurns,
        register: Register,
        part_limits: PartLimits,
        files: AttachmentFiles,
        notices: Notices | None = None,
    ) -> None:
        """Join the ports the engine needs."""
        self._store = store
        self._runners = runners
        self._encoder = encoder
        self._background = background
        self._telemetry = telemetry
        self._clock = clock
        self._new_item_id = new_item_id
        self._live_turns = live_turns
        self._register = register
        self._part_limits = part_limits
        self._files = files
        self._notices = notices or NullNotices()
        self._waiting: dict[str, LiveTurn] = {}
        """Turns whose end is not durable yet."""
        self._broken_off: list[Relay] = []
        """Those whose followers may not know that they are over."""

    # --- begin ------------------------------------------------------------------------------------------------------

    async def begin(
        self,
        change: UnitOfWork,
        turn: Turn,
        *,
        thread: Thread,
        request: RunRequest,
        opening: Sequence[ThreadEvent],
        room: Room,
        chat_session_id: str | None = None,
        on_end: Callable[[], None] = lambda: None,
    ) -> LiveTurn:
        """Commit ``change`` with the new turn, tell the followers its opening, and start its run.

        Its frames are counted against ``room``. ``on_end`` is called when the run is really over: also one that was
        given up long before, and with its threads.

        Raises :class:`DuplicateTurn`, :class:`TurnInProgress`, :class:`ServerStopping`, :class:`StorageUnavailable`;
        then nothing has begun.
        """
        self._register.check_open()
        run = await self.run_apart(request)
        change.turns.add(turn)
        await change.commit()
        cause = request.context.cause
        acted_upon = cause.widget if isinstance(cause, ActionTaken) else None
        live = LiveTurn(
            turn=turn,
            run=run,
            draft=TurnDraft(
                thread=thread,
                stamp=self._stamp(turn),
                limits=self._part_limits,
                acted_upon=acted_upon,
                earlier=[past.item for past in request.context.history if past.item],
            ),
            encoder=self._encoder,
            background=self._background,
            save=self._save_part,
            finish=self._finish,
            spoken=self._live_turns.spoken,
            room=room,
            reach=self._reach,
            may_be_silent=isinstance(cause, _MAY_BE_SILENT),
            chat_session_id=chat_session_id,
            now=self._clock.now,
        )
        self._live_turns.add(live)
        live.tell(opening)
        self._background.start(self._execute(live, on_end), name=turn.id)
        return live

    def _reach(self, live: LiveTurn) -> DraftThread:
        return DraftThread(
            draft=live.draft,
            new_id=live.draft.new_id,
            say=live.tell_item,
            store=self._store,
            files=self._files,
            replaced=live.turn.replaces,
        )

    def check_stop_offered(self, thread_id: str) -> None:
        """Raise :class:`StopNotOffered` while a workflow answers in this thread that has switched the stop off."""
        running = [live for live in self._live_turns if live.turn.thread_id == thread_id]
        if not all(live.draft.is_stop_offered for live in running):
            raise StopNotOffered

    async def run_apart(self, request: RunRequest) -> Run:
        """A run that has not begun; :class:`InvalidInput` without a runner of its kind."""
        return (await self._runners.ready(request.spec.kind)).run(request)

    @property
    def pace(self) -> Pace:
        """Of a run that is heard apart from the turns."""
        return Pace(self._background.pause)

    async def check_takes_actions(self, workflow: Workflow, action_type: str) -> None:
        """Raise :class:`ActionNotTaken`, and note it in the log, where the workflow takes messages only."""
        runner = await self._runners.ready(workflow.runner.kind)
        if not await runner.takes_actions(workflow.runner):
            self._telemetry.action_not_taken(workflow.id, action_type)
            raise ActionNotTaken

    async def takes_feedback(self, workflow: Workflow) -> bool:
        """Whether the workflow asks for what visitors think of its answers."""
        return await (await self._runners.ready(workflow.runner.kind)).takes_feedback(workflow.runner)

    async def takes_recordings(self, workflow: Workflow) -> bool:
        """Whether the workflow writes down what visitors say aloud."""
        return await (await self._runners.ready(workflow.runner.kind)).takes_recordings(workflow.runner)

    # --- execute ----------------------------------------------------------------------------------------------------

    async def _execute(self, live: LiveTurn, on_end: Callable[[], None]) -> None:
        error: Exception | None = None
        try:
            await live.run.execute(live)
        except Exception as raised:  # noqa: BLE001 - a workflow may raise anything; visitors get a fixed sentence
            error = raised
        finally:
            live.run.when_over(on_end)
        await self._finish(live, error)

    async def _finish(self, live: LiveTurn, error: Exception | None) -> None:
        """This is where a turn ends, once, however its run went.

        Code that has replaced a built-in function, which is set back soon, can break this too: then the followers are
        told nothing more, and the next checkpoint saves the end.
        """
        if live.ended_as is not None:  # a run that was abandoned has come to its end after all
            return
        is_saved = False
        try:
            live.ended_as = end = self._end_of(live, error)
            live.pass_on()
            live.draft.finish(end.ending)
            is_saved = await self._save_end(live)
            trouble = end.trouble if is_saved else _not_saved(live)
            live.end([NOT_SAVED] if live.is_unwritable else self._ending(live, trouble))
            self._live_turns.keep(live)
        except BaseException:
            live.ended_as = live.ended_as or _failed(_BROKEN, FAILED)
            if not is_saved:
                self._waiting[live.turn.id] = live
            self._broken_off.append(live.relay)
            live.relay.break_off()
            raise

    def _end_of(self, live: LiveTurn, error: Exception | None) -> TurnEnd:
        if live.is_lost:
            live.draft.take()  # what was held back is not told
            return _failed(TurnFault("not_saved", "The server could not save the answer."), _not_saved(live))
        if error is None:
            error = live.excess
        if error is None and live.draft.is_empty and not live.may_be_silent:
            error = NothingSaid()
        if error is None or live.stopped_as is not None:
            return live.natural_end()
        with suppress(Exception):  # here and below: a turn ends whatever becomes of the notes about it
            self._telemetry.run_failed(live.turn, error)
        failure = failure_of(error)
        trouble = TurnTrouble(
            message=failure.visitor_message or FAILED.message,
            allow_retry=failure.allow_retry and FAILED.allow_retry,
            retry_after=failure.retry_after,
        )
        return _failed(TurnFault(failure.code, failure.reason), trouble)

    @staticmethod
    def _ending(live: LiveTurn, trouble: TurnTrouble | None) -> list[ThreadEvent]:
        gone = live.turn.replaces if live.turn.status is TurnStatus.COMPLETED else ()
        return [*map(ItemRemoved, gone), *live.draft.take(), *([] if trouble is None else [trouble])]

    def _stamp(self, turn: Turn) -> Callable[[], ItemBase]:
        """Ids for the items of a turn: the first one is kept in the turn."""
        ids = chain([turn.answer_id], iter(self._new_item_id, None))
        return lambda: ItemBase(id=next(ids), thread_id=turn.thread_id, turn_id=turn.id, created_at=self._clock.now())

    # --- make durable -----------------------------------------------------------------------------------------------

    async def checkpoint(self) -> None:
        """Make the text so far of all running turns durable, and finish those that could not be finished before.

        To be called again when it fails, as its followers may.
        """
        waiting = list(self._waiting.values())
        spoken = self._live_turns.spoken
        unsaved = [live for live in spoken.values() if live.draft.unsaved and not live.waits_for_storage]
        spoken.clear()
        if len(unsaved) <= 1 or not await self._save_together(unsaved):
            for live in unsaved:
                await self._save_part(live)
        for live in waiting:
            await self._save_end(live)
        while self._broken_off:  # what broke their end may have kept the followers from hearing of it
            self._broken_off[-1].break_off()
            self._broken_off.pop()

    async def _save_together(self, lives: Sequence[LiveTurn]) -> bool:
        """One commit for all of them; when it is refused, nothing of it has landed."""
        change = self._store.begin()
        try:
            staged = [self._stage(change, live, every=False) for live in lives]
            await change.commit()
        except Exception:  # noqa: BLE001 - because of one of them: its thread is gone, or it cannot be written
            for live in lives:
                live.draft.mark_unsaved()
            return False
        for live, count in zip(lives, staged, strict=True):
            live.draft.mark_saved(count)
        return True

    async def _save_part(self, live: LiveTurn) -> bool:
        """Make durable what was said since the last time; whether that could be done."""
        return await self._save(live, is_end=False)

    async def _save_end(self, live: LiveTurn) -> bool:
        """Make all of it and the end of the turn durable; whether that could be done. If not, a checkpoint will.

        What can never be written is given up, and the turn ends without it: no turn runs for ever.
        """
        end = live.ended_as or live.natural_end()
        live.turn = live.turn.ended(end.status, self._clock.now(), end.fault, live.first_event_at)
        is_saved = await self._save(live, is_end=True)
        if not is_saved and live.is_unwritable:
            is_saved = await self._save_bare_end(live)
        live.waits_for_storage = not (is_saved or live.is_thread_gone)
        if live.waits_for_storage:
            self._waiting[live.turn.id] = live
        else:
            self._waiting.pop(live.turn.id, None)
        if is_saved:
            self._live_turns.discard(live)
            with suppress(Exception):
                self._telemetry.turn_ended(live.turn)
        return is_saved and not live.is_unwritable

    async def _save(self, live: LiveTurn, *, is_end: bool) -> bool:
        change = self._store.begin()
        try:
            staged = self._stage(change, live, every=is_end)
            if is_end:
                await self._stage_end(change, live)
            await change.commit()
        except ConcurrentChange:
            live.is_thread_gone = True
            self._live_turns.discard(live)
            return False
        except Exception as error:  # noqa: BLE001 - such as text that no encoding has: the turn must end anyway
            live.draft.mark_unsaved()
            self._live_turns.spoken[live.turn.id] = live
            live.is_unwritable = not isinstance(error, StorageUnavailable)
            with suppress(Exception):
                self._telemetry.save_failed(live.turn, error)
            return False
        live.draft.mark_saved(staged)
        return True

    async def _stage_end(self, change: UnitOfWork, live: LiveTurn) -> None:
        change.turns.save(live.turn)
        await self._notices.turn_ended(change, live.turn)
        if live.turn.status is TurnStatus.COMPLETED and (replaces := live.turn.replaces):
            change.items.remove(live.turn.thread_id, replaces[0], replaces[-1])

    async def _save_bare_end(self, live: LiveTurn) -> bool:
        """Make durable that the turn failed, and nothing of what it said."""
        live.turn = evolve(live.turn, status=TurnStatus.FAILED, fault=_UNWRITABLE)
        change = self._store.begin()
        change.turns.save(live.turn)
        try:
            await change.commit()
        except Exception as error:  # noqa: BLE001 - the next checkpoint tries again
            with suppress(Exception):
                self._telemetry.save_failed(live.turn, error)
            return False
        return True

    @staticmethod
    def _stage(change: UnitOfWork, live: LiveTurn, *, every: bool) -> int:
        for item in live.draft.items(every=every):
            change.items.save(item)
        for item_id in live.draft.removals():
            change.items.remove(live.turn.thread_id, item_id, item_id)
        if live.draft.is_retitled:
            change.threads.save(live.draft.thread)
        return live.draft.mark_staged()

    # --- recover ----------------------------------------------------------------------------------------------------

    async def recover(self) -> int:
        """Mark the turns that an earlier process left running as interrupted; how many there were."""
        change = self._store.begin()
        left = await change.turns.running()
        for turn in left:
            fault = TurnFault("interrupted", "The server stopped during the answer.")
            change.turns.save(turn.ended(TurnStatus.INTERRUPTED, self._clock.now(), fault))
            change.items.save(self._interrupted_mark(turn))
        if left:
            await change.commit()
        return len(left)

    def _interrupted_mark(self, turn: Turn) -> EndOfTurnItem:
        return EndOfTurnItem(
            id=self._new_item_id(),
            thread_id=turn.thread_id,
            turn_id=turn.id,
            created_at=self._clock.now(),
            ending=_INTERRUPTED,
        )


def _failed(fault: TurnFault, trouble: TurnTrouble) -> TurnEnd:
    kind = _KINDS.get(fault.code, EndingKind.FAILED)
    return TurnEnd(status=TurnStatus.FAILED, kind=kind, trouble=trouble, fault=fault)


def _not_saved(live: LiveTurn) -> TurnTrouble:
    """Why the answer is not durable, and whether it makes sense to try again."""
    if not live.is_thread_gone:
        return NOT_SAVED
    return live.reason or THREAD_DELETED
