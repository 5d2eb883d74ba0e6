"""Which runner is found for a target."""

import pytest

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.errors import InvalidInput


@pytest.mark.parametrize(
    ("target", "kind", "why"),
    [
        ("https://models.example.org/v1", "openai", "OpenAI-compatible"),
        ("https://models.example.org/v1/chat/completions", "openai", "OpenAI-compatible"),
        ("https://service.example.org/answer", "http", "nothing else"),
        ("https://service.example.org/agents/agui/", "ag-ui", "names AG-UI"),
        ("tests.conformance.finding_targets:app", "ag-ui", "an ASGI application"),
        ("tests.conformance.finding_targets:bridge", "ag-ui", "'bridge' is a bridge to AG-UI"),
        ("tests.conformance.answer_shapes:history", "python", "'history' can be called with a text"),
        ("tests.conformance.answer_shapes:bot", "python", "called with a text"),
        ("tests.conformance.finding_targets:make_agent", "agent", "functions that make an agent"),
        ("tests.conformance.finding_targets:make_graph", "langgraph", "functions that make a graph"),
        ("tests.conformance.finding_targets:graph", "langgraph", "'graph' is a graph"),
        ("tests.conformance.finding_targets:agent", "agent", "'agent' is an agent of openai-agents"),
    ],
)
async def test_the_runner_is_found_by_the_target(target: str, kind: str, why: str) -> None:
    """By the form of an address, and by what code names."""
    found = await RunnerRegistry().find(target)
    assert found.kind == kind
    assert why in found.why


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://[::1", "cannot be read as an address"),
        ("tests.conformance.answer_shapes:Bot", "is a class"),
        ("tests.conformance.answer_shapes:agent", "of the type Odd, which no runner takes"),
        ("tests.conformance.answer_shapes:nothing", "has no 'nothing'"),
        ("nothing", "must have the form package.module:name"),
    ],
)
async def test_a_target_for_no_runner_is_refused_with_the_line_to_write(target: str, words: str) -> None:
    """As the runners refuse it."""
    with pytest.raises(InvalidInput, match=words) as caught:
        await RunnerRegistry().find(target)
    assert [each.path for each in caught.value.fields] == ["target"]
    assert caught.value.hint
