"""Workflows that are a model behind an OpenAI-compatible endpoint: chat completions, streamed.

The package ``openai`` sends the requests. What comes back is read here (:mod:`~orcheo_adapters.runners.completions`),
as endpoints and gateways answer in more ways than the package's own types have.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import httpx2
from attrs import evolve, frozen

from orcheo_adapters.runners.completions import Completion
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.failures import ErrorAnswer, no_connection, settings_invalid, silent
from orcheo_adapters.runners.guarded_http import REST_SECONDS, GuardedHttp
from orcheo_adapters.runners.packages import imported, require_package
from orcheo_adapters.runners.reasoning import without_thoughts
from orcheo_adapters.runners.settings import FIRST_BYTE_SETTING, Given, Setting, first_byte_seconds, invalid_setting
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.text import decoded
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import RunRequest, SentFile, conversation
from orcheo_core.domain.workflow import HISTORY_LENGTH, RunnerSpec
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

_OWN_FIELDS = frozenset({"model", "messages", "stream", "stream_options"})
_MOST_TOKENS, _MOST_STOPS = 10_000_000, 4
_ATTACHMENTS = ("images", "files", "text")


@frozen(kw_only=True)
class OpenAiSettings:
    """The settings of one workflow, parsed."""

    model: str
    instructions: str
    history: int
    api_key: str | None
    max_tokens: int | None
    more: Mapping[str, Any]
    """Fields of the request that are sent as they are."""
    shows_reasoning: bool
    attachments: frozenset[str]
    first_byte_seconds: float | None

    @classmethod
    def of(cls, spec: RunnerSpec, environment: Mapping[str, str]) -> "OpenAiSettings":
        """Raises :class:`InvalidInput` with the path of each wrong setting."""
        given = Given.of(spec, OpenAiRunner.settings, environment)
        more = {
            "temperature": given.number("temperature", low=0, high=2),
            "top_p": given.number("top_p", low=0, high=1),
            "reasoning_effort": _word(given, "reasoning_effort"),
            "seed": given.count("seed", low=0, high=2**63 - 1),
            "stop": _stop(given),
        }
        return cls(
            model=given.text("model"),
            instructions=given.text("instructions"),
            history=given.whole("history", low=0, high=HISTORY_LENGTH),
            api_key=(given.secret("api_key_env") or "").strip() or None,  # the line end of a file does not belong to it
            max_tokens=given.count("max_tokens", low=1, high=_MOST_TOKENS),
            more={name: value for name, value in more.items() if value is not None} | _extra_body(given),
            shows_reasoning=given.choice("reasoning", ("show", "hide")) == "show",
            attachments=given.some_of("attachments", _ATTACHMENTS),
            first_byte_seconds=first_byte_seconds(given),
        )


@frozen
class _Dialect:
    """How an endpoint takes what not all take alike."""

    reports_usage: bool = True
    limit: str = "max_tokens"
    takes_system: bool = True
    """Whether instructions may be a message of their own: the templates of some models refuse that role."""

    def without_refused(self, answer: ErrorAnswer, settings: OpenAiSettings, *, is_known: bool) -> "_Dialect | None":
        """How to ask again after this refusal, None when nothing of this is its reason.

        An endpoint that has not answered yet may refuse ``stream_options`` without naming it.
        """
        if answer.status not in (400, 422):
            return None
        if settings.max_tokens and self.limit == "max_tokens" and answer.names("max_completion_tokens"):
            return evolve(self, limit="max_completion_tokens")
        if settings.instructions and self.takes_system and answer.names("ystem role", "role: system", "role 'system'"):
            return evolve(self, takes_system=False)
        if self.reports_usage and (not is_known or answer.names("stream_options")):
            return evolve(self, reports_usage=False)
        return None


class OpenAiRunner(Runner):
    """Asks the endpoint whose base URL is the target."""

    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(name="model", help="Name of the model, as the endpoint knows it.", needed=True),
        Setting(name="instructions", help="Instructions for the model before the conversation (system message)."),
        Setting(name="api_key_env", help="Name of the server's environment variable that holds the endpoint's key."),
        Setting(name="history", help=f"How many past messages are sent along, 0 to {HISTORY_LENGTH}.", default="20"),
        Setting(name="temperature", help="A number from 0 to 2; the endpoint's own default when left out."),
        Setting(name="top_p", help="A number from 0 to 1; the endpoint's own default when left out."),
        Setting(name="max_tokens", help="How many tokens an answer may have; the endpoint's own limit when left out."),
        Setting(name="reasoning_effort", help="How long a reasoning model thinks, in the endpoint's words: `low`."),
        Setting(name="seed", help="A whole number with which some endpoints repeat an answer."),
        Setting(name="stop", help='Text at which the model stops, or a JSON list of up to 4: `["END", "###"]`.'),
        Setting(name="extra_body", help='JSON object of more fields for the endpoint: `{"top_k": 20}`.'),
        Setting(
            name="reasoning", help="Whether what the model thinks becomes a note: `show` or `hide`.", default="show"
        ),
        Setting(
            name="attachments",
            help="Which attachments the model gets, separated by commas: `images`, `files` (PDF and others), `text`.",
        ),
        FIRST_BYTE_SETTING,
    )

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._http = GuardedHttp(conditions.allowed, outgoing=conditions.outgoing)
        self._dialects: dict[tuple[str, str], _Dialect] = {}

    async def check(self, spec: RunnerSpec) -> None:
        """Look at the settings and the URL; nothing is sent. See :meth:`Runner.check`."""
        require_package("openai", extra="openai")
        OpenAiSettings.of(spec, self._conditions.environment)
        self._http.check_url(spec.target)

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
        messages = await _messages(settings, request, writer)
        if request.context.attachments and not messages[-1]["content"]:  # files alone, and none that the model takes
            return
        completion = Completion(shows_reasoning=settings.shows_reasoning)
        try:
            async with (
                asyncio.timeout(settings.first_byte_seconds) as waiting,
                self._http.lent((request.context.workflow_id, request.spec.target)) as http_client,
                self._asked(http_client, settings, request.spec, messages) as response,
            ):
                await _read(response, completion, writer, waiting)
        except TimeoutError:
            if not completion.is_ended:
                raise silent(settings.first_byte_seconds or 0) from None
        except (httpx2.RequestError, OSError) as error:
            if not completion.is_ended:
                raise no_connection(error) from error
        for event in completion.finish():
            await writer.put(event)

    @asynccontextmanager
    async def _asked(
        self, http_client: httpx2.AsyncClient, settings: OpenAiSettings, spec: RunnerSpec, messages: list[Any]
    ) -> AsyncIterator[httpx2.Response]:
        client = _client(spec.target, http_client)
        response = await self._ask(client, settings, spec, messages)
        try:
            yield response
        finally:
            await response.aclose()

    async def _ask(
        self, client: "AsyncOpenAI", settings: OpenAiSettings, spec: RunnerSpec, messages: list[Any]
    ) -> httpx2.Response:
        """The answer with status 200, whose body is still to come.

        A busy endpoint is asked once more. One that took too long is not: it may be loading the model.
        """
        known = self._dialects.get((spec.target, settings.model))
        dialect, may_ask_again = known or _Dialect(), True
        while True:
            response = await _post(client, settings, messages, dialect)
            if response.is_success:
                self._dialects[spec.target, settings.model] = dialect
                return response
            answer = ErrorAnswer(
                status=response.status_code,
                headers=response.headers,
                body=await response.aread(),
                now=self._conditions.clock.now(),
                secret=settings.api_key,
            )
            if (plainer := dialect.without_refused(answer, settings, is_known=known is not None)) is not None:
                dialect = plainer
            elif may_ask_again and (pause := _pause(answer)) is not None:
                may_ask_again = False
                await asyncio.sleep(pause)
            else:
                raise answer.failure()


def _client(target: str, http_client: httpx2.AsyncClient) -> "AsyncOpenAI":
    from openai import AsyncOpenAI

    http_client.event_hooks = {"request": [_bare]}
    url = httpx2.URL(target)
    path = url.path.rstrip("/").removesuffix("/chat/completions")
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


async def _post(
    client: "AsyncOpenAI", settings: OpenAiSettings, messages: list[Any], dialect: _Dialect
) -> httpx2.Response:
    from openai import APIConnectionError, APIStatusError

    fields = dict(settings.more)
    if dialect.reports_usage:
        fields["stream_options"] = {"include_usage": True}
    if settings.max_tokens is not None:
        fields[dialect.limit] = settings.max_tokens
    try:
        stream = await client.chat.completions.create(
            model=settings.model,
            messages=messages if dialect.takes_system else _without_system(messages),
            stream=True,
            extra_body=fields,
            extra_headers={_KEY_HEADER: settings.api_key or ""},
        )
    except APIStatusError as error:
        return error.response
    except APIConnectionError as error:
        raise _cause(error) from error
    return stream.response


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


async def _read(response: httpx2.Response, completion: Completion, writer: Writer, waiting: asyncio.Timeout) -> None:
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


# --- what is sent ----------------------------------------------------------------------------------------------------


async def _messages(settings: OpenAiSettings, request: RunRequest, writer: Writer) -> list[dict[str, Any]]:
    """Instructions, past messages in turns, and the visitor's; tells the visitor of attachments that stay behind."""
    messages: list[dict[str, Any]] = []
    if settings.instructions:
        messages.append({"role": "system", "content": settings.instructions})
    for past in conversation(request.context.history, limit=settings.history):
        if past.said_by == "visitor":
            messages.append({"role": "user", "content": past.text})
        elif text := without_thoughts(past.text):
            messages.append({"role": "assistant", "content": text})
        else:
            messages.pop()  # what it answers
    taken = [each for each in request.context.attachments if _kind(each) in settings.attachments]
    for notice in not_read(each for each in request.context.attachments if each not in taken):
        await writer.put(notice)
    content: str | list[dict[str, Any]] = request.text
    if taken:
        content = [{"type": "text", "text": request.text}] if request.text else []
        content += [await in_thread(partial(_part, each)) for each in taken]
    return [*messages, {"role": "user", "content": content}]


