"""ChatKit's store over the thread of the run that is at work: the SDK's types on one side, the core's on the other."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

from chatkit.store import AttachmentStore, NotFoundError, Store, StoreItemType
from chatkit.types import (
    Attachment,
    AttachmentCreateParams,
    HiddenContextItem,
    Page,
    SDKHiddenContextItem,
    ThreadItem,
    ThreadMetadata,
)
from pydantic import TypeAdapter, ValidationError

from orcheo_adapters.runners.chatkit.items import SDK_HIDDEN, local
from orcheo_adapters.wire.chatkit_items import AttachmentLinks, attachment_json, item_json, present
from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.items import Item, UserItem
from orcheo_core.domain.pages import PAGE_LIMIT, PageQuery
from orcheo_core.domain.threads import Thread
from orcheo_core.errors import AttachmentNotFound

if TYPE_CHECKING:
    from orcheo_adapters.runners.chatkit.turn import ServerTurn

CURRENT: "ContextVar[ServerTurn | None]" = ContextVar("orcheo.chatkit", default=None)
"""The turn for which the server is at work; tasks that it starts inherit it."""
_ITEM: TypeAdapter[ThreadItem] = TypeAdapter(ThreadItem)
_ATTACHMENT: TypeAdapter[Attachment] = TypeAdapter(Attachment)
LINKS = AttachmentLinks(preview="urn:orcheo:attachment:{}".format)
"""Pictures are read by ``attachment_store.read_file``: a model could not reach an address of this server's anyway."""


def thread_metadata(thread: Thread) -> ThreadMetadata:
    """A new ``ThreadMetadata``, which the server may change; no title until one was given."""
    settings = thread.settings
    return ThreadMetadata.model_validate(
        {
            "id": thread.id,
            "title": thread.title if thread.is_titled else None,
            "created_at": local(thread.created_at),
            "status": present(type=settings.status.value, reason=settings.reason),
            "allowed_image_domains": settings.image_domains and list(settings.image_domains),
            "metadata": settings.metadata,
        }
    )


def sdk_item(item: Item) -> ThreadItem:
    """An item as the SDK has it; one that its types refuse is an ``end_of_turn``, which models are not told of."""
    base: dict[str, Any] = {"id": item.id, "thread_id": item.thread_id, "created_at": local(item.created_at)}
    if isinstance(item, HiddenItem):
        if isinstance(item.content, dict) and item.content.keys() == {SDK_HIDDEN}:
            return SDKHiddenContextItem(**base, content=item.content[SDK_HIDDEN])
        return HiddenContextItem(**base, content=item.content)
    try:
        return _ITEM.validate_python(item_json(item, LINKS) | base)
    except ValidationError:
        return _ITEM.validate_python(base | {"type": "end_of_turn"})


