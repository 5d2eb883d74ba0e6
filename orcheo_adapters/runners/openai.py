"""Workflows that are a model behind an OpenAI-compatible endpoint: chat completions or responses, streamed.

The package ``openai`` sends the requests. What comes back is read here (:mod:`~orcheo_adapters.runners.completions`,
:mod:`~orcheo_adapters.runners.responses`), as endpoints and gateways answer in more ways than the package's types have.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import httpx2
from attrs import evolve

from orcheo_adapters.outgoing import CAME_THROUGH
from orcheo_adapters.runners.agents.approvals import asked, too_late
from orcheo_adapters.runners.completions import Completion
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.endpoint_answers import ToolCall
from orcheo_adapters.runners.failures import ErrorAnswer, no_connection, settings_invalid, silent
from orcheo_adapters.runners.guarded_http import REST_SECONDS, GuardedHttp
from orcheo_adapters.runners.openai_requests import Dialect, Order, order_of
from orcheo_adapters.runners.openai_settings import OPENAI_SETTINGS, OpenAiSettings
from orcheo_adapters.runners.openai_tools import PROGRAMS_AT_ONCE, Result, Tools, tools_of
from orcheo_adapters.runners.openai_waiting import Waiting, to_keep
from orcheo_adapters.runners.packages import imported, require_package
from orcheo_adapters.runners.responses import ResponseAnswer
from orcheo_adapters.runners.settings import Setting, invalid_setting
from orcheo_adapters.runners.task_run import Writer
from orcheo_core.domain.run import RunRequest
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, RunFailed, Runner

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent"}
)
_KEY_HEADER = "orcheo-endpoint-key"
_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504})
_USUAL_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
"""Seconds before an endpoint that is busy is asked once more; one that wants longer is left alone."""

_TAIL_SECONDS = 5.0
"""Time for the usage after the answer, at endpoints that then leave the connection open."""


class OpenAiRunner(Runner):
    """Asks the endpoint whose base URL is the target."""

    settings: ClassVar[tuple[Setting, ...]] = OPENAI_SETTINGS

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._http = GuardedHttp(conditions.allowed, outgoing=conditions.outgoing)
        self._dialects: dict[tuple[str, str, str], Dialect] = {}
        self._programs = asyncio.Semaphore(PROGRAMS_AT_ONCE)

    async def check(self, spec: RunnerSpec) -> None:
        """Look at the settings and the URL; nothing is sent. See :meth:`Runner.check`."""
        require_package("openai", extra="openai")
        settings = OpenAiSettings.of(spec, self._conditions.environment)
        self._http.check_url(spec.target)
        if settings.has_tools:
            require_package("mcp", extra="mcp")
        for server in settings.mcp:
            try:
                self._http.check_url(server)
            except InvalidInput as error:
                raise invalid_setting("mcp", f"{server}: {error.fields[0].message}", hint=error.hint) from None

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return self._conditions.run_of(request, partial(self._answer, request))

    async def close(self) -> None:
        """Close the connections to all endpoints."""
        await self._http.close()

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        try:
            settings = OpenAiSettings.of(request.spec, self._conditions.environment)
        except InvalidInput as error:
            raise settings_invalid(error) from error
        settings = evolve(settings, model=request.model or settings.model)
        await imported("openai")
        if (order := await order_of(settings, request, writer)) is None:
            return
        async with tools_of(settings, self._http, request.context.workflow_id, self._programs) as tools:
            response_id, waiting = await self._converse(request, order, tools, writer)
        if kept := to_keep(settings, response_id, waiting):
            await writer.put(kept)

    async def _converse(
        self, request: RunRequest, order: Order, tools: Tools | None, writer: Writer
    ) -> tuple[str, Waiting | None]:
        """Ask until the model calls no more tools, or calls some that the visitor has to approve.

        Return the id of the last response, and what waits.
        """
        settings = order.settings
        if tools is not None:
            order = evolve(order, tools=tools.schemas())
        order = order.decided(await _decided(order, tools, writer))
        for _round in range(settings.tool_rounds + 1):
            answer = _answer_of(settings, has_tools=tools is not None)
            await self._read_answer(request, order, answer, writer)
            for event in answer.finish():
                await writer.put(event)
            if tools is None or not answer.calls:
                return answer.id, Waiting(approvals=answer.approvals) if answer.approvals else None
            waiting, free = list[ToolCall](), list[ToolCall]()
            for each in answer.calls:
                (waiting if tools.needs_approval(each) else free).append(each)
            results = _results(settings, await tools.carry_out(free, writer) if free else ())
            if waiting:
                await writer.put(asked([(each.id, each.name, each.arguments) for each in waiting]))
                said = [*order.before, *order.said, *_calls(answer)]
                return answer.id, Waiting(said=said, results=results, calls=waiting)
            order = order.followed_by([*_calls(answer), *results])
        reason = f"The model still wanted to call tools after {settings.tool_rounds} rounds: raise tool_rounds."
        raise RunFailed("tool_rounds", reason)

    async def _read_answer(
        self, request: RunRequest, order: Order, answer: Completion | ResponseAnswer, writer: Writer
    ) -> None:
        settings = order.settings
        try:
            async with (
                asyncio.timeout(settings.first_byte_seconds) as waiting,
                self._http.lent((request.context.workflow_id, request.spec.target)) as http_client,
                self._asked(http_client, order, request.spec) as response,
            ):
                await _read(response, answer, writer, waiting)
        except TimeoutError:
            if not answer.is_ended:
                raise silent(settings.first_byte_seconds or 0) from None
        except (httpx2.RequestError, OSError) as error:
            if not answer.is_ended:
                raise no_connection(error) from error

    @asynccontextmanager
    async def _asked(
        self, http_client: httpx2.AsyncClient, order: Order, spec: RunnerSpec
    ) -> AsyncIterator[httpx2.Response]:
        client = _client(spec.target, http_client)
        response = await self._ask(client, order, spec)
        try:
            yield response
        finally:
            await response.aclose()

    async def _ask(self, client: "AsyncOpenAI", order: Order, spec: RunnerSpec) -> httpx2.Response:
        """The answer with status 200, whose body is still to come.

        A busy endpoint is asked once more. One that took too long is not: it may be loading the model.
        """
        settings = order.settings
        key = spec.target, settings.api, settings.model
        known = self._dialects.get(key)
        dialect, may_ask_again = known or Dialect(), True
        while True:
            response = await _post(client, order, dialect)
            if response.is_success:
                self._dialects[key] = dialect
                return response
            answer = ErrorAnswer(
                status=response.status_code,
                headers=response.headers,
                body=await response.aread(),
                now=self._conditions.clock.now(),
                secret=settings.api_key,
                proxy=response.extensions.get(CAME_THROUGH, ""),
            )
            if (plainer := dialect.without_refused(answer, settings, is_known=known is not None)) is not None:
                dialect = plainer
            elif (whole := order.after(answer)) is not None:
                order = whole
            elif may_ask_again and (pause := _pause(answer)) is not None:
                may_ask_again = False
                await asyncio.sleep(pause)
            else:
                raise answer.failure()


def _answer_of(settings: OpenAiSettings, *, has_tools: bool) -> Completion | ResponseAnswer:
    if settings.api == "responses":
        return ResponseAnswer(shows_reasoning=settings.shows_reasoning, steps=settings.steps, has_tools=has_tools)
    return Completion(shows_reasoning=settings.shows_reasoning, has_tools=has_tools)


async def _decided(order: Order, tools: Tools | None, writer: Writer) -> list[dict[str, Any]]:
    """The results of the calls that the visitor has decided about."""
    if not order.calls:
        return []
    if tools is None:
        raise too_late("The workflow has no tools any more.")
    return _results(order.settings, await tools.carry_out(order.calls, writer, order.refused))


def _calls(answer: Completion | ResponseAnswer) -> list[dict[str, Any]]:
    """The calls of a round, as the model finds them again."""
    if isinstance(answer, ResponseAnswer):
        return [*map(dict, answer.items)]
    functions = [(each.id, {"name": each.name, "arguments": each.arguments}) for each in answer.calls]
    calls = [{"id": call_id, "type": "function", "function": function} for call_id, function in functions]
    return [{"role": "assistant", "content": None, "tool_calls": calls}]


def _results(settings: OpenAiSettings, results: Sequence[Result]) -> list[dict[str, Any]]:
    """What tools gave, as the model reads it."""
    if settings.api == "responses":
        return [{"type": "function_call_output", "call_id": each.call.id, "output": each.text} for each in results]
    return [{"role": "tool", "tool_call_id": each.call.id, "content": each.text} for each in results]


def _client(target: str, http_client: httpx2.AsyncClient) -> "AsyncOpenAI":
    from openai import AsyncOpenAI

    http_client.event_hooks = {"request": [_bare]}
    url = httpx2.URL(target)
    path = url.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/responses")
    return AsyncOpenAI(
        base_url=str(url.copy_with(path=path or "/", query=None)),
        api_key="unused",  # see _bare
        default_query=dict(url.params),
        max_retries=0,
        timeout=http_client.timeout,
        http_client=http_client,
    )


async def _bare(request: httpx2.Request) -> None:
    """Send the key that the workflow names and nothing else of the server's: the package adds headers from
    ``OPENAI_ORG_ID``, ``OPENAI_CUSTOM_HEADERS`` and others, which are not for every owner's endpoint."""
    key = request.headers.get(_KEY_HEADER)
    for name in [name for name in request.headers if name.lower() not in _HEADERS]:
        del request.headers[name]
    if key:
        request.headers["authorization"] = f"Bearer {key}"


