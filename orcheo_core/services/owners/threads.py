"""Transcripts: what owners read, search, export and purge of the chats with their workflows."""

from datetime import timedelta

from attrs import define, evolve, frozen

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.audit import Act, AuditFilter
from orcheo_core.domain.durations import counted
from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import PAGE_BYTES, PAGE_LIMIT, Page, PageQuery, check_cursor, span_of
from orcheo_core.domain.search import search_words
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter, ThreadSum, Transcript, TranscriptPart
from orcheo_core.domain.turn import TurnSum
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import NotErasedYet, StorageUnavailable, ThreadNotFound, WorkflowNotFound
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.owners.workflows import find_own, find_visible
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.services.shared.removing import ThreadRemover
from orcheo_core.turns.register import Place, Register, WorkKind

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_ONE_EXPORT = timedelta(hours=1)
"""Parts of a thread that are taken within this time of the last entry count as one export."""
_ITEMS_IN_PART = 50
_BYTES_IN_PART = 128 * 1024
"""A part of an export is read and written at once; the event loop does nothing else in these milliseconds."""


@frozen(kw_only=True)
class PurgeOrder:
    """Which threads of a workflow to delete: those that meet all that is given, all that are there otherwise."""

    thread_id: str | None = None
    subject: Subject | None = None
    older_than: timedelta | None = None
    """Time since the last message."""


