"""Workflows that are agents which speak AG-UI: behind an address, or in Python in this process.

``docs/how-to/connect-an-agent-over-ag-ui.md`` describes what such an agent gets, and what visitors see of its events.
"""

from contextlib import aclosing
from functools import partial
from typing import ClassVar

import orjson

from orcheo_adapters.runners.agui.agents import Agent, find_agent
from orcheo_adapters.runners.agui.exchange import Exchange
from orcheo_adapters.runners.agui.options import AGENT_SETTINGS, Options
from orcheo_adapters.runners.agui.reading import EventReader
from orcheo_adapters.runners.agui.wire import AgentNotUnderstood
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.failures import settings_invalid
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.isolation.options import ISOLATION_SETTINGS, check_isolation
from orcheo_adapters.runners.lookups import Lookups
from orcheo_adapters.runners.owner_errors import told_to_owner
from orcheo_adapters.runners.posting import STREAMS, Post, posted
from orcheo_adapters.runners.settings import FIRST_BYTE_SETTING, Given, Setting, first_byte_seconds, invalid_setting
from orcheo_adapters.runners.target import is_address
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import RunRequest, TextDelta
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, Runner

_FOR_ADDRESSES = ("api_key_env", FIRST_BYTE_SETTING.name)
_FOR_CODE = ("route", *(each.name for each in ISOLATION_SETTINGS))


class AgUiRunner(Runner):
    """Asks an agent over AG-UI."""

    settings: ClassVar[tuple[Setting, ...]] = (
        *AGENT_SETTINGS,
        Setting(
            name="api_key_env",
            help="For an address: name of the server's environment variable that holds the agent's key, which is sent "
            "as `Authorization: Bearer`.",
        ),
        FIRST_BYTE_SETTING,
        Setting(
            name="route",
            help="For an ASGI application: the path that takes the input; its only POST route when left out, else `/`.",
        ),
        *ISOLATION_SETTINGS,
    )

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._http = GuardedHttp(conditions.allowed, outgoing=conditions.outgoing)
        self._agents: Lookups[Agent] = Lookups(find_agent)
        self._used: dict[str, Agent] = {}

    async def check(self, spec: RunnerSpec) -> None:
        """Look at the settings and the address, or import the target; nothing is asked. See :meth:`Runner.check`."""
        given = self._given(spec)
        Options.of(given)
        given.secret("api_key_env")
        first_byte_seconds(given)
        if is_address(spec.target):
            _refuse(given, _FOR_CODE, "is for code of this server, not for an address")
            self._http.check_url(spec.target)
            return
        _refuse(given, _FOR_ADDRESSES, "is for an address, not for code of this server")
        check_isolation(given)
        if (route := given.text("route")) and (not route.startswith("/") or "?" in route):
            raise invalid_setting("route", "must be a path that begins with /")
        await self._agents.fresh(spec.target)

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return self._conditions.run_of(request, partial(self._answer, request))

    async def close(self) -> None:
        """Close the connections, and shut applications down."""
        await self._http.close()
        while self._used:
            _, agent = self._used.popitem()
            if agent.lifespan is not None:
                await agent.lifespan.stop()

    def _given(self, spec: RunnerSpec) -> Given:
        return Given.of(spec, self.settings, self._conditions.environment)

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        try:
            given = self._given(request.spec)
            options, key, patience = Options.of(given), given.secret("api_key_env"), first_byte_seconds(given)
        except InvalidInput as error:
            raise settings_invalid(error) from error
        exchange = await exchange_of(request, options)
        for said in exchange.first():
            await writer.put(said)
        if exchange.input is None:
            return
        if is_address(request.spec.target):
            await self._post(request, exchange, writer, key=key, patience=patience)
        else:
            await self._call(request.spec.target, exchange, writer, route=given.text("route"))
        exchange.events.end()

    async def _call(self, target: str, exchange: Exchange, writer: Writer, *, route: str) -> None:
        agent = self._used[target] = await self._agents.known(target)
        clock = self._conditions.clock
        with told_to_owner(clock):
            await agent.answer(exchange.input or {}, exchange.events, writer, route=route, clock=clock)

    async def _post(
        self, request: RunRequest, exchange: Exchange, writer: Writer, *, key: str | None, patience: float | None
    ) -> None:
        events, url = exchange.events, request.spec.target
        headers = {"content-type": "application/json", "accept": ", ".join(STREAMS)}
        post = Post(
            url=url,
            body=orjson.dumps(exchange.input),
            headers=headers | ({} if key is None else {"authorization": f"Bearer {key}"}),
            key=(request.context.workflow_id, url),
            patience=patience,
            who="agent",
            secret=key,
        )
        reader = EventReader(events)
        async with posted(self._http, post, now=self._conditions.clock.now, is_whole=lambda: events.is_over) as answer:
            if answer.kind not in STREAMS:
                raise AgentNotUnderstood(f"its content type is {answer.kind!r}, not text/event-stream")
            async with aclosing(answer.payloads(STREAMS[answer.kind]())) as payloads:
                async for payload in payloads:
                    was_over = events.is_over
                    for said in reader.payload(payload):
                        if not (writer.text(said.text) if type(said) is TextDelta else writer.event(said)):
                            await writer.room()
                    if not was_over:
                        answer.came(is_whole=events.is_over)


async def exchange_of(request: RunRequest, options: Options) -> Exchange:
    """The exchange of a turn; in a thread where files have to be read."""
    context = request.context
    if context.attachments or any(past.files for past in context.history):
        return await in_thread(partial(Exchange, request, options))
    return Exchange(request, options)


def _refuse(given: Given, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if given.text(name) not in ("", "none"):
            raise invalid_setting(name, why, hint=f"Take it out with an empty value (--setting {name}=).")
