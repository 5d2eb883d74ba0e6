"""The agents that are tried, and what each of them does: one line of the page *Bring your agent* each.

To add one: put the code that a user would write into ``agents/``, and a :class:`Line` with its target and runner here.
What it does not do is named with the reason, so that nothing is left out unseen. ``docs/how-to/bring-your-agent.md``
shows this table; a test of the pages compares the two.
"""

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

AGENTS = Path(__file__).with_name("agents")
ABILITIES = ("text", "stream", "tool", "steps", "memory", "stop", "error", "attachment", "approval", "apart")
"""What :mod:`tests.frameworks.test_matrix` tries, one test each:

text: the answer is read; stream: in several pieces; tool: a tool is called and its result used; steps: the visitor
sees the tool call; memory: the second message finds the first; stop: the model's stream is closed; error: the visitor
reads a fixed sentence and the next message works; attachment: the model gets a picture; approval: a call waits for the
visitor's yes; apart: two visitors at once are answered, and neither gets a word of the other.
"""


@frozen(kw_only=True)
class Line:
    """One way to bring an agent of one framework."""

    framework: str
    """As its makers write it."""
    packages: tuple[str, ...]
    """Distributions that it needs; the first one's version is shown."""
    target: str
    """As one types it: ``./file.py:name``; the file lies in ``agents/``."""
    runner: str
    """Given by ``--runner``."""
    lacks: Mapping[str, str] = field(factory=dict)
    """Ability → why this way does not have it."""
    settings: Mapping[str, str] = field(factory=dict)

    @property
    def name(self) -> str:
        """For test names, and the workflow's handle."""
        file, attribute = self.target.removeprefix("./").split(".py:")
        name = file.removeprefix("with_") + ("" if attribute == "agent" else f"-{attribute}") + f"-{self.runner}"
        return name.replace("_", "-").lower()

    @property
    def words(self) -> str:
        """What follows the handle on the command line."""
        settings = "".join(f" --setting {name}={value}" for name, value in self.settings.items())
        return f"--runner {self.runner} --target {self.target}{settings}"

    @property
    def does(self) -> tuple[str, ...]:
        """Its abilities, in their order."""
        return tuple(each for each in ABILITIES if each not in self.lacks)


_PYTHON = {
    "steps": "The runner python passes on text; tool calls are seen with the runner agent.",
    "attachment": "A callable reads context.attachments itself.",
    "approval": "A callable asks with InputAsked itself.",
}
_NO_TOOL = {"tool": "It calls no tools.", "steps": "It calls no tools."}
_NO_APPROVAL = {"approval": "The framework has no approvals that end a run."}
_CLIENT = _PYTHON | {"tool": "It calls no tools."}