@define(kw_only=True, eq=False)
class Transcripts:
    """Reads threads on behalf of the owner of their workflow, an operator those of all, and deletes them."""

    _store: Store
    _clock: Clock
    _audit_trail: AuditTrail
    _remover: ThreadRemover
    _register: Register

    async def page(
        self,
        caller: Caller,
        ref: str,
        query: PageQuery,
        *,
        subject: Subject | None = None,
        search: str | None = None,
        failed: bool = False,
    ) -> Page[Thread]:
        """The threads with a workflow; with ``search`` those with an item that has all its words.

        With ``failed`` those in which a turn failed.

        Raises :class:`WorkflowNotFound`, :class:`InvalidInput`.
        """
        words = () if search is None else search_words(search)
        check_cursor(IdKind.THREAD, "thread", query)
        change = self._store.begin()
        workflow = await find_visible(change, caller, ref)
        wanted = ThreadFilter(workflow_id=workflow.id, subject=subject, words=words, is_failed=failed)
        return await change.threads.page(wanted, query)

    async def activity(self, workflow: Workflow) -> tuple[TurnSum, TurnSum]:
        """The turns of a workflow, of the last day and of all its time."""
        turns, now = self._store.begin().turns, self._clock.now()
        return await turns.sum_up(workflow.id, since=now - _DAY), await turns.sum_up(workflow.id)

    async def read(self, caller: Caller, thread_id: str, query: PageQuery) -> Transcript:
        """A thread with a page of its items, hidden ones too.

        Raises :class:`ThreadNotFound`, :class:`InvalidInput`.
        """
        check_cursor(IdKind.ITEM, "item", query)
        change = self._store.begin()
        _, thread = await find_visible_thread(change, caller, thread_id)
        page = await change.items.page(thread_id, evolve(query, most_bytes=PAGE_BYTES), hidden=True)
        return await _transcript(change, thread, page)

    async def export(
        self, caller: Caller, thread_id: str, *, after: str | None = None, lists_turns: bool = False
    ) -> TranscriptPart:
        """The part of a thread behind an id, for export; the audit keeps that an export was taken.

        It does so at the first part, and at one behind an id when the caller has taken no part of the thread lately.
        With ``lists_turns`` all turns come before the items, and ``after`` may be the id of one. Raises
        :class:`ThreadNotFound`, :class:`InvalidInput`, and :class:`StorageUnavailable` when the audit takes no entry.
        """
        is_at_turns = lists_turns and (after is None or is_id(IdKind.TURN, after))
        if not is_at_turns:
            check_cursor(IdKind.ITEM, "item", PageQuery(after=after))
        change = self._store.begin()
        workflow, thread = await find_visible_thread(change, caller, thread_id)
        async with self._register.working(WorkKind.EXPORT, Place(workflow_id=workflow.id, thread_id=thread_id)):
            part = await (_part_with_turns(change, thread, after) if is_at_turns else _part(change, thread, after))
            if after is None or not await self._was_exported(change, caller, workflow, thread_id):
                self._audit_trail.record(change, Act.TRANSCRIPT_EXPORTED, caller, workflow=workflow, note=thread_id)
                await _write_down(change)
            return part

    async def _was_exported(self, change: UnitOfWork, caller: Caller, workflow: Workflow, thread_id: str) -> bool:
        """Whether the audit already has that the caller exports this thread."""
        lately = AuditFilter(
            actors=frozenset({caller.actor.name}),
            workflows=frozenset({workflow.id}),
            act=Act.TRANSCRIPT_EXPORTED,
            since=self._clock.now() - _ONE_EXPORT,
        )
        page = await change.audit.page(PageQuery(limit=PAGE_LIMIT, newest_first=True), lately)
        return any(each.note == thread_id for each in page.entries)

    async def preview_purge(self, caller: Caller, ref: str, order: PurgeOrder) -> ThreadSum:
        """What :meth:`purge` would delete now; nothing is changed."""
        change = self._store.begin()
        _, wanted = await self._find_purged(caller, ref, order)
        if order.thread_id is None:
            return await change.threads.sum_up(wanted)
        moments = [each.updated_at for each in await self._next(wanted, order.thread_id, PageQuery())]
        return ThreadSum(count=len(moments), newest=max(moments, default=None))

    async def _find_purged(self, caller: Caller, ref: str, order: PurgeOrder) -> tuple[Workflow, ThreadFilter]:
        workflow = await find_own(self._store.begin(), caller, ref)
        if order.thread_id is not None:
            await self._check_is_of(workflow.id, order.thread_id)
        return workflow, self._filter(order, workflow.id)

    async def purge(self, caller: Caller, ref: str, order: PurgeOrder) -> int:
        """Delete threads of the caller's workflow with all their bytes; how many they were.

        Running turns in them are stopped; of all threads those stay in which something is said from now on. Raises
        :class:`WorkflowNotFound`, :class:`ThreadNotFound`, :class:`NotErasedYet`.
        """
        workflow, wanted = await self._find_purged(caller, ref, order)
        count, failure = await self._remove_all(wanted, only=order.thread_id)
        change = self._store.begin()
        note = counted(count, "thread")
        self._audit_trail.record(change, Act.TRANSCRIPTS_PURGED, caller, workflow=workflow, note=note)
        await change.commit(must_land=True)
        await self._erase()
        if failure is not None:
            raise failure
        return count

    async def _erase(self) -> None:
        try:
            await self._store.tidy(erase=True)
        except StorageUnavailable as error:  # which says that nothing was changed
            raise NotErasedYet(f"{NotErasedYet.summary} {error.detail}") from error

    async def purge_older(self, age: timedelta) -> int:
        """Delete the threads of all workflows in which nothing was said for ``age`` (the retention setting)."""
        count, failure = await self._remove_all(self._filter(PurgeOrder(older_than=age), None))
        if failure is not None:
            raise failure
        return count

    def _filter(self, order: PurgeOrder, workflow_id: str | None) -> ThreadFilter:
        since = None
        if order.older_than is not None:
            since = self._clock.now() - order.older_than
        elif order.thread_id is None and order.subject is None:
            since = self._clock.now() + _INSTANT  # or a busy workflow would be purged without end
        return ThreadFilter(workflow_id=workflow_id, subject=order.subject, untouched_since=since)

    async def _check_is_of(self, workflow_id: str, thread_id: str) -> None:
        thread = await self._store.begin().threads.find(thread_id)
        if thread is None or thread.workflow_id != workflow_id:
            raise _not_found()

    async def _remove_all(
        self, wanted: ThreadFilter, *, only: str | None = None
    ) -> tuple[int, StorageUnavailable | None]:
        """How many were removed, and why one could not be: such a thread does not keep the others."""
        removed, failure, query = 0, None, PageQuery(limit=PAGE_LIMIT)
        while threads := await self._next(wanted, only, query):
            for thread in threads:
                try:
                    removed += await self._remover.remove(thread, untouched_since=wanted.untouched_since)
                except StorageUnavailable as error:
                    failure, query = error, PageQuery(limit=PAGE_LIMIT, after=thread.id)
            if only is not None:
                break
        return removed, failure

    async def _next(self, wanted: ThreadFilter, only: str | None, query: PageQuery) -> tuple[Thread, ...]:
        change = self._store.begin()
        if only is None:
            return (await change.threads.page(wanted, query)).entries
        thread = await change.threads.find(only)
        return (thread,) if thread is not None and wanted.admits(thread) else ()


