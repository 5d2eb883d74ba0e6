"""Python callables that answer as model clients and frameworks do, without any of them."""

import asyncio
import copy
import threading
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import MethodType, SimpleNamespace
from typing import Any

import attrs

from orcheo_core.domain.run import AnswerEnded, ProgressNote, RunContext, RunEvent, TextDelta


def thing(kind: str = "Thing", /, **fields: Any) -> Any:
    """An object of a class with this name that has these attributes."""
    return type(kind, (SimpleNamespace,), {})(**fields)


def chunk(content: str | None) -> Any:
    """A chunk of chat completions."""
    return thing(choices=[thing(delta=thing(content=content, role=None), finish_reason=None)])


def _sse(kind: str, **fields: Any) -> Any:
    return thing(type=kind, **fields)


STREAMS: dict[str, list[Any]] = {
    "None among text": [None, "Hello", None, " you", None],
    "bytes cut in a character": [b"Hel", b"lo ", bytearray(b"you")],
    "chunks of chat completions": [thing(choices=[]), chunk(None), chunk("Hello"), chunk(" you"), chunk("")],
    "chunks as dicts": [{"choices": [{"delta": {"content": "Hello"}}]}, {"choices": [{"delta": {"content": " you"}}]}],
    "chunks of LangChain": [
        thing(type="AIMessageChunk", content="Hello"),
        thing(
            type="AIMessageChunk", content=[{"type": "text", "text": " you"}, {"type": "thinking", "thinking": "hm"}]
        ),
        thing(type="ai", content="Hello you"),
    ],
    "chunks with metadata": [
        (thing(type="AIMessageChunk", content="Hello you"), {"langgraph_node": "a"}),
        (thing(type="tool", content="42"), {"langgraph_node": "a"}),
    ],
    "events of the Responses API": [
        _sse("response.created"),
        _sse("response.output_text.delta", delta="Hello"),
        _sse("response.output_text.delta", delta=" you"),
        _sse("response.output_text.done", text="Hello you"),
        _sse("response.completed", response=thing(output_text="Hello you")),
    ],
    "events of openai-agents": [
        _sse("agent_updated_stream_event", new_agent=thing(name="a")),
        _sse("raw_response_event", data=_sse("response.output_text.delta", delta="Hello you")),
        _sse("run_item_stream_event", item=thing(output="42")),
    ],
    "events of Anthropic": [
        _sse("message_start", message=thing(content=[])),
        _sse("content_block_delta", delta=thing(type="thinking_delta", thinking="hm")),
        _sse("content_block_delta", delta=thing(type="text_delta", text="Hello you")),
        _sse("text", text="Hello you", snapshot="Hello you"),
        _sse("message_stop"),
    ],
    "events of pydantic-ai": [
        thing(event_kind="part_start", part=thing(part_kind="text", content="Hello")),
        thing(event_kind="part_delta", delta=thing(part_delta_kind="text", content_delta=" you")),
        thing(event_kind="part_end", part=thing(part_kind="text", content="Hello you")),
        thing(event_kind="part_delta", delta=thing(part_delta_kind="thinking", content_delta="hm")),
        thing(event_kind="function_tool_call", part=thing(tool_name="look_up")),
        thing(event_kind="agent_run_result", result=thing(output="Hello you")),
    ],
    "events of Agno": [
        thing(event="RunStarted", run_id="1", content=None),
        thing(event="RunContent", run_id="1", content="Hello you"),
        thing(event="RunCompleted", run_id="1", content="Hello you"),
    ],
    "dicts with content": [
        {"role": "assistant", "content": "Hello"},
        {"content": " you"},
        {"role": "user", "content": "?"},
    ],
    "text of LlamaIndex": [thing(delta="Hello", message=thing(content="Hello")), thing(delta=" you")],
    "events of LlamaIndex": [
        thing(input=[], current_agent_name="a"),
        thing(delta="Hello", response="Hello", current_agent_name="a"),
        thing(delta=" you", response="Hello you", current_agent_name="a"),
        thing(tool_name="look_up", tool_kwargs={}, tool_output=thing(content="42")),
        thing(response=thing(role="assistant", content="Hello you"), current_agent_name="a"),
        thing(result=thing(response=thing(role="assistant", content="Hello you"))),
    ],
    "events of Strands": [
        {"init_event_loop": True},
        {"start": True},
        {"event": {"contentBlockDelta": {}}},
        {"data": "Hello", "delta": {"text": "Hello"}},
        {"data": " you", "delta": {"text": " you"}},
        {"message": {"role": "assistant", "content": [{"text": "Hello you"}]}},
        {"result": thing(stop_reason="end_turn", message={"content": [{"text": "Hello you"}]})},
    ],
    "events of Google ADK": [
        thing(author="a", partial=True, content=thing(parts=[thing(text="hm", thought=True), thing(text="Hello")])),
        thing(author="a", partial=True, content=thing(parts=[thing(text=" you"), thing(function_call="f")])),
        thing(author="a", partial=None, content=None),
        thing(author="a", partial=False, content=thing(parts=[thing(text="Hello you")])),
    ],
    "steps of smolagents": [
        thing(plan="think"),
        thing(content="hm", tool_calls=None, token_usage=None),
        thing(name="look_up", arguments={}, id="1"),
        thing(id="1", output="42", is_final_answer=False),
        thing(step_number=1, observations="42"),
        thing(output="Hello you", is_final_answer=True),
        thing(output="Hello you"),
    ],
    "chunks of DSPy": [
        thing(predict_name="p", signature_field_name="answer", chunk="Hello you"),
        thing(toDict=lambda: {"reasoning": "hm", "answer": "Hello you"}),
    ],
    "messages of AutoGen": [
        thing(type="TextMessage", source="user", content="?"),
        thing(type="ToolCallRequestEvent", source="helper", content=[thing(name="look_up")]),
        thing(type="ModelClientStreamingChunkEvent", source="helper", content="Hello you"),
        thing(type="TextMessage", source="helper", content="Hello you"),
        thing(messages=[thing(type="TextMessage", source="helper", content="Hello you")]),
    ],
    "text that grows": ["Hel", "Hello", "Hello yo", "Hello you"],
}
"""Streams of which each says *Hello you*."""

