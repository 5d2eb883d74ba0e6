"""Workflows that are LangGraph graphs of the server's own import path.

The target names a compiled graph, or a function (sync or async, with a config or without) that makes one or a context
manager of one; it is called once. A graph with a checkpointer keeps its own memory, by our thread id; one without is
given the history of the thread each time.
"""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.isolation.options import ISOLATION_SETTINGS, check_isolation
from orcheo_adapters.runners.langgraph_graphs import Graph, Graphs, check_state
from orcheo_adapters.runners.langgraph_hearing import HEARING_SETTINGS, Hearing
from orcheo_adapters.runners.owner_errors import told_to_owner
from orcheo_adapters.runners.packages import require_package
from orcheo_adapters.runners.settings import HEADERS_SETTING, Given, Setting
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.text import decoded
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_adapters.system.logs import get_logger
from orcheo_adapters.system.running import call_in, current_run
from orcheo_core.domain.run import ActionTaken, ContextKept, InputAsked, RunEvent, RunRequest, SentFile, conversation
from orcheo_core.domain.structured_input import Question, StructuredInputItem
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, RunFailed, Runner

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage, HumanMessage
    from langchain_core.runnables import RunnableConfig

    from orcheo_adapters.runners.langgraph_events import GraphEvents

FORGET_SECONDS = 10.0
"""Time for a checkpointer to delete one thread."""
_BREAKPOINT = "breakpoint"
_KEPT, _KEPT_KEYS = "langgraph_state", ("active_agent",)
"""Where a graph without a checkpointer keeps parts of its state between turns, and which."""
_LOG = get_logger("langgraph")


