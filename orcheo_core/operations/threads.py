"""Operations on transcripts: list and search, show, export, purge."""

from datetime import timedelta

from attrs import frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.pages import DEFAULT_LIMIT, PAGE_LIMIT, PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.transcript_formats import TranscriptFormat, export
from orcheo_core.errors import FieldError, InvalidInput, ThreadNotFound, WorkflowNotFound
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.thread_views import PurgeResult, ThreadPage, TranscriptExport, TranscriptView
from orcheo_core.operations.workflows import REF_HELP

MAX_AGE_DAYS = 36_500
_ID_HELP = "Id of the thread, as `orcheo thread list` shows it."
_SUBJECT_HELP = "Only threads of this visitor, as the list shows them, such as anon:… or program:…."


@frozen(kw_only=True)
class ListThreads:
    """Which page of which threads."""

    ref: str = parameter(REF_HELP, argument=True)
    search: str | None = parameter("Only threads with an item that has all these words.", default=None)
    visitor: str | None = parameter(_SUBJECT_HELP, default=None)
    limit: int = parameter(f"How many at most (1 to {PAGE_LIMIT}).", default=DEFAULT_LIMIT)
    after: str | None = parameter("Begin behind the thread with this id.", default=None)


@frozen(kw_only=True)
class ShowThread:
    """Which thread, and which page of its items."""

    id: str = parameter(_ID_HELP, argument=True)
    limit: int = parameter(f"How many items at most (1 to {PAGE_LIMIT}).", default=PAGE_LIMIT)
    after: str | None = parameter("Begin behind the item with this id.", default=None)


@frozen(kw_only=True)
class ExportThread:
    """Which thread, as what."""

    id: str = parameter(_ID_HELP, argument=True)
    format: str = parameter(f"One of {', '.join(TranscriptFormat)}.", default=TranscriptFormat.MARKDOWN.value)

    def __attrs_post_init__(self) -> None:
        """Check the format."""
        if self.format not in set(TranscriptFormat):
            raise InvalidInput(FieldError("format", f"must be one of {', '.join(TranscriptFormat)}"))


@frozen(kw_only=True)
class PurgeThreads:
    """Which threads of a workflow to delete for good: those that meet all that is given."""

    ref: str = parameter(REF_HELP, argument=True)
    thread: str | None = parameter("The thread with this id.", default=None)
    visitor: str | None = parameter(_SUBJECT_HELP, default=None)
    older_than_days: int | None = parameter("Threads in which nothing was said for so many days.", default=None)

    def __attrs_post_init__(self) -> None:
        """Check that something is said about which ones."""
        if self.thread is None and self.visitor is None and self.older_than_days is None:
            raise InvalidInput(FieldError("body", "must name a thread, a visitor or an age"))
        if self.older_than_days is not None and not 0 <= self.older_than_days <= MAX_AGE_DAYS:
            raise InvalidInput(FieldError("older_than_days", f"must be between 0 and {MAX_AGE_DAYS}"))


def _subject(visitor: str | None) -> Subject | None:
    return None if visitor is None else Subject(visitor)


async def _list(services: OwnerServices, caller: Caller, request: ListThreads) -> ThreadPage:
    query = PageQuery(limit=request.limit, after=request.after, newest_first=True)
    page = await services.transcripts.page(
        caller, request.ref, query, subject=_subject(request.visitor), search=request.search
    )
    return ThreadPage.of(page)


async def _show(services: OwnerServices, caller: Caller, request: ShowThread) -> TranscriptView:
    query = PageQuery(limit=request.limit, after=request.after)
    return TranscriptView.of(await services.transcripts.read(caller, request.id, query))


async def _export(services: OwnerServices, caller: Caller, request: ExportThread) -> TranscriptExport:
    form = TranscriptFormat(request.format)
    transcript = await services.transcripts.whole(caller, request.id)
    return TranscriptExport.of(transcript, form, export(transcript, form))


async def _purge(services: OwnerServices, caller: Caller, request: PurgeThreads) -> PurgeResult:
    from orcheo_core.services.transcripts import PurgeOrder

    days = request.older_than_days
    order = PurgeOrder(
        thread_id=request.thread,
        subject=_subject(request.visitor),
        older_than=None if days is None else timedelta(days=days),
    )
    count = await services.transcripts.purge(caller, request.ref, order)
    return PurgeResult(purged=count, message=f"Purged {count} {'thread' if count == 1 else 'threads'}.")


THREAD_OPERATIONS = (
    Operation(
        name="threads.list",
        command=("thread", "list"),
        tool="threads.list",
        summary="List or search the threads of a workflow, newest first.",
        request=ListThreads,
        result=ThreadPage,
        scope=Scope.TRANSCRIPTS_READ,
        effect=Effect.READ,
        handle=_list,
        errors=(WorkflowNotFound, InvalidInput),
    ),
    Operation(
        name="threads.show",
        command=("thread", "show"),
        tool="threads.show",
        summary="Show what was said in a thread.",
        request=ShowThread,
        result=TranscriptView,
        scope=Scope.TRANSCRIPTS_READ,
        effect=Effect.READ,
        handle=_show,
        errors=(ThreadNotFound, InvalidInput),
    ),
    Operation(
        name="threads.export",
        command=("thread", "export"),
        tool="threads.export",
        summary="Export a whole transcript as JSON, JSON lines or Markdown.",
        request=ExportThread,
        result=TranscriptExport,
        scope=Scope.TRANSCRIPTS_READ,
        effect=Effect.READ,
        handle=_export,
        errors=(ThreadNotFound, InvalidInput),
    ),
    Operation(
        name="threads.purge",
        command=("thread", "purge"),
        tool="threads.purge",
        summary="Delete threads for good, by id, visitor or age.",
        request=PurgeThreads,
        result=PurgeResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.DESTRUCTIVE,
        handle=_purge,
        errors=(WorkflowNotFound, ThreadNotFound, InvalidInput),
        confirmation="Purge threads of {ref}? They cannot be brought back.",
    ),
)
