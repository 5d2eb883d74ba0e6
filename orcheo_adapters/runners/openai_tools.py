"""Tools of MCP servers that a model behind an endpoint may call, some of them only when the visitor approves.

The package ``mcp`` speaks the protocol; it is imported when a workflow has such servers.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from attrs import evolve, field, frozen

from orcheo_adapters.connection_faults import what_failed
from orcheo_adapters.runners.endpoint_answers import ToolCall
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.mcp_messages import heard, refuse_news, refuse_too_many_values
from orcheo_adapters.runners.mcp_programs import McpProgram
from orcheo_adapters.runners.openai_settings import OpenAiSettings
from orcheo_adapters.runners.packages import imported
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.steps import StepNotes, readable, words
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.component_items import StepState
from orcheo_core.domain.json_values import json_length
from orcheo_core.domain.run import AnswerEnded
from orcheo_core.ports.runner import RunFailed

_RESULT_LENGTH = 100_000
"""Characters of one result that the model reads."""
_ROUND_LENGTH = 1_000_000
"""Of all results of one round; a model may want any number of calls."""
_MOST_CALLS = 128
"""In one round; further ones are not made."""
_MOST_TOOLS = 128
_DESCRIBED_LENGTH = 1_000_000
"""Characters of the descriptions of all tools of one server: each question to the model repeats them."""
PROGRAMS_AT_ONCE = 16
"""Turns that have programs at the same time; others wait. Each visitor's message starts some."""
_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_NAME_LENGTH = 64
"""What endpoints take as the name of a function."""
_TOO_MANY = f"Only {_MOST_CALLS} calls are made at once."


@frozen
class Result:
    """What a tool gave."""

    call: ToolCall
    text: str
    has_failed: bool = False


