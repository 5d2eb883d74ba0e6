"""Which kinds of runner this server has: one line a kind."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from pkgutil import resolve_name
from typing import Any

from attrs import frozen

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.isolation.runner import IsolatingRunner
from orcheo_adapters.runners.lookups import Lookups
from orcheo_adapters.runners.settings import Setting
from orcheo_adapters.runners.target import is_address
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.conduct import Conduct
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.runner import FoundKind, Runner, Runners


@frozen(kw_only=True)
class Kind:
    """One kind of runner."""

    adapter: str
    """``module:Class``, imported when the first workflow of this kind is used; takes :class:`Conditions`."""
    executes_code: bool
    """Whether it runs code of this server, unless the target is an address."""
    takes_addresses: bool = False
    """Whether a target may be an address where it could be code as well."""
    code_settings: frozenset[str] = frozenset()
    """Settings that name something to execute on this server."""
    title: str
    """What owners call it."""
    target: str
    """What a target of this kind looks like."""


KINDS = {
    "ag-ui": Kind(
        adapter="orcheo_adapters.runners.agui.runner:AgUiRunner",
        executes_code=True,
        takes_addresses=True,
        title="Agent (AG-UI)",
        target="https://agent.example.org/agui or package.module:agent",
    ),
    "agent": Kind(
        adapter="orcheo_adapters.runners.agents.runner:AgentRunner",
        executes_code=True,
        title="Agent of a framework",
        target="package.module:agent",
    ),
    "chatkit": Kind(
        adapter="orcheo_adapters.runners.chatkit.runner:ChatKitRunner",
        executes_code=True,
        title="ChatKit server (openai-chatkit)",
        target="package.module:server",
    ),
    "http": Kind(
        adapter="orcheo_adapters.runners.http:HttpRunner",
        executes_code=False,
        title="HTTP service",
        target="https://service.example.org/answer",
    ),
    "langgraph": Kind(
        adapter="orcheo_adapters.runners.langgraph:LangGraphRunner",
        executes_code=True,
        title="LangGraph graph",
        target="package.module:graph",
    ),
    "openai": Kind(
        adapter="orcheo_adapters.runners.openai:OpenAiRunner",
        executes_code=False,
        code_settings=frozenset({"mcp_stdio"}),
        title="Model endpoint (OpenAI-compatible)",
        target="https://models.example.org/v1",
    ),
    "python": Kind(
        adapter="orcheo_adapters.runners.python:PythonRunner",
        executes_code=True,
        title="Python callable",
        target="package.module:callable",
    ),
}


def kind_forms() -> list[dict[str, Any]]:
    """Each kind as JSON values, with the JSON Schema of its settings; imports the adapters, which takes a while."""
    return [
        {
            "name": name,
            "title": kind.title,
            "target": kind.target,
            "executes_code": kind.executes_code and not kind.takes_addresses,
            "schema": _schema(resolve_name(kind.adapter).settings),
        }
        for name, kind in KINDS.items()
    ]


def _schema(settings: Sequence[Setting]) -> dict[str, Any]:
    """Values of settings are texts, whatever they stand for."""
    return {
        "type": "object",
        "properties": {
            each.name: {"type": "string", "description": each.help}
            | ({} if each.default is None else {"default": each.default})
            for each in settings
        },
        "required": [each.name for each in settings if each.needed],
        "additionalProperties": False,
    }


class RunnerRegistry(Runners):
    """The runners of this server, each made when it is first asked for."""

    def __init__(self, conditions: Conditions | None = None) -> None:
        """Let every runner work under ``conditions``."""
        self._conditions = conditions or Conditions()
        self._made: dict[str, Runner] = {}
        self._finding: Lookups[FoundKind] | None = None

    def get(self, kind: str) -> Runner:
        """See :meth:`Runners.get`."""
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    async def ready(self, kind: str) -> Runner:
        """See the port: the adapter is imported in a thread."""
        if kind not in self._made:
            await in_thread(partial(resolve_name, find_kind(kind).adapter))
        return self.get(kind)

    async def find(self, target: str) -> FoundKind:
        """See the port: addresses are known by their form, code by what it is."""
        from orcheo_adapters.runners.finding import kind_of_address, kind_of_code

        if "://" in target:
            return kind_of_address(target)
        if self._finding is None:
            self._finding = Lookups(kind_of_code)
        return await self._finding.fresh(target)

    def executes_code(self, spec: RunnerSpec) -> bool:
        """See :meth:`Runners.executes_code`; :class:`InvalidInput` for an unknown kind, as in :meth:`get`."""
        kind = find_kind(spec.kind)
        if not kind.code_settings.isdisjoint(spec.settings):
            return True
        return kind.executes_code and not (kind.takes_addresses and is_address(spec.target))

    def conduct(self, workflow_id: str) -> Conduct:
        """See the port."""
        return self._conditions.conducts.of(workflow_id)

    async def close(self) -> None:
        """See :meth:`Runners.close`."""
        while self._made:
            _kind, runner = self._made.popitem()
            await runner.close()

    def _make(self, kind: str) -> Runner:
        adapter = resolve_name(find_kind(kind).adapter)
        runner: Runner = adapter(self._conditions)
        if not find_kind(kind).executes_code:
            return runner
        return IsolatingRunner(kind, runner, adapter.settings, self._conditions)


def find_kind(kind: str) -> Kind:
    """The kind of this name; raises :class:`InvalidInput` (path ``runner``) for an unknown one. Imports nothing."""
    if kind not in KINDS:
        near = get_close_matches(kind.lower(), KINDS, n=1)
        raise InvalidInput(
            FieldError("runner", f"must be one of {', '.join(sorted(KINDS))}"),
            hint=f"Did you mean {near[0]}?" if near else "docs/reference/runners.md says what each of them calls.",
        )
    return KINDS[kind]
