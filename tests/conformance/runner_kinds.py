"""The kinds of runner under the conformance suite, with the workflows that show each behaviour."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from attrs import evolve, field, frozen

from orcheo_adapters.runners.addresses import AllowedAddresses
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import PastMessage, RunContext, RunEvent, RunRequest, SentFile, TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run, RunFailed, Runner
from tests.conformance import runner_workflows
from tests.fakes.clock import FakeClock
from tests.fakes.sink import FakeSink

CONTEXT = RunContext(workflow_id="wf_1", thread_id="thr_1", turn_id="trn_1", subject=Subject("anon:vis_1"))
LOOPBACK = AllowedAddresses.parse("127.0.0.0/8", path="test")
ENVIRONMENT = {
    "TEST_KEY": "sk-secret",
    "TEST_LINE_KEY": "sk-line\n",
    "PATH": os.environ["PATH"],
    runner_workflows.CLEANED_FILE: f"{tempfile.gettempdir()}/orcheo-cleaned-{os.getpid()}",
} | {name: value for name, value in os.environ.items() if name == "COVERAGE_PROCESS_CONFIG"}
REGISTRIES: list[RunnerRegistry] = []
"""Those that a test has made; the fixture ``closed_runners`` closes them."""


@frozen(kw_only=True)
class Kind:
    """One kind of runner, and the targets that show each behaviour."""

    name: str
    targets: Mapping[str, tuple[str, ...]]
    failure: type[Exception]
    """What a workflow that fails raises."""
    moment: float
    """Seconds in which a workflow comes to its first words."""
    server: str | None = None
    """``module:app`` of the server that its workflows need."""
    label: str = ""
    """What tests show, when it is not the name."""
    settings: Mapping[str, str] = field(factory=dict)
    """What each of its workflows has."""


def _python(*names: str) -> tuple[str, ...]:
    return tuple(f"tests.conformance.runner_workflows:{name}" for name in names)


def _langgraph(*names: str) -> tuple[str, ...]:
    return tuple(f"tests.conformance.runner_graphs:{name}" for name in names)


def _agent(*names: str) -> tuple[str, ...]:
    return tuple(f"tests.conformance.runner_agents:{name}" for name in names)


def _chatkit(*names: str) -> tuple[str, ...]:
    return tuple(f"tests.conformance.runner_chatkit:{name}" for name in names)


def _agui(*names: str) -> tuple[str, ...]:
    return tuple(f"tests.conformance.runner_agui:{name}" for name in names)


PYTHON = Kind(
    name="python",
    failure=RunFailed,
    moment=0.05,
    targets={
        "answers": _python(
            "returns",
            "returns_async",
            "streams",
            "streams_async",
            "streams_indirectly",
            "streams_async_indirectly",
            "returns_stream",
            "instance",
            "instance.method",
        ),
        "says events": _python("says_events", "says_events_async"),
        "hangs after a": _python("hangs", "hangs_async", "hangs_stubbornly"),
        "hangs silently": _python("hangs_silently", "hangs_silently_async"),
        "works for ever": _python("works_for_ever", "works_for_ever_async", "cleans_up_slowly"),
        "fails": _python("fails", "fails_async"),
        "fails after a": _python("fails_late", "fails_late_async"),
        "is empty": _python("is_empty", "is_empty_async", "streams_nothing", "streams_nothing_async"),
        "is long": _python("is_long", "is_long_async", "is_long_at_once"),
    },
)
LANGGRAPH = Kind(
    name="langgraph",
    failure=RunFailed,
    moment=1.0,
    targets={
        "answers": _langgraph("streams", "answers_at_once", "nests", "makes", "makes_async"),
        "says events": _langgraph("says_events"),
        "hangs after a": _langgraph("hangs"),
        "hangs silently": _langgraph("hangs_silently"),
        "works for ever": _langgraph("works_for_ever"),
        "fails": _langgraph("fails"),
        "fails after a": _langgraph("fails_late"),
        "is empty": _langgraph("is_empty"),
        "is long": _langgraph("is_long", "is_long_at_once"),
    },
)
AGENT = Kind(
    name="agent",
    failure=RunFailed,
    moment=1.0,
    targets={
        "answers": _agent("streams", "makes", "makes_async"),
        "says events": (),
        "hangs after a": _agent("hangs"),
        "hangs silently": _agent("hangs_silently"),
        "works for ever": _agent("works_for_ever"),
        "fails": _agent("fails"),
        "fails after a": _agent("fails_late"),
        "is empty": _agent("is_empty"),
        "is long": _agent("is_long"),
    },
)
CHATKIT = Kind(
    name="chatkit",
    failure=RunFailed,
    moment=1.0,
    targets={
        "answers": _chatkit("Streams", "streams", "makes"),
        "says events": (),
        "hangs after a": _chatkit("hangs"),
        "hangs silently": _chatkit("hangs_silently"),
        "works for ever": _chatkit("works_for_ever"),
        "fails": _chatkit("fails"),
        "fails after a": _chatkit("fails_late"),
        "is empty": _chatkit("is_empty"),
        "is long": _chatkit("is_long"),
    },
)
OPENAI = Kind(
    name="openai",
    failure=RunFailed,
    moment=1.0,
    server="tests.servers.openai_server:app",
    targets={
        "answers": ("echo",),
        "says events": (),
        "hangs after a": ("hangs",),
        "hangs silently": ("hangs-silently",),
        "works for ever": ("works-for-ever",),
        "fails": ("500", "401", "429"),
        "fails after a": ("says-error",),
        "is empty": ("empty",),
        "is long": ("long",),
    },
)
HTTP = Kind(
    name="http",
    failure=RunFailed,
    moment=1.0,
    server="tests.servers.http_service:app",
    targets={
        "answers": ("sse/echo", "lines/echo", "json/echo"),
        "says events": ("sse/says-events", "lines/says-events"),
        "hangs after a": ("sse/hangs", "lines/hangs"),
        "hangs silently": ("sse/hangs-silently",),
        "works for ever": ("sse/works-for-ever", "lines/works-for-ever"),
        "fails": ("sse/fails", "lines/fails", "raw/status"),
        "fails after a": ("sse/fails-late", "lines/fails-late"),
        "is empty": ("sse/empty", "lines/empty", "json/empty"),
        "is long": ("sse/long", "lines/long", "json/long"),
    },
)


AGUI = Kind(
    name="ag-ui",
    failure=RunFailed,
    moment=1.0,
    server="tests.servers.agui_server:app",
    targets={
        "answers": ("echo",),
        "says events": (),
        "hangs after a": ("hangs",),
        "hangs silently": ("hangs-silently",),
        "works for ever": ("works-for-ever",),
        "fails": ("fails",),
        "fails after a": ("fails-late",),
        "is empty": ("empty",),
        "is long": ("long",),
    },
)
AGUI_PYTHON = Kind(
    name="ag-ui",
    label="ag-ui-python",
    failure=RunFailed,
    moment=0.05,
    targets={
        "answers": _agui(
            "echoes",
            "echoes_async",
            "echoes_as_text",
            "returns_stream",
            "returns_list",
            "responds",
            "agent",
            "Agent",
            "busy",
            "make_agent",
        ),
        "says events": (),
        "hangs after a": _agui("hangs", "hangs_async"),
        "hangs silently": _agui("hangs_silently"),
        "works for ever": _agui("works_for_ever", "works_for_ever_async"),
        "fails": _agui("fails", "says_error"),
        "fails after a": _agui("fails_late", "says_error_late"),
        "is empty": _agui("is_empty"),
        "is long": _agui("is_long"),
    },
)


def _isolated(kind: Kind, **targets: tuple[str, ...]) -> Kind:
    """The same in processes of their own, with fewer workflows, as each test starts a process."""
    names = {name.replace("_", " "): few for name, few in targets.items()}
    variables = ",".join(
        name for name in (runner_workflows.CLEANED_FILE, "COVERAGE_PROCESS_CONFIG") if name in ENVIRONMENT
    )
    settings = {"isolation": "process", "variables": variables}
    moment = {"python": 2.5, "langgraph": 5.0}.get(kind.name, 8.0)
    return evolve(
        kind,
        label=f"{kind.label or kind.name}-process",
        targets={**kind.targets, **names},
        settings=settings,
        moment=moment,
    )


PYTHON_PROCESS = _isolated(
    PYTHON,
    answers=_python("returns", "streams_async", "instance.method"),
    says_events=_python("says_events"),
    hangs_after_a=_python("hangs", "hangs_stubbornly"),
    hangs_silently=_python("hangs_silently_async"),
    works_for_ever=_python("works_for_ever_async"),
    fails=_python("fails"),
    fails_after_a=_python("fails_late_async"),
    is_empty=_python("is_empty"),
    is_long=_python("is_long_async", "is_long_at_once"),
)
# What a process adds is the same for all: the other kinds show that they come through, each in few ways.
_FEW: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("says_events", "hangs_after_a", "hangs_silently", "fails", "is_empty", "is_long"), ()
)
LANGGRAPH_PROCESS = _isolated(LANGGRAPH, **_FEW, answers=_langgraph("streams"))
AGENT_PROCESS = _isolated(AGENT, **_FEW, answers=_agent("streams"))
AGUI_PROCESS = _isolated(
    AGUI_PYTHON,
    **_FEW,
    answers=_agui("echoes_async"),
    works_for_ever=_agui("works_for_ever_async"),
    fails_after_a=_agui("says_error_late"),
)
KINDS = [
    PYTHON,
    LANGGRAPH,
    AGENT,
    CHATKIT,
    OPENAI,
    HTTP,
    AGUI,
    AGUI_PYTHON,
    PYTHON_PROCESS,
    LANGGRAPH_PROCESS,
    AGENT_PROCESS,
    AGUI_PROCESS,
]


@frozen
class Subjected:
    """A workflow under test."""

    kind: Kind
    spec: RunnerSpec
    base_url: str = ""
    context: RunContext = CONTEXT

    @classmethod
    def of(cls, kind: Kind, target: str, base_url: str = "", **settings: str) -> "Subjected":
        """A workflow of this kind; the target of those with a server is a path there, or a model."""
        if kind.name == "openai":
            settings = {"model": target, **settings}
            target = "v1"
        where = f"{base_url}/{target}" if kind.server else target
        return cls(kind, RunnerSpec(kind=kind.name, target=where, settings={**kind.settings, **settings}), base_url)

    def with_settings(self, **settings: str) -> "Subjected":
        """The same with more settings."""
        return evolve(self, spec=evolve(self.spec, settings={**self.spec.settings, **settings}))

    def with_history(self, *texts: str) -> "Subjected":
        """The same with earlier messages, the visitor's first."""
        past = (PastMessage(said_by=("visitor", "workflow")[n % 2], text=text) for n, text in enumerate(texts))
        return evolve(self, context=evolve(self.context, history=tuple(past)))

    def with_attachments(self, *files: tuple[str, str, bytes]) -> "Subjected":
        """The same with files: name, MIME type, content."""
        sent = (
            SentFile(name=name, mime_type=mime_type, size=len(data), read=partial(bytes, data))
            for name, mime_type, data in files
        )
        return evolve(self, context=evolve(self.context, attachments=tuple(sent)))

    def runner(self, *, time_limit: float = 30.0, **conditions: Any) -> Runner:
        """A runner of a server whose operator allows loopback."""
        base: dict[str, Any] = {"allowed": LOOPBACK, "environment": ENVIRONMENT, "clock": FakeClock()}
        registry = RunnerRegistry(Conditions(time_limit=time_limit, **(base | conditions)))
        REGISTRIES.append(registry)
        return registry.get(self.kind.name)

    def run(
        self, text: str = "hi", *, time_limit: float = 30.0, less: float | None = None, silence: float | None = None
    ) -> Run:
        """One run."""
        return self.runner(time_limit=time_limit).run(self.request(text, less=less, silence=silence))

    def request(self, text: str = "hi", *, less: float | None = None, silence: float | None = None) -> RunRequest:
        """What a runner is asked."""
        return RunRequest(spec=self.spec, text=text, context=self.context, time_limit=less, silence_limit=silence)

    def run_under(self, **conditions: Any) -> Run:
        """One run on a server with other conditions."""
        return self.runner(**conditions).run(self.request())

    async def cleaned(self, text: str) -> bool:
        """Whether the workflow that answered ``text`` notices soon that it was stopped."""
        if self.kind.settings:
            return await asyncio.to_thread(_is_touched, Path(ENVIRONMENT[runner_workflows.CLEANED_FILE]))
        if self.kind.server is None:
            return await asyncio.to_thread(runner_workflows.CLEANED.wait, 60)
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            return (await client.get(f"{self.base_url}/closed", params={"text": text})).status_code == 204


