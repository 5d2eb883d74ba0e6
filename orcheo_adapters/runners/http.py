"""Workflows that are HTTP services: the turn is posted as JSON, the answer streams back.

``docs/how-to/connect-an-http-service.md`` describes both, and how a service checks the signature.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from typing import ClassVar

import httpx2
import orjson
from attrs import asdict

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.failures import ErrorAnswer, no_connection, settings_invalid, silent
from orcheo_adapters.runners.guarded_http import REST_SECONDS, GuardedHttp
from orcheo_adapters.runners.lines import JsonLines, Payloads, ServerSentData
from orcheo_adapters.runners.service_events import EventStream, ServiceAnswerInvalid
from orcheo_adapters.runners.settings import FIRST_BYTE_SETTING, Given, Setting, first_byte_seconds
from orcheo_adapters.runners.signature import signature_headers
from orcheo_adapters.runners.task_run import Writer
from orcheo_core.domain.run import RunRequest, conversation
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, Runner

_STREAMS: dict[str, Callable[[], Payloads]] = {
    "text/event-stream": ServerSentData,
    "application/x-ndjson": JsonLines,
    "application/jsonl": JsonLines,
}
_JSON = "application/json"
_EXCERPT = 2_000


class HttpRunner(Runner):
    """Posts to the URL that is the target."""

    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="secret_env",
            help="Name of the server's environment variable that holds the secret with which requests are signed.",
        ),
        FIRST_BYTE_SETTING,
    )

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._http = GuardedHttp(conditions.allowed, outgoing=conditions.outgoing)

    async def check(self, spec: RunnerSpec) -> None:
        """Look at the settings and the URL; nothing is sent. See :meth:`Runner.check`."""
        given = self._given(spec)
        given.secret("secret_env")
        first_byte_seconds(given)
        self._http.check_url(spec.target)

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return self._conditions.run_of(request, partial(self._answer, request))

    async def close(self) -> None:
        """Close the connections to all services."""
        await self._http.close()

    def _given(self, spec: RunnerSpec) -> Given:
        return Given.of(spec, self.settings, self._conditions.environment)

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        spec, body = request.spec, orjson.dumps(_document(request))
        events = EventStream()
        try:
            given = self._given(spec)
            headers, patience = self._headers(given, body), first_byte_seconds(given)
        except InvalidInput as error:
            raise settings_invalid(error) from error
        try:
            async with (
                asyncio.timeout(patience) as waiting,
                self._http.lent((request.context.workflow_id, spec.target)) as client,
                client.stream("POST", spec.target, content=body, headers=headers) as response,
            ):
                await self._check_status(response)
                await _pass_on(response, events, writer, waiting)
        except TimeoutError:
            if not events.is_done:
                raise silent(patience or 0) from None
        except (httpx2.RequestError, OSError) as error:
            if not events.is_done:
                raise no_connection(error, who="service") from error
        events.end()

    def _headers(self, given: Given, body: bytes) -> dict[str, str]:
        headers = {"content-type": _JSON, "accept": ", ".join((*_STREAMS, _JSON))}
        secret = given.secret("secret_env")
        if secret is not None:
            headers |= signature_headers(secret, body, at=self._conditions.clock.now())
        return headers

    async def _check_status(self, response: httpx2.Response) -> None:
        if not response.is_success:
            now = self._conditions.clock.now()
            body, headers = await _excerpt(response), response.headers
            raise ErrorAnswer(status=response.status_code, headers=headers, body=body, now=now, who="service").failure()


def _document(request: RunRequest) -> dict[str, object]:
    context = request.context
    return {
        "text": request.text,
        "history": [
            {"said_by": past.said_by, "text": past.text}
            for past in conversation(context.history, limit=len(context.history))
        ],
        "thread_id": context.thread_id,
        "turn_id": context.turn_id,
        "workflow_id": context.workflow_id,
        "subject": context.subject.key,
        "app_user": asdict(context.app_user) if context.app_user else None,
        "inference_options": asdict(context.inference_options),
        "tags": [asdict(each) for each in context.tags],
        "metadata": context.metadata,
        "locale": context.locale,
    }


async def _pass_on(response: httpx2.Response, events: EventStream, writer: Writer, waiting: asyncio.Timeout) -> None:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _STREAMS:
        await _pass_on_stream(response, _STREAMS[kind](), events, writer, waiting)
    elif kind == _JSON:
        for event in events.take_whole(await response.aread()):
            await writer.put(event)
    else:
        found = f"it is {kind!r}" if kind else "it has none"
        raise ServiceAnswerInvalid(f"content type must be one of {', '.join((*_STREAMS, _JSON))}; {found}")


async def _pass_on_stream(
    response: httpx2.Response, payloads: Payloads, events: EventStream, writer: Writer, waiting: asyncio.Timeout
) -> None:
    async with aclosing(_payloads(response, payloads)) as found:
        async for payload in found:
            before = events.is_done
            for event in events.take(payload):
                await writer.put(event)
            if not before:
                waiting.reschedule(_deadline(events))


def _deadline(events: EventStream) -> float | None:
    """None while the answer comes; then it is read to the end of the connection, if that is soon."""
    return asyncio.get_running_loop().time() + REST_SECONDS if events.is_done else None


async def _payloads(response: httpx2.Response, payloads: Payloads) -> AsyncGenerator[bytes, None]:
    async with aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            for payload in payloads.push(chunk):
                yield payload
    for payload in payloads.end():
        yield payload


async def _excerpt(response: httpx2.Response) -> bytes:
    found = b""
    async with aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            found += chunk
            if len(found) >= _EXCERPT:
                break
    return found[:_EXCERPT]
