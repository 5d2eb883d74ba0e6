"""A help desk: files that the model reads, actions at once and in turns, notes while it works, answers cut short."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from chatkit import types as wire
from chatkit.errors import CustomStreamError, ErrorCode, StreamError
from chatkit.server import ChatKitServer
from chatkit.widgets import Card, Text

from tests.protocol.official import OfficialStore

VAST = [1] * 2_000_000
BEGUN = asyncio.Event()


class Reader:
    """Holds the same stores as its server, as a converter of messages does."""

    def __init__(self, store: Any) -> None:
        self.store = store

    async def read(self, thread: Any, context: Any) -> list[str]:
        page = await self.store.load_thread_items(thread.id, None, 20, "desc", context)
        return [each.id for each in page.data]


class SupportServer(ChatKitServer[Any]):
    """Needs its stores from outside."""

    def __init__(self, store: Any, attachment_store: Any = None) -> None:
        super().__init__(store, attachment_store)
        self.reader = Reader(store)

    async def transcribe(self, audio_input: Any, context: Any) -> wire.TranscriptionResult:
        if audio_input.data == b"noise":
            message = "the secret reason"
            raise ValueError(message)
        said = f"{audio_input.media_type} {len(audio_input.data)} {context['locale']}"
        return wire.TranscriptionResult(text=f" {said} ")

    async def respond(self, thread: Any, input_user_message: Any, context: Any) -> AsyncIterator[Any]:
        text = "".join(part.text for part in input_user_message.content) if input_user_message else ""
        async for event in getattr(self, f"_{text.split()[0]}")(thread, input_user_message, context):
            yield event

    async def _picture(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        """Reads every file that was ever sent, as a model would be given them."""
        page = await self.store.load_thread_items(thread.id, None, 20, "asc", context)
        sent = [file for each in page.data if each.type == "user_message" for file in each.attachments]
        assert all([(await self.store.load_attachment(each.id, context)).name == each.name for each in sent])
        for each in sent:
            await self.store.save_attachment(each, context)
        data = [await self.attachment_store.read_file(each.id) for each in sent]  # type: ignore[union-attr]  # ours has it
        yield self._answer(thread, context, f"{[each.type for each in sent]} {data}")

    async def _knows(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        yield self._answer(thread, context, str(message.id in await self.reader.read(thread, context)))

    async def _context(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        yield self._answer(thread, context, str(context))

    async def _works(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        base = self._base(thread, context)
        note = wire.WorkflowItem(**base, workflow=wire.Workflow(type="custom", tasks=[wire.CustomTask(title="One")]))
        yield wire.ThreadItemAddedEvent(item=note)
        found = wire.URLSource(title="A page", url="https://example.org", attribution="Example")
        task = wire.SearchTask(title="Search", queries=["a"], sources=[found])
        yield wire.ThreadItemUpdatedEvent(item_id=note.id, update=wire.WorkflowTaskAdded(task=task, task_index=1))
        note.workflow.tasks.append(task)
        note.workflow.summary = wire.DurationSummary(duration=3)
        yield wire.ThreadItemDoneEvent(item=note)
        alone = wire.CustomTask(title="Booked", content="A seat")
        yield wire.ThreadItemDoneEvent(item=wire.TaskItem(**self._base(thread, context), task=alone))
        yield wire.ProgressUpdateEvent(text="Nearly", icon="search")
        yield wire.NoticeEvent(level="warning", message="Careful")
        yield self._answer(thread, context, "Done")

    async def _waits(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        item = wire.AssistantMessageItem(**self._base(thread, context), content=[])
        yield wire.ThreadItemAddedEvent(item=item)
        part = wire.AssistantMessageContent(text="")
        yield _update(item, wire.AssistantMessageContentPartAdded(content_index=0, content=part))
        yield _update(item, wire.AssistantMessageContentPartTextDelta(content_index=0, delta="Half"))
        yield wire.ThreadItemAddedEvent(item=wire.WidgetItem(**self._base(thread, context), widget=Card(children=[])))
        BEGUN.set()
        await asyncio.sleep(3600)

    async def _fails(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        kind = "".join(part.text for part in message.content).split()[-1]
        yield self._answer(thread, context, "Well")
        if kind == "kindly":
            text = "We are closed."
            raise CustomStreamError(text, allow_retry=False)
        if kind == "coded":
            raise StreamError(ErrorCode.STREAM_ERROR, allow_retry=False)
        if kind == "told":
            yield wire.ErrorEvent(code="custom", message="I cannot.", allow_retry=True)
            return
        if kind == "hugely":
            yield wire.ThreadItemDoneEvent(item=wire.HiddenContextItem(**self._base(thread, context), content=VAST))
        message = "the secret reason"
        raise RuntimeError(message)

    async def _locks(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        thread.status = wire.LockedStatus(reason="Paid first")
        thread.allowed_image_domains = ["example.org"]
        thread.metadata["previous"] = "resp_1"
        yield self._answer(thread, context, "Locked")

    async def _settings(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        fresh = await self.store.load_thread(thread.id, context)
        yield self._answer(thread, context, f"{fresh.status.type} {fresh.metadata} {fresh.title}")

    async def _titles(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        """Names the thread in a task of its own."""

        async def name() -> None:
            other = await self.store.load_thread(thread.id, context)
            other.title = "Named"
            await self.store.save_thread(other, context)

        task = asyncio.create_task(name())
        yield self._answer(thread, context, "Hi")
        await task
        thread.title = "Named"

    async def _refuses(self, thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        said = []
        for call in (
            self.store.load_threads(1, None, "asc", context),
            self.store.delete_thread(thread.id, context),
            self.store.delete_attachment("atc_1", context),
            self.store.load_attachment("atc_1", context),
            self.store.load_thread("thr_other", context),
            self.store.load_item(thread.id, "msg_other", context),
            self.attachment_store.create_attachment(None, context),  # type: ignore[union-attr, arg-type]  # ours
            self.attachment_store.delete_attachment("atc_1", context),  # type: ignore[union-attr]  # ours
            self.attachment_store.read_file("atc_1"),  # type: ignore[union-attr]  # ours
        ):
            try:
                await call
            except Exception as error:  # noqa: BLE001 - the test reads them
                said.append(f"{type(error).__name__}: {error}")
        yield self._answer(thread, context, "\n".join(said))

    async def action(self, thread: Any, action: Any, sender: Any, context: Any) -> AsyncIterator[Any]:
        changed = Card(children=[Text(value="Changed")])
        if sender is not None:  # of which the SDK itself stores nothing
            yield wire.ThreadItemUpdatedEvent(item_id=sender.id, update=wire.WidgetRootUpdated(widget=changed))
        yield wire.ThreadItemDoneEvent(item=wire.WidgetItem(**self._base(thread, context), widget=changed))

    async def sync_action(self, thread: Any, action: Any, sender: Any, context: Any) -> wire.SyncCustomActionResponse:
        base = self._base(thread, context)
        await self.store.add_thread_item(thread.id, wire.HiddenContextItem(**base, content=action.type), context)
        if sender is None:
            return wire.SyncCustomActionResponse()
        changed = sender.model_copy(update={"widget": Card(children=[Text(value="At once")])})
        return wire.SyncCustomActionResponse(updated_item=changed)

    async def add_feedback(self, thread_id: str, item_ids: list[str], feedback: Any, context: Any) -> None:
        thread = await self.store.load_thread(thread_id, context)
        judged = await self.store.load_item(thread_id, item_ids[0], context)
        if feedback == "negative":
            message = "the secret reason"
            raise RuntimeError(message)
        note = f"{feedback} for {judged.content[0].text}"  # type: ignore[union-attr]  # an answer
        base = self._base(thread, context)
        await self.store.add_thread_item(thread_id, wire.HiddenContextItem(**base, content=note), context)

    def _answer(self, thread: Any, context: Any, text: str) -> wire.ThreadItemDoneEvent:
        content = [wire.AssistantMessageContent(text=text)]
        return wire.ThreadItemDoneEvent(item=wire.AssistantMessageItem(**self._base(thread, context), content=content))

    def _base(self, thread: Any, context: Any) -> dict[str, Any]:
        item_id = self.store.generate_item_id("message", thread, context)
        return {"id": item_id, "thread_id": thread.id, "created_at": datetime.now()}  # noqa: DTZ005 - as the SDK does


def _update(item: Any, update: Any) -> wire.ThreadItemUpdatedEvent:
    return wire.ThreadItemUpdatedEvent(item_id=item.id, update=update)


class OldSupportServer(SupportServer):
    """Makes its store itself, and holds it a second time."""

    def __init__(self) -> None:
        super().__init__(OfficialStore())


shared = OldSupportServer()


def make_context(request: Any) -> str:
    """What a route of the old application made."""
    return f"{request.headers['accept-language']} {request.state.user} {request.state.metadata}"


def make_map_context(request: Any) -> str:
    """What the page's own headers say."""
    return str(dict(request.headers))


async def make_context_later(request: Any) -> str:
    """The same, after a look somewhere."""
    return make_context(request)


def make_nothing() -> None:
    """An optional dependency is missing, say."""


def make_with(secret: str) -> None:
    """Needs what Orcheo does not have."""


def make_badly() -> None:
    """Cannot be made."""
    message = "no key"
    raise ValueError(message)


class NoActions(ChatKitServer[Any]):
    """Takes messages only."""

    async def respond(self, thread: Any, input_user_message: Any, context: Any) -> AsyncIterator[Any]:
        return
        yield