class LangGraphRunner(Runner):
    """Streams a graph."""

    settings: ClassVar[tuple[Setting, ...]] = (
        *HEARING_SETTINGS,
        Setting(
            name="input_key",
            help="Key of the state that gets the visitor's text, for a graph whose state has no messages.",
        ),
        Setting(
            name="output_key",
            help="Key of the state that holds the answer when the graph has ended; its messages when left out.",
        ),
        HEADERS_SETTING,
        *ISOLATION_SETTINGS,
    )

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``; no graph is made yet."""
        self._conditions = conditions
        self._graphs = Graphs()
        self._running: Counter[str] = Counter()
        self._forgotten: set[str] = set()
        self._forgetting: set[asyncio.Task[None]] = set()

    async def check(self, spec: RunnerSpec) -> str | None:
        """Import the target and look at it; a function that makes the graph is not called yet."""
        require_package("langgraph", extra="langgraph")
        given = Given.of(spec, self.settings, self._conditions.environment)
        check_isolation(given)
        Hearing.of(given)
        return await self._graphs.check(spec.target, input_key=given.text("input_key"))

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return self._conditions.run_of(request, partial(self._answer, request))

    async def takes_actions(self, spec: RunnerSpec) -> bool:
        """See the port: a graph with ``action`` in its state. One that cannot be made fails when it is run."""
        try:
            graph = await self._graphs.get(spec.target)
        except Exception:  # noqa: BLE001 - a factory may raise anything, and raises it again where its owner sees it
            return True
        return "action" in graph.channels

    async def forget(self, spec: RunnerSpec, thread_ids: AsyncIterator[str]) -> None:
        """Delete what the graph's checkpointer keeps of these threads, once more when a run in one of them is over.

        Raises :class:`TimeoutError` where the checkpointer does not answer: a run may hold its lock.
        """
        from orcheo_adapters.runners.langgraph_memory import saver_of

        try:
            saver = saver_of(await self._graphs.get(spec.target))
        except InvalidInput:  # the code is gone, and its memory cannot be reached
            return
        if saver is None:
            return
        async for thread_id in thread_ids:
            if self._running[thread_id]:
                self._forgotten.add(thread_id)
            async with asyncio.timeout(FORGET_SECONDS):
                await saver.adelete_thread(thread_id)

    async def close(self) -> None:
        """Leave the context managers that made graphs."""
        if self._forgetting:
            await asyncio.wait(self._forgetting)
        await self._graphs.close()

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        given = Given.of(request.spec, self.settings, self._conditions.environment)
        thread_id = request.context.thread_id
        self._running[thread_id] += 1
        loop, running = asyncio.get_running_loop(), current_run()
        try:
            with told_to_owner(self._conditions.clock):
                graph = await self._graphs.get(request.spec.target)
                check_state(request.spec.target, graph, input_key=given.text("input_key"))
                await _GraphRun(graph=graph, given=given, request=request).execute(writer)
        finally:
            over = partial(self._over, request.spec, thread_id)
            if running is None:
                over()
            else:
                running.when_over(partial(call_in, loop, over))

    def _over(self, spec: RunnerSpec, thread_id: str) -> None:
        """No part of a run is at work any more, not even a thread that writes a checkpoint."""
        self._running[thread_id] -= 1
        if self._running[thread_id]:
            return
        del self._running[thread_id]
        if thread_id in self._forgotten:
            self._forgotten.discard(thread_id)
            task = asyncio.create_task(self._forget_again(spec, thread_id))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)

    async def _forget_again(self, spec: RunnerSpec, thread_id: str) -> None:
        try:
            await self.forget(spec, _one(thread_id))
        except Exception:  # noqa: BLE001 - a checkpointer may raise anything
            _LOG.exception("what the workflow %s keeps of a deleted thread could not be deleted", spec.target)


@frozen(kw_only=True)
class _GraphRun:
    """One turn of a graph."""

    graph: Graph
    given: Given
    request: RunRequest

    async def execute(self, writer: Writer) -> None:
        from orcheo_adapters.runners.langgraph_agents import Agents
        from orcheo_adapters.runners.langgraph_events import GraphEvents

        beginning = await self._beginning()
        if beginning.questions:
            await writer.put(InputAsked(questions=beginning.questions))
            return
        if self.given.text("input_key"):
            for notice in not_read(self.request.context.attachments):
                await writer.put(notice)
        events = GraphEvents(Hearing.of(self.given), Agents(self.graph))
        await self._stream(beginning, events, writer)
        await self._check_can_resume(events.interrupts)
        last = [*self._final(events), *events.last(), *await self._breakpoint(events.interrupts)]
        for event in last:
            await writer.put(event)
        if kept := self._to_keep(events.value):
            await writer.put(ContextKept({_KEPT: kept}))
        events.check_end(last)

    async def _stream(self, beginning: "_Beginning", events: "GraphEvents", writer: Writer) -> None:
        parts = self.graph.astream(
            beginning.input,
            beginning.config,
            context=self._context(),
            stream_mode=list(events.modes),
            subgraphs=True,
            version="v2",
        )
        try:
            async with aclosing(parts):
                async for part in parts:
                    for event in events.of(part):
                        await writer.put(event)
        finally:
            for event in events.rest():
                writer.event(event)

    def _final(self, events: "GraphEvents") -> Iterator[RunEvent]:
        """What is read from the end of the run: the named key, a functional graph's value, or messages not streamed."""
        from langgraph.graph.state import CompiledStateGraph

        from orcheo_adapters.runners.pieces import at

        if output_key := self.given.text("output_key"):
            yield from events.answer(at(events.value, output_key), is_addition=False)
        elif events.interrupts:
            return
        elif not isinstance(self.graph, CompiledStateGraph):
            yield from events.answer(events.value, is_addition=True)
        elif not self.given.names("nodes"):
            yield from events.answer({"messages": at(events.value, "messages")}, is_addition=False)

    def _to_keep(self, state: Any) -> dict[str, Any]:
        """Of the state what a graph without a checkpointer needs next time: the agent that spoke last, in a swarm."""
        from orcheo_adapters.runners.langgraph_memory import saver_of
        from orcheo_adapters.runners.pieces import at

        kept = {name: at(state, name) for name in _KEPT_KEYS if name in self.graph.channels}
        return {} if saver_of(self.graph) else {name: value for name, value in kept.items() if isinstance(value, str)}

    def _kept(self) -> dict[str, Any]:
        """What :meth:`_to_keep` gave at the end of an earlier turn."""
        hidden = (each.hidden for each in reversed(self.request.context.history) if isinstance(each.hidden, dict))
        found: dict[str, Any] = next((each[_KEPT] for each in hidden if isinstance(each.get(_KEPT), dict)), {})
        return {name: value for name, value in found.items() if name in _KEPT_KEYS and name in self.graph.channels}

    async def _check_can_resume(self, interrupts: list[Any]) -> None:
        from orcheo_adapters.runners.langgraph_memory import saver_of

        if interrupts and saver_of(self.graph) is None:
            reason = (
                "The graph asks with interrupt(), but has no checkpointer, so it could never continue with the answer. "
                "Compile it with one, such as .compile(checkpointer=InMemorySaver())."
            )
            raise RunFailed("graph_without_memory", reason)

    async def _breakpoint(self, interrupts: list[Any]) -> list[InputAsked]:
        """A question for the visitor when the graph has stopped at a breakpoint of its own."""
        if interrupts or not self._has_breakpoints:
            return []
        state = await self.graph.aget_state(self._config())
        return [InputAsked(questions=(_breakpoint_question(state),))] if state.next else []

    @property
    def _has_breakpoints(self) -> bool:
        return bool(self.graph.interrupt_before_nodes or self.graph.interrupt_after_nodes)

    def _config(self) -> "RunnableConfig":
        context = self.request.context
        user = {
            "identity": context.subject.key,
            "is_authenticated": context.subject.is_logged_in,
            "permissions": [],
        }
        return {
            "configurable": {
                "thread_id": context.thread_id,
                "user_id": context.subject.key,
                "langgraph_auth_user": user,
                "langgraph_auth_user_id": context.subject.key,
                "orcheo": context,
            }
        }

    def _context(self) -> dict[str, Any] | None:
        """Of the graph's own context schema what we know; its other fields need defaults."""
        schema = self.graph.context_schema
        if schema is None:
            return None
        known = {
            "thread_id": self.request.context.thread_id,
            "user_id": self.request.context.subject.key,
            "orcheo": self.request.context,
        }
        fields = {name for each in schema.__mro__ for name in getattr(each, "__annotations__", {})}
        return {name: value for name, value in known.items() if name in fields}

    async def _beginning(self) -> "_Beginning":
        """What the graph continues with: the answer to its question, the new message, or the whole conversation."""
        from orcheo_adapters.runners.langgraph_memory import before_message, knows, saver_of, sound_addition

        config = self._config()
        cause = self.request.context.cause
        if isinstance(cause, ActionTaken):
            past = [] if saver_of(self.graph) else [*_past_messages(self.request)]
            return _Beginning(input={**self._kept(), "messages": past, "action": _action(cause)}, config=config)
        if saver_of(self.graph) is None:
            return _Beginning(input={**self._kept(), **await self._whole_input()}, config=config)
        state = await self.graph.aget_state(config)
        said = await self._said()
        if self._is_message and said.id and knows(state, said.id):
            state = await before_message(self.graph, config, said.id) or state
            config["configurable"] |= state.config["configurable"]
        elif (resumed := self._resumed(state)) is not None:
            return resumed
        if input_key := self.given.text("input_key"):
            return _Beginning(input={input_key: self.request.text}, config=config)
        if not isinstance(state.values, dict) or not state.values.get("messages"):
            return _Beginning(input=await self._whole_input(), config=config)
        spoken = [each for each in self.request.context.history if each.item is None]
        partial = next((each.text for each in spoken[-1:] if each.said_by == "workflow"), "")
        return _Beginning(input={"messages": sound_addition(self.graph, state, said, partial=partial)}, config=config)

    @property
    def _is_message(self) -> bool:
        return self.request.context.cause is None

    def _resumed(self, state: Any) -> "_Beginning | None":
        """The answer to what the graph waits for; None when it waits for nothing, or failed with the last answer."""
        from langgraph.types import Command

        from orcheo_adapters.runners.langgraph_questions import replies_to

        if not self._is_given and _has_failed(state):
            return None
        config = self._config()
        if state.interrupts:
            replies = replies_to(state.interrupts, self.request)
            if replies.questions:
                return _Beginning(questions=replies.questions, config=config)
            return _Beginning(input=Command(resume=replies.resume), config=config) if replies.resume else None
        return self._gone_on(state) if state.next else None

    def _gone_on(self, state: Any) -> "_Beginning | None":
        """A graph that has more to do and asks nothing of its own: it waits at a breakpoint, or was broken off.

        An answer that is given once more, as the graph failed with it, continues where it failed. A graph with
        breakpoints that has not failed may wait at one, which needs a yes of its own.
        """
        config = self._config()
        cause = self.request.context.cause
        if isinstance(cause, StructuredInputItem) and all(each.id != _BREAKPOINT for each in cause.questions):
            if self._has_breakpoints and not _has_failed(state):
                return _Beginning(questions=(_breakpoint_question(state),), config=config)
            return _Beginning(input=None, config=config)
        says_yes = self._text().strip().casefold() in ("yes", "y", "ok", "go on", "continue")
        return _Beginning(input=None, config=config) if self._has_breakpoints and says_yes else None

    @property
    def _is_given(self) -> bool:
        return isinstance(self.request.context.cause, StructuredInputItem)

    def _text(self) -> str:
        from orcheo_adapters.runners.langgraph_questions import answer_text

        cause = self.request.context.cause
        return (answer_text(cause) if isinstance(cause, StructuredInputItem) else "") or self.request.text

    async def _whole_input(self) -> dict[str, Any]:
        if input_key := self.given.text("input_key"):
            return {input_key: self.request.text}
        return {"messages": [*_past_messages(self.request), await self._said()]}

    async def _said(self) -> "HumanMessage":
        """The visitor's message, with what was sent with it as content blocks; its id tells a retry."""
        from langchain_core.messages import HumanMessage

        context = self.request.context
        blocks: list[Any] = [await in_thread(partial(_block, sent)) for sent in context.attachments]
        text = self._text()
        said = [{"type": "text", "text": text}] if text else []  # models refuse a text that is empty
        content: Any = [*said, *blocks] if blocks else text
        return HumanMessage(content=content, id=f"orcheo-{context.message_id}" if context.message_id else None)


