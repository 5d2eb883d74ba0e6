"""OpenAI's ChatKit server with a store in memory: `shipped`, or `kept` (its TypeAdapter built once)."""

from collections.abc import AsyncIterator
from typing import Any

import chatkit.server
from chatkit import types as wire
from chatkit.server import StreamingResult
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bench.servers.listening import listen, option
from bench.workflow import DELTAS
from tests.protocol.official import OfficialStore


class TwentyPieces(chatkit.server.ChatKitServer[None]):
    """Answers as the SDK's documentation shows it."""

    def __init__(self) -> None:
        """Keep everything in memory."""
        super().__init__(OfficialStore())

    async def respond(self, thread: Any, input_user_message: Any, context: None) -> AsyncIterator[Any]:
        """The answer of 20 pieces."""
        item = wire.AssistantMessageItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=input_user_message.created_at,
            content=[],
        )
        yield wire.ThreadItemAddedEvent(item=item)
        content = wire.AssistantMessageContent(text="")
        added = wire.AssistantMessageContentPartAdded(content_index=0, content=content)
        yield wire.ThreadItemUpdatedEvent(item_id=item.id, update=added)
        for delta in DELTAS:
            piece = wire.AssistantMessageContentPartTextDelta(content_index=0, delta=delta)
            yield wire.ThreadItemUpdatedEvent(item_id=item.id, update=piece)
        content = wire.AssistantMessageContent(text="".join(DELTAS))
        done = wire.AssistantMessageContentPartDone(content_index=0, content=content)
        yield wire.ThreadItemUpdatedEvent(item_id=item.id, update=done)
        yield wire.ThreadItemDoneEvent(item=item.model_copy(update={"content": [content]}))


def keep_adapter() -> None:
    """Build the decoder of requests once, not for each request."""
    kept: TypeAdapter[Any] = TypeAdapter(wire.ChatKitReq)

    class Kept:
        def __class_getitem__(cls, _item: Any) -> Any:
            return lambda _type: kept

    chatkit.server.TypeAdapter = Kept  # type: ignore[attr-defined,assignment]  # the change that is measured


SERVER = TwentyPieces()


async def answer(request: Request) -> Response:
    """The wiring of the SDK's documentation."""
    result = await SERVER.process(await request.body(), None)
    if isinstance(result, StreamingResult):
        return StreamingResponse(result, media_type="text/event-stream")
    return Response(content=result.json, media_type="application/json")


async def ready(_request: Request) -> Response:
    """``/readyz``."""
    return JSONResponse({})


if __name__ == "__main__":
    if option(1, "shipped") == "kept":
        keep_adapter()
    listen(Starlette(routes=[Route("/api/chatkit", answer, methods=["POST"]), Route("/readyz", ready)]))
