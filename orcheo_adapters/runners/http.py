"""Workflows that are HTTP services: the turn is posted as JSON, the answer streams back.

``docs/how-to/connect-an-http-service.md`` describes both, and how a service checks the signature.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from typing import ClassVar

import httpx2
import orjson
from attrs import asdict

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.feed import Feed
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.lines import JsonLines, Payloads, ServerSentData
from orcheo_adapters.runners.service_events import EventStream, ServiceAnswerInvalid, ServiceFailed, whole_answer
from orcheo_adapters.runners.settings import Given, Setting
from orcheo_adapters.runners.signature import signature_headers
from orcheo_adapters.runners.task_run import TaskRun
from orcheo_core.domain.run import RunRequest
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run, Runner

_STREAMS: dict[str, Callable[[], Payloads]] = {
    "text/event-stream": ServerSentData,
    "application/x-ndjson": JsonLines,
    "application/jsonl": JsonLines,
}
_JSON = "application/json"
_EXCERPT = 500


class HttpRunner(Runner):
    """Posts to the URL that is the target."""

    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="secret_env",
            help="Name of the server's environment variable that holds the secret with which requests are signed.",
        ),
    )

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._http = GuardedHttp(conditions.allowed)

    def check(self, spec: RunnerSpec) -> None:
        """Look at the settings and the URL; nothing is sent. See :meth:`Runner.check`."""
        self._secret(spec)
        self._http.check_url(spec.target)

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return TaskRun(partial(self._answer, request), time_limit=self._conditions.time_limit_of(request))

    def _secret(self, spec: RunnerSpec) -> str | None:
        return Given.of(spec, self.settings, self._conditions.environment).secret("secret_env")

    async def _answer(self, request: RunRequest, feed: Feed) -> None:
        body, target = orjson.dumps(_document(request)), request.spec.target
        headers = self._headers(request.spec, body)
        async with (
            self._http.client() as client,
            client.stream("POST", target, content=body, headers=headers) as response,
        ):
            await _pass_on(response, feed)

    def _headers(self, spec: RunnerSpec, body: bytes) -> dict[str, str]:
        headers = {"content-type": _JSON, "accept": ", ".join((*_STREAMS, _JSON))}
        secret = self._secret(spec)
        if secret is not None:
            headers |= signature_headers(secret, body, at=self._conditions.clock.now())
        return headers


def _document(request: RunRequest) -> dict[str, object]:
    context = request.context
    return {
        "text": request.text,
        "history": [{"said_by": past.said_by, "text": past.text} for past in context.history],
        "thread_id": context.thread_id,
        "turn_id": context.turn_id,
        "workflow_id": context.workflow_id,
        "subject": context.subject.key,
        "app_user": asdict(context.app_user) if context.app_user else None,
    }


async def _pass_on(response: httpx2.Response, feed: Feed) -> None:
    await _check_status(response)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _STREAMS:
        await _pass_on_stream(response, _STREAMS[kind](), feed)
    elif kind == _JSON:
        for event in whole_answer(await response.aread()):
            await feed.put(event)
    else:
        raise ServiceAnswerInvalid(f"content type must be one of: {', '.join((*_STREAMS, _JSON))}; it is {kind!r}")


async def _pass_on_stream(response: httpx2.Response, payloads: Payloads, feed: Feed) -> None:
    events = EventStream()
    async with aclosing(_payloads(response, payloads)) as found:
        async for payload in found:
            for event in events.take(payload):
                await feed.put(event)
            if events.is_done:
                return
    events.end()


async def _payloads(response: httpx2.Response, payloads: Payloads) -> AsyncGenerator[bytes, None]:
    async with aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            for payload in payloads.push(chunk):
                yield payload
    for payload in payloads.end():
        yield payload


async def _check_status(response: httpx2.Response) -> None:
    if response.is_redirect:
        message = f"answered with status {response.status_code}, a redirect, which is not followed"
        raise ServiceFailed(message)
    if response.status_code != httpx2.codes.OK:
        raise ServiceFailed(f"answered with status {response.status_code}: {await _excerpt(response)}")


async def _excerpt(response: httpx2.Response) -> str:
    found = b""
    async with aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            found += chunk
            if len(found) >= _EXCERPT:
                break
    return found[:_EXCERPT].decode("utf-8", "replace")