def _without_system(messages: list[Any]) -> list[Any]:
    """The instructions as the beginning of the first message that follows them."""
    system, first, *rest = messages
    said = first["content"]
    if isinstance(said, str):
        return [{**first, "content": f"{system['content']}\n\n{said}"}, *rest]
    return [{**first, "content": [{"type": "text", "text": system["content"]}, *said]}, *rest]


def _kind(file: SentFile) -> str:
    if file.mime_type.startswith("image/"):
        return "images"
    return "text" if file.mime_type.startswith("text/") or file.mime_type == "application/json" else "files"


def _part(file: SentFile) -> dict[str, Any]:
    kind, data = _kind(file), file.read()
    if kind == "text":
        return {"type": "text", "text": f"File {file.name}:\n\n{decoded(data)}"}
    url = f"data:{file.mime_type};base64,{b64encode(data).decode()}"
    if kind == "images":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": file.name, "file_data": url}}


def _word(given: Given, name: str) -> str | None:
    text = given.text(name)
    if text and not (text.isascii() and text.replace("_", "").isalnum() and len(text) <= 32):
        raise invalid_setting(name, "must be a word such as low, medium or high")
    return text or None


def _stop(given: Given) -> Any:
    text = given.text("stop")
    if not text.startswith("["):
        return text or None
    found = given.json("stop")
    if not (0 < len(found) <= _MOST_STOPS and all(isinstance(each, str) and each for each in found)):
        raise invalid_setting("stop", f"must be text, or a JSON list of 1 to {_MOST_STOPS} texts")
    return found


def _extra_body(given: Given) -> dict[str, Any]:
    found = given.json("extra_body") if given.text("extra_body") else {}
    if not isinstance(found, dict):
        raise invalid_setting("extra_body", "must be a JSON object")
    if own := _OWN_FIELDS & found.keys():
        raise invalid_setting("extra_body", f"must not hold {', '.join(sorted(own))}")
    return found
