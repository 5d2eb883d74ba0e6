"""OpenAI's own ChatKit server on a store in memory, playing the same scripts: the oracle of the differential test."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import singledispatchmethod
from itertools import count
from typing import Any

from chatkit import types as wire
from chatkit.server import ChatKitServer
from chatkit.store import NotFoundError, Store
from pydantic import TypeAdapter

from orcheo_core.domain import run as said
from tests.protocol.scripts import SCRIPTS

_EVENT: TypeAdapter[Any] = TypeAdapter(wire.ThreadStreamEvent)


class OfficialStore(Store[None]):
    """Threads and items in dictionaries, in the order they came."""

    def __init__(self) -> None:
        self.threads: dict[str, Any] = {}
        self.items_of: dict[str, dict[str, Any]] = {}

    async def load_thread(self, thread_id: str, context: None) -> Any:
        if thread_id not in self.threads:
            raise NotFoundError(thread_id)
        return self.threads[thread_id].model_copy(deep=True)

    async def save_thread(self, thread: Any, context: None) -> None:
        self.threads[thread.id] = wire.ThreadMetadata.model_validate(thread.model_dump(exclude={"items"}))

    async def load_thread_items(self, thread_id: str, after: str | None, limit: int, order: str, context: None) -> Any:
        return _page(list(self.items_of.get(thread_id, {}).values()), after, limit, order)

    async def load_threads(self, limit: int, after: str | None, order: str, context: None) -> Any:
        return _page(list(self.threads.values()), after, limit, order)

    async def add_thread_item(self, thread_id: str, item: Any, context: None) -> None:
        self.items_of.setdefault(thread_id, {})[item.id] = item

    async def save_item(self, thread_id: str, item: Any, context: None) -> None:
        self.items_of[thread_id][item.id] = item

    async def load_item(self, thread_id: str, item_id: str, context: None) -> Any:
        return self.items_of[thread_id][item_id]

    async def delete_thread(self, thread_id: str, context: None) -> None:
        self.threads.pop(thread_id)

    async def delete_thread_item(self, thread_id: str, item_id: str, context: None) -> None:
        self.items_of[thread_id].pop(item_id)

    async def save_attachment(self, attachment: Any, context: None) -> None:
        raise NotImplementedError

    async def load_attachment(self, attachment_id: str, context: None) -> Any:
        raise NotImplementedError

    async def delete_attachment(self, attachment_id: str, context: None) -> None:
        raise NotImplementedError


class OfficialServer(ChatKitServer[None]):
    """Plays scripts as an application of the SDK would write them."""

    def __init__(self) -> None:
        super().__init__(OfficialStore())
        self._numbers = count(1)

    async def respond(self, thread: Any, input_user_message: Any, context: None) -> AsyncIterator[Any]:
        name = "".join(part.text for part in input_user_message.content) if input_user_message else "after tool"
        if input_user_message is None:
            items = await self.store.load_thread_items(thread.id, None, 1, "desc", context)
            name = "after answers" if items.data[0].type == "structured_input" else "after tool"
        async for event in self._play(thread, name):
            yield event

    async def action(self, thread: Any, action: Any, sender: Any, context: None) -> AsyncIterator[Any]:
        async for event in self._play(thread, "after action", sender):
            yield event

    async def sync_action(self, thread: Any, action: Any, sender: Any, context: None) -> Any:
        changed = next(each for each in SCRIPTS["after action"] if isinstance(each, said.WidgetChanged))
        item = sender.model_dump() | {"widget": changed.widget}
        return wire.SyncCustomActionResponse.model_validate({"updated_item": item})

    async def add_feedback(self, thread_id: str, item_ids: Any, feedback: Any, context: None) -> None:
        """Nothing, as by default."""

    async def _play(self, thread: Any, name: str, sender: Any = None) -> AsyncIterator[Any]:
        stage = _Stage(thread, f"msg_{name.replace(' ', '_')}", self._numbers, sender)
        for run_event in SCRIPTS[name]:
            for event in stage.show(run_event):
                yield _EVENT.validate_python(event) if isinstance(event, dict) else event
        for event in stage.close():
            yield _EVENT.validate_python(event)


class _Stage:
    """Writes the events of one turn down as the SDK's documentation shows them."""

    def __init__(self, thread: Any, prefix: str, numbers: "count[int]", sender: Any) -> None:
        self.thread = thread
        self.prefix = prefix
        self.numbers = numbers
        self.sender = sender
        self.message: dict[str, Any] | None = None
        self.note: dict[str, Any] | None = None

    @singledispatchmethod
    def show(self, event: object) -> list[Any]:
        raise TypeError(event)

    @show.register
    def _(self, event: said.TextDelta) -> list[Any]:
        opened = self._open_message()
        self._content()["text"] += event.text
        return [*opened, self._part("text_delta", delta=event.text)]

    @show.register
    def _(self, event: said.SourceCited) -> list[Any]:
        annotations = self._content()["annotations"]
        annotation = {"type": "annotation", "source": {"type": "url", "title": "x", "url": "https://x.org"}}
        annotations.append(annotation)
        return [self._part("annotation_added", annotation_index=len(annotations) - 1, annotation=annotation)]

    @show.register
    def _(self, _event: said.AnswerEnded) -> list[Any]:
        return self.close()

    @show.register
    def _(self, event: said.StepNoted) -> list[Any]:
        return self._task(event.index)

    @show.register
    def _(self, event: said.WidgetShown) -> list[Any]:
        return self._whole("widget", widget=event.widget, copy_text=event.copy_text)

    @show.register
    def _(self, event: said.WidgetChanged) -> list[Any]:
        item = self.sender.model_dump() | {"widget": event.widget}
        return [{"type": "thread.item.replaced", "item": item}]

    @show.register
    def _(self, event: said.ImageShown) -> list[Any]:
        return self._whole("generated_image", image={"id": "img_1", "url": event.url})

    @show.register
    def _(self, event: said.ClientToolCalled) -> list[Any]:
        return self._whole("client_tool_call", call_id="call_1", name=event.name, arguments=event.arguments)

    @show.register
    def _(self, _event: said.InputAsked) -> list[Any]:
        return self._whole("structured_input", inputs=[{"type": "freeform", "id": "why", "question": "Why?"}])

    @show.register
    def _(self, event: said.EffectCaused) -> list[Any]:
        return [{"type": "client_effect", "name": event.name, "data": event.data}]

    @show.register
    def _(self, event: said.NoticeGiven) -> list[Any]:
        return [{"type": "notice", "message": event.message, "level": event.level, "title": event.title}]

    @show.register
    def _(self, event: said.ProgressNote) -> list[Any]:
        return [{"type": "progress_update", "text": event.text, "icon": event.icon}]

    @show.register
    def _(self, event: said.ContextKept) -> list[Any]:
        return [_done(self._item("hidden_context_item", content=event.content))]

    @show.register
    def _(self, event: said.TitleGiven) -> list[Any]:
        self.thread.title = event.title
        return []

    def _whole(self, kind: str, **fields: Any) -> list[Any]:
        return [*self.close(), _done(self._item(kind, **fields))]

    def _content(self) -> dict[str, Any]:
        assert self.message is not None
        content: dict[str, Any] = self.message["content"][0]
        return content

    def close(self) -> list[Any]:
        closed: list[Any] = []
        if self.message is not None:
            closed = [self._part("done", content=self.message["content"][0]), _done(self.message)]
        elif self.note is not None:
            closed = [_done(self.note)]
        self.message = self.note = None
        return closed

    def _open_message(self) -> list[Any]:
        if self.message is not None:
            return []
        closed = self.close()
        self.message = self._item("assistant_message", content=[])
        added = {"type": "thread.item.added", "item": {**self.message, "content": []}}
        self.message["content"] = [{"type": "output_text", "text": "", "annotations": []}]
        return [*closed, added, self._part("added", content={"type": "output_text", "text": "", "annotations": []})]

    def _part(self, kind: str, **fields: Any) -> dict[str, Any]:
        assert self.message is not None
        update = {"type": f"assistant_message.content_part.{kind}", "content_index": 0, **fields}
        return {"type": "thread.item.updated", "item_id": self.message["id"], "update": update}

    def _task(self, index: int) -> list[Any]:
        opened: list[Any] = []
        if self.note is None:
            opened = self.close()
            self.note = self._item("workflow", workflow={"type": "custom", "tasks": []})
            opened.append({"type": "thread.item.added", "item": self.note})
        task = {"type": "custom", "title": f"Step {index}"}
        known = self.note["workflow"]["tasks"]
        kind = "updated" if index < len(known) else "added"
        known[index:] = [task]
        update = {"type": f"workflow.task.{kind}", "task_index": index, "task": task}
        return [*opened, {"type": "thread.item.updated", "item_id": self.note["id"], "update": update}]

    def _item(self, kind: str, **fields: Any) -> dict[str, Any]:
        base = {"id": f"{self.prefix}_{next(self.numbers)}", "thread_id": self.thread.id, "created_at": datetime.now()}  # noqa: DTZ005 - as the SDK does
        return {**base, "type": kind, **fields}


def _done(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "thread.item.done", "item": item}


def _page(entries: list[Any], after: str | None, limit: int, order: str) -> Any:
    ordered = entries if order == "asc" else entries[::-1]
    if after is not None:
        ordered = ordered[[each.id for each in ordered].index(after) + 1 :]
    has_more = len(ordered) > limit
    return wire.Page(data=ordered[:limit], has_more=has_more, after=ordered[limit - 1].id if has_more else None)
