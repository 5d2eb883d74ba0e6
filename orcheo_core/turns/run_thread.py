"""The thread of a run: what is stored of it, with what the run has said since laid over it."""

from collections.abc import Callable, Collection

from attrs import define, evolve, field

from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import PAGE_BYTES, Page, PageQuery
from orcheo_core.domain.run import ThreadChange
from orcheo_core.domain.thread_events import ItemAdded, ItemDone, ItemEvent, ItemReplaced
from orcheo_core.domain.threads import Thread
from orcheo_core.errors import AttachmentNotFound
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.run_thread import RunThread
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.turns.draft import TurnDraft


@define(kw_only=True, eq=False)
class DraftThread(RunThread):
    """A thread that is read from its draft, and from the store where it is in one; written by ``say``."""

    _draft: TurnDraft
    _new_id: Callable[[], str]
    _say: Callable[[ItemEvent | ThreadChange], bool]
    _store: Store | None = None
    """None for a thread that is nowhere but in the draft."""
    _files: AttachmentFiles | None = None
    _replaced: Collection[str] = ()
    """Items that the turn takes the place of."""
    _known: set[str] = field(factory=set)
    """Ids that the run may write: those that it was given, and of items that it has found."""

    @property
    def thread(self) -> Thread:
        """See the port."""
        return self._draft.thread

    def new_item_id(self) -> str:
        """See the port."""
        item_id = self._new_id()
        self._known.add(item_id)
        return item_id

    async def page(self, query: PageQuery) -> Page[Item]:
        """See the port; a page is read on where the turn has taken entries of it away."""
        query = evolve(query, most_bytes=PAGE_BYTES)
        found: dict[str, Item] = {}
        has_more, after = True, query.after
        while has_more and len(found) < query.limit:
            stored = await self._stored(evolve(query, after=after))
            gone = self._not_there()
            has_more = stored.has_more
            found |= {each.id: each for each in stored.entries if each.id not in gone}
            after = stored.entries[-1].id if stored.entries else after
        reach = PageQuery(limit=query.limit, after=after, newest_first=query.newest_first)
        for own in self._draft.whole.items:
            if query.is_behind(own.id) and not (has_more and reach.is_behind(own.id)):
                found[own.id] = own
        ordered = sorted(found.values(), key=lambda item: item.id, reverse=query.newest_first)
        self._known |= found.keys()
        return Page(entries=tuple(ordered[: query.limit]), has_more=has_more or len(ordered) > query.limit)

    async def find(self, item_id: str) -> Item | None:
        """See the port."""
        draft = self._draft
        own = draft.whole.find(item_id)
        is_said = item_id in draft.whole or draft.is_growing(item_id) or item_id in self._replaced
        if own is None and self._store is not None and not is_said:
            own = await self._store.begin().items.find(self.thread.id, item_id)
        if own is not None:
            self._known.add(item_id)
        return own

    async def read_file(self, attachment_id: str) -> bytes:
        """See the port."""
        if self._store is None or self._files is None:
            raise AttachmentNotFound
        sent = await self._store.begin().attachments.find(attachment_id)
        if sent is None or sent.thread_id != self.thread.id:
            raise AttachmentNotFound
        return self._files.read(attachment_id)

    def tell(self, event: ItemEvent | ThreadChange) -> bool:
        """See the port."""
        if isinstance(event, ThreadChange):
            return self._say(event)
        item = event.item if isinstance(event, ItemAdded | ItemDone | ItemReplaced) else None
        item_id = item.id if item else event.item_id  # type: ignore[union-attr]  # all but the three have one
        if item_id not in self._known or (item and item.thread_id != self.thread.id):
            problem = f"{item_id} is neither an id that this run was given nor one of an item that it has found"
            raise ValueError(problem)
        return self._say(event)

    async def _stored(self, query: PageQuery) -> Page[Item]:
        if self._store is None:
            return Page(entries=(), has_more=False)
        return await self._store.begin().items.page(self.thread.id, query, hidden=True)

    def _not_there(self) -> set[str]:
        return self._draft.whole.gone | self._draft.growing | {*self._replaced}
