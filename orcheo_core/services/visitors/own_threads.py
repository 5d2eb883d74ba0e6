"""A visitor's own threads: reading, naming, judging and deleting them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import define, evolve, field, frozen

from orcheo_core.domain.component_items import EndOfTurnItem
from orcheo_core.domain.feedback import MOST_AT_ONCE, Feedback, FeedbackKind
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import PAGE_BYTES, PAGE_LIMIT, Page, PageQuery, check_cursor, page_of, span_of
from orcheo_core.domain.thread_events import ItemDone, ThreadCreated, ThreadEvent, ThreadUpdated, TurnTrouble
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.errors import FieldError, InvalidInput, ItemNotFound, ThreadNotFound
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.repositories.threads import ThreadRepository
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.shared.removing import ThreadRemover
from orcheo_core.services.shared.turn_items import items_of
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.turns.engine import FAILED
from orcheo_core.turns.live import LiveTurns
from orcheo_core.turns.register import INTERRUPTED
from orcheo_core.turns.relay import Relay


async def find_own_thread(change: UnitOfWork, visit: Visit, thread_id: str) -> Thread:
    """The visitor's thread with this id; another visitor's is reported as unknown (:class:`ThreadNotFound`)."""
    thread = await change.threads.find(thread_id)
    if thread is None or (thread.workflow_id, thread.subject) != (visit.workflow.id, visit.subject):
        raise ThreadNotFound
    return thread


def _trouble_in(items: Sequence[Item]) -> TurnTrouble | None:
    for each in items:
        ending = each.ending if isinstance(each, EndOfTurnItem) else None
        if ending is not None and ending.message is not None:
            return TurnTrouble(message=ending.message, allow_retry=ending.allow_retry, retry_after=ending.retry_after)
    return None


_TROUBLES = {TurnStatus.INTERRUPTED: INTERRUPTED, TurnStatus.FAILED: FAILED}


@frozen(kw_only=True)
class ItemsView:
    """Items of a thread as its subject sees them, and what the subject has thought of them by item id."""

    page: Page[Item]
    feedback: Mapping[str, FeedbackKind] = field(factory=dict)


@frozen(kw_only=True)
class ThreadView:
    """A thread as its subject sees it: its first items, and how its latest turn stood at ``read_at``."""

    thread: Thread
    items: ItemsView
    read_at: datetime
    latest_turn: Turn | None = None


async def _items(change: UnitOfWork, thread_id: str, query: PageQuery) -> ItemsView:
    page = await change.items.page(thread_id, evolve(query, most_bytes=PAGE_BYTES))
    given = await change.feedback.of_thread(thread_id, span_of(page))
    return ItemsView(page=page, feedback={each.item_id: each.kind for each in given})


def _state(turn: Turn | None) -> tuple[str, TurnStatus] | None:
    return None if turn is None else (turn.id, turn.status)


async def _newest(threads: ThreadRepository, wanted: ThreadFilter, most: int) -> list[Thread]:
    found: list[Thread] = []
    while len(found) < most:
        after = found[-1].id if found else None
        limit = min(PAGE_LIMIT, most - len(found))
        page = await threads.page(wanted, PageQuery(limit=limit, newest_first=True, after=after))
        found += page.entries
        if not page.has_more:
            break
    return found


@define(kw_only=True, eq=False)
class OwnThreads:
    """What a visitor may do with threads besides chatting; each request is scoped to (workflow, subject)."""

    _store: Store
    _live_turns: LiveTurns
    _clock: Clock
    _remover: ThreadRemover

    async def read(self, visit: Visit, thread_id: str) -> ThreadView:
        """A thread with its first items, oldest first."""
        change = self._store.begin()
        thread = await find_own_thread(change, visit, thread_id)
        latest = await change.turns.latest(thread_id)
        while True:
            items = await _items(change, thread_id, PageQuery())
            before, latest = latest, await change.turns.latest(thread_id)
            # A turn that began or ended in between would not fit the items: its answer would seem to be missing.
            if _state(before) == _state(latest):
                return ThreadView(thread=thread, items=items, read_at=self._clock.now(), latest_turn=latest)

    async def page(self, visit: Visit, query: PageQuery) -> Page[Thread]:
        """The subject's own threads with this workflow; :class:`InvalidInput` for an invalid cursor.

        Where an app has set so, only the newest ones or none at all. A page that knows a thread can still open it:
        a chat continues when the chat session that it began in is over.
        """
        check_cursor(IdKind.THREAD, "thread", query)
        threads = self._store.begin().threads
        wanted = ThreadFilter(workflow_id=visit.workflow.id, subject=visit.subject)
        if visit.rules is None or visit.rules.threads_shown is None:
            return await threads.page(wanted, query)
        return page_of(await _newest(threads, wanted, visit.rules.threads_shown), query)

    async def items(self, visit: Visit, thread_id: str, query: PageQuery) -> ItemsView:
        """A page of the items of a thread, shorter where they are long; :class:`InvalidInput` for an invalid cursor."""
        check_cursor(IdKind.ITEM, "item", query)
        change = self._store.begin()
        await find_own_thread(change, visit, thread_id)
        return await _items(change, thread_id, query)

    async def followable_turn(self, visit: Visit, thread_id: str) -> Relay | None:
        """The relay of the thread's latest turn when its frames can still be followed."""
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
        items = [each for each in (said, *await items_of(change, turn)) if each is not None and each.turn_id == turn.id]
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
        """Keep what the visitor thinks of some items.

        Raises :class:`ItemNotFound` when one is not in the thread, :class:`InvalidInput` for too many.
        """
        each_once = dict.fromkeys(item_ids)
        if len(each_once) > MOST_AT_ONCE:
            raise InvalidInput(FieldError("item_ids", f"must be at most {MOST_AT_ONCE} items"))
        change = self._store.begin()
        await find_own_thread(change, visit, thread_id)
        for item_id in each_once:
            if await change.items.find(thread_id, item_id) is None:
                raise ItemNotFound
            given = Feedback(thread_id=thread_id, item_id=item_id, kind=kind, given_at=self._clock.now())
            change.feedback.save(given)
        await change.commit()
