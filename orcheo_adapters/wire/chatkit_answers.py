"""ChatKit's threads, pages and stream events, encoded."""

from collections.abc import Callable, Iterable
from datetime import datetime
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
from orcheo_core.domain.component_items import Notice
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import Page
from orcheo_core.domain.thread_events import (
    EMPTY_PART,
    Effect,
    ImageGrew,
    ItemAdded,
    ItemDone,
    ItemRemoved,
    ItemReplaced,
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
    WidgetPartRedrawn,
    WidgetRedrawn,
    WidgetTextGrew,
)
from orcheo_core.domain.threads import NOTHING_SET, Thread, ThreadSettings
from orcheo_core.domain.turn import Turn
from orcheo_core.ports.frame_encoder import FrameEncoder
from orcheo_core.services.visitors.own_threads import ItemsView, ThreadView

FEEDBACK_KEY = "orcheo.feedback"
"""Key in an item that says what its visitor has thought of it (our addition to the protocol)."""

TURN_KEY = "orcheo.turn"
"""Key in a thread's metadata that holds its latest turn (our addition to the protocol)."""


def encode_json(document: Json) -> bytes:
    """UTF-8 JSON."""
    return orjson.dumps(document)


class ChatKitEncoder(FrameEncoder):
    """Encodes what a visitor is answered; it knows where attachments are found."""

    def __init__(self, links: AttachmentLinks) -> None:
        """Point to attachments by ``links``."""
        self.links = links

    def view(self, view: ThreadView) -> Json:
        """``Thread`` with its first items, and the state of its latest turn."""
        document = self.thread(view.thread) | {"items": self.items(view.items)}
        if view.latest_turn is not None:
            document["metadata"] = {TURN_KEY: _turn_json(view.latest_turn, view.read_at)}
        return document

    def thread(self, thread: Thread) -> Json:
        """``Thread`` without items: its page is empty."""
        titled = {} if thread.title is None else {"title": thread.title}
        return {
            "id": thread.id,
            **titled,
            "created_at": thread.created_at,
            **(_ACTIVE if thread.settings is NOTHING_SET else _settings_json(thread.settings)),
            "metadata": {},
            "items": {"data": [], "has_more": False},
        }

    def threads(self, page: Page[Thread]) -> Json:
        """``Page`` of threads."""
        return _page_json(page, self.thread)

    def items(self, view: ItemsView) -> Json:
        """``Page`` of items; those that were judged say so."""
        document = _page_json(view.page, self.item)
        if view.feedback:
            for item in document["data"]:
                if (kind := view.feedback.get(item["id"])) is not None:
                    item[FEEDBACK_KEY] = kind.value
        return document

    def item(self, item: Item) -> Json:
        """``ThreadItem``."""
        return item_json(item, self.links)

    def attachment(self, attachment: Attachment, upload: Json | None = None) -> Json:
        """``Attachment``; ``upload`` says how its bytes are sent, while they are missing."""
        return attachment_json(attachment, self.links, upload)

    def frames(self, events: Iterable[ThreadEvent]) -> list[bytes]:
        """``data: …``; clients that can resume get an ``id:`` line before each."""
        frames = []
        for event in events:
            if type(event) is PartDelta and event.index == 0:
                frame = self.text(event.item_id, event.delta)
            elif type(event) is PartAdded and event.index == 0 and event.part is EMPTY_PART:
                frame = _PART_ADDED % orjson.dumps(event.item_id)
            elif type(event) is StreamOptions:
                frame = _STREAM_OPTIONS[event.allow_cancel]
            else:
                frame = b"data: %b\n\n" % orjson.dumps(_EVENTS[type(event)](self, event))
            frames.append(frame)
        return frames

    def text(self, item_id: str, text: str) -> bytes:
        """See the port."""
        return _DELTA % (orjson.dumps(item_id), orjson.dumps(text))


def _thread_created(encoder: ChatKitEncoder, event: ThreadCreated) -> Json:
    return {"type": "thread.created", "thread": encoder.thread(event.thread)}


def _thread_updated(encoder: ChatKitEncoder, event: ThreadUpdated) -> Json:
    return {"type": "thread.updated", "thread": encoder.thread(event.thread)}


def _item_added(encoder: ChatKitEncoder, event: ItemAdded) -> Json:
    return {"type": "thread.item.added", "item": item_json(event.item, encoder.links)}


def _item_done(encoder: ChatKitEncoder, event: ItemDone) -> Json:
    return {"type": "thread.item.done", "item": item_json(event.item, encoder.links)}


def _item_replaced(encoder: ChatKitEncoder, event: ItemReplaced) -> Json:
    return {"type": "thread.item.replaced", "item": item_json(event.item, encoder.links)}


def _item_removed(_encoder: ChatKitEncoder, event: ItemRemoved) -> Json:
    return {"type": "thread.item.removed", "item_id": event.item_id}


def _stream_options(_encoder: ChatKitEncoder, event: StreamOptions) -> Json:
    return {"type": "stream_options", "stream_options": {"allow_cancel": event.allow_cancel}}


def _part_added(_encoder: ChatKitEncoder, event: PartAdded) -> Json:
    return _part_update(event, "added", content=part_json(event.part))


def _part_delta(_encoder: ChatKitEncoder, event: PartDelta) -> Json:
    return _part_update(event, "text_delta", delta=event.delta)


def _part_cited(_encoder: ChatKitEncoder, event: PartCited) -> Json:
    annotation = citation_json(event.citation)
    return _part_update(event, "annotation_added", annotation_index=event.position, annotation=annotation)


