"""The workflows of the runner conformance suite as agents: chat models of LangChain, and functions that make them."""

from orcheo_core.domain.run import RunContext
from tests.conformance import runner_graphs as graphs
from tests.conformance import runner_workflows
from tests.conformance.runner_graphs import FakeModel

streams = FakeModel(stream_pieces=runner_workflows.streams_async)


def makes() -> FakeModel:
    """A function that makes an agent."""
    return FakeModel(stream_pieces=runner_workflows.streams_async)


async def makes_async(context: RunContext) -> FakeModel:
    """The same, async, with the context of the turn."""
    assert context.thread_id
    return makes()


hangs = FakeModel(stream_pieces=graphs.hang)
hangs_silently = FakeModel(stream_pieces=graphs.hang_at_once)
works_for_ever = FakeModel(stream_pieces=runner_workflows.works_for_ever_async)
fails = FakeModel(stream_pieces=graphs.fail_at_once)
fails_late = FakeModel(stream_pieces=graphs.fail_late)
is_empty = FakeModel(stream_pieces=runner_workflows.streams_nothing_async)
is_long = FakeModel(stream_pieces=graphs.be_long)
