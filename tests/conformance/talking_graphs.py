"""LangGraph graphs with tools, questions and memory, for what only the runner ``langgraph`` does."""

import asyncio
import json
import operator
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, cast

from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.func import entrypoint
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict

from tests.conformance.runner_graphs import FakeModel, Update, of_node


class Other(TypedDict):
    """A state without messages."""

    text: str


@tool
def look_up(order: str) -> str:
    """Find an order."""
    return f"Order {order} was sent."


def with_tool() -> Any:
    """A model that calls a tool, then answers; both from a fixed list of messages."""
    call = AIMessage("Let me see.", tool_calls=[{"name": "look_up", "args": {"order": "7"}, "id": "call_1"}])
    used = UsageMetadata(input_tokens=10, output_tokens=4, total_tokens=14)
    model = FakeMessagesListChatModel(responses=[call, AIMessage("It was sent.", usage_metadata=used)])

    async def ask(state: MessagesState) -> Update:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node("ask", ask).add_node("tools", ToolNode([look_up]))
    return graph.add_edge(START, "ask").add_conditional_edges("ask", tools_condition).add_edge("tools", "ask").compile()


CARD: dict[str, Any] = {"type": "Card", "children": [{"type": "Text", "value": "Seven"}]}
_GIVEN: dict[str, dict[str, Any]] = {
    "artifact": {"content": "shown", "artifact": {"structured_content": CARD, "copy_text": "Seven"}},
    "odd words": {"content": "shown", "artifact": {"structured_content": CARD, "copy_text": 7}},
    "content": {"content": json.dumps(CARD)},
    "parts": {"content": [{"type": "text", "text": json.dumps(CARD)}]},
    "other card": {"content": json.dumps({"type": "Card", "number": "4242"})},
    "wrong widget": {"content": json.dumps({"type": "Card", "children": [{"type": "Text"}]})},
    "no JSON": {"content": "{"},
    "deep": {"content": '{"a":' * 100_000},
}
"""What a tool gives, by the visitor's message."""


def _give(state: MessagesState) -> Update:
    called = AIMessage("", tool_calls=[{"name": "list_items", "args": {}, "id": "call_1"}])
    return {"messages": [called, ToolMessage(tool_call_id="call_1", **_GIVEN[state["messages"][-1].text])]}


def _comment(state: MessagesState) -> Update:
    return {"messages": [AIMessage("Here it is" if state["messages"] else "")]}


def _giving() -> Any:
    graph = StateGraph(MessagesState).add_node("give", _give).add_node("comment", _comment)
    return graph.add_edge(START, "give").add_edge("give", "comment").compile()


gives_widgets = _giving()
gives_them_below = StateGraph(MessagesState).add_node("below", gives_widgets).add_edge(START, "below").compile()


def _count(state: MessagesState) -> Update:
    said = [f"{message.type}: {message.text}" for message in state["messages"]]
    return {"messages": [AIMessage(" | ".join(said))]}


transcript = of_node(_count)
"""Says all messages it was given."""


def transcript_with_memory() -> Any:
    """The same with a checkpointer of its own."""
    return of_node(_count, checkpointer=InMemorySaver())


def _knows(state: MessagesState, config: RunnableConfig) -> Update:
    about = config["configurable"]
    return {"messages": [AIMessage(f"{about['thread_id']} {about['orcheo'].subject.key}")]}


knows_context = of_node(_knows)


def _ask_colour(state: MessagesState) -> Update:
    colour = interrupt({"question": "Which colour?", "options": ["red", "blue"]})
    return {"messages": [AIMessage(f"Then {colour}.")]}


def asks() -> Any:
    """Asks before it answers."""
    return of_node(_ask_colour, checkpointer=InMemorySaver())


asks_without_memory = of_node(_ask_colour)


def asks_and_fails_once(fails: str, stops_before: list[str] | None = None) -> Any:
    """Asks, and fails the first time with the answer: in the node that asked, or in the one behind it.

    The last node says something only where the graph stops before it.
    """
    tries = {"asks": 0, "behind": 0}

    def fail_once(node: str) -> None:
        tries[node] += 1
        if node == fails and tries[node] == 1:
            raise ValueError(node)

    def ask(_state: MessagesState) -> Update:
        colour = interrupt("Which colour?")
        fail_once("asks")
        return {"messages": [AIMessage(f"{colour}!", id="colour")]}

    def behind(state: MessagesState) -> Update:
        fail_once("behind")
        return {"messages": [AIMessage(f"Then {state['messages'][-1].content}")]}

    def last(_state: MessagesState) -> Update:
        return {"messages": [AIMessage("Done")] if stops_before else []}

    graph: Any = StateGraph(MessagesState)
    graph.add_node("_ask", ask).add_node("behind", behind).add_node("last", last)
    graph.add_edge(START, "_ask").add_edge("_ask", "behind").add_edge("behind", "last")
    return graph.compile(checkpointer=InMemorySaver(), interrupt_before=stops_before)


