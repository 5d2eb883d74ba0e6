"""Which frameworks' objects the runner ``agent`` takes: all of them in the table :data:`FRAMEWORKS`.

An object is known by the module and the name of its class or of one of its bases, so no framework is imported to find
that out: where an object is, its framework is imported already.
"""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any, TypeAlias

from attrs import frozen

from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.target import CHANGE_HINT, invalid_target
from orcheo_core.domain.run import RunEvent
from orcheo_core.ports.runner import RunFailed

Talk: TypeAlias = Callable[[Callable[[RunEvent], None]], None]
"""Puts events; it is called in a thread of its own."""
Answer: TypeAlias = AsyncIterator[RunEvent] | Iterator[RunEvent] | Talk
Reader: TypeAlias = Callable[[Any, AgentTurn], Answer]
"""Lets an agent answer: an async generator, or a plain one, which is read in a thread of its own, or a :data:`Talk`."""


@frozen(kw_only=True)
class Bridge:
    """A package beside a framework that runs need."""

    module: str
    install: str
    """What ``pip install`` is given."""


@frozen(kw_only=True)
class Framework:
    """Objects of one framework."""

    name: str
    root: str
    """The package of their modules."""
    classes: tuple[str, ...]
    reader: str
    """``module:function`` of this package, a :data:`Reader`; imported when the first such agent is used."""
    bridge: Bridge | None = None
    made: tuple[str, ...] = ()
    """Classes whose objects keep the conversation and cannot be copied, unless they are of one of ``copied``."""
    copied: tuple[str, ...] = ()
    deps: str | None = None
    """What a factory may return beside an agent for its run, as the framework calls it; None for nothing."""
    forgets: str | None = None
    """``module:function`` of this package, for objects that may have no place for the earlier messages: what to write.

    It takes the agent, and raises :class:`RunFailed` where each run would for its inputs.
    """

    def refuse_shared(self, text: str, kind: type) -> None:
        """Raise :class:`InvalidInput` for the object ``text`` of a class that must be made for each turn."""
        names = {each.__name__ for each in kind.__mro__ if _is_in(self.root, each)}
        if names.isdisjoint(self.made) or not names.isdisjoint(self.copied):
            return
        raise invalid_target(
            f"{text!r} is a {kind.__name__}, which keeps the conversation in itself, so visitors cannot share it",
            hint=f"Write a function that makes one, and name that: def make_{kind.__name__.lower()}(): "
            f"return {kind.__name__}(…)",
        )

    def refuse_without_deps(self, text: str, agent: Any) -> None:
        """Raise :class:`InvalidInput` for the object ``text`` that says it needs something in each run."""
        needed = getattr(agent, f"{self.deps}_type", None)
        if isinstance(needed, type) and needed not in (object, type(None)):
            raise invalid_target(
                f"{text!r} needs {self.deps} of the type {needed.__name__} in each run",
                hint=f"Write a function that returns both, and name that: def make_agent(context): "
                f"return agent, {needed.__name__}(…)",
            )

    def memory_advice(self, text: str, agent: Any) -> str | None:
        """What to write so that the object ``text`` gets the earlier messages; None where it does.

        Raises :class:`InvalidInput` for one whose inputs have no place for the visitor's message.
        """
        if self.forgets is None:
            return None
        try:
            line: str | None = resolve_name(f"orcheo_adapters.runners.agents.{self.forgets}")(agent)
        except RunFailed as error:
            raise invalid_target(error.reason, hint=CHANGE_HINT) from error
        except Exception:  # noqa: BLE001 - objects may raise anything when they are looked at, and still answer
            return None
        name = text.rpartition(":")[2]
        return None if line is None else f"{name!r} gets each message without the earlier ones. {line}"

    def takes(self, kind: type) -> bool:
        """Whether a class, or a base of it, is one of this framework's."""
        return any(each.__name__ in self.classes and _is_in(self.root, each) for each in kind.__mro__)

    def load_reader(self) -> Reader:
        """The reader; :class:`InvalidInput` (path ``target``) when the bridge is not installed."""
        if self.bridge is not None and not _is_there(self.bridge.module):
            raise invalid_target(
                f"agents of {self.name} are run with the package {self.bridge.module}, which is not installed here",
                hint=f"Install it where the server runs: pip install {self.bridge.install}",
            )
        if self.bridge is not None:
            _import_bridge(self.bridge)
        reader: Reader = resolve_name(f"orcheo_adapters.runners.agents.{self.reader}")
        return reader