async def _post(client: "AsyncOpenAI", order: Order, dialect: Dialect) -> httpx2.Response:
    from openai import APIConnectionError, APIStatusError

    body, model = order.body(dialect), order.settings.model
    headers = {_KEY_HEADER: order.settings.api_key or ""}
    stream: Any
    try:
        if order.settings.api == "responses":
            stream = await client.responses.create(
                model=model, input=body.pop("input"), stream=True, extra_body=body, extra_headers=headers
            )
        else:
            stream = await client.chat.completions.create(
                model=model, messages=body.pop("messages"), stream=True, extra_body=body, extra_headers=headers
            )
    except APIStatusError as error:
        return error.response
    except APIConnectionError as error:
        failure = _cause(error)
    else:
        response: httpx2.Response = stream.response
        return response
    raise failure  # here, where it keeps what it came from itself


def _cause(error: Exception) -> Exception:
    """What the package hides behind an error of its own."""
    cause = error.__cause__
    return cause if isinstance(cause, RunFailed | httpx2.RequestError | OSError) else error


def _pause(answer: ErrorAnswer) -> float | None:
    """Seconds after which to ask once more, None when that would be no use."""
    if answer.status not in _AGAIN or answer.headers.get("x-should-retry") == "false":
        return None
    pause = _USUAL_PAUSE if answer.pause is None else answer.pause
    return pause if pause <= _LONGEST_PAUSE else None


async def _read(
    response: httpx2.Response, completion: Completion | ResponseAnswer, writer: Writer, waiting: asyncio.Timeout
) -> None:
    """Read to the end of the answer."""
    async with aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            before = completion.is_ended, completion.is_over
            for event in completion.push(chunk):
                await writer.put(event)
            if not completion.is_ended:
                waiting.reschedule(None)
            elif before != (completion.is_ended, completion.is_over):
                more = REST_SECONDS if completion.is_over else _TAIL_SECONDS
                waiting.reschedule(asyncio.get_running_loop().time() + more)
