"""What targets the runner ``agent`` takes, and what it says of others."""

import subprocess
import sys

import pytest
from langgraph.graph import START, MessagesState, StateGraph

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import RunContext
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from tests.fakes.conversation import Conversation

HERE = "tests.adapters.runners.agents.test_runner"
number = 7
not_compiled = StateGraph(MessagesState)
graph = not_compiled.add_node("a", lambda _state: {"messages": []}).add_edge(START, "a").compile()


class ChatKitServer:
    """As its name says."""


ChatKitServer.__module__ = "chatkit.server"
server = type("Support", (ChatKitServer,), {})()


class LangGraphAgent:
    """Stands for a bridge to AG-UI."""

    def run(self, given: object) -> object:
        return given


LangGraphAgent.__module__ = "ag_ui_langgraph.agent"
bridge = LangGraphAgent()


def answers(text: str) -> str:
    return text


def streams(text: str) -> object:
    yield text


def weather(city: str) -> str:
    return city


def make_with_more(context: RunContext, model: str) -> None:
    """No factory for this runner."""


async def check(target: str, **settings: str) -> None:
    await RunnerRegistry().get("agent").check(RunnerSpec(kind="agent", target=target, settings=settings))


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("graph", "is a graph", "Register it with --runner langgraph."),
        ("not_compiled", "is a graph", "Register it with --runner langgraph."),
        ("server", "is a ChatKit server", "Register it with --runner chatkit."),
        ("bridge", "is a bridge to AG-UI", "Register it with --runner ag-ui."),
        ("answers", "answers text and makes no agent", "Register it with --runner python."),
        ("streams", "answers text and makes no agent", "Register it with --runner python."),
        ("weather", "must take no parameters, or a context", "def make_agent(context)"),
        ("make_with_more", "must take no parameters, or a context", "def make_agent(context)"),
        ("number", "is of the type int, which is not known as an agent here", "Known are agents of openai-agents"),
        ("ChatKitServer", "is a class", "Write chatkitserver = ChatKitServer(…) in the module"),
        ("missing", "has no 'missing'", "Correct the name."),
    ],
)
async def test_what_is_no_agent_is_refused_with_what_to_do(name: str, message: str, hint: str) -> None:
    """The runner that executes it, or how it is written."""
    with pytest.raises(InvalidInput) as caught:
        await check(f"{HERE}:{name}")
    assert message in str(caught.value)
    assert hint in str(caught.value.hint)


async def test_agents_and_factories_are_taken() -> None:
    """A factory is not called yet."""
    for name in ("helper", "own", "make_agent", "make_nothing"):
        await check(f"tests.fakes.frameworks.openai_agents:{name}")


async def test_settings_are_checked() -> None:
    """By their names."""
    with pytest.raises(InvalidInput, match=r"settings\.steps: must be one of none, names, details"):
        await check("tests.fakes.frameworks.openai_agents:helper", steps="all")
    with pytest.raises(InvalidInput, match=r"settings\.reasoning: must be one of show, hide"):
        await check("tests.fakes.frameworks.openai_agents:helper", reasoning="yes")
    with pytest.raises(InvalidInput, match=r"settings\.forward: is not used by agents of openai-agents"):
        await check("tests.fakes.frameworks.openai_agents:helper", forward="locale")


async def test_a_factory_may_be_given_request_headers_but_no_credentials() -> None:
    """The ones that its owner names, as other runners do."""
    await check("tests.fakes.frameworks.openai_agents:make_agent", headers="map-id")
    with pytest.raises(InvalidInput, match="headers"):
        await check("tests.fakes.frameworks.openai_agents:make_agent", headers="cookie")


async def test_a_factory_that_makes_no_agent_fails_where_its_owner_sees_it() -> None:
    """With what it made."""
    for name, said in (("make_nothing", "gave a value of the type int"), ("make_none", "returned None")):
        with pytest.raises(InvalidInput, match=said):
            await Conversation.of(f"tests.fakes.frameworks.openai_agents:{name}").say("Hi")


def test_frameworks_are_not_imported_by_the_table_of_them() -> None:
    """Nothing is imported for frameworks that are not used."""
    names = ["agents", "langchain_core", "smolagents", "haystack", "dspy", "pydantic_ai", "agno", "strands", "ag_ui"]
    code = (
        "import sys; import orcheo_adapters.runners.agents.runner; "
        f"print([name for name in {names!r} if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