RESULTS: dict[str, Any] = {
    "bytes": b"Hello you",
    "a dict": {"answer": "Hello you"},
    "a message of LangChain": thing(type="ai", content=[{"type": "text", "text": "Hello you"}]),
    "a role and a text": ("assistant", "Hello you"),
    "a state": {"messages": [thing(type="human", content="hi"), thing(type="ai", content="Hello you")]},
    "replies of Haystack": {"replies": [thing(_role=thing(value="assistant"), text="Hello you", _content=[])]},
    "a completion": thing(choices=[thing(message=thing(content="Hello you", role="assistant"))]),
    "a result of openai-agents": thing(final_output="Hello you"),
    "a result of pydantic-ai": thing(output="Hello you"),
    "a response": thing(type=None, output_text="Hello you"),
    "a response of Anthropic": thing(type="message", content=[thing(type="text", text="Hello you")]),
    "a response of LlamaIndex": thing(response=thing(role="assistant", content="Hello you")),
    "a prediction of DSPy": thing(toDict=lambda: {"answer": "Hello you", "why": "hm"}),
    "another prediction of DSPy": thing(toDict=lambda: {"why": "hm", "verdict": "Hello you"}),
    "a result of Strands": thing(stop_reason="end_turn", message={"content": [{"text": "Hello you"}]}),
    "a result of CrewAI": thing(raw="Hello you", pydantic=None),
    "a list": ["Hello", " you"],
    "a tuple": ("Hello", " you"),
}
"""Results of which each says *Hello you*."""


def streams(text: str) -> Iterator[Any]:
    """The stream of this name."""
    yield from STREAMS[text]


async def streams_async(text: str) -> AsyncIterator[Any]:
    """The same on the event loop."""
    for piece in STREAMS[text]:
        yield piece


def returns(text: str) -> Any:
    """The result of this name."""
    return RESULTS[text]


def says(*pieces: Any) -> Any:
    """A callable that streams these pieces."""
    return lambda _text: iter(pieces)


half_emoji = says("Hi \ud83d", "\ude00!")
half_emoji_around_a_note = says("Hi \ud83d", ProgressNote(text="one moment"), "\ude00!")
half_emoji_left = says("Hi \ud83d")
half_emoji_in_deltas = says(TextDelta("Hi \ud83d"), TextDelta("\ude00!"))
cut_bytes = says("ü".encode()[:1], "ü".encode()[1:], "ü".encode()[:1])
seems_to_grow = says("1", "10", "7")
grows_twice_only = says("1", "10")
grows_before_an_event = says("1", "10", AnswerEnded(), "100")
grows_then_changes = says("a", "ab", "abc", "other")


class Odd:
    """Something that is no text."""


def gives_odd(_text: str) -> Iterator[Any]:
    """And yields again while it is closed, which must not hide the reason."""
    try:
        yield Odd()
    finally:
        yield "one more"