_GENERATORS = (
    *(f"{maker}ChatGenerator" for maker in ("OpenAI", "AzureOpenAI", "HuggingFaceAPI", "HuggingFaceLocal", "Fallback")),
    *(f"{maker}ResponsesChatGenerator" for maker in ("OpenAI", "AzureOpenAI")),
)
"""Haystack's own; they have no base in common."""
FRAMEWORKS = (
    Framework(name="openai-agents", root="agents", classes=("Agent",), reader="openai_agents:answer", deps="context"),
    Framework(
        name="LangChain",
        root="langchain_core",
        classes=("Runnable",),
        reader="langchain:answer",
        forgets="langchain:lacks_history",
    ),
    Framework(name="smolagents", root="smolagents", classes=("MultiStepAgent",), reader="smolagents:answer"),
    Framework(name="Haystack", root="haystack", classes=("Agent", *_GENERATORS), reader="haystack:answer"),
    Framework(name="DSPy", root="dspy", classes=("Module",), reader="dspy:answer", forgets="dspy:lacks_history"),
    Framework(name="Agno", root="agno", classes=("Agent", "Team"), reader="agno:answer"),
    Framework(
        name="LlamaIndex",
        root="llama_index",
        classes=("BaseWorkflowAgent", "AgentWorkflow", "BaseChatEngine"),
        reader="llama_index:answer",
    ),
    Framework(
        name="AutoGen",
        root="autogen_agentchat",
        classes=("BaseChatAgent", "BaseGroupChat"),
        reader="autogen:answer",
        made=("BaseChatAgent", "BaseGroupChat"),
        copied=("AssistantAgent",),
    ),
    Framework(
        name="CrewAI",
        root="crewai",
        classes=("Agent", "Crew"),
        reader="crewai:answer",
        forgets="crewai:lacks_history",
    ),
    Framework(
        name="Claude Agent SDK",
        root="claude_agent_sdk",
        classes=("ClaudeAgentOptions", "ClaudeSDKClient"),
        reader="claude:answer",
    ),
    Framework(
        name="Google ADK",
        root="google.adk",
        classes=("BaseAgent", "App"),
        reader="bridges:adk",
        bridge=Bridge(module="ag_ui_adk", install="ag-ui-adk"),
    ),
    Framework(
        name="Pydantic AI",
        root="pydantic_ai",
        classes=("AbstractAgent",),
        reader="bridges:pydantic_ai",
        bridge=Bridge(module="ag_ui", install="'pydantic-ai-slim[ag-ui]'"),
        deps="deps",
    ),
    Framework(
        name="Microsoft Agent Framework",
        root="agent_framework",
        classes=("BaseAgent",),
        reader="bridges:agent_framework",
        bridge=Bridge(module="agent_framework_ag_ui", install="agent-framework-ag-ui"),
    ),
    Framework(
        name="Strands Agents",
        root="strands",
        classes=("Agent",),
        reader="bridges:strands",
        bridge=Bridge(module="ag_ui_strands", install="ag-ui-strands"),
    ),
)
"""In this order."""


@frozen(kw_only=True)
class _Elsewhere:
    """Objects that another runner executes."""

    root: str
    classes: tuple[str, ...]
    what: str
    runner: str


_ELSEWHERE = (
    _Elsewhere(
        root="langgraph", classes=("PregelProtocol", "Pregel", "StateGraph"), what="a graph", runner="langgraph"
    ),
    _Elsewhere(root="chatkit", classes=("ChatKitServer",), what="a ChatKit server", runner="chatkit"),
)


_AG_UI_BRIDGES = ("ag_ui_", "agent_framework_ag_ui")


def framework_of(kind: type) -> Framework | None:
    """The framework whose reader runs objects of this class, None when there is none."""
    return next((each for each in FRAMEWORKS if each.takes(kind)), None)


def other_runner(kind: type) -> tuple[str, str] | None:
    """What objects of this class are and which other runner executes them; None when no other does."""
    for each in _ELSEWHERE:
        if any(base.__name__ in each.classes and _is_in(each.root, base) for base in kind.__mro__):
            return each.what, each.runner
    is_bridge = kind.__module__.startswith(_AG_UI_BRIDGES) and callable(getattr(kind, "run", None))
    return ("a bridge to AG-UI", "ag-ui") if is_bridge and framework_of(kind) is None else None


def _import_bridge(bridge: Bridge) -> None:
    """Raise :class:`InvalidInput` for a bridge that does not fit the framework's release."""
    try:
        import_module(bridge.module)
    except ImportError as error:
        raise invalid_target(
            f"the package {bridge.module} cannot be imported: {error}",
            hint="It does not fit the release of the framework that is installed here. Install one that does: "
            f"pip install --upgrade {bridge.install}",
        ) from error


def _is_in(package: str, kind: type) -> bool:
    return f"{kind.__module__}.".startswith(f"{package}.")


def _is_there(module: str) -> bool:
    return module in sys.modules or find_spec(module) is not None
