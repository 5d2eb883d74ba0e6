"""ChatKit's threads, pages and stream events, encoded."""

from collections.abc import Callable
from functools import singledispatchmethod
from typing import Any

import orjson

from orcheo_adapters.wire.chatkit_items import (
    AttachmentLinks,
    Json,
    attachment_json,
    citation_json,
    item_json,
    part_json,
    present,
    step_json,
)
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.items import AnswerPart, Item
from orcheo_core.domain.pages import Page
from orcheo_core.domain.thread_events import (
    Effect,
    ItemAdded,
    ItemDone,
    ItemRemoved,
    ItemReplaced,
    Notice,
    PartAdded,
    PartCited,
    PartDelta,
    PartDone,
    Progress,
    StepAdded,
    StepChanged,
    StreamOptions,
    ThreadCreated,
    ThreadEvent,
    ThreadUpdated,
    TurnTrouble,
)
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.services.own_threads import ThreadView

TURN_KEY = "orcheo.turn"
"""Key in a thread's metadata under which its latest turn stands (an addition of ours)."""


def encode_json(document: Json) -> bytes:
    """UTF-8 JSON."""
    return orjson.dumps(document)


class ChatKitEncoder:
    """Encodes what a visitor is answered; it knows where attachments are found."""

    def __init__(self, links: AttachmentLinks) -> None:
        """Point to attachments by ``links``."""
        self._links = links

    def view(self, view: ThreadView) -> Json:
        """``Thread`` with its first items, and the state of its latest turn."""
        document = self.thread(view.thread) | {"items": self.items(view.items)}
        if view.latest_turn is not None:
            document["metadata"] = {TURN_KEY: _turn_json(view.latest_turn)}
        return document

    def thread(self, thread: Thread) -> Json:
        """``Thread`` without items: its page is empty."""
        return present(
            id=thread.id,
            title=thread.title,
            created_at=thread.created_at.isoformat(),
            status={"type": "active"},
            metadata={},
            items={"data": [], "has_more": False},
        )

    def threads(self, page: Page[Thread]) -> Json:
        """``Page`` of threads."""
        return _page_json(page, self.thread)

    def items(self, page: Page[Item]) -> Json:
        """``Page`` of items."""
        return _page_json(page, self.item)

    def item(self, item: Item) -> Json:
        """``ThreadItem``."""
        return item_json(item, self._links)

    def attachment(self, attachment: Attachment, upload: Json | None = None) -> Json:
        """``Attachment``; ``upload`` says how its bytes are sent, while they are missing."""
        return attachment_json(attachment, self._links, upload)

    def frame(self, event: ThreadEvent, number: int | None) -> bytes:
        """One frame of the stream: ``data: …``, with an ``id:`` line for clients that can resume."""
        data = b"data: " + orjson.dumps(self.event(event)) + b"\n\n"
        return data if number is None else b"id: %d\n%b" % (number, data)

    def event(self, event: ThreadEvent) -> Json:
        """``ThreadStreamEvent``."""
        if type(event) is PartDelta:  # the one that goes out by the thousand
            return _part_update(event.item_id, "text_delta", delta=event.delta)
        return self._event(event)

    @singledispatchmethod
    def _event(self, event: object) -> Json:
        message = f"no wire form for {type(event).__name__}"
        raise TypeError(message)

    @_event.register
    def _(self, event: ThreadCreated) -> Json:
        return {"type": "thread.created", "thread": self.thread(event.thread)}

    @_event.register
    def _(self, event: ThreadUpdated) -> Json:
        return {"type": "thread.updated", "thread": self.thread(event.thread)}

    @_event.register
    def _(self, event: ItemAdded) -> Json:
        return {"type": "thread.item.added", "item": self.item(event.item)}

    @_event.register
    def _(self, event: ItemDone) -> Json:
        return {"type": "thread.item.done", "item": self.item(event.item)}

    @_event.register
    def _(self, event: ItemReplaced) -> Json:
        return {"type": "thread.item.replaced", "item": self.item(event.item)}

    @_event.register
    def _(self, event: ItemRemoved) -> Json:
        return {"type": "thread.item.removed", "item_id": event.item_id}

    @_event.register
    def _(self, event: StreamOptions) -> Json:
        return {"type": "stream_options", "stream_options": {"allow_cancel": event.allow_cancel}}

    @_event.register
    def _(self, event: PartAdded) -> Json:
        return _part_update(event.item_id, "added", content=part_json(AnswerPart(text="")))

    @_event.register
    def _(self, event: PartCited) -> Json:
        annotation = citation_json(event.citation)
        return _part_update(event.item_id, "annotation_added", annotation_index=event.position, annotation=annotation)

    @_event.register
    def _(self, event: PartDone) -> Json:
        return _part_update(event.item_id, "done", content=part_json(event.part))

    @_event.register
    def _(self, event: StepAdded) -> Json:
        return _step_update(event.item_id, "added", event.index, step_json(event.step))

    @_event.register
    def _(self, event: StepChanged) -> Json:
        return _step_update(event.item_id, "updated", event.index, step_json(event.step))

    @_event.register
    def _(self, event: Progress) -> Json:
        return present(type="progress_update", text=event.text, icon=event.icon)

    @_event.register
    def _(self, event: Effect) -> Json:
        return {"type": "client_effect", "name": event.name, "data": event.data}

    @_event.register
    def _(self, event: Notice) -> Json:
        return present(type="notice", level=event.level, message=event.message, title=event.title)

    @_event.register
    def _(self, event: TurnTrouble) -> Json:
        return {"type": "error", "code": "custom", "message": event.message, "allow_retry": event.allow_retry}


_PART_UPDATES = {
    "added": "assistant_message.content_part.added",
    "text_delta": "assistant_message.content_part.text_delta",
    "annotation_added": "assistant_message.content_part.annotation_added",
    "done": "assistant_message.content_part.done",
}


def _part_update(item_id: str, kind: str, **fields: Any) -> Json:
    update = {"type": _PART_UPDATES[kind], "content_index": 0, **fields}
    return {"type": "thread.item.updated", "item_id": item_id, "update": update}


def _step_update(item_id: str, kind: str, index: int, step: Json) -> Json:
    update = {"type": f"workflow.task.{kind}", "task_index": index, "task": step}
    return {"type": "thread.item.updated", "item_id": item_id, "update": update}


def _page_json(page: Page[Any], encode: Callable[[Any], Json]) -> Json:
    after = page.entries[-1].id if page.has_more else None
    return present(data=[encode(entry) for entry in page.entries], has_more=page.has_more, after=after)


def _turn_json(turn: Turn) -> Json:
    return {"id": turn.id, "status": turn.status.value, "user_item_id": turn.user_item_id}