async def gives_odd_async(_text: str) -> AsyncIterator[Any]:
    """The same on the event loop."""
    try:
        yield Odd()
    finally:
        yield "one more"


def gives_number(_text: str) -> int:
    """A number is no text."""
    return 42


def gives_delta_of_number(_text: str) -> Any:
    """A text delta without text."""
    return TextDelta(42)  # type: ignore[arg-type]  # what is refused


class Prediction:
    """A result that happens to be iterable: it gives the names of its fields."""

    def __init__(self) -> None:
        """With one field."""
        self.fields = {"verdict": "Hello you"}

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self.fields)


def gives_prediction(_text: str) -> Any:
    """Not a stream."""
    return Prediction()


def gives_nested(_text: str) -> Any:
    """An object that holds itself."""
    found = thing()
    found.output = found
    return found


@attrs.frozen
class City:
    """A structured output."""

    name: str
    degrees: int


STRUCTURED: dict[str, tuple[Any, str]] = {
    "fields of a model": (City("Paris", 3), "name: Paris\ndegrees: 3"),
    "an output with fields": (thing(output=City("Paris", 3)), "name: Paris\ndegrees: 3"),
    "an output that is a dict": (thing(final_output={"a": [1, 2]}), "a:\n  - 1\n  - 2"),
    "an output that is a number": (thing(output=42), "42"),
}
"""Results with what the visitor reads of them."""


def gives_structured(text: str) -> Any:
    """The result of this name."""
    return STRUCTURED[text][0]


def gives_model_in_a_stream(_text: str) -> Iterator[Any]:
    """An event that is not known, rather than an answer."""
    yield City("Paris", 3)


def gives_context_manager(_text: str) -> Any:
    """What has to be entered first."""
    return _managed()


async def gives_async_context_manager(_text: str) -> Any:
    """The same, async."""
    return _managed_async()


@contextmanager
def _managed() -> Iterator[Any]:
    try:
        yield iter(["Hello", " you"])
    finally:
        closed.append("left")


@asynccontextmanager
async def _managed_async() -> AsyncIterator[Any]:
    try:
        yield Streamed()
    finally:
        closed.append("left")


@contextmanager
def makes_context(_text: str) -> Iterator[str]:
    """A target that makes a context manager, around a text."""
    yield "Hello you"
    closed.append("left")


@asynccontextmanager
async def makes_context_async(text: str) -> AsyncIterator[Any]:
    """The same, async, around a stream; leaving it fails, which hides nothing."""
    yield streams_async("None among text")
    closed.append("left")


@asynccontextmanager
async def fails_inside(text: str) -> AsyncIterator[Any]:
    """Both the stream and leaving it fail."""
    try:
        yield Odd()
    finally:
        message = "left"
        raise LookupError(message)


class Streamed:
    """A result with a method that gives the stream, as of Pydantic AI."""

    async def stream_text(self, *, delta: bool) -> AsyncIterator[str]:
        """The pieces."""
        assert delta
        yield "Hello"
        yield " you"


class Handler:
    """Starts on the running loop, has a stream of events, and can be awaited, as of LlamaIndex."""

    def __init__(self, *, is_stuck: bool = False) -> None:
        """Ask for the loop."""
        asyncio.get_running_loop()
        self.is_stuck = is_stuck

    async def stream_events(self) -> AsyncIterator[Any]:
        """One event with text."""
        yield thing(delta="Hello you" if not self.is_stuck else "a")
        if self.is_stuck:
            await asyncio.Event().wait()

    def __await__(self) -> Any:
        """The same answer as a whole."""
        yield from asyncio.sleep(0).__await__()
        closed.append("awaited")
        return thing(response="Hello you")

    def cancel(self) -> None:
        """Remember it."""
        closed.append("cancelled")


def starts_on_loop(_text: str) -> Any:
    """A plain function that starts something on the running loop."""
    return Handler()


def sticks_on_loop(_text: str) -> Any:
    """The same, and it never ends."""
    return Handler(is_stuck=True)


class SyncStreamed:
    """A result whose stream is an attribute, with an async one beside it that does not work."""

    def __init__(self) -> None:
        """With two pieces."""
        self.response_gen = iter(["Hello", " you"])

    async def async_response_gen(self) -> AsyncIterator[str]:
        """Nothing comes."""
        for piece in list[str]():
            yield piece


def has_stream(_text: str) -> Any:
    """A result with a sync stream."""
    return SyncStreamed()