def asks_and_fails_in_its_node() -> Any:
    """Before the question's node is over."""
    return asks_and_fails_once("asks")


def asks_and_fails_behind() -> Any:
    """In a later node."""
    return asks_and_fails_once("behind")


def fails_in_its_node_before_a_breakpoint() -> Any:
    """The same as :func:`asks_and_fails_in_its_node`, and a breakpoint follows."""
    return asks_and_fails_once("asks", ["last"])


def fails_behind_before_a_breakpoint() -> Any:
    """The same in a later node."""
    return asks_and_fails_once("behind", ["last"])


def asks_before_a_breakpoint() -> Any:
    """Nothing fails."""
    return asks_and_fails_once("", ["last"])


def asks_twice_at_once() -> Any:
    """Two nodes ask in the same step."""

    def ask(state: Other) -> Update:
        return {"messages": [AIMessage(f"{state['text']}: {interrupt(state['text'])}")]}

    def both(_state: MessagesState) -> list[Send]:
        return [Send("_ask", {"text": about}) for about in ("Name?", "Age?")]

    graph = StateGraph(MessagesState).add_node("_ask", ask).add_conditional_edges(START, both, ["_ask"])
    return graph.compile(checkpointer=InMemorySaver())


def asks_oddly(value: object) -> Any:
    """Asks with this value."""

    def ask(_state: MessagesState) -> Update:
        interrupt(value)
        return {"messages": []}

    return of_node(ask, checkpointer=InMemorySaver())


def asks_for_approval() -> Any:
    """A question of a form that says nothing about its text."""
    return asks_oddly({"action": "delete", "when": 7})


def asks_in_words() -> Any:
    """A question that is plain text."""
    return asks_oddly("Go on?")


async def _draft(text: str) -> AsyncIterator[str]:
    yield "draft of "
    yield text


def two_steps() -> Any:
    """A draft that is not the answer, then the answer."""
    model = FakeModel(stream_pieces=_draft)

    async def draft(state: MessagesState) -> Update:
        return {"messages": [await model.ainvoke(state["messages"])]}

    def final(state: MessagesState) -> Update:
        return {"messages": [AIMessage("The end.")]}

    graph = StateGraph(MessagesState).add_node("draft", draft).add_node("final_answer", final)
    return graph.add_edge(START, "draft").add_edge("draft", "final_answer").compile()


def nested_steps() -> Any:
    """The same as a node of another graph."""
    return StateGraph(MessagesState).add_node("inner", two_steps()).add_edge(START, "inner").compile()


def _says_other_things(state: MessagesState) -> Command[Any]:
    messages: list[BaseMessage] = [HumanMessage("not mine"), AIMessage("mine")]
    return Command(update={"messages": messages})


says_other_things = of_node(_says_other_things)


without_messages = StateGraph(Other).add_node("a", lambda _state: {}).add_edge(START, "a").compile()
not_compiled = StateGraph(MessagesState)
no_graph = {"a": 1}


def needs_more(config: object, more: object) -> Any:
    """A function that wants two parameters."""
    return transcript


def answers_text(text: Any) -> Any:
    """A workflow of the runner python, by the name of its parameter."""
    return text


def answers_by_annotation(message: str) -> str:
    """A workflow of the runner python, by what it takes."""
    return message


def answers_in_pieces(config: object) -> Iterator[str]:
    """A workflow of the runner python, by its pieces."""
    yield str(config)


def makes_with_a_name(name: str = "model") -> Any:
    """A function that makes a graph, whatever it could be given."""
    return transcript


def makes_nothing() -> None:
    """A function that makes no graph."""


def makes_text() -> str:
    """Text without a visitor's."""
    return "Hello"


def makes_one_uncompiled() -> Any:
    """The builder."""
    return not_compiled


async def makes_a_promise() -> Any:
    """Of a graph, without waiting for it."""
    return makes_async()