LINES: tuple[Line, ...] = (
    Line(
        framework="Pydantic AI",
        packages=("pydantic-ai-slim", "openai"),
        target="./with_pydantic_ai.py:answer",
        runner="python",
        lacks=_PYTHON,
    ),
    Line(
        framework="OpenAI Agents SDK",
        packages=("openai-agents",),
        target="./with_openai_agents.py:agent",
        runner="agent",
    ),
    Line(
        framework="LangChain",
        packages=("langchain", "langchain-openai"),
        target="./with_langchain.py:model",
        runner="agent",
        lacks=_NO_TOOL | _NO_APPROVAL,
    ),
    Line(
        framework="LangChain",
        packages=("langchain", "langchain-openai"),
        target="./with_langchain.py:chain",
        runner="agent",
        lacks=_NO_TOOL | _NO_APPROVAL | {"attachment": "A chain takes a text."},
    ),
    Line(
        framework="smolagents",
        packages=("smolagents", "openai"),
        target="./with_smolagents.py:agent",
        runner="agent",
        lacks=_NO_APPROVAL | {"stream": "The final answer comes in one piece."},
    ),
    Line(
        framework="Haystack",
        packages=("haystack-ai",),
        target="./with_haystack.py:agent",
        runner="agent",
        lacks=_NO_APPROVAL,
    ),
    Line(
        framework="Haystack",
        packages=("haystack-ai",),
        target="./with_haystack.py:generator",
        runner="agent",
        lacks=_NO_TOOL | _NO_APPROVAL,
    ),
    Line(
        framework="DSPy",
        packages=("dspy",),
        target="./with_dspy.py:agent",
        runner="agent",
        lacks=_NO_TOOL | _NO_APPROVAL | {"attachment": "A signature of texts takes none."},
    ),
    Line(
        framework="Pydantic AI",
        packages=("pydantic-ai-slim", "openai", "ag-ui-protocol"),
        target="./with_pydantic_ai.py:agent",
        runner="agent",
    ),
    Line(
        framework="Strands Agents",
        packages=("strands-agents", "ag-ui-strands"),
        target="./with_strands.py:agent",
        runner="agent",
        lacks={"approval": "Its interrupts need a session manager of Strands'."},
    ),
    Line(
        framework="Agno",
        packages=("agno",),
        target="./with_agno.py:agent",
        runner="agent",
        lacks={"approval": "The runner does not ask for Agno's confirmations."},
    ),
    Line(
        framework="LlamaIndex",
        packages=("llama-index-core", "llama-index-llms-openai-like"),
        target="./with_llama_index.py:agent",
        runner="agent",
        lacks=_NO_APPROVAL,
    ),
    Line(
        framework="LlamaIndex",
        packages=("llama-index-core", "llama-index-llms-openai-like"),
        target="./with_llama_index.py:engine",
        runner="agent",
        lacks=_NO_TOOL | _NO_APPROVAL | {"attachment": "A chat engine takes a text."},
    ),
    Line(
        framework="LlamaIndex",
        packages=("llama-index-core", "llama-index-llms-openai-like"),
        target="./with_llama_index.py:workflow",
        runner="agent",
        lacks=_NO_APPROVAL,
    ),
    Line(
        framework="Microsoft Agent Framework",
        packages=("agent-framework-core", "agent-framework-openai"),
        target="./with_agent_framework.py:agent",
        runner="agent",
    ),
    Line(
        framework="Google ADK",
        packages=("google-adk", "ag-ui-adk", "litellm"),
        target="./with_adk.py:agent",
        runner="agent",
    ),
    Line(
        framework="AutoGen",
        packages=("autogen-agentchat", "autogen-ext"),
        target="./with_autogen.py:agent",
        runner="agent",
        lacks=_NO_APPROVAL,
    ),
    Line(
        framework="AutoGen",
        packages=("autogen-agentchat", "autogen-ext"),
        target="./with_autogen.py:make_team",
        runner="agent",
        lacks=_NO_APPROVAL,
    ),
    Line(
        framework="CrewAI",
        packages=("crewai",),
        target="./with_crewai.py:agent",
        runner="agent",
        lacks=_NO_APPROVAL | {"attachment": "CrewAI reads files by a package of its own."},
    ),
    Line(
        framework="CrewAI",
        packages=("crewai",),
        target="./with_crewai.py:crew",
        runner="agent",
        lacks=_NO_APPROVAL | {"attachment": "A crew takes a text."},
    ),
    Line(
        framework="Claude Agent SDK",
        packages=("claude-agent-sdk",),
        target="./with_claude.py:options",
        runner="agent",
        lacks={"approval": "Permissions that it would ask for are denied."},
    ),
    Line(
        framework="LangGraph",
        packages=("langgraph", "langgraph-supervisor", "deepagents", "langchain-openai"),
        target="./with_langgraph.py:agent",
        runner="langgraph",
    ),
    Line(
        framework="LangGraph Supervisor",
        packages=("langgraph-supervisor", "langgraph", "deepagents", "langchain-openai"),
        target="./with_langgraph.py:supervisor",
        runner="langgraph",
        lacks=_NO_APPROVAL
        | {
            "stream": "Which agent answers is known at the end.",
            "tool": "The model of these tests does not repeat what the expert found.",
        },
    ),
    Line(
        framework="Deep Agents",
        packages=("deepagents", "langgraph", "langgraph-supervisor", "langchain-openai"),
        target="./with_langgraph.py:deep",
        runner="langgraph",
        lacks={"approval": "As with LangGraph: by a middleware."},
    ),
    Line(
        framework="OpenAI (client)",
        packages=("openai",),
        target="./with_openai.py:answer",
        runner="python",
        lacks=_CLIENT,
    ),
    Line(
        framework="OpenAI (client)",
        packages=("openai",),
        target="./with_openai.py:respond",
        runner="python",
        lacks=_CLIENT,
    ),
    Line(
        framework="Anthropic (client)",
        packages=("anthropic",),
        target="./with_anthropic.py:answer",
        runner="python",
        lacks=_CLIENT,
    ),
    Line(
        framework="LiteLLM",
        packages=("litellm",),
        target="./with_litellm.py:answer",
        runner="python",
        lacks=_CLIENT,
    ),
)
