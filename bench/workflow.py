"""What every server is asked for: an answer of 20 pieces without pauses."""

import asyncio
import time
from collections.abc import AsyncIterator

import orjson

DELTAS = [f"tok{number:02} " for number in range(20)]
REQUEST = orjson.dumps(
    {
        "type": "threads.create",
        "params": {
            "input": {
                "content": [{"type": "input_text", "text": "Hello"}],
                "attachments": [],
                "inference_options": {},
            }
        },
    }
)


async def twenty(_text: str) -> AsyncIterator[str]:
    """The answer as a workflow gives it."""
    for delta in DELTAS:
        yield delta


PAUSE_SECONDS = 0.01


async def paused(_text: str) -> AsyncIterator[str]:
    """Pieces with a pause between them; each says when it was said, in nanoseconds of the machine's monotonic clock."""
    for _ in range(20):
        await asyncio.sleep(PAUSE_SECONDS)
        yield f"{time.monotonic_ns()} "


async def waiting(_text: str) -> AsyncIterator[str]:
    """One piece, and then nothing until it is stopped."""
    yield "one "
    await asyncio.Event().wait()


def _frames() -> list[bytes]:
    thread, said, answer = "thr_" + "0" * 26, "msg_" + "0" * 26, "msg_" + "1" * 26
    base = {"thread_id": thread, "created_at": "2026-11-23T07:10:21.194184+00:00"}
    user = {"id": said, **base, "type": "user_message", "content": [{"type": "input_text", "text": "Hello"}]}
    text = {"type": "output_text", "text": "".join(DELTAS), "annotations": []}

    def update(kind: str, **fields: object) -> dict[str, object]:
        inner = {"type": f"assistant_message.content_part.{kind}", "content_index": 0, **fields}
        return {"type": "thread.item.updated", "item_id": answer, "update": inner}

    created = {"id": thread, "created_at": base["created_at"], "status": {"type": "active"}, "metadata": {}}
    events: list[dict[str, object]] = [
        {"type": "thread.created", "thread": {**created, "items": {"data": [], "has_more": False}}},
        {"type": "thread.item.done", "item": {**user, "attachments": [], "inference_options": {}}},
        {"type": "stream_options", "stream_options": {"allow_cancel": True}},
        {"type": "thread.item.added", "item": {"id": answer, **base, "type": "assistant_message", "content": []}},
        update("added", content={"type": "output_text", "text": "", "annotations": []}),
        *(update("text_delta", delta=delta) for delta in DELTAS),
        update("done", content=text),
        {"type": "thread.item.done", "item": {"id": answer, **base, "type": "assistant_message", "content": [text]}},
    ]
    return [b"data: " + orjson.dumps(event) + b"\n\n" for event in events]


FRAMES = _frames()
"""The same answer as frames on the wire, for the endpoint that only streams bytes."""
