"""The turn engine: runs a workflow for a turn, tells the followers, and makes what was said durable.

A turn does not hang on a connection: the run is background work, followers watch it through the relay. Text becomes
durable at each :meth:`TurnEngine.checkpoint` (call it at least twice a second) and at the end, and the end is told
only after it is durable. No transaction is open meanwhile.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from attrs import evolve, frozen

from orcheo_core.domain.component_items import ClientToolCallItem, Ending, EndingKind, EndOfTurnItem, WidgetItem
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.run import ActionTaken, RunRequest
from orcheo_core.domain.thread_events import ItemRemoved, ThreadEvent, TurnTrouble
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.domain.turn_draft import TurnDraft
from orcheo_core.domain.turn_end import TurnEnd
from orcheo_core.errors import ConcurrentChange, StorageUnavailable
from orcheo_core.ports.background import Background
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.runner import NothingSaid, Runner, RunTooLong, failure_of
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.ports.turn_relay import TurnRelay
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.identifiers import Identifiers
from orcheo_core.services.live_turns import INTERRUPTED, THREAD_DELETED, LiveTurn, LiveTurns

FAILED = TurnTrouble(message="The workflow could not answer. You can try again.", allow_retry=True)
NOT_SAVED = TurnTrouble(message="The answer could not be saved. You can try again in a little while.", allow_retry=True)

_INTERRUPTED = Ending(kind=EndingKind.INTERRUPTED, message=INTERRUPTED.message)
_KINDS = {
    "timed_out": EndingKind.TIMED_OUT,
    "too_long": EndingKind.CUT_OFF,
    "no_answer": EndingKind.NO_ANSWER,
}
"""What a thread remembers of failures by their code; of all others that the turn failed."""


@frozen(kw_only=True)
class Assignment:
    """A turn that is durable and waits for its run."""

    turn: Turn
    thread: Thread
    runner: Runner
    request: RunRequest
    acted_upon: WidgetItem | None = None
    """The widget whose control the visitor used."""


class TurnEngine:
    """Executes turns."""

    def __init__(
        self,
        *,
        store: Store,
        relay: TurnRelay,
        background: Background,
        telemetry: Telemetry,
        clock: Clock,
        identifiers: Identifiers,
        live_turns: LiveTurns,
    ) -> None:
        """Join the ports the engine needs."""
        self._store = store
        self._relay = relay
        self._background = background
        self._telemetry = telemetry
        self._clock = clock
        self._identifiers = identifiers
        self._live_turns = live_turns

    def start(self, assignment: Assignment) -> None:
        """Run the turn in the background; its relay must be open."""
        turn = assignment.turn
        draft = TurnDraft(thread=assignment.thread, stamp=self._stamp(turn), acted_upon=assignment.acted_upon)
        live = LiveTurn(
            turn=turn,
            run=assignment.runner.run(assignment.request),
            draft=draft,
            may_be_silent=isinstance(assignment.request.context.cause, ActionTaken | ClientToolCallItem),
        )
        self._live_turns.add(live)
        self._background.start(self._execute(live), name=turn.id)

    async def checkpoint(self) -> None:
        """Make the text so far of all running turns durable, and finish those that could not be finished before."""
        for live in self._live_turns:
            if live.waits_for_storage:
                await self._try_to_save(live, final=True)
            elif live.draft.unsaved:
                await self._try_to_save(live, final=False)

    async def recover(self) -> int:
        """Mark the turns that an earlier process left running as interrupted; how many there were."""
        change = self._store.begin()
        left = await change.turns.running()
        for turn in left:
            fault = TurnFault("interrupted", "The server stopped during the answer.")
            change.turns.save(turn.ended(TurnStatus.INTERRUPTED, self._clock.now(), fault))
            change.items.save(self._end_of(turn))
        if left:
            await change.commit()
        return len(left)

    def _end_of(self, turn: Turn) -> EndOfTurnItem:
        return EndOfTurnItem(
            id=self._identifiers.new(IdKind.ITEM),
            thread_id=turn.thread_id,
            turn_id=turn.id,
            created_at=self._clock.now(),
            ending=_INTERRUPTED,
        )

    async def _execute(self, live: LiveTurn) -> None:
        live.end = await self._follow_run(live)
        events = live.draft.finish(live.end.ending)
        saved = await self._try_to_save(live, final=True)
        trouble = live.end.trouble if saved else _not_saved(live)
        await self._relay.append(live.turn.id, self._farewell(live, events, trouble))
        self._relay.close(live.turn.id)

    async def _follow_run(self, live: LiveTurn) -> TurnEnd:
        try:
            async for batch in live.run.batches():
                events = live.take_all(batch)
                if live.draft.has_news and not await self._try_to_save(live, final=False):
                    live.run.stop()
                    fault = TurnFault("not_saved", "The server could not save the answer.")
                    return _failed(fault, _not_saved(live))
                await self._relay.append(live.turn.id, events)
            if live.is_too_long:
                raise RunTooLong
            if not live.may_be_silent and live.draft.is_empty:
                raise NothingSaid
        except Exception as error:  # noqa: BLE001 - a workflow may raise anything; visitors get a fixed sentence
            if live.stopped_as is None:
                self._telemetry.run_failed(live.turn, error)
                failure = failure_of(error)
                trouble = evolve(FAILED, message=failure.visitor_message or FAILED.message)
                return _failed(TurnFault(failure.code, failure.reason), trouble)
        return live.come_to_end()

    def _stamp(self, turn: Turn) -> Callable[[], ItemBase]:
        """Ids for the items of a turn: the first one stands in the turn."""
        ids = chain([turn.answer_id], iter(lambda: self._identifiers.new(IdKind.ITEM), None))
        return lambda: ItemBase(id=next(ids), thread_id=turn.thread_id, turn_id=turn.id, created_at=self._clock.now())

    @staticmethod
    def _farewell(live: LiveTurn, ending: list[ThreadEvent], trouble: TurnTrouble | None) -> Iterator[ThreadEvent]:
        if live.end is not None and live.end.status is TurnStatus.COMPLETED:
            yield from (ItemRemoved(item_id) for item_id in live.turn.replaces)
        yield from ending
        if trouble is not None:
            yield trouble

    async def _try_to_save(self, live: LiveTurn, *, final: bool) -> bool:
        try:
            await self._save(live, final=final)
        except StorageUnavailable as error:
            live.draft.mark_unsaved()
            live.waits_for_storage = final
            self._telemetry.save_failed(live.turn, error)
            return False
        except ConcurrentChange:
            live.is_thread_gone = True
            self._live_turns.discard(live)
            return False
        return True

    async def _save(self, live: LiveTurn, *, final: bool) -> None:
        change = self._store.begin()
        for item in live.draft.items(every=final):
            change.items.save(item)
        if live.draft.is_retitled:
            change.threads.save(live.draft.thread)
        live.draft.mark_saved()
        if final:
            self._stage_end(change, live)
        await change.commit()
        if final:
            self._live_turns.discard(live)
            self._telemetry.turn_ended(live.turn)

    def _stage_end(self, change: UnitOfWork, live: LiveTurn) -> None:
        end = live.end or live.come_to_end()
        live.turn = live.turn.ended(end.status, self._clock.now(), end.fault)
        change.turns.save(live.turn)
        if live.turn.status is TurnStatus.COMPLETED:
            for item_id in live.turn.replaces:
                change.items.remove(item_id)


def _failed(fault: TurnFault, trouble: TurnTrouble) -> TurnEnd:
    kind = _KINDS.get(fault.code, EndingKind.FAILED)
    return TurnEnd(status=TurnStatus.FAILED, kind=kind, trouble=trouble, fault=fault)


def _not_saved(live: LiveTurn) -> TurnTrouble:
    """Why the answer is not durable, and whether it makes sense to try again."""
    if not live.is_thread_gone:
        return NOT_SAVED
    return live.farewell or THREAD_DELETED
