"""One turn of a ChatKit server: its hooks are called, and what it streams and stores is written to the thread."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from attrs import define, field
from chatkit.actions import Action
from chatkit.errors import CustomStreamError, StreamError
from chatkit.server import ChatKitServer
from chatkit.types import (
    AssistantMessageContentPartTextDelta,
    AudioInput,
    ErrorEvent,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdated,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
    WidgetItem,
)
from pydantic import BaseModel

from orcheo_adapters.runners.chatkit.items import growth_of, item_of, moment_of
from orcheo_adapters.runners.chatkit.store import CURRENT, sdk_item, thread_metadata
from orcheo_adapters.runners.task_run import Writer
from orcheo_core.domain import component_items as items
from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import Item, TextInput, UserItem
from orcheo_core.domain.json_values import is_larger
from orcheo_core.domain.run import (
    OUTPUT_LIMIT,
    ActionTaken,
    EffectCaused,
    FeedbackGiven,
    NoticeGiven,
    ProgressNote,
    RecordingSpoken,
    RunRequest,
    StopOffered,
    TextDelta,
    ThreadChange,
    ThreadSet,
    TitleGiven,
)
from orcheo_core.domain.thread_events import (
    Growth,
    ItemAdded,
    ItemDone,
    ItemEvent,
    ItemRemoved,
    ItemReplaced,
    PartDelta,
)
from orcheo_core.domain.threads import ThreadSettings, ThreadStatus
from orcheo_core.ports.run_thread import RunThread
from orcheo_core.ports.runner import RunFailed, RunTooLong
from orcheo_core.turns.open_items import OpenItem, grown

_CHANGED_WHOLE = (items.WidgetItem, items.GeneratedImageItem, items.ProgressNoteItem)
"""What may still change when it is whole."""
_SAME_FOR_ALL = "__fake_id__"
"""What openai-agents calls each message of a provider that gives none an id."""


@define(kw_only=True, eq=False)
class ServerTurn:
    """Calls the hook that a turn is for."""

    server: ChatKitServer[Any]
    context: Any
    request: RunRequest
    writer: Writer
    thread: RunThread
    _ids: dict[str, str] = field(factory=dict)
    """Our ids by those that others have given."""
    _pending: dict[str, OpenItem] = field(factory=dict)
    """What was begun and is not whole."""
    _error: RunFailed | None = None

    async def execute(self) -> None:
        """Carry out the turn; raises :class:`RunFailed` with the words that the server has for its visitor."""
        before = CURRENT.set(self)
        try:
            cause = self.request.context.cause
            if isinstance(cause, FeedbackGiven):
                given = [*cause.item_ids]
                await self.server.add_feedback(self.thread.thread.id, given, cause.kind, self.context)
            elif isinstance(cause, RecordingSpoken):
                audio = AudioInput(data=cause.data, mime_type=cause.mime_type)
                await self.writer.put(TextDelta((await self.server.transcribe(audio, self.context)).text))
            elif self.request.is_at_once:
                await self._act_at_once()
            else:
                await self._stream()
        finally:
            CURRENT.reset(before)

    async def _act_at_once(self) -> None:
        action, sender = self._action()
        answer = await self.server.sync_action(thread_metadata(self.thread.thread), action, sender, self.context)
        if answer is not None and answer.updated_item is not None:
            item, _ = await self._decoded(answer.updated_item)
            await self._tell(ItemReplaced(item))

    async def _stream(self) -> None:
        thread = thread_metadata(self.thread.thread)
        if not self.server.get_stream_options(thread, self.context).allow_cancel:
            await self.writer.put(StopOffered(is_offered=False))
        stream = await self._begin(thread)
        try:
            async for event in stream:
                await self._take(event)
                await self.settle(thread)
            await self.settle(thread)
        except asyncio.CancelledError:
            await self._cancelled(thread)
            raise
        except CustomStreamError as error:
            raise _failure("server_error", str(error), error.message, allow_retry=error.allow_retry) from error
        except StreamError as error:
            raise _failure("server_error", f"{error.code}", None, allow_retry=error.allow_retry) from error
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
        if self._error is not None:
            raise self._error

    async def _begin(self, thread: ThreadMetadata) -> AsyncIterator[ThreadStreamEvent]:
        if isinstance(self.request.context.cause, ActionTaken):
            action, sender = self._action()
            return self.server.action(thread, action, sender, self.context)
        is_message = self.request.context.cause is None
        return self.server.respond(thread, await self._message() if is_message else None, self.context)

    def _action(self) -> tuple[Action[str, Any], WidgetItem | None]:
        cause = self.request.context.cause
        if not isinstance(cause, ActionTaken):  # pragma: no cover - the caller has looked
            raise TypeError
        sender = sdk_item(cause.widget) if cause.widget else None
        action = Action[str, Any](type=cause.type, payload=cause.payload)
        return action, sender if isinstance(sender, WidgetItem) else None

    async def _message(self) -> UserMessageItem:
        """The visitor's message; a probe has none in its thread, so it is put there."""
        message_id = self.request.context.message_id
        item = await self.thread.find(message_id) if message_id else None
        if item is None:
            item = UserItem(**self._base(self.thread.new_item_id()), content=(TextInput(text=self.request.text),))
            await self._tell(ItemDone(item))
        message = sdk_item(item)
        if not isinstance(message, UserMessageItem):
            raise RunFailed("message_not_understood", "The types of openai-chatkit refuse the visitor's message.")
        return message

    # --- what the server streams ------------------------------------------------------------------------------------

    async def _take(self, event: ThreadStreamEvent) -> None:
        match event:
            case ThreadItemUpdated():
                await self._grow(event)
            case ThreadItemAddedEvent():
                item, _ = await self._decoded(event.item, is_new=True)
                self._pending[item.id] = OpenItem(item)
                await self._tell(ItemAdded(item))
            case ThreadItemDoneEvent() | ThreadItemReplacedEvent():
                await self.keep(event.item)
            case ThreadItemRemovedEvent():
                await self.take_back(event.item_id)
            case ErrorEvent():
                why = event.message or f"{event.code}"
                self._error = _failure("server_error", why, event.message, allow_retry=event.allow_retry)
            case _:
                await self._take_aside(event)

    async def _take_aside(self, event: Any) -> None:
        match event.type:
            case "progress_update":
                await self.writer.put(ProgressNote(text=event.text, icon=event.icon))
            case "client_effect":
                await self.writer.put(EffectCaused(name=event.name, data=event.data))
            case "notice":
                await self.writer.put(NoticeGiven(message=event.message, level=event.level, title=event.title))
            case "stream_options":
                await self.writer.put(StopOffered(is_offered=event.stream_options.allow_cancel))
            case _:  # thread.created, thread.updated: the thread itself is looked at after each event
                pass

    async def _grow(self, event: ThreadItemUpdated) -> None:
        item_id, update = self.own_id(event.item_id), event.update
        if isinstance(update, AssistantMessageContentPartTextDelta):
            growth: Growth = PartDelta(item_id=item_id, index=update.content_index, delta=update.delta)
        else:
            growth = growth_of(item_id, _json(update))
        pending = self._pending.get(item_id)
        if pending is not None:
            pending.grow(growth)
            await self._tell(growth)
        elif isinstance(found := await self.thread.find(item_id), _CHANGED_WHOLE):  # the SDK would only show it
            await self._tell(ItemReplaced(grown(growth, found)))

    # --- what the server stores -------------------------------------------------------------------------------------

    async def keep(self, item: ThreadItem) -> None:
        """An item is whole, or changed."""
        own, is_known = await self._decoded(item)
        self._pending.pop(own.id, None)
        await self._tell(ItemReplaced(own) if is_known else ItemDone(own))

    async def take_back(self, item_id: str) -> None:
        """An item is to be no longer there."""
        own = self.own_id(item_id)
        if self._pending.pop(own, None) is not None or await self.thread.find(own) is not None:
            await self._tell(ItemRemoved(own))

    async def settle(self, thread: ThreadMetadata) -> None:
        """Take over what the server has changed of the thread."""
        now, status = self.thread.thread, thread.status
        if thread.title != (now.title if now.is_titled else None):
            await self._tell(TitleGiven(thread.title or ""))
        domains = thread.allowed_image_domains
        settings = ThreadSettings(
            status=ThreadStatus(status.type),
            reason=getattr(status, "reason", None),
            image_domains=None if domains is None else tuple(domains),
            metadata=thread.metadata,
        )
        if settings != now.settings:
            await self._tell(ThreadSet(settings))

    def own_id(self, given: str) -> str:
        """Our id for one that the server, or a model behind it, has given."""
        return given if is_id(IdKind.ITEM, given) else self._ids.get(given, given)

    # --- its end ----------------------------------------------------------------------------------------------------

    async def _cancelled(self, thread: ThreadMetadata) -> None:
        """The visitor has stopped it: the server says what is kept of items that are not whole."""
        pending = [sdk_item(each.item) for each in self._pending.values()]
        try:
            await self.server.handle_stream_cancelled(thread, pending, self.context)
            await self.settle(thread)
        finally:
            for left in [*self._pending]:
                await self.take_back(left)

    # --- ids and types ----------------------------------------------------------------------------------------------

    async def _decoded(self, item: ThreadItem, *, is_new: bool = False) -> tuple[Item, bool]:
        """The item as the core has it, and whether it takes the place of one that is whole."""
        if is_larger(getattr(item, "content", None), 2 * OUTPUT_LIMIT, least=1):  # to decode it takes seconds
            raise RunTooLong
        own_id = await self._id_of(item, is_new=is_new)
        before = None if own_id in self._pending else await self.thread.find(own_id)
        base = self._base(own_id)
        if before is not None:
            base |= {"turn_id": before.turn_id, "created_at": before.created_at}
        else:
            base["created_at"] = moment_of(item.created_at)
        return item_of(_json(item), ItemBase(**base), before), before is not None

    async def _id_of(self, item: ThreadItem, *, is_new: bool) -> str:
        if is_id(IdKind.ITEM, item.id):
            return item.id
        known = self._ids.get(item.id)
        is_used_up = known is not None and known not in self._pending and (is_new or item.id == _SAME_FOR_ALL)
        if known is None or is_used_up:
            known = self._ids[item.id] = self.thread.new_item_id()
        return known

    def _base(self, item_id: str) -> dict[str, Any]:
        thread = self.thread.thread
        turn_id = self.request.context.turn_id
        return {"id": item_id, "thread_id": thread.id, "turn_id": turn_id, "created_at": thread.updated_at}

    async def _tell(self, event: ItemEvent | ThreadChange) -> None:
        self.writer.hear()
        if not self.thread.tell(event):
            await self.writer.room()


def _json(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def _failure(code: str, reason: str, message: str | None, *, allow_retry: bool) -> RunFailed:
    return RunFailed(code, reason, visitor_message=message, allow_retry=allow_retry)