class Client:
    """An async client that belongs to the loop of its first call."""

    def __init__(self) -> None:
        """Nothing was called yet."""
        self.loop: asyncio.AbstractEventLoop | None = None

    async def ask(self, text: str) -> str:
        """Answer, on one loop only."""
        self.loop = self.loop or asyncio.get_running_loop()
        assert self.loop is asyncio.get_running_loop(), "bound to a different event loop"
        await asyncio.sleep(0)
        return f"{text} on one loop"


client = Client()


def runs_loop(text: str) -> str:
    """As scripts do it."""
    return asyncio.run(client.ask(text))


def runs_loop_of_thread(text: str) -> Any:
    """As the sync forms of frameworks do it."""
    loop = asyncio.get_event_loop()
    return loop.run_until_complete(loop.create_task(client.ask(text)))


def hangs_in_loop(_text: str) -> str:
    """A sync call that waits for a model."""

    async def wait() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    asyncio.run(wait())
    return ""


started, ended = threading.Event(), threading.Event()


def fails_in_loop(_text: str) -> str:
    """An error within the loop."""

    async def fail() -> None:
        message = "within"
        raise LookupError(message)

    asyncio.run(fail())
    return ""


def leaves_task(_text: str) -> str:
    """A task that ``asyncio.run`` ends."""

    async def leave() -> str:
        async def wait() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        left.append(asyncio.get_running_loop().create_task(wait()))
        await asyncio.sleep(0)
        return "Hello you"

    return asyncio.run(leave())


left: list[Any] = []


class Twins:
    """An agent with sync methods and their async twins."""

    def run_sync(self, text: str) -> str:
        """Not this one."""
        return "sync"

    async def run(self, text: str) -> str:
        """This one."""
        return f"Hello {text}"

    def invoke(self, text: str) -> str:
        """Not this one."""
        return "sync"

    async def ainvoke(self, text: str) -> str:
        """This one."""
        return f"Hello {text}"

    def call(self, text: str) -> str:
        """Its twin takes something else."""
        return f"Hello {text}"

    async def acall(self, number: int) -> str:
        """Not this one."""
        return "async"


twins = Twins()


def all_by_name(*, history: Any, messages: Any, thread_id: str, user: str, context: RunContext) -> str:
    """Everything by its name, in any order."""
    return f"{len(history)} {messages[-1]} {thread_id} {user} {context.turn_id}"


def messages_only(messages: list[dict[str, str]]) -> str:
    """As model clients take them."""
    return " ".join(each["content"] for each in messages)


def text_last(history: list[dict[str, str]], text: str) -> str:
    """The text by its name, behind another."""
    return f"{len(history)} {text}"


KEEPER = type("Agent", (), {"__module__": "strands.agent", "__call__": lambda self, text: text})()
"""Stands for an agent that keeps the conversation."""


def uses_keeper(text: str) -> Any:
    """By a global name."""
    return KEEPER(text)


def copies_keeper(text: str) -> Any:
    """A copy for each answer."""
    return copy.deepcopy(KEEPER)(text)


def _closes_over(agent: Any) -> Any:
    def answer(text: str) -> Any:
        return agent(text)

    return answer


closes_over_keeper = _closes_over(KEEPER)
keeper_method = MethodType(lambda _agent, text: text, KEEPER)


class TwoFaced:
    """A stream whose async face does not work."""

    def __init__(self) -> None:
        """With two pieces."""
        self.pieces = ["Hello", " you"]
        self.is_closed = False

    def __iter__(self) -> Iterator[str]:
        """Itself."""
        return self

    def __next__(self) -> str:
        """The next piece."""
        if not self.pieces:
            raise StopIteration
        return self.pieces.pop(0)

    def __aiter__(self) -> AsyncIterator[str]:
        """Fail."""
        raise NotImplementedError

    def close(self) -> None:
        """Remember it."""
        self.is_closed = True
        closed.append(self)


closed: list[Any] = []


def two_faced(_text: str) -> Any:
    """What a plain function returned is read by its sync face."""
    return TwoFaced()


class AsyncStream:
    """A stream of a model client: async, closed by a sync or async method."""

    def __init__(self, *, waits: bool) -> None:
        """With a method ``close`` that is async or not."""
        self.waits = waits

    def __aiter__(self) -> AsyncIterator[str]:
        """Its pieces."""
        return self._pieces()

    async def _pieces(self) -> AsyncIterator[str]:
        yield "Hello you"

    def close(self) -> Awaitable[None] | None:
        """Remember it."""
        closed.append(self)
        return asyncio.sleep(0) if self.waits else None


async def closes_async(_text: str) -> Any:
    """A stream with an async close."""
    return AsyncStream(waits=True)


