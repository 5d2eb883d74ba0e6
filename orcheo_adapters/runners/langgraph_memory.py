"""What a graph's checkpointer keeps of a thread: made sound before a new message, taken back for a retry, deleted."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, RemoveMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.message import REMOVE_ALL_MESSAGES

from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.worker_thread import in_thread

Graph = Any
"""A ``Pregel``, whose type parameters are the graph's own matter."""

_STOPPED = "This call was stopped before it had a result."


class ThreadedSaver(BaseCheckpointSaver[Any]):
    """A checkpointer that has sync methods only, such as ``SqliteSaver``, called in threads."""

    def __init__(self, saver: BaseCheckpointSaver[Any]) -> None:
        """Work for ``saver``."""
        super().__init__(serde=saver.serde)
        self._saver = saver

    @property
    def config_specs(self) -> list[Any]:
        """Those of the saver."""
        return self._saver.config_specs

    def get_next_version(self, current: Any, channel: None) -> Any:
        """As the saver counts."""
        return self._saver.get_next_version(current, channel)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """See the base class, as for all that follows."""
        return await in_thread(partial(self._saver.get_tuple, config))

    async def alist(self, config: RunnableConfig | None, **options: Any) -> AsyncIterator[CheckpointTuple]:
        """All that match, read at once."""
        for each in await in_thread(lambda: list(self._saver.list(config, **options))):
            yield each

    async def aput(self, config: RunnableConfig, checkpoint: Any, metadata: Any, new_versions: Any) -> RunnableConfig:
        """Store a checkpoint."""
        return await in_thread(partial(self._saver.put, config, checkpoint, metadata, new_versions))

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store the writes of a task."""
        await in_thread(partial(self._saver.put_writes, config, writes, task_id, task_path))

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a thread."""
        await in_thread(partial(self._saver.delete_thread, thread_id))


def saver_of(graph: Graph) -> BaseCheckpointSaver[Any] | None:
    """The graph's checkpointer, if it has one."""
    return graph.checkpointer if isinstance(graph.checkpointer, BaseCheckpointSaver) else None


async def with_async_memory(graph: Graph) -> Graph:
    """The graph, with its checkpointer called in threads when that has no async methods."""
    saver = saver_of(graph)
    if saver is None or type(saver) is InMemorySaver:  # It is async, and keeps an entry of what is asked below.
        return graph
    try:
        await saver.aget_tuple({"configurable": {"thread_id": "orcheo", "checkpoint_ns": ""}})
    except NotImplementedError:
        return graph.copy({"checkpointer": ThreadedSaver(saver)})
    return graph


def messages_of(state: Any) -> list[BaseMessage]:
    """The messages in a state."""
    found = at(state.values, "messages")
    return [each for each in found if isinstance(each, BaseMessage)] if isinstance(found, list | tuple) else []


async def before_message(graph: Graph, config: RunnableConfig, message_id: str) -> Any:
    """The latest state without this message, from which a retry continues; None if there is no such state."""
    async for state in graph.aget_state_history(config):
        if not knows(state, message_id):
            return state
    return None


def knows(state: Any, message_id: str) -> bool:
    """Whether the message is in the state."""
    return any(each.id == message_id for each in messages_of(state))


def sound_addition(graph: Graph, state: Any, said: HumanMessage, *, partial: str) -> list[BaseMessage]:
    """What is added to the messages of ``state`` for a new one, so that a model takes the whole.

    Calls of tools that have no result get one that says so. A message whose turn broke off is followed by what was said
    of its answer (``partial``), or left out when that is nothing: what was refused once must not be refused for ever.
    """
    before = messages_of(state)
    closed = list(_with_results(before))
    is_broken = closed[: len(before)] != before
    last = closed[-1]
    is_open = isinstance(last, HumanMessage) and bool(last.id) and last.id != said.id and (state.next or is_broken)
    if is_open and partial:
        closed.append(AIMessage(partial))
    if not _merges_by_id(graph) or not (is_broken or (is_open and not partial)):
        return [*closed[len(before) :], said]
    if is_broken:
        kept = closed[:-1] if is_open and not partial else closed
        return [RemoveMessage(id=REMOVE_ALL_MESSAGES), *kept, said]
    return [RemoveMessage(id=last.id or ""), said]


def _with_results(messages: list[BaseMessage]) -> Iterator[BaseMessage]:
    known = {each.tool_call_id for each in messages if isinstance(each, ToolMessage)}
    for message in messages:
        yield message
        calls = message.tool_calls if isinstance(message, AIMessage | AIMessageChunk) else []
        for call in calls:
            if call["id"] not in known:
                yield ToolMessage(_STOPPED, tool_call_id=call["id"] or "", name=call["name"], status="error")


def _merges_by_id(graph: Graph) -> bool:
    """Whether the reducer of ``messages`` replaces and removes by id, as LangGraph's own does."""
    operator: Callable[..., Any] | None = getattr(graph.channels.get("messages"), "operator", None)
    return "add_messages" in getattr(operator, "__name__", "")
