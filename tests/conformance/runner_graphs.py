"""The workflows of the runner conformance suite as LangGraph graphs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.config import get_stream_writer
from langgraph.graph import START, MessagesState, StateGraph

from tests.conformance import runner_workflows
from tests.conformance.long_text import LONG_PIECE, LONG_PIECES
from tests.conformance.runner_workflows import CLEANED

Update = dict[str, list[BaseMessage]]


class FakeModel(BaseChatModel):
    """A chat model that says the same for the same text."""

    stream_pieces: Callable[[str], AsyncIterator[str]]

    @property
    def _llm_type(self) -> str:
        return "fake"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(f"You said: {messages[-1].text}"))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for piece in self.stream_pieces(str(messages[-1].text)):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager is not None:
                await run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk


def of_node(node: Callable[..., Any], **options: Any) -> Any:
    """A compiled graph of one node, which is not announced."""
    return StateGraph(MessagesState).add_node("_answer", node).add_edge(START, "_answer").compile(**options)


def of_model(stream_pieces: Callable[[str], AsyncIterator[str]]) -> Any:
    """A compiled graph whose one node asks a model."""
    model = FakeModel(stream_pieces=stream_pieces)

    async def answer(state: MessagesState) -> Update:
        try:
            return {"messages": [await model.ainvoke(state["messages"])]}
        finally:
            CLEANED.set()

    return of_node(answer)


def _said(state: MessagesState) -> str:
    return str(state["messages"][-1].text)


def _answer_at_once(state: MessagesState) -> Update:
    return {"messages": [AIMessage(f"You said: {_said(state)}")]}


streams = of_model(runner_workflows.streams_async)
answers_at_once = of_node(_answer_at_once)
nests = of_node(of_model(runner_workflows.streams_async))


def makes() -> Any:
    """A function that makes a graph."""
    return of_model(runner_workflows.streams_async)


async def makes_async() -> Any:
    """The same, async."""
    return makes()


async def _say_events(state: MessagesState) -> Update:
    write = get_stream_writer()
    for event in runner_workflows.says_events(_said(state)):
        write(event)
    write(7)
    return {"messages": []}


async def _work_for_ever(text: str) -> AsyncIterator[str]:
    while True:
        yield "x"
        await asyncio.sleep(0)


async def hang(text: str) -> AsyncIterator[str]:
    yield "a"
    await asyncio.Event().wait()


async def hang_at_once(text: str) -> AsyncIterator[str]:
    await asyncio.Event().wait()
    yield "never"


async def fail_at_once(text: str) -> AsyncIterator[str]:
    yield str(_fail({"messages": [AIMessage(text)]}))


async def _hang_silently(state: MessagesState) -> Update:
    await asyncio.Event().wait()
    return {"messages": []}


def _fail(state: MessagesState) -> Update:
    raise LookupError(_said(state))


async def fail_late(text: str) -> AsyncIterator[str]:
    yield "a"
    raise LookupError(text)


async def be_long(text: str) -> AsyncIterator[str]:
    for _ in range(LONG_PIECES // 10):
        yield LONG_PIECE * 10


says_events = of_node(_say_events)
works_for_ever = of_model(_work_for_ever)
hangs = of_model(hang)
hangs_silently = of_node(_hang_silently)
fails = of_node(_fail)
fails_late = of_model(fail_late)
is_empty = of_node(lambda _state: {"messages": []})
is_long = of_model(be_long)
is_long_at_once = of_node(lambda _state: {"messages": [AIMessage(LONG_PIECE * LONG_PIECES)]})
