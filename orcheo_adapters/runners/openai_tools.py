"""Tools of MCP servers that a model behind an endpoint may call, reached over the guarded HTTP client.

The package ``mcp`` speaks the protocol; it is imported when a workflow has such servers.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
from attrs import field, frozen

from orcheo_adapters.runners.endpoint_answers import ToolCall
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.openai_settings import OpenAiSettings
from orcheo_adapters.runners.packages import imported
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.steps import StepNotes, readable, words
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.component_items import StepState
from orcheo_core.domain.run import AnswerEnded
from orcheo_core.ports.runner import RunFailed

_RESULT_LENGTH = 100_000
"""Characters of one result that the model reads."""
_MOST_TOOLS = 128
_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_NAME_LENGTH = 64
"""What endpoints take as the name of a function."""


@frozen
class Result:
    """What a tool gave."""

    call: ToolCall
    text: str
    has_failed: bool = False


@frozen(kw_only=True)
class _Tool:
    name: str
    """As the endpoint knows it."""
    own_name: str
    description: str
    parameters: Any
    session: Any = field(repr=False)
    server: str


@frozen
class Tools:
    """The tools of one turn, by the names that the endpoint knows them by."""

    settings: OpenAiSettings
    tools: Mapping[str, _Tool]

    def schemas(self) -> list[dict[str, Any]]:
        """What the endpoint is told of them, in the form of its API."""
        described = [
            {"name": each.name, "description": each.description, "parameters": each.parameters}
            for each in self.tools.values()
        ]
        if self.settings.api == "responses":
            return [{"type": "function", "strict": False, **each} for each in described]
        return [{"type": "function", "function": each} for each in described]

    async def carry_out(self, calls: Sequence[ToolCall], writer: Writer) -> list[Result]:
        """Carry out all calls of one round, each a step.

        Raises :class:`RunFailed` when a server does not answer in time, or is gone.
        """
        notes = StepNotes(detail=self.settings.steps, shows_thoughts=False)
        await writer.put(AnswerEnded())  # a note of thoughts is another one
        results = []
        for call in calls:
            for event in notes.note(call.id, words(call.name), readable(call.arguments), StepState.LOADING):
                await writer.put(event)
            result = await self._call(call)
            state = StepState.NONE if result.has_failed else StepState.COMPLETE
            detail = " → ".join(filter(None, (readable(call.arguments), readable(result.text))))
            for event in notes.note(call.id, words(call.name), detail, state):
                await writer.put(event)
            results.append(result)
        await writer.put(AnswerEnded())
        return results

    async def _call(self, call: ToolCall) -> Result:
        tool, arguments = self.tools.get(call.name), call.parsed
        if tool is None:
            return Result(call, f"There is no tool {call.name!r}.", has_failed=True)
        if arguments is None:
            return Result(call, "The arguments are no JSON object.", has_failed=True)
        async with _in_time(tool.server, self.settings.tool_seconds):
            given = await tool.session.call_tool(tool.own_name, arguments)
        return Result(call, _text_of(given), has_failed=bool(at(given, "is_error")))


@asynccontextmanager
async def tools_of(settings: OpenAiSettings, http: GuardedHttp, workflow_id: str) -> AsyncIterator[Tools | None]:
    """The tools of the workflow's MCP servers, connected for one turn; None for a workflow without any.

    Raises :class:`RunFailed` when a server cannot be reached, or does not answer in time.
    """
    if not settings.mcp:
        yield None
        return
    await imported("mcp.client")
    failure: Exception | None = None
    is_over = False
    try:
        async with AsyncExitStack() as stack:
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
    for server in settings.mcp:
        client = await stack.enter_async_context(http.lent((workflow_id, "mcp", server)))
        if settings.mcp_key:
            client.headers["authorization"] = f"Bearer {settings.mcp_key}"
        async with _in_time(server, settings.tool_seconds):
            for tool in await _connected(stack, server, client):
                found.setdefault(tool.name, tool)
    return Tools(settings, dict([*found.items()][:_MOST_TOOLS]))


async def _connected(stack: AsyncExitStack, server: str, http_client: httpx2.AsyncClient) -> list[_Tool]:
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    transport = streamable_http_client(server, http_client=http_client, terminate_on_close=False)
    session = await stack.enter_async_context(Client(transport))
    return [
        _Tool(
            name=_NAME.sub("_", each.name)[:_NAME_LENGTH],
            own_name=each.name,
            description=encodable(each.description or ""),
            parameters=each.input_schema,
            session=session,
            server=server,
        )
        for each in (await session.list_tools()).tools
    ]


@asynccontextmanager
async def _in_time(server: str, seconds: float) -> AsyncIterator[None]:
    """Turn silence and errors of an MCP server into the failure that its owner reads."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        reason = f"The MCP server {server} did not answer within {seconds:g} s."
        raise RunFailed("tools_silent", reason) from error
    except RunFailed:
        raise
    except Exception as error:
        reason = f"The MCP server {server} failed: {_first(error)}"
        raise RunFailed("tools_failed", reason) from error


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _text_of(given: Any) -> str:
    texts = [encodable(each.text) for each in at(given, "content") or () if isinstance(at(each, "text"), str)]
    text = "\n".join(texts) or readable(at(given, "structured_content") or "")
    return text[:_RESULT_LENGTH]