def _is_touched(path: Path) -> bool:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if path.exists():
            path.unlink()
            return True
        time.sleep(0.01)
    return False


def that(behaviour: str) -> pytest.MarkDecorator:
    """Run the test with each workflow of each kind that behaves like this."""
    workflows = [
        pytest.param(
            (kind, target),
            id=f"{kind.label or kind.name}-{target.rpartition(':')[2]}",
            marks=[pytest.mark.network] if kind.server else [pytest.mark.processes] if kind.settings else [],
        )
        for kind in KINDS
        for target in kind.targets[behaviour]
    ]
    return pytest.mark.parametrize("workflow", workflows, indirect=True)


async def said(run: Run) -> AsyncGenerator[RunEvent, None]:
    """The events of a run, one by one."""
    async with aclosing(FakeSink().said(run)) as events:
        async for event in events:
            yield event


async def everything(run: Run) -> list[RunEvent]:
    """All events of a run."""
    return [event async for event in said(run)]


async def collect(run: Run, events: list[RunEvent]) -> None:
    """Like :func:`everything`, for runs that end with an error."""
    async for event in said(run):
        events.append(event)
        await asyncio.sleep(0)


def text_of(events: list[RunEvent]) -> str:
    """All text that was said."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@contextmanager
def fails_as(code: str, *, match: str | None = None) -> Iterator[pytest.ExceptionInfo[RunFailed]]:
    """The run inside fails with this code."""
    with pytest.raises(RunFailed, match=match) as caught:
        yield caught
    assert caught.value.code == code
