"""Workflows that are HTTP services: the turn is posted as JSON, the answer streams back.

``docs/how-to/connect-an-http-service.md`` describes both, and how a service checks the signature.
"""

from contextlib import aclosing
from functools import partial
from typing import ClassVar

import orjson
from attrs import asdict

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.failures import settings_invalid
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.posting import STREAMS, Answer, Post, posted
from orcheo_adapters.runners.service_events import EventStream, ServiceAnswerInvalid
from orcheo_adapters.runners.settings import FIRST_BYTE_SETTING, HEADERS_SETTING, Given, Setting, first_byte_seconds
from orcheo_adapters.runners.signature import signature_headers
from orcheo_adapters.runners.task_run import Writer
from orcheo_core.domain.run import RunRequest, conversation
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, Runner

_JSON = "application/json"


class HttpRunner(Runner):
    """Posts to the URL that is the target."""

    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="secret_env",
            help="Name of the server's environment variable that holds the secret with which requests are signed.",
        ),
        FIRST_BYTE_SETTING,
        HEADERS_SETTING,
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
        post = Post(
            url=spec.target,
            body=body,
            headers=headers,
            key=(request.context.workflow_id, spec.target),
            patience=patience,
            who="service",
        )
        async with posted(self._http, post, now=self._conditions.clock.now, is_whole=lambda: events.is_done) as answer:
            await _pass_on(answer, events, writer)
        events.end()

    def _headers(self, given: Given, body: bytes) -> dict[str, str]:
        headers = {"content-type": _JSON, "accept": ", ".join((*STREAMS, _JSON))}
        secret = given.secret("secret_env")
        if secret is not None:
            headers |= signature_headers(secret, body, at=self._conditions.clock.now())
        return headers


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
        "display_name": context.display_name,
        "inference_options": asdict(context.inference_options),
        "tags": [asdict(each) for each in context.tags],
        "metadata": context.metadata,
        "locale": context.locale,
        "headers": context.headers,
    }


async def _pass_on(answer: Answer, events: EventStream, writer: Writer) -> None:
    if answer.kind == _JSON:
        for event in events.take_whole(await answer.whole()):
            await writer.put(event)
        return
    if answer.kind not in STREAMS:
        found = f"it is {answer.kind!r}" if answer.kind else "it has none"
        raise ServiceAnswerInvalid(f"content type must be one of {', '.join((*STREAMS, _JSON))}; {found}")
    async with aclosing(answer.payloads(STREAMS[answer.kind]())) as payloads:
        async for payload in payloads:
            before = events.is_done
            for event in events.take(payload):
                await writer.put(event)
            if not before:
                answer.came(is_whole=events.is_done)
