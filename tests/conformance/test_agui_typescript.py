"""An agent on the official TypeScript packages of AG-UI: they check what it gets, and encode what it says."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from orcheo_core.domain.component_items import StepState
from orcheo_core.domain.run import ContextKept, PastMessage, RunEvent, StepNoted, UsageReported
from orcheo_core.domain.usage import Usage
from tests.conformance.runner_kinds import AGUI, Subjected, everything, text_of
from tests.e2e.provider_process import node

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("closed_runners")]


@pytest.fixture(scope="module")
def agent() -> Iterator[Subjected]:
    """The agent as a workflow."""
    command = [node(), str(Path(__file__).parent / "typescript" / "server.mjs")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield Subjected.of(AGUI, "", f"http://127.0.0.1:{process.stdout.readline().strip()}", steps="details")
    process.terminate()
    process.communicate(timeout=60)


def kept(said: list[RunEvent]) -> PastMessage:
    """What the thread keeps of a run."""
    (found,) = [each.content for each in said if isinstance(each, ContextKept)]
    return PastMessage(said_by="workflow", text="", hidden=found)


async def test_an_agent_in_typescript_answers_and_remembers(agent: Subjected) -> None:
    """Text, a thought, a tool call and usage; the second turn has the messages and the state of the first."""
    first = await everything(agent.run("Hello"))
    assert text_of(first) == "Turn 1 of 1 messages: Hello 👋"
    assert UsageReported(Usage(input_tokens=3, output_tokens=4)) in first
    steps = [each.step for each in first if isinstance(each, StepNoted)]
    assert (steps[-1].title, steps[-1].content, steps[-1].state) == (
        "Get weather",
        "city: Paris → 18",
        StepState.COMPLETE,
    )
    history = (PastMessage(said_by="visitor", text="Hello"), kept(first))
    second = await everything(evolve(agent, context=evolve(agent.context, history=history)).run("Again"))
    assert text_of(second) == "Turn 2 of 6 messages: Again 👋"
