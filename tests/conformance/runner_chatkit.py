"""The workflows of the runner conformance suite as servers on OpenAI's ChatKit SDK."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any

from chatkit import types as wire
from chatkit.server import ChatKitServer

from tests.conformance import runner_graphs as graphs
from tests.conformance import runner_workflows
from tests.protocol.official import OfficialStore

Pieces = Callable[[str], Any]


class Streams(ChatKitServer[Any]):
    """Says the pieces that its class names as one message."""

    def __init__(self, pieces: Pieces = runner_workflows.streams_async) -> None:
        super().__init__(OfficialStore())
        self.pieces = pieces

    async def respond(self, thread: Any, input_user_message: Any, context: Any) -> AsyncIterator[Any]:
        text = "".join(part.text for part in input_user_message.content)
        item = wire.AssistantMessageItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=datetime.now(),  # noqa: DTZ005 - as the SDK does
            content=[],
        )
        yield wire.ThreadItemAddedEvent(item=item)
        part = wire.AssistantMessageContent(text="")
        begun = wire.AssistantMessageContentPartAdded(content_index=0, content=part)
        yield wire.ThreadItemUpdatedEvent(item_id=item.id, update=begun)
        said = []
        async with aclosing(self.pieces(text)) as pieces:
            async for piece in pieces:
                said.append(piece)
                if piece:
                    update = wire.AssistantMessageContentPartTextDelta(content_index=0, delta=piece)
                    yield wire.ThreadItemUpdatedEvent(item_id=item.id, update=update)
        content = [wire.AssistantMessageContent(text="".join(said))]
        yield wire.ThreadItemDoneEvent(item=item.model_copy(update={"content": content}))


def makes() -> Streams:
    """A function that makes a server."""
    return Streams()


streams = Streams()
hangs = Streams(graphs.hang)
hangs_silently = Streams(graphs.hang_at_once)
works_for_ever = Streams(runner_workflows.works_for_ever_async)
fails = Streams(graphs.fail_at_once)
fails_late = Streams(graphs.fail_late)
is_empty = Streams(runner_workflows.streams_nothing_async)
is_long = Streams(graphs.be_long)