async def closes(_text: str) -> Any:
    """A stream with a sync close."""
    return AsyncStream(waits=False)


def history(message: str, history: list[dict[str, str]]) -> str:
    """As Gradio has it."""
    return f"{history} {message}"


async def history_by_name(message: str, *, history: list[dict[str, str]], context: RunContext) -> str:
    """Both by their names."""
    return f"{history} {message} {context.thread_id}"


def context_then_history(message: str, context: RunContext, history: list[dict[str, str]]) -> str:
    """Both by position."""
    return f"{history} {message} {context.thread_id}"


def more_by_name(message: str, *more: object, history: list[dict[str, str]], **others: object) -> str:
    """With room for everything."""
    return f"{history} {message} {more}{others}"


class Bot:
    """A class, which is no target."""

    def __init__(self, greeting: str = "Hi") -> None:
        """Greet so."""
        self.greeting = greeting

    def __call__(self, text: str) -> str:
        """Greet."""
        return self.greeting

    def answer(self, text: str) -> str:
        """Greet someone."""
        return self.greeting + text

    @staticmethod
    def free(text: str) -> str:
        """A function that lies in a class."""
        return f"free {text}"

    @classmethod
    def made(cls, text: str) -> str:
        """A method of the class itself."""
        return f"{cls.__name__} {text}"


bot = Bot()


class Pregel:
    """Looks like a graph."""


graph = Pregel()
agent = Odd()


def fails_deep(text: str) -> str:
    """Raise in someone else's code."""
    return str(int(text, base=10) if text else "")


def fails_with_cause(text: str) -> str:
    """An error because of another one."""
    try:
        return dict[str, str]()[text]
    except KeyError as error:
        raise LookupError from error


def needs_loop(_text: str) -> Any:
    """Start something on the running loop where there is none."""
    return asyncio.get_running_loop()


def other_loop(_text: str) -> str:
    """What clients say that were made in another event loop."""
    message = "<Event> is bound to a different event loop"
    raise RuntimeError(message)


def sqlite_connection(_text: str) -> str:
    """What sqlite3 says in another thread."""
    message = "SQLite objects created in a thread can only be used in that same thread."
    raise RuntimeError(message)


def says_events(_text: str) -> list[RunEvent]:
    """A list of run events."""
    return [ProgressNote(text="one"), TextDelta("two")]


def _ended(reason: str) -> Any:
    return thing(choices=[thing(delta=thing(content=None), finish_reason=reason)])


CUT: dict[str, list[Any]] = {
    "chunks of chat completions": [chunk("Hello"), _ended("length")],
    "a chat completion": [
        thing(choices=[thing(message=thing(content="Hello"), finish_reason="length", delta=None)]),
    ],
    "events of Anthropic's API": [
        _sse("content_block_delta", delta=thing(text="Hello")),
        _sse("message_delta", delta=thing(stop_reason="max_tokens")),
    ],
    "events of the Responses API": [
        _sse("response.output_text.delta", delta="Hello"),
        _sse("response.incomplete", response=thing(incomplete_details=thing(reason="max_output_tokens"))),
    ],
    "chunks of LangChain": [
        thing(type="AIMessageChunk", content="Hello", response_metadata={}),
        thing(type="AIMessageChunk", content="", response_metadata={"finish_reason": "MAX_TOKENS"}),
    ],
}
"""Answers that the model's limit cut off."""
WHOLE: dict[str, list[Any]] = {
    "ended well": [chunk("Hello"), _ended("stop")],
    "a cut step before the answer": [_ended("length"), chunk("Hello"), _ended("stop")],
    "cut before it began": [_ended("length")],
}
FILTERED = [chunk("Hello"), _ended("content_filter")]


def streams_cut(name: str) -> Iterator[Any]:
    """The pieces of an answer by their name."""
    yield from {**CUT, **WHOLE, "filtered": FILTERED}[name]


class EndpointError(Exception):
    """As the packages of model clients raise it."""

    def __init__(self, status_code: int, headers: dict[str, str]) -> None:
        """With the answer's status and headers."""
        super().__init__(f"Error code: {status_code}")
        self.status_code = status_code
        self.response = thing(headers=headers)


def refused_by_an_endpoint(text: str) -> str:
    """Fail with this status, wrapped in an error of the workflow's own."""
    try:
        raise EndpointError(int(text), {"retry-after": "7"})
    except EndpointError as error:
        message = "no answer"
        raise LookupError(message) from error


def raises_generator_exit(_text: str) -> str:
    """What closes generators and coroutines, raised in a thread."""
    raise GeneratorExit
