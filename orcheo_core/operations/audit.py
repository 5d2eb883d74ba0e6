"""Operations on the audit: list, verify, export."""

import json
from datetime import datetime

from attrs import frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.audit import AuditEntry
from orcheo_core.domain.pages import DEFAULT_LIMIT, PAGE_LIMIT, PageQuery
from orcheo_core.errors import AuditBroken, InvalidInput, ScopeMissing
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices


@frozen(kw_only=True)
class ListAudit:
    """Which page of the audit."""

    limit: int = parameter(f"How many at most (1 to {PAGE_LIMIT}).", default=DEFAULT_LIMIT)
    after: str | None = parameter("Begin behind the entry with this id.", default=None)


@frozen(kw_only=True)
class VerifyAudit:
    """The whole audit."""


@frozen(kw_only=True)
class ExportAudit:
    """The whole audit."""


@frozen(kw_only=True)
class AuditEntryView:
    """Who did what, when, through which channel."""

    id: str
    at: datetime
    act: str
    actor: str
    channel: str
    workflow_id: str | None
    note: str

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryView":
        """The view of an entry."""
        return cls(
            id=entry.id,
            at=entry.at,
            act=entry.act.value,
            actor=str(entry.actor),
            channel=entry.channel.value,
            workflow_id=entry.workflow_id,
            note=entry.note,
        )

    def as_line(self) -> str:
        """One line of JSON."""
        fields = {name: getattr(self, name) for name in ("id", "act", "actor", "channel", "workflow_id", "note")}
        return json.dumps({"at": self.at.isoformat(), **fields}, ensure_ascii=False) + "\n"


@frozen(kw_only=True)
class AuditPage:
    """Some of the entries, newest first; ``next_after`` begins the next page, None on the last one."""

    audit_entries: tuple[AuditEntryView, ...]
    next_after: str | None


@frozen(kw_only=True)
class AuditVerified:
    """The audit holds: how many entries, and the last link of its chain, to be kept elsewhere."""

    entries: int
    link: str
    message: str


@frozen(kw_only=True)
class AuditExport:
    """The audit as JSON lines, oldest first."""

    media_type: str
    file_name: str
    content: str


async def _list(services: OwnerServices, caller: Caller, request: ListAudit) -> AuditPage:
    query = PageQuery(limit=request.limit, after=request.after, newest_first=True)
    page = await services.auditing.page(caller, query)
    views = tuple(map(AuditEntryView.of, page.entries))
    return AuditPage(audit_entries=views, next_after=views[-1].id if page.has_more else None)


async def _verify(services: OwnerServices, caller: Caller, _request: VerifyAudit) -> AuditVerified:
    head = await services.auditing.verify(caller)
    message = f"The audit holds: {head.entries} entries, the last link is {head.link or 'none'}."
    return AuditVerified(entries=head.entries, link=head.link, message=message)


async def _export(services: OwnerServices, caller: Caller, _request: ExportAudit) -> AuditExport:
    lines = [AuditEntryView.of(entry).as_line() async for entry in services.auditing.everything(caller)]
    return AuditExport(media_type="application/jsonl", file_name="audit.jsonl", content="".join(lines))


AUDIT_OPERATIONS = (
    Operation(
        name="audit.list",
        command=("audit", "list"),
        tool="audit.list",
        summary="List what you did, newest first; an operator sees what everybody did.",
        request=ListAudit,
        result=AuditPage,
        scope=Scope.AUDIT_READ,
        effect=Effect.READ,
        handle=_list,
        errors=(InvalidInput,),
    ),
    Operation(
        name="audit.verify",
        command=("audit", "verify"),
        tool="audit.verify",
        summary="Check the hash chain of the whole audit; it names the first entry that is wrong.",
        request=VerifyAudit,
        result=AuditVerified,
        scope=Scope.AUDIT_READ,
        effect=Effect.READ,
        handle=_verify,
        errors=(AuditBroken, ScopeMissing),
    ),
    Operation(
        name="audit.export",
        command=("audit", "export"),
        tool="audit.export",
        summary="Export the audit as JSON lines, oldest first.",
        request=ExportAudit,
        result=AuditExport,
        scope=Scope.AUDIT_READ,
        effect=Effect.READ,
        handle=_export,
    ),
)