async def makes_async() -> Any:
    """Never waited for."""


# --- answers in other forms ----------------------------------------------------------------------------------------


def gives(messages: Any) -> Any:
    """A graph whose node gives this as its messages."""
    return of_node(lambda _state: {"messages": messages})


as_dict = gives([{"role": "assistant", "content": "the reply"}])
as_pair = gives([("ai", "the reply")])
as_one_dict = gives({"role": "assistant", "content": "the reply"})
as_text_of_visitor = gives("the visitor's own text is no reply")
in_command = of_node(lambda _state: Command(update={"messages": [{"role": "assistant", "content": "the reply"}]}))
hands_back = gives(
    [AIMessage("Transferring back", response_metadata={"__is_handoff_back": True}), AIMessage("the reply")]
)
in_subgraph = of_node(as_dict)


@entrypoint()
def functional(_inputs: Any) -> str:
    """The functional API gives text."""
    return "the reply"


@entrypoint()
async def functional_messages(_inputs: Any) -> list[BaseMessage]:
    """Or messages, the last of which is the answer."""
    return [HumanMessage("hi"), AIMessage("the reply")]


@entrypoint()
async def functional_streams(_inputs: Any) -> str:
    """What streamed is not said again."""
    return str((await SPEAKER.ainvoke("hi")).text)


@entrypoint()
def functional_says_nothing(_inputs: Any) -> None:
    """Nor is nothing an answer."""


async def _speak(_text: str) -> AsyncIterator[str]:
    for piece in ("the ", "reply"):
        yield piece


SPEAKER = FakeModel(stream_pieces=_speak)


async def _text() -> str:
    return str((await SPEAKER.ainvoke("hi")).text)


async def _rewrap(_state: MessagesState) -> Update:
    return {"messages": [AIMessage(await _text())]}


async def _rewrap_as_dict(_state: MessagesState) -> Any:
    return {"messages": [{"role": "assistant", "content": await _text()}]}


async def _add_source(_state: MessagesState) -> Update:
    return {"messages": [AIMessage(f"{await _text()}\n\nSource: handbook")]}


async def _add_around(_state: MessagesState) -> Update:
    return {"messages": [AIMessage(f"So: {await _text()}!")]}


async def _cut(_state: MessagesState) -> Update:
    return {"messages": [AIMessage((await _text())[1:-1])]}


async def _say_otherwise(_state: MessagesState) -> Update:
    await _text()
    return {"messages": [AIMessage("Something else altogether.")]}


async def _supervise(state: MessagesState) -> Update:
    inner = await of_node(_rewrap).ainvoke(state)
    return {"messages": [AIMessage(inner["messages"][-1].text)]}


async def _ask_twice(_state: MessagesState) -> Update:
    return {"messages": [AIMessage(f"{await _text()}{await _text()}")]}


rewraps = of_node(_rewrap)
rewraps_as_dict = of_node(_rewrap_as_dict)
adds_source = of_node(_add_source)
adds_around = of_node(_add_around)
cuts = of_node(_cut)
says_otherwise = of_node(_say_otherwise)
supervises = of_node(_supervise)
asks_model_twice = of_node(_ask_twice)


class Question(TypedDict, total=False):
    """A state without messages: text in, text out."""

    question: str
    answer: str


async def _answer_question(state: Question) -> Question:
    await _text()
    return {"answer": f"You asked: {state['question']}"}


text_in_text_out = StateGraph(Question).add_node("a", _answer_question).add_edge(START, "a").compile()


def text_in_with_memory() -> Any:
    """The same with a checkpointer."""
    graph: Any = StateGraph(Question).add_node("a", _answer_question).add_edge(START, "a")
    return graph.compile(checkpointer=InMemorySaver())


class Both(MessagesState):
    """Messages, and an answer elsewhere."""

    answer: str


async def _answer_elsewhere(state: Both) -> Any:
    return {"answer": f"elsewhere: {await _text()}"}


async def _answer_elsewhere_alone(state: Both) -> Any:
    return {"answer": f"{len(state['messages'])} message"}


answers_elsewhere_alone = StateGraph(Both).add_node("a", _answer_elsewhere_alone).add_edge(START, "a").compile()
answers_elsewhere = StateGraph(Both).add_node("a", _answer_elsewhere).add_edge(START, "a").compile()


class Lists(TypedDict):
    """A state that collects what its nodes say."""

    question: str
    texts: Annotated[list[str], operator.add]
    parts: list[dict[str, str]]
    none: list[str]
    odd: list[int]


