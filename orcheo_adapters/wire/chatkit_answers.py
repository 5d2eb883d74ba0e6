"""ChatKit answers and stream events, encoded; null fields are left out, as ChatKit's own server does."""

from collections.abc import Callable
from functools import singledispatch
from typing import Any

import orjson

from orcheo_core.domain.items import (
    AnswerPart,
    Citation,
    InputPart,
    Item,
    Source,
    TextInput,
    UserItem,
)
from orcheo_core.domain.pages import Page
from orcheo_core.domain.thread_events import (
    ItemAdded,
    ItemDone,
    ItemRemoved,
    PartAdded,
    PartCited,
    PartDelta,
    PartDone,
    Progress,
    StreamOptions,
    ThreadCreated,
    ThreadEvent,
    TurnTrouble,
)
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.services.chatting import ThreadView

Json = dict[str, Any]

TURN_KEY = "orcheo.turn"
"""Key in a thread's metadata under which its latest turn stands (an addition of ours)."""


def encode_json(document: Json) -> bytes:
    """UTF-8 JSON."""
    return orjson.dumps(document)


def thread_view_json(view: ThreadView) -> Json:
    """``Thread`` with its first items, and the state of its latest turn."""
    document = thread_json(view.thread, items=page_json(view.items, item_json))
    if view.latest_turn is not None:
        document["metadata"] = {TURN_KEY: _turn_json(view.latest_turn)}
    return document


def thread_json(thread: Thread, *, items: Json | None = None) -> Json:
    """``Thread``; without items its page is empty."""
    return _present(
        id=thread.id,
        title=thread.title,
        created_at=thread.created_at.isoformat(),
        status={"type": "active"},
        metadata={},
        items=items or {"data": [], "has_more": False},
    )


def page_json(page: Page[Any], encode: Callable[[Any], Json]) -> Json:
    """``Page``; ``after`` is the cursor of the next one."""
    after = page.entries[-1].id if page.has_more else None
    return _present(data=[encode(entry) for entry in page.entries], has_more=page.has_more, after=after)


def item_json(item: Item) -> Json:
    """``ThreadItem``."""
    base: Json = {"id": item.id, "thread_id": item.thread_id, "created_at": item.created_at.isoformat()}
    if isinstance(item, UserItem):
        return base | _user_fields(item)
    return base | {"type": "assistant_message", "content": [_part_json(part) for part in item.content]}


def event_json(event: ThreadEvent) -> Json:
    """``ThreadStreamEvent``."""
    return _event_json(event)


def sse_frame(event: ThreadEvent, number: int | None) -> bytes:
    """One frame of the stream: ``data: …``, with an ``id:`` line for clients that can resume."""
    data = b"data: " + orjson.dumps(_event_json(event)) + b"\n\n"
    return data if number is None else b"id: %d\n%b" % (number, data)


@singledispatch
def _event_json(event: object) -> Json:
    message = f"no wire form for {type(event).__name__}"
    raise TypeError(message)


@_event_json.register
def _(event: PartDelta) -> Json:
    return _update(event.item_id, "text_delta", delta=event.delta)


@_event_json.register
def _(event: ThreadCreated) -> Json:
    return {"type": "thread.created", "thread": thread_json(event.thread)}


@_event_json.register
def _(event: ItemAdded) -> Json:
    return {"type": "thread.item.added", "item": item_json(event.item)}


@_event_json.register
def _(event: ItemDone) -> Json:
    return {"type": "thread.item.done", "item": item_json(event.item)}


@_event_json.register
def _(event: ItemRemoved) -> Json:
    return {"type": "thread.item.removed", "item_id": event.item_id}


@_event_json.register
def _(event: StreamOptions) -> Json:
    return {"type": "stream_options", "stream_options": {"allow_cancel": event.allow_cancel}}


@_event_json.register
def _(event: PartAdded) -> Json:
    return _update(event.item_id, "added", content=_part_json(AnswerPart(text="")))


@_event_json.register
def _(event: PartCited) -> Json:
    return _update(
        event.item_id,
        "annotation_added",
        annotation_index=event.position,
        annotation=_citation_json(event.citation),
    )


@_event_json.register
def _(event: PartDone) -> Json:
    return _update(event.item_id, "done", content=_part_json(event.part))


@_event_json.register
def _(event: Progress) -> Json:
    return _present(type="progress_update", text=event.text, icon=event.icon)


@_event_json.register
def _(event: TurnTrouble) -> Json:
    return {"type": "error", "code": "custom", "message": event.message, "allow_retry": event.allow_retry}


_PART_UPDATES = {
    "added": "assistant_message.content_part.added",
    "text_delta": "assistant_message.content_part.text_delta",
    "annotation_added": "assistant_message.content_part.annotation_added",
    "done": "assistant_message.content_part.done",
}


def _update(item_id: str, kind: str, **fields: Any) -> Json:
    update = {"type": _PART_UPDATES[kind], "content_index": 0, **fields}
    return {"type": "thread.item.updated", "item_id": item_id, "update": update}


def _user_fields(item: UserItem) -> Json:
    wished = item.inference_options
    options = _present(model=wished.model, tool_choice={"id": wished.tool_id} if wished.tool_id else None)
    return _present(
        type="user_message",
        content=[_input_json(part) for part in item.content],
        attachments=[],
        quoted_text=item.quoted_text,
        inference_options=options,
    )


def _input_json(part: InputPart) -> Json:
    if isinstance(part, TextInput):
        return {"type": "input_text", "text": part.text}
    return _present(
        type="input_tag",
        id=part.id,
        text=part.text,
        data=part.data,
        group=part.group,
        interactive=part.interactive,
    )


def _part_json(part: AnswerPart) -> Json:
    annotations = [_citation_json(citation) for citation in part.citations]
    return {"type": "output_text", "text": part.text, "annotations": annotations}


def _citation_json(citation: Citation) -> Json:
    return _present(type="annotation", source=_source_json(citation.source), index=citation.index)


def _source_json(source: Source) -> Json:
    if source.url is not None:
        return _present(type="url", title=source.title, url=source.url, description=source.description)
    filename = source.filename or source.title
    return _present(type="file", title=source.title, filename=filename, description=source.description)


def _turn_json(turn: Turn) -> Json:
    return {"id": turn.id, "status": turn.status.value, "user_item_id": turn.user_item_id}


def _present(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
