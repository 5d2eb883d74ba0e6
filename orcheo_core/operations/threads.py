"""Operations on transcripts: list and search, show, export, purge."""

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.durations import counted
from orcheo_core.domain.pages import DEFAULT_LIMIT, PAGE_LIMIT, PageQuery
from orcheo_core.domain.search import search_words
from orcheo_core.domain.subject import KEY_PREFIXES, Subject
from orcheo_core.domain.transcript_formats import TranscriptFormat
from orcheo_core.errors import FieldError, InvalidInput, NotErasedYet, ThreadNotFound, WorkflowNotFound
from orcheo_core.operations.operation import VISIBLE, Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.thread_views import PurgeResult, ThreadPage, TranscriptExport, TranscriptView
from orcheo_core.operations.workflows import REF_HELP, REF_PATTERN

if TYPE_CHECKING:
    from orcheo_core.domain.transcript import ThreadSum
    from orcheo_core.services.owners.threads import PurgeOrder

MAX_AGE_DAYS = 36_500
_ID_PATTERN = "^[A-Za-z0-9_]{1,64}$"
_ID_HELP = "Id of the thread, as `orcheo thread list` shows it."
_VISITOR = "of this visitor, as lists show it."


_WRONG_AGE = FieldError("older_than_days", f"must be between 1 and {MAX_AGE_DAYS} days; `--all` purges every thread")


@frozen(kw_only=True)
class ListThreads:
    """Which page of which threads."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    search: str | None = parameter("Only threads with an item that has all these words.", default=None, pattern=VISIBLE)
    visitor: str | None = parameter(f"Only threads {_VISITOR}", default=None)
    failed: bool = parameter("Only threads in which a turn failed.", default=False)
    limit: int = parameter("How many at most.", default=DEFAULT_LIMIT, minimum=1, maximum=PAGE_LIMIT)
    after: str | None = parameter("Start after this thread id, the last of the previous page.", default=None)

    def __attrs_post_init__(self) -> None:
        """Check the search and the visitor."""
        if self.search is not None:
            search_words(self.search)
        _ = _subject(self.visitor)


@frozen(kw_only=True)
class ShowThread:
    """Which thread, and which page of its items."""

    id: str = parameter(_ID_HELP, argument=True, pattern=_ID_PATTERN)
    limit: int = parameter("How many items at most.", default=PAGE_LIMIT, minimum=1, maximum=PAGE_LIMIT)
    after: str | None = parameter("Start after this item id, the last of the previous page.", default=None)


@frozen(kw_only=True)
class ExportThread:
    """Which thread, as what."""

    id: str = parameter(_ID_HELP, argument=True, pattern=_ID_PATTERN)
    format: str = parameter(
        f"One of {', '.join(TranscriptFormat)}.", default=TranscriptFormat.MARKDOWN.value, choices=TranscriptFormat
    )
    after: str | None = parameter("Start after this turn or item id, the last of the previous page.", default=None)


@frozen(kw_only=True)
class PurgeThreads:
    """Which threads of a workflow to delete for good: those that meet all that is given, or all there are."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    thread: str | None = parameter("The thread with this id.", default=None, pattern=_ID_PATTERN)
    visitor: str | None = parameter(f"Threads {_VISITOR}", default=None)
    older_than_days: int | None = parameter(
        "Threads without a new message for this many days.",
        default=None,
        minimum=1,
        maximum=MAX_AGE_DAYS,
        counts="days",
        checked=False,
    )
    all: bool = parameter("Every thread of the workflow; cannot be combined with the other choices.", default=False)
    dry_run: bool = parameter("Only report how many threads match and when the newest was last used.", default=False)

    def __attrs_post_init__(self) -> None:
        """Check that something is said about which ones."""
        named = any(each is not None for each in (self.thread, self.visitor, self.older_than_days))
        if not named and not self.all:
            raise InvalidInput(
                FieldError("", "Which threads to delete was not given."),
                hint="Name a thread, a visitor or an age, or say `--all`.",
            )
        if named and self.all:
            raise InvalidInput(FieldError("all", "must be left out when a thread, a visitor or an age is named"))
        if self.older_than_days is not None and not 0 <= self.older_than_days <= MAX_AGE_DAYS:
            raise InvalidInput(_WRONG_AGE)
        _ = _subject(self.visitor)

    @property
    def order(self) -> "PurgeOrder":
        """The same for the service; 0 days leave no thread out."""
        from orcheo_core.services.owners.threads import PurgeOrder

        return PurgeOrder(
            thread_id=self.thread,
            subject=_subject(self.visitor),
            older_than=timedelta(days=self.older_than_days) if self.older_than_days else None,
        )