def _list(state: Lists) -> dict[str, Any]:
    return {
        "texts": ["You asked: ", state["question"]],
        "parts": [
            {"type": "text", "text": "one "},
            {"type": "thinking", "thinking": "?"},
            {"type": "text", "text": "two"},
        ],
        "none": [],
        "odd": [1],
    }


lists = StateGraph(Lists).add_node("a", _list).add_edge(START, "a").compile()


def branches() -> Any:
    """Two nodes that stream at once, word by word in turns."""
    steps = asyncio.Semaphore(0), asyncio.Semaphore(1)

    def words(mine: int, text: str) -> Any:
        async def pieces(_text: str) -> AsyncIterator[str]:
            for word in text.split():
                await steps[mine].acquire()
                yield f"{word} "
                steps[1 - mine].release()

        async def node(_state: MessagesState) -> Update:
            return {"messages": [await FakeModel(stream_pieces=pieces).ainvoke("hi")]}

        return node

    graph = (
        StateGraph(MessagesState).add_node("_pro", words(1, "one two 😀")).add_node("_con", words(0, "alpha beta 😐"))
    )
    return graph.add_edge(START, "_pro").add_edge(START, "_con").compile()


def branch_fails() -> Any:
    """One node streams, then fails, while another has streamed."""
    said = asyncio.Event()

    async def wait(_text: str) -> AsyncIterator[str]:
        yield "half"
        await said.wait()
        raise LookupError

    async def other(_text: str) -> AsyncIterator[str]:
        yield "other"
        said.set()
        await asyncio.Event().wait()

    async def first(_state: MessagesState) -> Update:
        return {"messages": [await FakeModel(stream_pieces=wait).ainvoke("hi")]}

    async def second(_state: MessagesState) -> Update:
        return {"messages": [await FakeModel(stream_pieces=other).ainvoke("hi")]}

    graph: Any = StateGraph(MessagesState)
    graph.add_node("_first", first).add_node("_second", second)
    return graph.add_edge(START, "_first").add_edge(START, "_second").compile()


def _write(state: MessagesState) -> Update:
    write = get_stream_writer()
    for each in ("Looking", {"status": "Still looking"}, {"other": 1}, 7):
        write(each)
    return {"messages": []}


writes = of_node(_write)


# --- memory ----------------------------------------------------------------------------------------------------------

CALL = AIMessage("", tool_calls=[{"name": "look_up", "args": {}, "id": "call_1"}])


def _check_roles(messages: Sequence[BaseMessage]) -> None:
    """As providers do."""
    known = {each.tool_call_id for each in messages if isinstance(each, ToolMessage)}
    for message in messages:
        if isinstance(message, AIMessage) and any(call["id"] not in known for call in message.tool_calls):
            error = "400: tool_calls must be followed by tool messages"
            raise ValueError(error)
    if any(a.type == b.type == "human" for a, b in pairwise(messages)):
        error = "400: roles must alternate"
        raise ValueError(error)


def breaks_off(how: str, *, saver: Any = None) -> Any:
    """A model that calls a tool when it is told so, and a tool that fails or waits for ever."""

    def ask(state: MessagesState) -> Update:
        _check_roles(state["messages"])
        text = str(state["messages"][-1].text)
        if text == "fail":
            raise LookupError(text)
        return {"messages": [CALL if text == "call" else AIMessage(_said_so_far(state))]}

    async def tool(_state: MessagesState) -> Update:
        if how == "waits":
            await asyncio.Event().wait()
        raise LookupError(how)

    graph: Any = StateGraph(MessagesState)
    graph.add_node("_ask", ask).add_node("tools", tool)
    graph.add_edge(START, "_ask").add_conditional_edges("_ask", tools_condition).add_edge("tools", "_ask")
    return graph.compile(checkpointer=saver or InMemorySaver())


def _said_so_far(state: MessagesState) -> str:
    return " | ".join(f"{each.type}: {each.text}" for each in state["messages"])


def tool_fails() -> Any:
    """A tool that raises."""
    return breaks_off("fails")


def tool_waits() -> Any:
    """A tool that is stopped."""
    return breaks_off("waits")