def _part_done(_encoder: ChatKitEncoder, event: PartDone) -> Json:
    return _part_update(event, "done", content=part_json(event.part))


def _step_added(_encoder: ChatKitEncoder, event: StepAdded) -> Json:
    return _step_update(event.item_id, "added", event.index, step_json(event.step))


def _step_changed(_encoder: ChatKitEncoder, event: StepChanged) -> Json:
    return _step_update(event.item_id, "updated", event.index, step_json(event.step))


def _widget_redrawn(_encoder: ChatKitEncoder, event: WidgetRedrawn) -> Json:
    return _update(event.item_id, type="widget.root.updated", widget=event.widget)


def _widget_part_redrawn(_encoder: ChatKitEncoder, event: WidgetPartRedrawn) -> Json:
    changed = {"component_id": event.component_id, "component": event.component}
    return _update(event.item_id, type="widget.component.updated", **changed)


def _widget_text_grew(_encoder: ChatKitEncoder, event: WidgetTextGrew) -> Json:
    grown = {"component_id": event.component_id, "delta": event.delta, "done": event.is_whole}
    return _update(event.item_id, type="widget.streaming_text.value_delta", **grown)


def _image_grew(_encoder: ChatKitEncoder, event: ImageGrew) -> Json:
    image = {"id": event.item_id, "url": event.url}
    return _update(event.item_id, **present(type="generated_image.updated", image=image, progress=event.progress))


def _progress(_encoder: ChatKitEncoder, event: Progress) -> Json:
    return present(type="progress_update", text=event.text, icon=event.icon)


def _effect(_encoder: ChatKitEncoder, event: Effect) -> Json:
    return {"type": "client_effect", "name": event.name, "data": event.data}


def _notice(_encoder: ChatKitEncoder, event: Notice) -> Json:
    return present(type="notice", level=event.level, message=event.message, title=event.title)


def _turn_trouble(_encoder: ChatKitEncoder, event: TurnTrouble) -> Json:
    return {"type": "error", "code": "custom", "message": event.message, "allow_retry": event.allow_retry}


_EVENTS: dict[type, Callable[[ChatKitEncoder, Any], Json]] = {
    ThreadCreated: _thread_created,
    ThreadUpdated: _thread_updated,
    ItemAdded: _item_added,
    ItemDone: _item_done,
    ItemReplaced: _item_replaced,
    ItemRemoved: _item_removed,
    StreamOptions: _stream_options,
    PartAdded: _part_added,
    PartDelta: _part_delta,
    PartCited: _part_cited,
    PartDone: _part_done,
    StepAdded: _step_added,
    StepChanged: _step_changed,
    WidgetRedrawn: _widget_redrawn,
    WidgetPartRedrawn: _widget_part_redrawn,
    WidgetTextGrew: _widget_text_grew,
    ImageGrew: _image_grew,
    Progress: _progress,
    Effect: _effect,
    Notice: _notice,
    TurnTrouble: _turn_trouble,
}


_PART_UPDATES = {
    "added": "assistant_message.content_part.added",
    "text_delta": "assistant_message.content_part.text_delta",
    "annotation_added": "assistant_message.content_part.annotation_added",
    "done": "assistant_message.content_part.done",
}


_DELTA = b"data: %b\n\n" % orjson.dumps(
    {"type": "thread.item.updated", "item_id": "?", "update": {"type": _PART_UPDATES["text_delta"], "content_index": 0}}
).replace(b'"?"', b"%b").replace(b"}}", b',"delta":%b}}')
"""The frame of a text delta but for its two values, as :meth:`ChatKitEncoder.event` would make it."""


def _part_update(event: PartAdded | PartDelta | PartCited | PartDone, kind: str, **fields: Any) -> Json:
    return _update(event.item_id, type=_PART_UPDATES[kind], content_index=event.index, **fields)


def _step_update(item_id: str, kind: str, index: int, step: Json) -> Json:
    return _update(item_id, type=f"workflow.task.{kind}", task_index=index, task=step)


def _update(item_id: str, **update: Any) -> Json:
    return {"type": "thread.item.updated", "item_id": item_id, "update": update}


_PART_ADDED = b"data: %b\n\n" % orjson.dumps(
    _part_update(PartAdded(item_id="?"), "added", content=part_json(EMPTY_PART))
).replace(b'"?"', b"%b")
_STREAM_OPTIONS = {
    allowed: b"data: %b\n\n" % orjson.dumps({"type": "stream_options", "stream_options": {"allow_cancel": allowed}})
    for allowed in (True, False)
}
"""Frames of events that say nearly the same each time."""


_ACTIVE: Json = {"status": {"type": "active"}}


def _settings_json(settings: ThreadSettings) -> Json:
    status = present(type=settings.status.value, reason=settings.reason)
    domains = None if settings.image_domains is None else list(settings.image_domains)
    return present(status=status, allowed_image_domains=domains)


def _page_json(page: Page[Any], encode: Callable[[Any], Json]) -> Json:
    after = page.entries[-1].id if page.has_more else None
    return present(data=[encode(entry) for entry in page.entries], has_more=page.has_more, after=after)


def _turn_json(turn: Turn, now: datetime) -> Json:
    """``seconds`` are those since it ended or, while it runs, since it began: no clock of a client is asked."""
    seconds = (now - (turn.ended_at or turn.started_at)).total_seconds()
    return {
        "id": turn.id,
        "status": turn.status.value,
        "user_item_id": turn.user_item_id,
        "seconds": max(0, round(seconds, 1)),
    }