class RunStore(Store[Any]):
    """Reads and writes the thread whose turn is at work, and no other."""

    def generate_item_id(self, item_type: StoreItemType, thread: ThreadMetadata, context: Any) -> str:  # noqa: ARG002 - the SDK's
        """An id as all items have it, whatever the item is."""
        return self._turn().thread.new_item_id()

    async def load_thread(self, thread_id: str, context: Any) -> ThreadMetadata:  # noqa: ARG002 - the SDK's
        """See the base class."""
        return thread_metadata(self._turn(thread_id).thread.thread)

    async def save_thread(self, thread: ThreadMetadata, context: Any) -> None:  # noqa: ARG002 - the SDK's
        """See the base class."""
        await self._turn(thread.id).settle(thread)

    async def load_thread_items(
        self,
        thread_id: str,
        after: str | None,
        limit: int,
        order: str,
        context: Any,  # noqa: ARG002 - the SDK's
    ) -> Page[ThreadItem]:
        """See the base class; what this turn has stored already is among them."""
        turn = self._turn(thread_id)
        after = turn.own_id(after) if after else None
        found: list[Item] = []
        has_more = True
        while has_more and len(found) < limit:
            some = min(PAGE_LIMIT, limit - len(found))
            page = await turn.thread.page(PageQuery(limit=some, after=after, newest_first=order != "asc"))
            found += page.entries
            has_more, after = page.has_more, found[-1].id if found else after
        return Page(data=[sdk_item(each) for each in found], has_more=has_more, after=after if has_more else None)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: Any) -> None:  # noqa: ARG002 - the SDK's
        """See the base class; the page shows it, like an item of a stream."""
        await self._turn(thread_id).keep(item)

    async def save_item(self, thread_id: str, item: ThreadItem, context: Any) -> None:  # noqa: ARG002 - the SDK's
        """See the base class."""
        await self._turn(thread_id).keep(item)

    async def load_item(self, thread_id: str, item_id: str, context: Any) -> ThreadItem:  # noqa: ARG002 - the SDK's
        """See the base class."""
        turn = self._turn(thread_id)
        found = await turn.thread.find(turn.own_id(item_id))
        if found is None:
            problem = f"The thread has no item {item_id}."
            raise NotFoundError(problem)
        return sdk_item(found)

    async def delete_thread_item(self, thread_id: str, item_id: str, context: Any) -> None:  # noqa: ARG002 - the SDK's
        """See the base class."""
        await self._turn(thread_id).take_back(item_id)

    async def load_attachment(self, attachment_id: str, context: Any) -> Attachment:  # noqa: ARG002 - the SDK's
        """A file of a message of this thread."""
        turn = self._turn()
        query = PageQuery(limit=PAGE_LIMIT, newest_first=True)
        while True:
            page = await turn.thread.page(query)
            for item in page.entries:
                for sent in item.attachments if isinstance(item, UserItem) else ():
                    if sent.id == attachment_id:
                        return _ATTACHMENT.validate_python(attachment_json(sent, LINKS))
            if not page.has_more:
                problem = f"No message of this thread has the attachment {attachment_id}."
                raise NotFoundError(problem)
            query = PageQuery(limit=PAGE_LIMIT, newest_first=True, after=page.entries[-1].id)

    async def save_attachment(self, attachment: Attachment, context: Any) -> None:
        """Nothing: Orcheo has stored what visitors have sent."""

    async def delete_attachment(self, attachment_id: str, context: Any) -> None:  # noqa: ARG002 - the SDK's
        """Refused: visitors delete their files at Orcheo's own door."""
        _refuse("delete_attachment", "a visitor's file is deleted by its visitor, or with the thread")

    async def load_threads(
        self,
        limit: int,  # noqa: ARG002 - the SDK's
        after: str | None,  # noqa: ARG002 - the SDK's
        order: str,  # noqa: ARG002 - the SDK's
        context: Any,  # noqa: ARG002 - the SDK's
    ) -> Page[ThreadMetadata]:
        """Refused: a turn sees its own thread."""
        _refuse("load_threads", "a turn sees its own thread, and lists of threads are made by Orcheo")

    async def delete_thread(self, thread_id: str, context: Any) -> None:  # noqa: ARG002 - the SDK's
        """Refused: visitors and owners delete threads."""
        _refuse("delete_thread", "threads are deleted by their visitor or by the owner")

    def _turn(self, thread_id: str | None = None) -> "ServerTurn":
        turn = CURRENT.get()
        if turn is None:
            problem = "The store was used outside of a turn; Orcheo knows no thread there."
            raise RuntimeError(problem)
        if thread_id not in {None, turn.thread.thread.id}:
            problem = f"This turn belongs to the thread {turn.thread.thread.id} and cannot read {thread_id}."
            raise NotFoundError(problem)
        return turn


class RunAttachmentStore(AttachmentStore[Any]):
    """The files of the thread whose turn is at work."""

    async def read_file(self, attachment_id: str) -> bytes:
        """The bytes of a file that was sent in this thread; raises ``NotFoundError``."""
        turn = CURRENT.get()
        try:
            if turn is not None:
                return await turn.thread.read_file(attachment_id)
        except AttachmentNotFound:
            pass
        problem = f"No message of this thread has the attachment {attachment_id}."
        raise NotFoundError(problem)

    async def create_attachment(
        self,
        input: AttachmentCreateParams,  # noqa: ARG002 - the SDK's
        context: Any,  # noqa: ARG002 - the SDK's
    ) -> Attachment:
        """Refused: files are announced and uploaded at Orcheo's own door."""
        _refuse("create_attachment", "visitors upload their files to Orcheo itself")

    async def delete_attachment(self, attachment_id: str, context: Any) -> None:  # noqa: ARG002 - the SDK's
        """Refused, as in the store."""
        _refuse("delete_attachment", "a visitor's file is deleted by its visitor, or with the thread")


def _refuse(method: str, why: str) -> NoReturn:
    problem = f"Orcheo does not offer {method} to a workflow: {why}."
    raise NotImplementedError(problem)
