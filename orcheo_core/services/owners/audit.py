"""Reading the audit, and verifying that it is unchanged."""

from attrs import define, evolve, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.audit import AuditEntry, AuditFilter, AuditLink, body_of, link_of
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.pages import Page, PageQuery, check_cursor, unknown_cursor
from orcheo_core.errors import AuditBroken, ScopeMissing
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.owners.workflows import find_visible

_LINKS_AT_ONCE = 1_000


@frozen(kw_only=True)
class AuditHead:
    """Where the chain ends: how many entries, and the last link; a copy elsewhere shows if the end goes missing."""

    entries: int
    link: str


@define(kw_only=True, eq=False)
class Auditing:
    """Shows callers what they did themselves, operators everything."""

    _store: Store

    async def page(self, caller: Caller, wanted: AuditFilter, query: PageQuery) -> Page[AuditEntry]:
        """The caller's own acts, for an operator everybody's; entries without a handle get the present one.

        A handle in ``wanted`` also finds what was done to that workflow under other handles. Raises
        :class:`InvalidInput` for a cursor that names no entry of the caller, and :class:`WorkflowNotFound` when nothing
        is found and a workflow in ``wanted`` is not the caller's and was not when an entry was written.
        """
        change, own = self._store.begin(), self._own(caller)
        if query.after is not None:
            found = await change.audit.find(query.after)
            if found is None or not own.admits(found):
                raise unknown_cursor("audit entry")
        page = await change.audit.page(query, await self._narrowed(change, own, wanted))
        if not page.entries:
            await _require_seen(change, caller, own, wanted.workflows or frozenset())
        return evolve(page, entries=tuple([await _named(change, each) for each in page.entries]))

    @staticmethod
    def _own(caller: Caller) -> AuditFilter:
        return AuditFilter(actors=None if caller.is_operator else frozenset({caller.actor.name}))

    @staticmethod
    async def _narrowed(change: UnitOfWork, own: AuditFilter, wanted: AuditFilter) -> AuditFilter:
        """Within what the caller may see, and workflows by their ids as well."""
        actors = [each for each in (own.actors, wanted.actors) if each is not None]
        workflows = wanted.workflows
        if workflows is not None:
            known = [await _id_of(change, own, each) for each in sorted(workflows)]
            workflows |= {each for each in known if each is not None}
        return evolve(wanted, actors=frozenset.intersection(*actors) if actors else None, workflows=workflows)

    async def export(self, caller: Caller, query: PageQuery) -> Page[AuditEntry]:
        """The same as it was written down; raises :class:`InvalidInput` for a cursor that names no entry."""
        check_cursor(IdKind.AUDIT_ENTRY, "audit entry", query)
        return await self._store.begin().audit.page(query, self._own(caller))

    async def verify(self, caller: Caller) -> AuditHead:
        """Go along the whole chain; raises :class:`AuditBroken` at the first wrong link, :class:`ScopeMissing`."""
        if not caller.is_operator:
            raise ScopeMissing(f"Verifying the audit of all owners needs the scope {Scope.OPERATOR}.")
        audit, head = self._store.begin().audit, AuditHead(entries=0, link="")
        size, before = await audit.size(), -1
        while size != before:  # entries that land while the chain is read are in one of the two and not in the other
            while links := await audit.chain(after=head.entries, limit=_LINKS_AT_ONCE):
                for each in links:
                    head = _next(head, each)
            before, size = size, await audit.size()
        if size != head.entries:
            raise AuditBroken(f"There are entries outside of the chain of {head.entries}.")
        return head


async def _id_of(change: UnitOfWork, own: AuditFilter, ref: str) -> str | None:
    """The id of the workflow that has this handle now, else of the one that had it last."""
    workflow = await change.workflows.find(ref)
    if workflow is not None:
        return workflow.id
    newest = await change.audit.page(PageQuery(limit=1, newest_first=True), evolve(own, workflows=frozenset({ref})))
    return newest.entries[0].workflow_id if newest.entries else None


async def _require_seen(change: UnitOfWork, caller: Caller, own: AuditFilter, refs: frozenset[str]) -> None:
    """Entries outlive their workflows, so a removed one is known as long as its entries are."""
    for ref in sorted(refs):
        of_ref = evolve(own, workflows=frozenset({ref}))
        if not (await change.audit.page(PageQuery(limit=1), of_ref)).entries:
            await find_visible(change, caller, ref)


async def _named(change: UnitOfWork, entry: AuditEntry) -> AuditEntry:
    if entry.handle is not None or entry.workflow_id is None:
        return entry
    workflow = await change.workflows.find(entry.workflow_id)
    return entry if workflow is None else evolve(entry, handle=workflow.handle)


def _next(head: AuditHead, found: AuditLink) -> AuditHead:
    number = head.entries + 1
    if found.number != number or found.entry is None:
        raise AuditBroken(f"Entry {number} is missing.")
    if found.link != link_of(head.link, body_of(found.entry)):
        raise AuditBroken(f"Entry {number} ({found.entry.id}) or its link was changed.")
    return AuditHead(entries=number, link=found.link)
