"""Reading the audit, and checking that nobody changed it."""

from collections.abc import AsyncIterator

from attrs import frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.audit import AuditEntry, AuditLink, body_of, link_of
from orcheo_core.domain.pages import PAGE_LIMIT, Page, PageQuery
from orcheo_core.errors import AuditBroken, ScopeMissing
from orcheo_core.ports.unit_of_work import Store

_LINKS_AT_ONCE = 1_000


@frozen(kw_only=True)
class AuditHead:
    """Where the chain ends: how many entries, and the last link; whoever keeps it can tell if the end goes missing."""

    entries: int
    link: str


class Auditing:
    """Shows callers what they did themselves, operators everything."""

    def __init__(self, *, store: Store) -> None:
        """Read ``store``."""
        self._store = store

    async def page(self, caller: Caller, query: PageQuery) -> Page[AuditEntry]:
        """The caller's own acts, for an operator everybody's."""
        actor = None if caller.is_operator else caller.actor.name
        return await self._store.begin().audit.page(query, actor=actor)

    async def everything(self, caller: Caller) -> AsyncIterator[AuditEntry]:
        """All that :meth:`page` shows, oldest first."""
        query = PageQuery(limit=PAGE_LIMIT)
        while True:
            page = await self.page(caller, query)
            for entry in page.entries:
                yield entry
            if not page.has_more:
                return
            query = PageQuery(limit=PAGE_LIMIT, after=page.entries[-1].id)

    async def verify(self, caller: Caller) -> AuditHead:
        """Go along the whole chain; raises :class:`AuditBroken` at the first wrong link, :class:`ScopeMissing`."""
        if not caller.is_operator:
            raise ScopeMissing(f"Verifying the audit of all owners needs the scope {Scope.OPERATOR}.")
        audit, head = self._store.begin().audit, AuditHead(entries=0, link="")
        while links := await audit.chain(after=head.entries, limit=_LINKS_AT_ONCE):
            for each in links:
                head = _next(head, each)
        if await audit.size() != head.entries:
            raise AuditBroken(f"There are entries outside of the chain of {head.entries}.")
        return head


def _next(head: AuditHead, found: AuditLink) -> AuditHead:
    number = head.entries + 1
    if found.number != number or found.entry is None:
        raise AuditBroken(f"Entry {number} is gone.")
    if found.link != link_of(head.link, body_of(found.entry)):
        raise AuditBroken(f"Entry {number} ({found.entry.id}) or its link was changed.")
    return AuditHead(entries=number, link=found.link)