@frozen(kw_only=True)
class _Beginning:
    """How a run begins: with an input, or with a question that comes before any."""

    config: "RunnableConfig"
    input: Any = None
    questions: tuple[Question, ...] = ()


def _has_failed(state: Any) -> bool:
    return any(task.error is not None for task in state.tasks)


def _breakpoint_question(state: Any) -> Question:
    names = ", ".join(name.replace("_", " ") for name in state.next)
    return Question(id=_BREAKPOINT, question=f"Continue with: {names}?", options=("Yes", "No"))


def _past_messages(request: RunRequest) -> "Iterator[BaseMessage]":
    """The conversation as models take it."""
    from langchain_core.messages import AIMessage, HumanMessage

    history = request.context.history
    for past in conversation(history, limit=2 * len(history)):
        yield HumanMessage(past.text) if past.said_by == "visitor" else AIMessage(past.text)


def _block(sent: SentFile) -> dict[str, Any]:
    """A standard content block of LangChain."""
    data = sent.read()
    if sent.mime_type.startswith("text/"):
        return {"type": "text", "text": f"{sent.name}:\n\n{decoded(data)}"}
    kind = sent.mime_type.partition("/")[0]
    block = {"base64": base64.b64encode(data).decode(), "mime_type": sent.mime_type, "extras": {"filename": sent.name}}
    return {"type": kind if kind in ("image", "audio", "video") else "file", **block}


def _action(cause: ActionTaken) -> dict[str, Any]:
    return {"type": cause.type, "payload": cause.payload, "item_id": cause.widget.id if cause.widget else None}


async def _one(thread_id: str) -> AsyncIterator[str]:
    yield thread_id