async def find_visible_thread(change: UnitOfWork, caller: Caller, thread_id: str) -> tuple[Workflow, Thread]:
    """The thread with this id and its workflow, if the caller may see that; :class:`ThreadNotFound` otherwise."""
    thread = await change.threads.find(thread_id)
    if thread is None:
        raise _not_found()
    try:
        return await find_visible(change, caller, thread.workflow_id), thread
    except WorkflowNotFound:
        raise _not_found() from None


async def _part_with_turns(change: UnitOfWork, thread: Thread, after: str | None) -> TranscriptPart:
    turns = await change.turns.page(thread.id, PageQuery(limit=PAGE_LIMIT, after=after))
    if turns.has_more:
        rest = await _transcript(change, thread, Page(entries=(), has_more=True))
        return TranscriptPart(transcript=rest, after=after, turns=turns.entries, has_more_turns=True)
    return evolve(await _part(change, thread, None), after=after, turns=turns.entries)


async def _part(change: UnitOfWork, thread: Thread, after: str | None) -> TranscriptPart:
    query = PageQuery(limit=_ITEMS_IN_PART, after=after, most_bytes=_BYTES_IN_PART)
    items = await change.items.page(thread.id, query, hidden=True)
    before = None if after is None else await change.items.find(thread.id, after)
    transcript = await _transcript(change, thread, items, () if before is None else (before.turn_id,))
    return TranscriptPart(transcript=transcript, after=after, before=before)


async def _write_down(change: UnitOfWork) -> None:
    """Nothing is exported without an entry in the audit; its reader would not guess that reading writes."""
    try:
        await change.commit()
    except StorageUnavailable as error:
        raise StorageUnavailable(
            f"The audit keeps who exports a transcript, and no entry can be saved now. {error.detail}",
            hint=f"The thread can still be read with `orcheo thread show`. {error.hint}",
        ) from None


async def _transcript(
    change: UnitOfWork, thread: Thread, items: Page[Item], turn_ids: tuple[str, ...] = ()
) -> Transcript:
    """``items`` with their turns, and those with these ids."""
    given: dict[str, FeedbackKind] = {
        each.item_id: each.kind for each in await change.feedback.of_thread(thread.id, span_of(items))
    }
    latest = await change.turns.latest(thread.id)
    named = {each.turn_id for each in items.entries}.union(turn_ids)
    turns = (await change.turns.page(thread.id, PageQuery(limit=PAGE_LIMIT), named)).entries
    return Transcript(
        thread=thread,
        items=items.entries,
        has_more=items.has_more,
        latest_turn=latest,
        turns=turns,
        feedback=given,
    )


def _not_found() -> ThreadNotFound:
    return ThreadNotFound(hint="`orcheo thread list` shows the threads of a workflow with their ids.")
