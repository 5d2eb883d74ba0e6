"""A map of lines and stations beside the chat: the page names the map in a header and its stations as entities.

The model is a script. What it uses of the SDK: a context of the server's own, tags, annotations of entities, a client
tool with its output, a list to choose from, effects on the page, and a title that is saved while the answer is written.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from attrs import define, field
from chatkit import types as wire
from chatkit.actions import ActionConfig
from chatkit.server import ChatKitServer, stream_widget
from chatkit.widgets import ListView, ListViewItem, Text

from tests.protocol.official import OfficialStore


@define
class Line:
    """One line of a map."""

    id: str
    name: str
    stations: list[str] = field(factory=list)


@define
class Context:
    """What the application makes of a request."""

    map_id: str
    visitor: str | None


def make_context(request: Any) -> Context:
    """The map is that of the page, which adds a header in its own fetch."""
    return Context(map_id=request.headers.get("map-id", "none"), visitor=request.state.display_name)


MAPS = {"map-1": [Line("blue", "Blue line", ["Harbour", "Old Town"]), Line("red", "Red line", ["Castle"])]}
"""State that the application's own routes would show as well."""


class MetroServer(ChatKitServer[Context]):
    """Plans a metro with the visitor."""

    def __init__(self) -> None:
        super().__init__(OfficialStore())  # type: ignore[arg-type]  # a store without a context

    async def respond(
        self, thread: wire.ThreadMetadata, input_user_message: wire.UserMessageItem | None, context: Context
    ) -> AsyncIterator[wire.ThreadStreamEvent]:
        if input_user_message is None:
            yield await self._after_the_tool(thread, context)
            return
        if thread.title is None:
            thread.title = f"Plan of {context.map_id}"
            await self.store.save_thread(thread, context)
        tags = [part for part in input_user_message.content if part.type == "input_tag"]
        words = "".join(part.text for part in input_user_message.content if part.type == "input_text")
        if tags:
            yield self._said(thread, context, f"{tags[0].text} is on the {tags[0].data['line']} line.", tags)
        elif "where" in words:
            call_id = self.store.generate_item_id("tool_call", thread, context)
            yield wire.ThreadItemDoneEvent(
                item=wire.ClientToolCallItem(
                    id=call_id,
                    thread_id=thread.id,
                    created_at=_now(),
                    call_id="call_1",
                    name="get_selected_stations",
                    arguments={"map": context.map_id},
                )
            )
        else:
            async for event in stream_widget(
                thread, _lines(context), generate_id=lambda kind: self.store.generate_item_id(kind, thread, context)
            ):
                yield event

    async def _after_the_tool(self, thread: wire.ThreadMetadata, context: Context) -> wire.ThreadStreamEvent:
        page = await self.store.load_thread_items(thread.id, None, 20, "desc", context)
        outputs = [each.output for each in page.data if each.type == "client_tool_call" and each.output]
        return self._said(thread, context, f"You stand at {outputs[0]['stations'][0]}.", [])

    async def action(
        self, thread: wire.ThreadMetadata, action: Any, sender: wire.WidgetItem | None, context: Context
    ) -> AsyncIterator[wire.ThreadStreamEvent]:
        line = next(each for each in MAPS[context.map_id] if each.id == action.payload["line"])
        line.stations.append("New Station")
        if sender is not None:
            yield wire.ThreadItemReplacedEvent(item=sender.model_copy(update={"widget": _lines(context, line)}))
        note = wire.HiddenContextItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=_now(),
            content=f"<LINE>{line.id}</LINE>",
        )
        await self.store.add_thread_item(thread.id, note, context)
        yield wire.ClientEffectEvent(name="add_station", data={"line": line.id, "station": "New Station"})
        yield self._said(thread, context, f"The {line.name} has a new station.", [])

    def _said(
        self, thread: wire.ThreadMetadata, context: Context, text: str, tags: list[Any]
    ) -> wire.ThreadItemDoneEvent:
        annotations = [
            wire.Annotation(
                source=wire.EntitySource(
                    id=tag.id, title=tag.text, icon="map-pin", label="Station", interactive=True, data=tag.data
                ),
                index=len(tag.text),
            )
            for tag in tags
        ]
        item = wire.AssistantMessageItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=_now(),
            content=[wire.AssistantMessageContent(text=text, annotations=annotations)],
        )
        return wire.ThreadItemDoneEvent(item=item)


def _lines(context: Context, chosen: Line | None = None) -> ListView:
    return ListView(
        children=[
            ListViewItem(
                key=each.id,
                children=[Text(value=f"{each.name}{' (chosen)' if each is chosen else ''}")],
                onClickAction=None if chosen else ActionConfig(type="line.select", payload={"line": each.id}),
            )
            for each in MAPS[context.map_id]
        ]
    )


def _now() -> datetime:
    return datetime.now()  # noqa: DTZ005 - as the SDK does
