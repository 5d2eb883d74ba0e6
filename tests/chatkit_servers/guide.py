"""A guide with an agent of openai-agents: entities, a client tool, a note while it thinks; its model is a script."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from agents import Agent, Model, ModelResponse, RunConfig, RunContextWrapper, Runner, StopAtTools, function_tool
from chatkit import types as wire
from chatkit.agents import AgentContext, ClientToolCall, ThreadItemConverter, stream_agent_response
from chatkit.server import ChatKitServer
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseContentPartAddedEvent,
    ResponseFunctionToolCall,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
)

from tests.protocol.official import OfficialStore

FAKE_ID = "__fake_id__"
"""As openai-agents names every message of a provider of chat completions."""


@function_tool
async def note(ctx: RunContextWrapper[AgentContext[Any]], what: str) -> str:
    """Keep something for later turns, while the model streams."""
    context = ctx.context
    item = wire.HiddenContextItem(
        id=context.generate_id("message"),
        thread_id=context.thread.id,
        created_at=datetime.now(),  # noqa: DTZ005 - as the SDK does
        content=what,
    )
    await context.store.add_thread_item(context.thread.id, item, context.request_context)
    await context.stream(wire.ClientEffectEvent(name="noted", data={"what": what}))
    return "noted"


@function_tool
async def station(ctx: RunContextWrapper[AgentContext[Any]]) -> str:
    """Which station is selected on the map of the page."""
    ctx.context.client_tool_call = ClientToolCall(name="get_selected_stations", arguments={"n": 1})
    return "asked"


class Script(Model):
    """Answers by what the input ends with: a call of a tool first, then words about all that it was given."""

    async def get_response(self, *_args: Any, **_options: Any) -> ModelResponse:
        raise NotImplementedError

    async def stream_response(  # type: ignore[override]  # the SDK gives more, which a script does not read
        self, _instructions: Any, given: Any, *_args: Any, **_options: Any
    ) -> AsyncIterator[Any]:
        last = given[-1]
        if str(last.get("content")).find("note ") >= 0 and last.get("role") == "user":
            call = ("note", '{"what": "likes trains"}')
        elif str(last.get("content")).find("where") >= 0 and last.get("role") == "user":
            call = ("station", "{}")
        else:
            async for event in self._speaks(f"I was given {len(given)}: {_texts(given)}"):
                yield event
            return
        async for event in self._speaks("One moment"):
            if not isinstance(event, ResponseCompletedEvent):
                yield event
        tool = ResponseFunctionToolCall(
            id="fc_1", call_id="call_1", name=call[0], arguments=call[1], type="function_call"
        )
        yield ResponseOutputItemDoneEvent(
            item=tool, output_index=1, sequence_number=9, type="response.output_item.done"
        )
        yield _completed([tool])

    async def _speaks(self, text: str) -> AsyncIterator[Any]:
        place: dict[str, Any] = {"item_id": FAKE_ID, "output_index": 0, "content_index": 0, "sequence_number": 0}
        message = ResponseOutputMessage(id=FAKE_ID, content=[], role="assistant", status="in_progress", type="message")
        at: dict[str, Any] = {"output_index": 0, "sequence_number": 0}
        yield ResponseOutputItemAddedEvent(item=message, **at, type="response.output_item.added")
        part = ResponseOutputText(text="", annotations=[], type="output_text")
        yield ResponseContentPartAddedEvent(part=part, **place, type="response.content_part.added")
        for word in text.split(" "):
            yield ResponseTextDeltaEvent(delta=f"{word} ", **place, logprobs=[], type="response.output_text.delta")
        yield ResponseTextDoneEvent(text=f"{text} ", **place, logprobs=[], type="response.output_text.done")
        whole = ResponseOutputText(text=f"{text} ", annotations=[], type="output_text")
        done = message.model_copy(update={"content": [whole], "status": "completed"})
        yield ResponseOutputItemDoneEvent(item=done, **at, type="response.output_item.done")
        yield _completed([done])


def _texts(given: Any) -> str:
    found = []
    for each in given:
        content = each.get("content") or each.get("output") or each.get("name")
        parts = content if isinstance(content, list) else [{"text": content}]
        found.append(" ".join(str(part["text"]).strip() for part in parts))
    return " | ".join(found)


def _completed(output: list[Any]) -> ResponseCompletedEvent:
    response = Response(
        id="resp_1",
        created_at=0,
        model="script",
        object="response",
        output=output,
        parallel_tool_calls=False,
        tool_choice="auto",
        tools=[],
    )
    return ResponseCompletedEvent(response=response, sequence_number=10, type="response.completed")


class Converter(ThreadItemConverter):
    """Says entities by their data."""

    async def tag_to_message_content(self, tag: Any) -> Any:
        return {"type": "input_text", "text": f"{tag.text} is {tag.data['line']}"}


class GuideServer(ChatKitServer[Any]):
    """Hands the thread to an agent, and its stream to the SDK."""

    def __init__(self) -> None:
        super().__init__(OfficialStore())
        tools: list[Any] = [note, station]
        self.agent = Agent[Any](
            name="guide", model=Script(), tools=tools, tool_use_behavior=StopAtTools(stop_at_tool_names=["station"])
        )

    async def respond(self, thread: Any, input_user_message: Any, context: Any) -> AsyncIterator[Any]:
        page = await self.store.load_thread_items(thread.id, None, 20, "desc", context)
        given = await Converter().to_agent_input(page.data[::-1])
        agent_context = AgentContext(thread=thread, store=self.store, request_context=context)
        config = RunConfig(tracing_disabled=True)
        result = Runner.run_streamed(self.agent, given, context=agent_context, run_config=config)
        async for event in stream_agent_response(agent_context, result):
            yield event
        if thread.title is None:
            thread.title = "A trip"