class SyncOnly(InMemorySaver):
    """As ``SqliteSaver``: its async methods are not there."""

    async def aget_tuple(self, config: Any) -> Any:
        """Refuse."""
        raise NotImplementedError

    async def aput(self, *args: Any, **options: Any) -> Any:
        """Refuse."""
        raise NotImplementedError

    async def aput_writes(self, *args: Any, **options: Any) -> None:
        """Refuse."""
        raise NotImplementedError

    def alist(self, *args: Any, **options: Any) -> Any:
        """Refuse."""
        raise NotImplementedError

    async def adelete_thread(self, thread_id: str) -> None:
        """Refuse."""
        raise NotImplementedError


def with_sync_memory() -> Any:
    """A graph whose checkpointer is sync only."""
    return breaks_off("fails", saver=SyncOnly())


class SlowSaver(SyncOnly):
    """Writes its second checkpoint when it may, whatever has become of the run by then."""

    def __init__(self) -> None:
        super().__init__()
        self.is_writing, self.may_write, self.has_written = threading.Event(), threading.Event(), threading.Event()
        self._count = 0

    def put(self, *args: Any, **kwargs: Any) -> RunnableConfig:
        """Write, late."""
        self._count += 1
        if self._count == 2:
            self.is_writing.set()
            self.may_write.wait()
        config = super().put(*args, **kwargs)
        if self._count == 2:
            self.has_written.set()
        return config


SLOW_SAVER = SlowSaver()


def with_slow_memory() -> Any:
    """A graph whose last checkpoint takes its time."""
    return of_node(_count, checkpointer=SLOW_SAVER)


class StuckSaver(SyncOnly):
    """Waits for a lock that some run holds."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.lock.acquire()

    def delete_thread(self, thread_id: str) -> None:
        """Delete, once the lock is free."""
        with self.lock:
            super().delete_thread(thread_id)


STUCK_SAVER = StuckSaver()


def with_stuck_memory() -> Any:
    """A graph whose checkpointer does not answer."""
    return of_node(_count, checkpointer=STUCK_SAVER)


SAVER = InMemorySaver()


def with_known_memory() -> Any:
    """A graph whose checkpointer tests look into."""
    return breaks_off("waits", saver=SAVER)


def appends() -> Any:
    """A state whose messages are only ever appended."""

    class Appended(TypedDict):
        messages: Annotated[list[BaseMessage], operator.add]

    def node(state: Appended) -> Any:
        text = str(state["messages"][-1].text)
        if text == "fail":
            raise LookupError(text)
        return {"messages": [CALL] if text == "call" else [AIMessage(_said_so_far(cast("MessagesState", state)))]}

    graph: Any = StateGraph(Appended).add_node("_a", node).add_edge(START, "_a")
    return graph.compile(checkpointer=InMemorySaver())


# --- questions -------------------------------------------------------------------------------------------------------


def asks_for(value: object, *, fails_on: object = None) -> Any:
    """Asks with this value and says what it was given."""

    def node(state: MessagesState) -> Update:
        if str(state["messages"][-1].text) != "Go":
            return {"messages": [AIMessage(f"You said {state['messages'][-1].text}")]}
        given = interrupt(value)
        if fails_on is not None and given == fails_on:
            raise LookupError
        return {"messages": [AIMessage(f"given {json.dumps(given)}")]}

    return of_node(node, checkpointer=InMemorySaver())


MAIL = {"name": "send_mail", "args": {"to": "ada@example.org", "copies": 2}, "description": "Needs approval"}
FILE = {"name": "delete_file", "args": {"path": "a.txt"}}


def hitl(*requests: dict[str, Any], allowed: tuple[str, ...] = ("approve", "edit", "reject")) -> Any:
    """As LangChain's middleware asks."""
    configs = [{"action_name": each["name"], "allowed_decisions": list(allowed)} for each in requests]
    return {"action_requests": list(requests), "review_configs": configs}


def approves_mail() -> Any:
    """One request."""
    return asks_for(hitl(MAIL))


def approves_two() -> Any:
    """Two requests in one question."""
    return asks_for(hitl(MAIL, FILE))


def approves_or_responds() -> Any:
    """A request that cannot be rejected."""
    return asks_for(hitl(MAIL, allowed=("approve", "respond")))


def only_edits() -> Any:
    """A request that can be neither approved nor rejected as it is."""
    return asks_for(hitl(MAIL, allowed=("edit",)))


def asks_yes_or_no() -> Any:
    """A question whose answer is a boolean."""
    return asks_for({"question": "Sure?", "type": "boolean"})


