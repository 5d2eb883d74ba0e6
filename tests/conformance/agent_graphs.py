"""LangGraph graphs of several agents, built as langgraph-supervisor, langgraph-swarm and deepagents build theirs."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import Command

from orcheo_core.domain.component_items import Step
from orcheo_core.domain.run import StepNoted

Rule = Callable[[Sequence[BaseMessage]], AIMessage]


class Scripted(BaseChatModel):
    """A model that answers by a rule, word by word; calls of tools come in pieces too."""

    rule: Rule
    is_streaming: bool = True

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.rule(messages))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for piece in _pieces(self.rule(messages)):
            chunk = ChatGenerationChunk(message=piece)
            if run_manager is not None:
                run_manager.on_llm_new_token(str(piece.text), chunk=chunk)
            yield chunk


def _pieces(message: AIMessage) -> Iterator[AIMessageChunk]:
    for word in str(message.text).split():
        yield AIMessageChunk(content=f"{word} ")
    for index, call in enumerate(message.tool_calls):
        arguments = json.dumps(call["args"])
        half = len(arguments) // 2
        for name, piece in ((call["name"], arguments[:half]), (None, arguments[half:])):
            chunk = tool_call_chunk(name=name, args=piece, id=call["id"] if name else None, index=index)
            yield AIMessageChunk(content="", tool_call_chunks=[chunk])
    yield AIMessageChunk(content="", chunk_position="last")


def calls(name: str, call_id: str, text: str = "", **arguments: Any) -> AIMessage:
    """A message that calls a tool, after some text."""
    return AIMessage(text, tool_calls=[{"name": name, "args": arguments, "id": call_id}])


def agent(rule: Rule, *tools: Any, state: Any = MessagesState, is_streaming: bool = True) -> Any:
    """A model with tools, in a loop; not compiled."""
    model = Scripted(rule=rule, is_streaming=is_streaming)

    async def ask(state: Any) -> dict[str, Any]:
        if not is_streaming:
            return {"messages": [model.rule(state["messages"])]}
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph: Any = StateGraph(state).add_node("model", ask).add_edge(START, "model")
    if tools:
        graph.add_node("tools", ToolNode(list(tools))).add_edge("tools", "model")
        graph.add_conditional_edges("model", tools_condition)
    return graph


@tool
def weather(city: str) -> str:
    """Of a city."""
    if city == "Nowhere":
        raise LookupError(city)
    return f"Sunny in {city}"


def _expert(messages: Sequence[BaseMessage]) -> AIMessage:
    if isinstance(messages[-1], ToolMessage) and messages[-1].name == "weather":
        return AIMessage("It is sunny there.")
    return calls("weather", "call_weather", city="Paris")


EXPERT = agent(_expert, weather).compile()


def hand_over(name: str) -> Any:
    """A tool by which an agent hands over to another one of the graph around it."""

    @tool(f"transfer_to_{name}")
    def transfer(tool_call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
        """Hand over."""
        done = ToolMessage(f"Successfully transferred to {name}", name=f"transfer_to_{name}", tool_call_id=tool_call_id)
        return Command(goto=name, graph=Command.PARENT, update={"messages": [done], "active_agent": name})

    return transfer


class Team(MessagesState):
    """What a team shares."""

    active_agent: str


# --- a supervisor ----------------------------------------------------------------------------------------------------


async def _call_expert(state: Team) -> dict[str, Any]:
    """The expert, then the two messages with which it hands back."""
    said = (await EXPERT.ainvoke({"messages": state["messages"]}))["messages"][-1]
    back = {"__is_handoff_back": True}
    call = calls("transfer_back_to_supervisor", "call_back", "Transferring back to supervisor")
    call.response_metadata = back
    done = ToolMessage("Successfully transferred back", name="transfer_back_to_supervisor", tool_call_id="call_back")
    return {"messages": [said, call, done]}


def _supervisor(last: str, *, is_streaming: bool = True) -> Any:
    def rule(messages: Sequence[BaseMessage]) -> AIMessage:
        if any(isinstance(each, ToolMessage) and "back" in str(each.name) for each in messages):
            return AIMessage(last)
        return calls("transfer_to_expert", "call_expert", "I ask the expert.")

    leader = agent(rule, hand_over("expert"), state=Team, is_streaming=is_streaming).compile()
    graph: Any = StateGraph(Team).add_node("supervisor", leader, destinations=("expert", END))
    graph.add_node("expert", _call_expert).add_edge(START, "supervisor").add_edge("expert", "supervisor")
    return graph.compile()


supervisor = _supervisor("The weather is fine.")
supervisor_at_once = _supervisor("The weather is fine.", is_streaming=False)
supervisor_without_words = _supervisor("")
in_a_team = StateGraph(Team).add_node("office", supervisor).add_edge(START, "office").compile()

# --- a swarm ---------------------------------------------------------------------------------------------------------

LONG = "Once upon a time there was an agent. " * 10


def _alice(messages: Sequence[BaseMessage]) -> AIMessage:
    if messages[-1].text == "long":
        return calls("transfer_to_bob", "call_bob", LONG)
    if messages[-1].text == "short":
        return AIMessage("Alice speaking.")
    return calls("transfer_to_bob", "call_bob", "I get Bob.")


def _swarm() -> Any:
    bob = agent(lambda _messages: AIMessage("Bob speaking."), state=Team).compile()
    alice = agent(_alice, hand_over("bob"), state=Team).compile()
    graph: Any = StateGraph(Team).add_node("alice", alice, destinations=("bob",)).add_node("bob", bob)
    ways = {"alice": "alice", "bob": "bob"}
    return graph.add_conditional_edges(START, lambda state: state.get("active_agent", "alice"), ways)


swarm = _swarm().compile()


def _write(_messages: Sequence[BaseMessage]) -> AIMessage:
    return AIMessage("An article.")


def _note_itself(_state: Team) -> dict[str, Any]:
    get_stream_writer()(StepNoted(index=0, step=Step(title="Mine")))
    return {}


def _chain() -> Any:
    """An agent after another one, with nodes of another kind between and behind them."""
    graph: Any = StateGraph(Team).add_node("researcher", EXPERT).add_node("writer", agent(_write).compile())
    graph.add_node("between", _note_itself).add_edge(START, "researcher").add_edge(["researcher"], "between")
    graph.add_conditional_edges("between", lambda _state: "writer")
    graph.add_node("end", lambda _state: {"messages": [{"role": "assistant", "content": "In the end."}]})
    return graph.add_edge("writer", "end").compile()


chained = _chain()

# --- an agent with sub-agents as tools -------------------------------------------------------------------------------


class Deep(MessagesState):
    """What deepagents keeps."""

    todos: list[dict[str, str]]
    files: dict[str, Any]


@tool
async def task(description: str, subagent_type: str) -> str:
    """Let a sub-agent work."""
    named: Any = {"metadata": {"lc_agent_name": subagent_type}}
    done = await EXPERT.ainvoke({"messages": [HumanMessage(description)]}, named)
    return str(done["messages"][-1].text)


@tool
def write_todos(todos: list[dict[str, str]], tool_call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
    """Plan."""
    return Command(update={"todos": todos, "messages": [ToolMessage("Updated", tool_call_id=tool_call_id)]})


@tool
def write_file(file_path: str, content: Any, tool_call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
    """Write."""
    files = {"/old.md": {"content": "old"}, file_path: content}
    return Command(update={"files": files, "messages": [ToolMessage("Written", tool_call_id=tool_call_id)]})


def _todos(first: str, second: str) -> list[dict[str, str]]:
    return [{"content": "Look", "status": first}, {"content": "Write", "status": second}]


FILES: list[tuple[str, Any]] = [
    ("/notes.md", {"content": "# Notes", "encoding": "utf-8"}),
    ("/script.py", {"content": ["a = '```'", "b"]}),
    ("/plan.txt", "Plain"),
    ("/dot.png", {"content": "iVBORw0KGgo=", "encoding": "base64"}),
    ("/data.bin", {"content": "AAAA", "encoding": "base64"}),
]


def _plan(messages: Sequence[BaseMessage]) -> AIMessage:
    done = sum(isinstance(each, ToolMessage) for each in messages)
    writes = [calls("write_file", f"call_file_{path}", file_path=path, content=data) for path, data in FILES]
    script = [
        calls("write_todos", "call_todos", todos=_todos("in_progress", "pending")),
        calls("task", "call_task", description="Find out", subagent_type="general-purpose"),
        calls("weather", "call_weather_too", city="Nowhere"),
        *writes,
        calls("write_todos", "call_todos_2", todos=_todos("completed", "completed")),
    ]
    return script[done] if done < len(script) else AIMessage("All done.")


def _deep() -> Any:
    tools = ToolNode([task, weather, write_todos, write_file], handle_tool_errors=True)
    graph = agent(_plan, state=Deep).add_node("tools", tools).add_edge("tools", "model")
    return graph.add_conditional_edges("model", tools_condition).compile()


deep = _deep()


def _summary(_messages: Sequence[BaseMessage]) -> AIMessage:
    return AIMessage("A summary of it all.")


async def _summarise(_state: MessagesState) -> dict[str, Any]:
    await Scripted(rule=_summary).ainvoke("hi")
    return {"messages": []}


_bare: Any = StateGraph(MessagesState)
with_middleware = (
    _bare.add_node("trim.before_model", _summarise)
    .add_node("LimitMiddleware.after_model", lambda _state: {"messages": [AIMessage("The limit is reached.")]})
    .add_edge(START, "trim.before_model")
    .add_edge("trim.before_model", "LimitMiddleware.after_model")
    .compile()
)
