"""Workflows that are a model behind an OpenAI-compatible endpoint: chat completions, streamed."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from attrs import frozen

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.feed import Feed
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.packages import imported, require_package
from orcheo_adapters.runners.settings import Given, Setting
from orcheo_adapters.runners.task_run import TaskRun
from orcheo_adapters.runners.text import text_delta
from orcheo_core.domain.run import HISTORY_LENGTH, RunRequest, Usage, UsageReported
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run, Runner

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI, AsyncStream
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

_RETRIES = 1
_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent"}
)


class AnswerBrokenOff(Exception):
    """The endpoint's stream ended before it said that the answer is whole."""


@frozen(kw_only=True)
class OpenAiSettings:
    """The settings of one workflow, parsed."""

    model: str
    instructions: str
    history: int
    temperature: float | None
    api_key: str | None

    @classmethod
    def of(cls, spec: RunnerSpec, environment: Mapping[str, str]) -> "OpenAiSettings":
        """Raises :class:`InvalidInput` with the path of each wrong setting."""
        given = Given.of(spec, OpenAiRunner.settings, environment)
        return cls(
            model=given.text("model"),
            instructions=given.text("instructions"),
            history=given.whole("history", low=0, high=HISTORY_LENGTH),
            temperature=given.number("temperature", low=0, high=2),
            api_key=given.secret("api_key_env"),
        )


class OpenAiRunner(Runner):
    """Asks the endpoint whose base URL is the target."""

    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(name="model", help="Name of the model, as the endpoint knows it.", needed=True),
        Setting(name="instructions", help="What the model is told before the conversation (system message)."),
        Setting(name="api_key_env", help="Name of the server's environment variable that holds the endpoint's key."),
        Setting(name="history", help=f"How many past messages are sent along, 0 to {HISTORY_LENGTH}.", default="20"),
        Setting(name="temperature", help="A number from 0 to 2; the endpoint's own default when left out."),
    )

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._http = GuardedHttp(conditions.allowed)

    def check(self, spec: RunnerSpec) -> None:
        """Look at the settings and the URL; nothing is sent. See :meth:`Runner.check`."""
        require_package("openai", extra="openai")
        OpenAiSettings.of(spec, self._conditions.environment)
        self._http.check_url(spec.target)

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return TaskRun(partial(self._answer, request), time_limit=self._conditions.time_limit_of(request))

    async def _answer(self, request: RunRequest, feed: Feed) -> None:
        settings = OpenAiSettings.of(request.spec, self._conditions.environment)
        await imported("openai")
        async with self._http.client() as http_client:
            http_client.event_hooks = {"request": [partial(_bare, settings.api_key)]}
            client = _client(request.spec.target, http_client)
            async with await _ask(client, settings, request) as stream:
                await _pass_on(stream, feed)


def _client(base_url: str, http_client: "httpx2.AsyncClient") -> "AsyncOpenAI":
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=base_url,
        api_key="unused",  # see _bare
        max_retries=_RETRIES,
        timeout=http_client.timeout,
        http_client=http_client,
    )


async def _bare(api_key: str | None, request: "httpx2.Request") -> None:
    """Send the key that the workflow names and nothing else of the server's: the package adds headers from
    ``OPENAI_ORG_ID``, ``OPENAI_CUSTOM_HEADERS`` and others, which are not for every owner's endpoint."""
    for name in [name for name in request.headers if name.lower() not in _HEADERS]:
        del request.headers[name]
    if api_key is not None:
        request.headers["authorization"] = f"Bearer {api_key}"


async def _ask(
    client: "AsyncOpenAI", settings: OpenAiSettings, request: RunRequest
) -> "AsyncStream[ChatCompletionChunk]":
    from openai import omit

    return await client.chat.completions.create(
        model=settings.model,
        messages=_messages(settings, request),
        stream=True,
        stream_options={"include_usage": True},
        temperature=omit if settings.temperature is None else settings.temperature,
    )


def _messages(settings: OpenAiSettings, request: RunRequest) -> "list[ChatCompletionMessageParam]":
    messages: list[ChatCompletionMessageParam] = []
    if settings.instructions:
        messages.append({"role": "system", "content": settings.instructions})
    for past in request.context.history[-settings.history :] if settings.history else ():
        if past.said_by == "visitor":
            messages.append({"role": "user", "content": past.text})
        elif past.text:
            messages.append({"role": "assistant", "content": past.text})
    return [*messages, {"role": "user", "content": request.text}]


async def _pass_on(stream: "AsyncStream[ChatCompletionChunk]", feed: Feed) -> None:
    usage, is_whole = None, False
    async for chunk in stream:
        usage = chunk.usage or usage  # some endpoints count up in every chunk: the last one holds
        for choice in chunk.choices or ():
            is_whole = is_whole or choice.finish_reason is not None
            event = text_delta((choice.delta.content or choice.delta.refusal or "") if choice.delta else "")
            if event is not None:
                await feed.put(event)
    if usage is not None:
        await feed.put(_usage(usage))
    if not is_whole:
        raise AnswerBrokenOff("the stream ended without a finish_reason")


def _usage(usage: "CompletionUsage") -> UsageReported:
    return UsageReported(Usage(input_tokens=usage.prompt_tokens or 0, output_tokens=usage.completion_tokens or 0))
