"""Runnables of LangChain, which is installed with LangGraph."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.runnables import (
    ConfigurableFieldSpec,
    Runnable,
    RunnableGenerator,
    RunnableLambda,
    RunnablePassthrough,
)

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import CutShort
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file

ASKED: list[list[BaseMessage]] = []


class Model(BaseChatModel):
    """A chat model that says back what it was asked, after a thought and with a call of a tool."""

    @property
    def _llm_type(self) -> str:
        return "fake"

    def _generate(self, *_args: Any, **_options: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        ASKED.append(messages)
        text = str(messages[-1].text)
        if "think" in text:
            yield _chunk([{"type": "reasoning", "reasoning": "Hm."}])
            yield _chunk("", additional_kwargs={"reasoning_content": " Well."})
        if "weather" in text:
            call = {"name": "get_weather", "args": '{"city": ', "id": "c1", "index": 0, "type": "tool_call_chunk"}
            yield _chunk("", tool_call_chunks=[call])
            yield _chunk("", tool_call_chunks=[{**call, "name": None, "args": '"Paris"}', "id": None}])
        for word in ("You ", "said ", text):
            yield _chunk(word)
        reason = "length" if "long" in text else "stop"
        usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
        yield _chunk("", response_metadata={"finish_reason": reason}, usage_metadata=usage)


def _chunk(content: Any, **more: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=content, **more))


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    ASKED.clear()


model = Model()
chain = (
    ChatPromptTemplate.from_messages([("system", "Be short."), MessagesPlaceholder("history"), ("user", "{question}")])
    | model
    | StrOutputParser()
)
without_history = ChatPromptTemplate.from_messages([("user", "{topic}")]) | model
messages_only = ChatPromptTemplate.from_messages([MessagesPlaceholder("messages")]) | model
of_two = PromptTemplate.from_template("{colour} {size}") | model
with_past = ChatPromptTemplate.from_messages([MessagesPlaceholder("past"), ("user", "{question}")]) | model
documents: Runnable[Any, Any] = {"context": RunnableLambda(str.upper), "question": RunnablePassthrough()} | (
    ChatPromptTemplate.from_messages([("user", "{context} {question}")]) | model
)


def _as_topic(text: str) -> dict[str, str]:
    return {"topic": text}


_asked: Runnable[str, Any] = RunnableLambda(_as_topic)
of_the_text = _asked.with_types(input_type=str) | without_history
retrieval: Runnable[Any, Any] = RunnablePassthrough.assign(context=lambda _given: "documents") | (
    RunnablePassthrough.assign(
        answer=ChatPromptTemplate.from_messages([("user", "{context} {input}")]) | model | StrOutputParser()
    )
)
whole: Runnable[Any, Any] = RunnableLambda(lambda messages: AIMessage(f"Whole {messages[-1].text}"))
structured: Runnable[Any, Any] = RunnableLambda(lambda _messages: {"city": "Paris", "days": 2})


def _fail(messages: list[BaseMessage]) -> str:
    raise LookupError(messages[-1].text)


failing: Runnable[Any, Any] = RunnableLambda(_fail)


class KeepsSessions(RunnablePassthrough[Any]):
    """As ``RunnableWithMessageHistory``: it looks the conversation up by the id that it is run with."""

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        return [ConfigurableFieldSpec(id="session_id", annotation=str)]

    def get_input_jsonschema(self, *_args: Any, **_options: Any) -> dict[str, Any]:
        return {"type": "object", "properties": {"question": {"type": "string"}}}


keeps_sessions = KeepsSessions()


class Odd(RunnablePassthrough[Any]):
    """A runnable without a schema of its input."""

    def get_input_jsonschema(self, *_args: Any, **_options: Any) -> dict[str, Any]:
        raise LookupError


odd = Odd()


@define
class Action:
    """As an agent of ``AgentExecutor`` has them."""

    tool: str
    tool_input: Any


async def _executor_steps(_given: AsyncIterator[Any]) -> AsyncIterator[dict[str, Any]]:
    action = Action("get_weather", {"city": "Paris"})
    yield {"actions": [action], "messages": []}
    yield {"steps": [SimpleNamespace(action=action, observation="Sunny")], "messages": []}
    yield {"output": "It is sunny.", "messages": []}


executor: Runnable[Any, Any] = RunnableGenerator(_executor_steps)


def talk(name: str, **settings: str) -> Conversation:
    return Conversation.of(f"tests.adapters.runners.agents.test_langchain:{name}", **settings)


async def check(name: str) -> str | None:
    target = f"tests.adapters.runners.agents.test_langchain:{name}"
    return await RunnerRegistry().get("agent").check(RunnerSpec(kind="agent", target=target, settings={}))


def contents() -> list[tuple[str, Any]]:
    return [(each.type, each.content) for each in ASKED[-1]]


async def test_a_chat_model_streams_and_remembers() -> None:
    """With the messages of the thread; usage is counted."""
    thread = talk("model")
    assert await thread.say("Hello") == "You said Hello"
    assert thread.pieces == ["You ", "said ", "Hello"]
    assert thread.usage == (3, 2)
    await thread.say("And?")
    assert contents() == [("human", "Hello"), ("ai", "You said Hello"), ("human", "And?")]


async def test_a_chain_gets_the_text_and_the_history_where_it_has_places_for_them() -> None:
    """By the names of its variables."""
    thread = talk("chain")
    await thread.say("Hello")
    assert await thread.say("And?") == "You said And?"
    assert contents() == [("system", "Be short."), ("human", "Hello"), ("ai", "You said Hello"), ("human", "And?")]
    assert await talk("without_history").say("cats") == "You said cats"
    assert await talk("messages_only").say("Hi") == "You said Hi"


async def test_a_chain_with_two_places_for_texts_says_what_to_do() -> None:
    """Which one is the message is not guessed, neither when it is registered nor when it is run."""
    reason = "takes colour, size, and which is the visitor's message is not known"
    with pytest.raises(RunFailed, match=reason):
        await talk("of_two").say("Hi")
    with pytest.raises(InvalidInput, match=reason):
        await check("of_two")


async def test_a_chain_that_takes_a_text_gets_the_text() -> None:
    """As those do that look documents up for a question."""
    assert await talk("documents").say("Hi") == "You said HI Hi"
    assert contents() == [("human", "HI Hi")]


async def test_a_place_for_messages_is_found_under_any_name() -> None:
    """By what the prompt declares."""
    thread = talk("with_past")
    await thread.say("Hello")
    await thread.say("And?")
    assert contents() == [("human", "Hello"), ("ai", "You said Hello"), ("human", "And?")]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("without_history", '`ChatPromptTemplate([MessagesPlaceholder("history"), ("user", "{topic}")])`.'),
        (
            "documents",
            '`{"question": itemgetter("question"), "history": itemgetter("history"), …} | prompt`.',
        ),
        ("of_the_text", '"history": itemgetter("history"), …} | prompt`.'),
    ],
)
async def test_a_chain_that_forgets_is_taken_with_the_line_to_write(name: str, line: str) -> None:
    """What it lacks is a place for the earlier messages."""
    advice = await check(name)
    assert advice is not None
    assert advice.startswith(f"{name!r} gets each message without the earlier ones. ")
    assert 'MessagesPlaceholder("history")' in advice
    assert advice.endswith(line)


@pytest.mark.parametrize("name", ["model", "chain", "with_past", "messages_only", "whole", "keeps_sessions"])
async def test_what_remembers_needs_no_advice(name: str) -> None:
    """It takes messages, has a place for them, or keeps them by the thread's id."""
    assert await check(name) is None


