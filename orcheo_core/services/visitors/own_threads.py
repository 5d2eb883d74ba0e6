"""A visitor's own threads: reading, naming, judging and deleting them."""

from collections.abc import Sequence

from attrs import evolve, frozen

from orcheo_core.domain.component_items import EndOfTurnItem
from orcheo_core.domain.feedback import Feedback, FeedbackKind
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import PAGE_LIMIT, Page, PageQuery, check_cursor
from orcheo_core.domain.thread_events import ItemDone, ThreadCreated, ThreadEvent, ThreadUpdated, TurnTrouble
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.errors import ItemNotFound, ThreadNotFound
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.shared.removing import ThreadRemover
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.turns.engine import FAILED
from orcheo_core.turns.live import LiveTurn, LiveTurns
from orcheo_core.turns.register import INTERRUPTED

PAGE_BYTES = 1024 * 1024
"""About as much is given at a time of a thread: it lies in memory until it is read."""


async def find_own_thread(change: UnitOfWork, visit: Visit, thread_id: str) -> Thread:
    """The visitor's thread with this id; another visitor's is reported as unknown (:class:`ThreadNotFound`)."""
    thread = await change.threads.find(thread_id)
    if thread is None or (thread.workflow_id, thread.subject) != (visit.workflow.id, visit.subject):
        raise ThreadNotFound
    return thread


def _trouble_in(items: Sequence[Item]) -> TurnTrouble | None:
    for each in items:
        if isinstance(each, EndOfTurnItem) and each.ending is not None and each.ending.message is not None:
            return TurnTrouble(message=each.ending.message, allow_retry=each.ending.allow_retry)
    return None


_TROUBLES = {TurnStatus.INTERRUPTED: INTERRUPTED, TurnStatus.FAILED: FAILED}


@frozen(kw_only=True)
class ThreadView:
    """A thread as its subject sees it: its first items and how its latest turn stands."""

    thread: Thread
    items: Page[Item]
    latest_turn: Turn | None = None


class OwnThreads:
    """What a visitor may do with threads besides chatting; each request is scoped to (workflow, subject)."""

    def __init__(self, *, store: Store, live_turns: LiveTurns, clock: Clock, remover: ThreadRemover) -> None:
        """Join what this service needs."""
        self._store = store
        self._live_turns = live_turns
        self._clock = clock
        self._remover = remover

    async def read(self, visit: Visit, thread_id: str) -> ThreadView:
        """A thread with its first items, oldest first."""
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        items = await change.items.page(thread_id, PageQuery(most_bytes=PAGE_BYTES))
        return ThreadView(thread=thread, items=items, latest_turn=await change.turns.latest(thread_id))

    async def page(self, visit: Visit, query: PageQuery) -> Page[Thread]:
        """The subject's own threads with this workflow; :class:`InvalidInput` for an invalid cursor."""
        check_cursor(IdKind.THREAD, "thread", query)
        return await self._store.begin().threads.page(
            ThreadFilter(workflow_id=visit.workflow.id, subject=visit.subject), query
        )

    async def items(self, visit: Visit, thread_id: str, query: PageQuery) -> Page[Item]:
        """A page of the items of a thread, shorter where they are long; :class:`InvalidInput` for an invalid cursor."""
        check_cursor(IdKind.ITEM, "item", query)
        change = self._store.begin()
        await find_own_thread(change, visit, thread_id)
        return await change.items.page(thread_id, evolve(query, most_bytes=PAGE_BYTES))

    async def followable_turn(self, visit: Visit, thread_id: str) -> LiveTurn | None:
        """The thread's latest turn when its frames can still be followed."""
        change = self._store.begin()
        await find_own_thread(change, visit, thread_id)
        turn = await change.turns.latest(thread_id)
        return self._live_turns.find(turn.id) if turn else None

    async def replay(self, visit: Visit, turn: Turn) -> list[ThreadEvent]:
        """What came of a turn whose events are not kept any more: its items as they are, and how it ended."""
        change = self._store.begin()
        thread = await find_own_thread(change, visit, turn.thread_id)
        first = (await change.items.page(thread.id, PageQuery(limit=1))).entries
        begins = [each.id for each in first] == [turn.user_item_id]
        said = await change.items.find(thread.id, turn.user_item_id)
        behind = await change.items.page(thread.id, PageQuery(limit=PAGE_LIMIT, after=turn.user_item_id))
        items = [each for each in (said, *behind.entries) if each is not None and each.turn_id == turn.id]
        trouble = _trouble_in(items) or _TROUBLES.get(turn.status)
        return [
            ThreadCreated(thread) if begins else ThreadUpdated(thread),
            *map(ItemDone, items),
            *([trouble] if trouble else ()),
        ]

    async def set_title(self, visit: Visit, thread_id: str, title: str) -> Thread:
        """Give a thread another title, cut to one line."""
        change = self._store.begin()
        thread = (await find_own_thread(change, visit, thread_id)).titled(title)
        change.threads.save(thread)
        await change.commit()
        return thread

    async def delete(self, visit: Visit, thread_id: str) -> None:
        """Delete a thread with all that belongs to it; its running turn is stopped."""
        await self._remover.remove(await find_own_thread(self._store.begin(), visit, thread_id))

    async def judge(self, visit: Visit, thread_id: str, item_ids: Sequence[str], kind: FeedbackKind) -> None:
        """Keep what the visitor thinks of some items; raises :class:`ItemNotFound` when one is not in the thread."""
        change = self._store.begin()
        await find_own_thread(change, visit, thread_id)
        for item_id in item_ids:
            if await change.items.find(thread_id, item_id) is None:
                raise ItemNotFound
            given = Feedback(thread_id=thread_id, item_id=item_id, kind=kind, given_at=self._clock.now())
            change.feedback.save(given)
        await change.commit()
