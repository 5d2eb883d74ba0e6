"""Operations on the audit: list, verify, export."""

import json
from datetime import datetime

from attrs import asdict, frozen

from orcheo_core.domain.actor import Caller, Scope, actor_names
from orcheo_core.domain.audit import Act, AuditEntry, AuditFilter
from orcheo_core.domain.durations import MOMENT_FORMATS, parse_moment
from orcheo_core.domain.pages import DEFAULT_LIMIT, PAGE_LIMIT, PageQuery
from orcheo_core.errors import AuditBroken, FieldError, InvalidInput, ScopeMissing, WorkflowNotFound
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices


@frozen(kw_only=True)
class ListAudit:
    """Which entries of the audit, and which page of them."""

    workflow: str | None = parameter("Only what was done to the workflow with this id or handle.", default=None)
    actor: str | None = parameter("Only what this actor did, as the list shows it.", default=None)
    act: str | None = parameter("Only this act, such as workflow.published.", default=None, choices=Act)
    since: str | None = parameter(
        "From this time on: 2026-11-23 or 2026-11-23T14:30, in UTC.", default=None, formats=MOMENT_FORMATS
    )
    until: str | None = parameter(
        "Before this time; a date alone includes that day.", default=None, formats=MOMENT_FORMATS
    )
    limit: int = parameter("How many at most.", default=DEFAULT_LIMIT, minimum=1, maximum=PAGE_LIMIT)
    after: str | None = parameter("Start after this entry id, the last of the previous page.", default=None)

    def __attrs_post_init__(self) -> None:
        """Check the times, and that an actor is named."""
        if self.actor is not None and not self.actor.strip():
            raise InvalidInput(
                FieldError("actor", "must name an actor, as the list shows it: owner:ada, for example"),
                hint="Leave it out to see the entries of all actors.",
            )
        began, ended = self.began, self.ended
        if began is not None and ended is not None and began >= ended:
            raise InvalidInput(FieldError("until", "must be later than `since`"))

    @property
    def began(self) -> datetime | None:
        """``since`` as a moment; :class:`InvalidInput` for anything but a date or time."""
        return None if self.since is None else parse_moment("since", self.since)

    @property
    def ended(self) -> datetime | None:
        """``until`` in the same way."""
        return None if self.until is None else parse_moment("until", self.until, end_of_day=True)

    def filter(self) -> AuditFilter:
        """The filter that is asked for."""
        return AuditFilter(
            actors=None if self.actor is None else actor_names(self.actor),
            workflows=None if self.workflow is None else frozenset({self.workflow}),
            act=None if self.act is None else Act(self.act),
            since=self.began,
            until=self.ended,
        )


@frozen(kw_only=True)
class VerifyAudit:
    """The whole audit."""


@frozen(kw_only=True)
class ExportAudit:
    """The whole audit, or the part of it behind an entry."""

    after: str | None = parameter("Start after this entry id, the last of the previous page.", default=None)


@frozen(kw_only=True)
class AuditEntryView:
    """Who did what to which workflow, when, through which channel.

    ``handle`` is the workflow's at that moment; ``actor_label`` is the label of the service token, or the display name
    of a visitor.
    """

    id: str
    at: datetime
    act: str
    actor: str
    actor_label: str
    channel: str
    workflow_id: str | None
    handle: str | None
    note: str

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryView":
        """The view of an entry."""
        return cls(
            id=entry.id,
            at=entry.at,
            act=entry.act.value,
            actor=str(entry.actor),
            actor_label=entry.actor_label,
            channel=entry.channel.value,
            workflow_id=entry.workflow_id,
            handle=entry.handle,
            note=entry.note,
        )

    def as_line(self) -> str:
        """One line of JSON."""
        return json.dumps({**asdict(self), "at": self.at.isoformat()}, ensure_ascii=False) + "\n"


@frozen(kw_only=True)
class AuditPage:
    """Some of the entries, newest first; ``next_after`` begins the next page, None on the last one."""

    audit_entries: tuple[AuditEntryView, ...]
    next_after: str | None


@frozen(kw_only=True)
class AuditVerified:
    """The audit is unchanged: how many entries it has, and the last link of its chain, to be kept elsewhere."""

    entries: int
    link: str
    message: str


@frozen(kw_only=True)
class AuditExport:
    """The audit as JSON lines, oldest first, or a part: ``next_after`` begins the next part, None in the last one."""

    media_type: str
    file_name: str
    content: str
    next_after: str | None


async def _list(services: OwnerServices, caller: Caller, request: ListAudit) -> AuditPage:
    query = PageQuery(limit=request.limit, after=request.after, newest_first=True)
    page = await services.auditing.page(caller, request.filter(), query)
    views = tuple(map(AuditEntryView.of, page.entries))
    return AuditPage(audit_entries=views, next_after=views[-1].id if page.has_more else None)


async def _verify(services: OwnerServices, caller: Caller, _request: VerifyAudit) -> AuditVerified:
    head = await services.auditing.verify(caller)
    entries = f"{head.entries} {'entry' if head.entries == 1 else 'entries'}"
    message = f"The audit is unchanged: {entries}, the last link is {head.link or 'empty'}."
    return AuditVerified(entries=head.entries, link=head.link, message=message)


async def _export(services: OwnerServices, caller: Caller, request: ExportAudit) -> AuditExport:
    page = await services.auditing.export(caller, PageQuery(limit=PAGE_LIMIT, after=request.after))
    return AuditExport(
        media_type="application/jsonl",
        file_name="audit.jsonl",
        content="".join(AuditEntryView.of(entry).as_line() for entry in page.entries),
        next_after=page.entries[-1].id if page.has_more else None,
    )


AUDIT_OPERATIONS = (
    Operation(
        name="audit.list",
        command=("audit", "list"),
        summary="List what you did, newest first; an operator sees what every owner did.",
        guide=(
            "Use it to find out who did what, when and through which channel. Returns a page of entries; next_after "
            "begins the next page."
        ),
        request=ListAudit,
        result=AuditPage,
        scope=Scope.AUDIT_READ,
        effect=Effect.READ,
        handle=_list,
        errors=(InvalidInput, WorkflowNotFound),
        idempotent=True,
        strangers=("audit_entries[].actor_label", "audit_entries[].note"),
    ),
    Operation(
        name="audit.verify",
        command=("audit", "verify"),
        summary="Check the hash chain of the whole audit; it names the first entry that is wrong.",
        guide=(
            "Use it to make sure that the audit was not changed by hand. Returns the number of entries and the "
            "last link of the chain, to be kept elsewhere."
        ),
        request=VerifyAudit,
        result=AuditVerified,
        scope=Scope.AUDIT_READ,
        effect=Effect.READ,
        handle=_verify,
        errors=(AuditBroken, ScopeMissing),
        idempotent=True,
    ),
    Operation(
        name="audit.export",
        command=("audit", "export"),
        summary="Export the audit as JSON lines, oldest first.",
        guide="Use it to keep the whole audit elsewhere; to look something up, use `orcheo audit list`.",
        request=ExportAudit,
        result=AuditExport,
        scope=Scope.AUDIT_READ,
        effect=Effect.READ,
        handle=_export,
        errors=(InvalidInput,),
        idempotent=True,
        strangers=("content",),
    ),
)