async def test_a_runnable_that_cannot_be_looked_at_is_taken() -> None:
    """It may still answer."""
    assert await check("odd") is None


async def test_of_a_dict_the_answer_is_shown() -> None:
    """Beside the documents that it is drawn from, which are not; other dicts are text that people read."""
    assert await talk("retrieval").say("Hi") == "You said documents Hi"
    assert await talk("structured").say("Hi") == "city: Paris\ndays: 2"
    assert await talk("whole").say("Hi") == "Whole Hi"


async def test_thoughts_and_tool_calls_are_steps() -> None:
    """A tool that a bare model calls is not executed, so its step is not complete."""
    thread = talk("model")
    await thread.say("think of the weather")
    assert thread.steps == [
        ("", "Hm.", "loading"),
        ("", "Hm. Well.", "complete"),
        ("Get weather", "", "loading"),
        ("Get weather", "", "none"),
    ]


async def test_an_agent_executor_shows_its_calls_and_says_its_output() -> None:
    """Its results too."""
    thread = talk("executor", steps="details")
    assert await thread.say("weather?") == "It is sunny."
    assert thread.steps[-1] == ("Get weather", "city: Paris → Sunny", "complete")


async def test_an_answer_at_its_limit_is_told() -> None:
    """As the other runners do."""
    thread = talk("model")
    await thread.say("long")
    assert any(isinstance(each, CutShort) and each.code == "answer_cut_off" for each in thread.events)


async def test_files_are_content_blocks_of_a_message_and_texts_of_a_chain() -> None:
    """A chain that takes a text cannot read others, and the visitor reads so."""
    files = [file("a.png", "image/png", b"p"), file("a.txt", "text/plain", b"t")]
    await talk("model").say("Look", files=files)
    assert contents()[-1][1] == [
        {"type": "text", "text": "Look"},
        {"type": "image", "base64": "cA==", "mime_type": "image/png", "extras": {"filename": "a.png"}},
        {"type": "text", "text": "a.txt:\n\nt"},
    ]
    thread = talk("chain")
    await thread.say("Look", files=files)
    assert contents()[-1] == ("human", "Look\n\na.txt:\n\nt")
    assert thread.notices == ["This workflow cannot read attachments of this kind: a.png."]


async def test_an_error_names_the_line_of_the_owners_code() -> None:
    """Not one of the framework's."""
    with pytest.raises(RunFailed, match=r"LookupError: Hi \(test_langchain\.py, line \d+, in _fail\)"):
        await talk("failing").say("Hi")