def _subject(visitor: str | None) -> Subject | None:
    """The visitor that is named; :class:`InvalidInput` for what cannot be one, of whom no thread would be found."""
    if visitor is None:
        return None
    if not visitor.startswith(KEY_PREFIXES):
        raise InvalidInput(
            FieldError("visitor", f"must begin with one of {', '.join(KEY_PREFIXES)}"),
            hint="`orcheo thread list` shows the visitors of a workflow.",
        )
    return Subject(visitor)


async def _list(services: OwnerServices, caller: Caller, request: ListThreads) -> ThreadPage:
    query = PageQuery(limit=request.limit, after=request.after, newest_first=True)
    page = await services.transcripts.page(
        caller,
        request.ref,
        query,
        subject=_subject(request.visitor),
        search=request.search,
        failed=request.failed,
    )
    return ThreadPage.of(page)


async def _show(services: OwnerServices, caller: Caller, request: ShowThread) -> TranscriptView:
    query = PageQuery(limit=request.limit, after=request.after)
    return TranscriptView.of(await services.transcripts.read(caller, request.id, query))


async def _export(services: OwnerServices, caller: Caller, request: ExportThread) -> TranscriptExport:
    form = TranscriptFormat(request.format)
    part = await services.transcripts.export(caller, request.id, after=request.after, lists_turns=form.lists_turns)
    return TranscriptExport.of(part, form)


async def _purge(services: OwnerServices, caller: Caller, request: PurgeThreads) -> PurgeResult:
    transcripts, age = services.transcripts, request.older_than_days
    if age == 0 and (await transcripts.preview_purge(caller, request.ref, request.order)).count:
        raise InvalidInput(_WRONG_AGE)  # Where nothing is left, nothing can be lost by it.
    if request.dry_run:
        return _preview(request.ref, await transcripts.preview_purge(caller, request.ref, request.order))
    count = await transcripts.purge(caller, request.ref, request.order)
    message = f"Purged {counted(count, 'thread')} of {request.ref}."
    return PurgeResult(purged=count, matching=count, newest=None, question=None, message=message)


async def _before_purge(services: OwnerServices, caller: Caller, request: PurgeThreads) -> str | None:
    return (await _purge(services, caller, evolve(request, dry_run=True))).question


def _preview(ref: str, found: "ThreadSum") -> PurgeResult:
    if found.newest is None:
        message = f"No threads of {ref} match; nothing would be purged."
        return PurgeResult(purged=0, matching=0, newest=None, question=None, message=message)
    dated = found.described(f" of {ref}")
    return PurgeResult(
        purged=0,
        matching=found.count,
        newest=found.newest,
        question=f"Purge {dated}? {'They' if found.count > 1 else 'It'} cannot be brought back.",
        message=f"Would purge {dated}.",
    )


THREAD_OPERATIONS = (
    Operation(
        name="threads.list",
        command=("thread", "list"),
        summary="List or search the threads of a workflow, newest first.",
        guide=(
            "Use it to find conversations by words or by visitor. "
            "Returns a page of threads with their ids for `orcheo thread show`."
        ),
        request=ListThreads,
        result=ThreadPage,
        scope=Scope.TRANSCRIPTS_READ,
        effect=Effect.READ,
        handle=_list,
        errors=(WorkflowNotFound, InvalidInput),
        idempotent=True,
        strangers=("threads[].title",),
    ),
    Operation(
        name="threads.show",
        command=("thread", "show"),
        summary="Show what was said in a thread.",
        guide=(
            "Use it to read one conversation. Returns a page of its items, oldest first; "
            "next_after begins the next page."
        ),
        request=ShowThread,
        result=TranscriptView,
        scope=Scope.TRANSCRIPTS_READ,
        effect=Effect.READ,
        handle=_show,
        errors=(ThreadNotFound, InvalidInput),
        idempotent=True,
        strangers=("thread.title", "items[].text", "items[].details", "items[].feedback", "turns[].reason"),
    ),
    Operation(
        name="threads.export",
        command=("thread", "export"),
        summary="Export a whole transcript as JSON, JSON lines or Markdown.",
        guide="Use it to keep or pass on one whole conversation as a document; to read it, use `orcheo thread show`.",
        request=ExportThread,
        result=TranscriptExport,
        scope=Scope.TRANSCRIPTS_READ,
        effect=Effect.READ,
        handle=_export,
        errors=(ThreadNotFound, InvalidInput),
        idempotent=True,
        strangers=("content",),
    ),
    Operation(
        name="threads.purge",
        command=("thread", "purge"),
        summary="Delete threads for good: by id, visitor or age, or all.",
        guide="Use it only when the owner wants conversations deleted. Returns how many were deleted.",
        request=PurgeThreads,
        result=PurgeResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.DESTRUCTIVE,
        handle=_purge,
        errors=(WorkflowNotFound, ThreadNotFound, InvalidInput, NotErasedYet),
        confirmation="Purge threads of the workflow? They cannot be brought back.",
        question=_before_purge,
    ),
)