@frozen(kw_only=True)
class _Server:
    """An MCP server, as its owner knows it."""

    name: str
    transport: Any
    last_words: Callable[[], str] = str
    """What a program wrote last."""

    @asynccontextmanager
    async def in_time(self, seconds: float) -> AsyncIterator[None]:
        """Turn its silence and its errors into the failure that the owner reads."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            reason = f"The MCP server {self.name} did not answer within {seconds:g} s.{self._words()}"
            raise RunFailed("tools_silent", reason) from error
        except RunFailed:
            raise
        except Exception as error:
            reason = f"The MCP server {self.name} failed: {_first(error)}.{self._words()}"
            raise RunFailed("tools_failed", reason) from error

    def _words(self) -> str:
        last = self.last_words()
        return f" It wrote: {last}" if last else ""


@frozen(kw_only=True)
class _Tool:
    name: str
    """As the endpoint knows it."""
    own_name: str
    description: str
    parameters: Any
    session: Any = field(repr=False)
    server: _Server


@frozen
class Tools:
    """The tools of one turn, by the names that the endpoint knows them by."""

    settings: OpenAiSettings
    tools: Mapping[str, _Tool]

    def schemas(self) -> list[dict[str, Any]]:
        """How they are described to the endpoint, in the form of its API."""
        described = [
            {"name": each.name, "description": each.description, "parameters": each.parameters}
            for each in self.tools.values()
        ]
        if self.settings.api == "responses":
            return [{"type": "function", "strict": False, **each} for each in described]
        return [{"type": "function", "function": each} for each in described]

    def needs_approval(self, call: ToolCall) -> bool:
        """Whether the visitor is asked before this call is carried out."""
        tool, asks = self.tools.get(call.name), self.settings.tool_approval
        return tool is not None and ("all" in asks or not asks.isdisjoint((tool.name, tool.own_name)))

    async def carry_out(
        self, calls: Sequence[ToolCall], writer: Writer, refused: Mapping[str, str] | None = None
    ) -> list[Result]:
        """Carry out all calls of one round, each a step; those in ``refused``, by their ids, are not made.

        Raises :class:`RunFailed` when a server does not answer in time, or is gone.
        """
        notes = StepNotes(detail=self.settings.steps, shows_thoughts=False)
        await writer.put(AnswerEnded())  # a note of thoughts is another one
        results: list[Result] = []
        left = _ROUND_LENGTH
        for call in calls:
            for event in notes.note(call.id, words(call.name), readable(call.arguments), StepState.LOADING):
                await writer.put(event)
            reason = _TOO_MANY if len(results) >= _MOST_CALLS else (refused or {}).get(call.id)
            result = await self._call(call) if reason is None else Result(call, reason, has_failed=True)
            state = StepState.NONE if result.has_failed else StepState.COMPLETE
            detail = " → ".join(filter(None, (readable(call.arguments), readable(result.text))))
            for event in notes.note(call.id, words(call.name), detail, state):
                await writer.put(event)
            results.append(evolve(result, text=result.text[:left]))
            left -= len(results[-1].text)
        await writer.put(AnswerEnded())
        return results

    async def _call(self, call: ToolCall) -> Result:
        tool, arguments = self.tools.get(call.name), call.parsed
        if tool is None:
            return Result(call, f"There is no tool {call.name!r}.", has_failed=True)
        if arguments is None:
            return Result(call, "The arguments are not a JSON object.", has_failed=True)
        async with tool.server.in_time(self.settings.tool_seconds):
            given = await tool.session.call_tool(tool.own_name, arguments)
        return Result(call, _text_of(given), has_failed=bool(at(given, "is_error")))


@asynccontextmanager
async def tools_of(
    settings: OpenAiSettings, http: GuardedHttp, workflow_id: str, programs: asyncio.Semaphore
) -> AsyncIterator[Tools | None]:
    """The tools of the workflow's MCP servers, connected for one turn; None for a workflow without any.

    A turn that starts programs waits until it has its place among ``programs``.
    Raises :class:`RunFailed` when a server cannot be reached, or does not answer in time.
    """
    if not settings.has_tools:
        yield None
        return
    await imported("mcp.client")
    failure: Exception | None = None
    is_over = False
    try:
        async with AsyncExitStack() as stack:
            if settings.mcp_stdio:
                await stack.enter_async_context(programs)
            try:
                yield await _all_tools(stack, settings, http, workflow_id)
                is_over = True
            except Exception as error:  # noqa: BLE001 - raised below: the client would wrap it into groups
                failure = error
    except Exception as error:
        if failure is None and not is_over:
            raise RunFailed("tools_failed", f"An MCP server failed: {_first(error)}") from error
    if failure is not None:
        raise failure


async def _all_tools(stack: AsyncExitStack, settings: OpenAiSettings, http: GuardedHttp, workflow_id: str) -> Tools:
    found: dict[str, _Tool] = {}
    for command in settings.mcp_stdio:
        program = McpProgram(command, settings.mcp_environment)
        server = _Server(name=program.name, transport=program.connected(), last_words=program.last_words)
        await _add_tools(found, stack, server, settings)
    for address in settings.mcp:
        client = await stack.enter_async_context(http.lent((workflow_id, "mcp", address)))
        if settings.mcp_key:
            client.headers["authorization"] = f"Bearer {settings.mcp_key}"
        await _add_tools(found, stack, _Server(name=address, transport=_over_http(address, client)), settings)
    known = {name for tool in found.values() for name in (tool.name, tool.own_name)}
    if unknown := settings.tool_approval - known - {"all"}:
        reason = f"tool_approval names {', '.join(sorted(unknown))}, which no MCP server of this workflow has."
        raise RunFailed("tools_unknown", reason)
    return Tools(settings, dict([*found.items()][:_MOST_TOOLS]))


def _over_http(address: str, client: Any) -> Any:
    from mcp.client.streamable_http import streamable_http_client

    client.event_hooks = {"request": [refuse_news], "response": [refuse_too_many_values]}
    return streamable_http_client(address, http_client=client, terminate_on_close=False)


async def _add_tools(found: dict[str, _Tool], stack: AsyncExitStack, server: _Server, settings: OpenAiSettings) -> None:
    """Connect a server, and add the tools whose names are not taken."""
    from mcp.client import Client

    async with server.in_time(settings.tool_seconds):
        session = await stack.enter_async_context(Client(heard(server.transport)))
        left = _DESCRIBED_LENGTH
        for each in (await session.list_tools()).tools:
            left -= len(each.name) + len(each.description or "") + json_length(each.input_schema)
            if left < 0:
                reason = (
                    f"The MCP server {server.name} describes its tools in more than {_DESCRIBED_LENGTH:,} characters."
                )
                raise RunFailed("tools_failed", reason)
            tool = _Tool(
                name=_NAME.sub("_", each.name)[:_NAME_LENGTH],
                own_name=each.name,
                description=encodable(each.description or ""),
                parameters=each.input_schema,
                session=session,
                server=server,
            )
            found.setdefault(tool.name, tool)


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return what_failed(error).removesuffix(".")


def _text_of(given: Any) -> str:
    texts = [encodable(each.text) for each in at(given, "content") or () if isinstance(at(each, "text"), str)]
    text = "\n".join(texts) or readable(at(given, "structured_content") or "")
    return text[:_RESULT_LENGTH]
