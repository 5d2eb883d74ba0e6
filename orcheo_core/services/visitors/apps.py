"""Apps: what a program does with its publish token for users of its own: chat sessions, and the threads they leave."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import define, evolve, frozen

from orcheo_core.domain.actor import Actor, Caller, Channel
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.audit import Act
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import (
    DEFAULT_LIMIT,
    PAGE_BYTES,
    Identified,
    Page,
    PageQuery,
    check_cursor,
    unknown_cursor,
)
from orcheo_core.domain.session_rules import SessionRules
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.errors import ChatSessionNotFound, FieldError, InvalidInput, ThreadNotFound
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.services.shared.removing import ThreadRemover
from orcheo_core.services.shared.tally import Tally
from orcheo_core.services.visitors.admitting import Admitting, ChatGrant, Program
from orcheo_core.turns.register import CANCELLED_BY_APP, Place, Register

T = TypeVar("T", bound=Identified)


@frozen(kw_only=True)
class Span:
    """Which part of a list: a page behind ``after``, or the one that ends before ``before``, or what is between."""

    limit: int = DEFAULT_LIMIT
    newest_first: bool = True
    after: str | None = None
    before: str | None = None

    def check(self, kind: IdKind, noun: str) -> None:
        """Raise :class:`InvalidInput` for a limit out of bounds, or a cursor that can be no id of this kind."""
        check_cursor(kind, noun, PageQuery(limit=self.limit, after=self.after))
        if self.before is not None and not is_id(kind, self.before):
            raise unknown_cursor(noun, "before")

    async def of(self, read: Callable[[PageQuery], Awaitable[Page[T]]]) -> Page[T]:
        """That part of what ``read`` reads."""
        if self.before is not None and self.after is None:
            back = PageQuery(limit=self.limit, after=self.before, newest_first=not self.newest_first)
            page = await read(back)
            return Page(entries=page.entries[::-1], has_more=page.has_more)
        page = await read(PageQuery(limit=self.limit, after=self.after, newest_first=self.newest_first))
        if self.before is None:
            return page
        end = PageQuery(after=self.before, newest_first=not self.newest_first)
        within = tuple(each for each in page.entries if end.is_behind(each.id))
        return Page(entries=within, has_more=page.has_more and len(within) == len(page.entries))


@frozen(kw_only=True)
class SessionLimits:
    """What the server allows every chat session; no app can allow its users more."""

    turns_a_minute: int | None
    file_bytes: int


@define(kw_only=True, eq=False)
class Apps:
    """Opens and ends chat sessions with rules of their own, and reads and deletes threads; only of the app's users.

    Threads and chat sessions follow the holder of the publish token, so a rotated one changes nothing.
    """

    _store: Store
    _clock: Clock
    _admitting: Admitting
    _audit_trail: AuditTrail
    _tally: Tally
    _remover: ThreadRemover
    _register: Register
    _limits: SessionLimits

    async def open(self, program: Program, ref: str, app_user: AppUser, rules: SessionRules) -> ChatGrant:
        """Open a chat session for a user; its rules are those that were asked for, within what the server allows.

        Raises :class:`InvalidInput` for another workflow than the publish token's, :class:`LoginRequired`,
        :class:`PublishTokenRotated`, :class:`PublishTokenRevoked`.
        """
        if ref not in {program.workflow.id, program.workflow.handle}:
            raise InvalidInput(
                FieldError("workflow.id", "must be the id or the handle of the workflow of this publish token"),
                hint="The owner of the workflow sees both with `orcheo workflow show`.",
            )
        within = rules.within(turns_a_minute=self._limits.turns_a_minute, file_bytes=self._limits.file_bytes)
        return await self._admitting.for_app_user(program, app_user, within)

    async def cancel(self, program: Program, chat_session_id: str) -> ChatSession:
        """End a chat session at once, with all that runs under it; one that is over stays as it is.

        The audit has the number of them by the minute: opening costs an app next to nothing, and what it cancels would
        have been over within ten minutes.

        Raises :class:`ChatSessionNotFound`.
        """
        change, now = self._store.begin(), self._clock.now()
        found = await change.chat_sessions.find(chat_session_id)
        if found is None or found.rules is None or not _is_of(program, found.workflow_id, found.subject):
            raise ChatSessionNotFound
        if not found.is_open(now):
            return found
        cancelled = found.ended(now)
        change.chat_sessions.save(cancelled)
        await change.commit(must_land=True)
        self._tally.count_cancelled(_caller(program), program.workflow)
        self._register.stop(CANCELLED_BY_APP, Place(chat_session_id=chat_session_id))
        return cancelled

    async def threads(self, program: Program, span: Span, user: str | None = None) -> Page[Thread]:
        """Threads of one user, or of all users of the app; :class:`InvalidInput` for an invalid cursor."""
        span.check(IdKind.THREAD, "thread")
        holder_id, threads = program.token.holder_id, self._store.begin().threads
        wanted = ThreadFilter(
            workflow_id=program.workflow.id,
            subject=None if user is None else Subject.app_user(holder_id, user),
            holder_id=holder_id if user is None else None,
        )
        return await span.of(lambda query: threads.page(wanted, query))

    async def thread(self, program: Program, thread_id: str) -> Thread:
        """A thread of one of the app's users; raises :class:`ThreadNotFound`."""
        return await _find_thread(self._store.begin(), program, thread_id)

    async def items(self, program: Program, thread_id: str, span: Span) -> Page[Item]:
        """Items of a thread, fewer where they are long, without hidden ones.

        Raises :class:`ThreadNotFound`, :class:`InvalidInput`.
        """
        span.check(IdKind.ITEM, "item")
        change = self._store.begin()
        await _find_thread(change, program, thread_id)
        return await span.of(lambda query: change.items.page(thread_id, evolve(query, most_bytes=PAGE_BYTES)))

    async def delete(self, program: Program, thread_id: str) -> None:
        """Delete a thread with all that belongs to it; its running turn is stopped.

        Raises :class:`ThreadNotFound`, :class:`StorageUnavailable`.
        """
        await self._remover.remove(await _find_thread(self._store.begin(), program, thread_id))
        change = self._store.begin()
        self._audit_trail.record(
            change, Act.THREAD_DELETED, _caller(program), workflow=program.workflow, note=thread_id
        )
        await change.commit(must_land=True)


def _caller(program: Program) -> Caller:
    actor = Actor(Subject.program(program.token.holder_id).key)
    return Caller(actor=actor, channel=Channel.HTTP, scopes=frozenset(), label=program.token.hint)


def _is_of(program: Program, workflow_id: str, subject: Subject) -> bool:
    return workflow_id == program.workflow.id and subject.user_of(program.token.holder_id) is not None


async def _find_thread(change: UnitOfWork, program: Program, thread_id: str) -> Thread:
    thread = await change.threads.find(thread_id)
    if thread is None or not _is_of(program, thread.workflow_id, thread.subject):
        raise ThreadNotFound(
            "No thread of a user of this app has this id.", hint="List them with GET /v1/chatkit/threads."
        )
    return thread
