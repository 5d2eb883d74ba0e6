"""A cat in a chat: state beside the server, widgets with actions, hidden context, effects, an image, no stop."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from chatkit import types as wire
from chatkit.agents import AgentContext
from chatkit.server import ChatKitServer, stream_widget
from chatkit.widgets import Button, Card, Text

from tests.protocol.official import OfficialStore

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


class CatServer(ChatKitServer[dict[str, Any]]):
    """Keeps how each cat is beside the threads, and says what happened to it in hidden context."""

    def __init__(self) -> None:
        super().__init__(OfficialStore())  # type: ignore[arg-type]  # a store without a context
        self.cats: dict[str, str] = {}

    def get_stream_options(self, thread: Any, context: Any) -> wire.StreamOptions:
        return wire.StreamOptions(allow_cancel=False)

    async def respond(self, thread: Any, input_user_message: Any, context: Any) -> AsyncIterator[Any]:
        text = "".join(part.text for part in input_user_message.content)
        agent = AgentContext(thread=thread, store=self.store, request_context=context)
        if text == "draw":
            async for event in self._draw(thread, agent):
                yield event
            return
        if text == "choose":
            widget = Card(children=[Text(id="title", value="A name?"), Button(label="Momo", key="momo")])
            async for event in stream_widget(thread, widget, copy_text="A name?", generate_id=agent.generate_id):
                yield event
            return
        known = await self.store.load_thread_items(thread.id, None, 50, "asc", context)
        hidden = [each.content for each in known.data if each.type == "hidden_context_item"]
        yield wire.ClientEffectEvent(name="update_cat", data={"state": self.cats.get(thread.id, "unnamed")})
        yield _said(thread, agent, f"Miaow. I know: {', '.join(hidden) or 'nothing'}")

    async def _draw(self, thread: Any, agent: Any) -> AsyncIterator[Any]:
        item = wire.GeneratedImageItem(id=agent.generate_id("message"), thread_id=thread.id, created_at=_now())
        yield wire.ThreadItemAddedEvent(item=item)
        for part in range(3):
            image = wire.GeneratedImage(id="img_1", url=f"{PIXEL[:-4]}AA{part}=")
            update = wire.GeneratedImageUpdated(image=image, progress=part / 3)
            yield wire.ThreadItemUpdatedEvent(item_id=item.id, update=update)
        yield wire.ThreadItemDoneEvent(item=item.model_copy(update={"image": wire.GeneratedImage(id="i", url=PIXEL)}))

    async def action(self, thread: Any, action: Any, sender: Any, context: Any) -> AsyncIterator[Any]:
        self.cats[thread.id] = thread.title = action.payload["name"]
        agent = AgentContext(thread=thread, store=self.store, request_context=context)
        note = wire.HiddenContextItem(
            id=agent.generate_id("message"), thread_id=thread.id, created_at=_now(), content=f"named {thread.title}"
        )
        await self.store.add_thread_item(thread.id, note, context)
        chosen = Card(children=[Text(id="title", value=f"Hello {thread.title}!")])
        yield wire.ThreadItemReplacedEvent(item=sender.model_copy(update={"widget": chosen}))
        yield _said(thread, agent, f"I am {thread.title}.")


def make_server() -> CatServer:
    """As many applications make theirs."""
    return CatServer()


def _said(thread: Any, agent: Any, text: str) -> wire.ThreadItemDoneEvent:
    content = [wire.AssistantMessageContent(text=text)]
    item = wire.AssistantMessageItem(
        id=agent.generate_id("message"), thread_id=thread.id, created_at=_now(), content=content
    )
    return wire.ThreadItemDoneEvent(item=item)


def _now() -> datetime:
    return datetime.now()  # noqa: DTZ005 - as the SDK does
