"""Which runner is found for a target."""

import sys
from pathlib import Path

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
        ("tests.conformance.answer_shapes:history", "python", "'history' is a callable that takes message, history"),
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
        ("tests.conformance.finding_targets:graph.invoke", "'invoke' is a method of a graph"),
        ("tests.conformance.finding_targets:agent.run", "'run' is a method of an agent of openai-agents"),
        ("tests.conformance.finding_targets:bridge.run", "'run' is a method of a bridge to AG-UI"),
    ],
)
async def test_a_target_for_no_runner_is_refused_with_the_line_to_write(target: str, words: str) -> None:
    """As the runners refuse it."""
    with pytest.raises(InvalidInput, match=words) as caught:
        await RunnerRegistry().find(target)
    assert [each.path for each in caught.value.fields] == ["target"]
    assert caught.value.hint


async def test_a_method_of_an_object_of_the_owners_own_is_found() -> None:
    """Only those of what a runner takes whole are refused."""
    for target in ("answer_shapes:bot.answer", "finding_targets:own_agent.answer"):
        assert (await RunnerRegistry().find(f"tests.conformance.{target}")).kind == "python"


_TAKEN = {
    "Greeter": "greeter = Greeter(…) in the module and name MODULE:greeter.answer or MODULE:greeter.greet.",
    "greeter": "name MODULE:greeter.answer or MODULE:greeter.greet.",
    "Caller": "and name MODULE:caller or MODULE:caller.other.",
    "Empty": "give it a method that takes the text, then name MODULE:empty.method.",
    "empty": "Name a function that answers: def answer(text, history).",
}


async def test_of_a_class_the_hint_names_what_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings: a hint must not lead to the next refusal."""
    (tmp_path / "mine_greets.py").write_text(
        "class Greeter:\n    def answer(self, text): ...\n    def greet(self, text): ...\n"
        "class Caller:\n    def __call__(self, text): ...\n    def other(self, text): ...\n"
        "class Empty: ...\ngreeter = Greeter()\nempty = Empty()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for target, words in _TAKEN.items():
        with pytest.raises(InvalidInput) as caught:
            await RunnerRegistry().find(f"./mine_greets.py:{target}")
        assert words.replace("MODULE", "./mine_greets.py") in caught.value.hint


_BROKEN = {
    "needs": "import a_package_that_is_not_there",
    "fails": "raise RuntimeError('no key')",
    "fine": "def hi(): ...",
}


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("./mine_fine.py", "is named as ./mine_fine.py:agent"),
        ("inner/mine_fine.py", "is named as ./inner/mine_fine.py:agent"),
        ("inner/mine_fine.py:hi", "is named as ./inner/mine_fine.py:hi"),
        ("www.example.org", "such as https://www.example.org"),
        ("example.org/v1", "such as https://example.org/v1"),
        ("localhost:8000", "such as http://localhost:8000"),
        ("127.0.0.1:8000/v1", "such as http://127.0.0.1:8000/v1"),
        ("192.168.1.5:8000", "such as https://192.168.1.5:8000"),
        ("mine_fine", "such as mine_fine:agent"),
        ("/srv/mine_fine.py:hi", "named from the folder in which the server was started"),
        ("../mine_fine.py:hi", "named from the folder in which the server was started"),
        ("inner.mine_fine:hi", "name it as ./inner/mine_fine.py:…"),
        ("inner.mine_other:hi", "PYTHONPATH"),
        ("./inner/mine_needs.py:hi", "Install the package that has 'a_package_that_is_not_there'"),
        ("./inner/mine_fails.py:hi", "such as an API key, is set before the server is started"),
        ("./inner/mine_fine.py:hello", "Correct the name. There is: hi."),
        (
            "tests.conformance.finding_targets:hi",
            "There is: agent, graph, own_agent, bridge, make_agent, make_graph, app.",
        ),
        ("tests.conformance.finding_targets:agent.hi", "Correct the name. If"),
    ],
)
async def test_a_target_that_is_nearly_right_is_refused_with_the_right_one(
    target: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people type first who know other servers."""
    (tmp_path / "inner").mkdir()
    for name, text in _BROKEN.items():
        (tmp_path / "inner" / f"mine_{name}.py").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    with pytest.raises(InvalidInput) as caught:
        await RunnerRegistry().find(target)
    sys.modules.pop("mine_fine", None)
    assert hint in (caught.value.hint or "")