@entrypoint(checkpointer=InMemorySaver())
def functional_asks(_inputs: Any) -> str:
    """A question of a functional graph."""
    return f"given {json.dumps(interrupt('Which?'))}"


def asks_typed_options() -> Any:
    """Options that are no text."""
    return asks_for({"question": "How many?", "options": [1, {"label": "Many", "value": 99}, True]})


def fails_with_answer() -> Any:
    """A graph that cannot go on with one answer."""
    return asks_for("Which?", fails_on="bad")


def stops_before_tools() -> Any:
    """A breakpoint of its own."""

    def tool(_state: MessagesState) -> Update:
        return {"messages": [ToolMessage("42", tool_call_id="call_1")]}

    def ask(state: MessagesState) -> Update:
        _check_roles(state["messages"])
        last = state["messages"][-1]
        return {"messages": [CALL if last.type == "human" and last.text == "call" else AIMessage(f"Got {last.text}")]}

    graph: Any = StateGraph(MessagesState)
    graph.add_node("_ask", ask).add_node("tools", tool)
    graph.add_edge(START, "_ask").add_conditional_edges("_ask", tools_condition).add_edge("tools", "_ask")
    return graph.compile(checkpointer=InMemorySaver(), interrupt_before=["tools"])


of_another_graph = of_node(_count, checkpointer=True)
"""Takes the memory of a graph around it, and there is none."""


def makes_one_of_another_graph() -> Any:
    """The same out of a factory."""
    return of_another_graph


breakpoint_with_memory_off = (
    StateGraph(MessagesState)
    .add_node("a", _count)
    .add_edge(START, "a")
    .compile(interrupt_before=["a"], checkpointer=False)
)
breakpoint_without_memory = (
    StateGraph(MessagesState).add_node("a", _count).add_edge(START, "a").compile(interrupt_before=["a"])
)


# --- factories -------------------------------------------------------------------------------------------------------

LIFE: list[str] = []


def makes_with_config(config: RunnableConfig) -> Any:
    """LangGraph's own convention."""
    return of_node(lambda _state: {"messages": [AIMessage(f"made with {sorted(config)}")]})


async def makes_with_config_async(config: RunnableConfig) -> Any:
    """The same, async."""
    return makes_with_config(config)


def makes_with_named_config(*, config: RunnableConfig) -> Any:
    """The same, by its name."""
    return makes_with_config(config)


async def makes_with_named_config_async(*, config: RunnableConfig) -> Any:
    """The same, async."""
    return makes_with_config(config)


def needs_another_name(*, settings: object) -> Any:
    """A function that wants something by another name."""
    return transcript


@asynccontextmanager
async def makes_in_context() -> AsyncIterator[Any]:
    """Usual with tools over MCP."""
    LIFE.append("entered")
    async with asyncio.TaskGroup():
        yield transcript
    LIFE.append("left")


@contextmanager
def makes_in_sync_context(_config: RunnableConfig) -> Iterator[Any]:
    """Usual with ``SqliteSaver.from_conn_string``."""
    LIFE.append("entered")
    yield transcript
    LIFE.append("left")


@asynccontextmanager
async def fails_to_enter() -> AsyncIterator[Any]:
    """Something it needs is not there."""
    if len(LIFE) >= 0:
        raise LookupError
    yield


@dataclass
class Known:
    """A context schema: what the server knows, and a default."""

    user_id: str
    tone: str = "calm"


async def _use_context(state: MessagesState, runtime: Runtime[Known]) -> Update:
    return {"messages": [AIMessage(f"{runtime.context.user_id} {runtime.context.tone}")]}


with_context = (
    StateGraph(MessagesState, context_schema=Known).add_node("_a", _use_context).add_edge(START, "_a").compile()
)


def _identify(state: MessagesState, config: RunnableConfig) -> Update:
    about = config["configurable"]
    return {"messages": [AIMessage(f"{about['user_id']} {about['langgraph_auth_user']['is_authenticated']}")]}


identifies = of_node(_identify)
shows_content = of_node(lambda state: {"messages": [AIMessage(json.dumps(state["messages"][-1].content))]})


def _ends(reason: str, key: str) -> Any:
    return of_node(lambda _state: {"messages": [AIMessage("the reply", response_metadata={key: reason})]})


cut_at_limit = _ends("MAX_TOKENS", "finish_reason")
cut_by_ollama = _ends("length", "done_reason")
filtered = _ends("content_filter", "finish_reason")
