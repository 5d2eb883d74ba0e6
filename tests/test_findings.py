"""What an attack once found has a test, and so have two neighbours of each: their docstrings say ``Findings: …``."""

import ast
from collections import Counter
from pathlib import Path

import pytest

FINDINGS = (
    "an emergency act always works",
    "what strangers leave behind is bounded",
    "a workflow cannot end the server",
    "a right credential always gets in",
    "one request at a time",
    "what is not read costs little",
    "too many connections are borne",
    "nothing begins under an end",
    "whatever runs can be stopped",
    "the process ends in time",
    "children inherit nothing",
    "a clock that goes back costs nothing",
    "what has ended stays ended",
    "known names only",
    "abandoned runs count",
    "what is over is forgotten",
    "no header raises",
    "no one writes in another's name",
    "strict framing",
    "a workflow is named and bounded",
)
"""What is right, as a short sentence for each of them."""


def _tests_by_finding() -> Counter[str]:
    found: Counter[str] = Counter()
    for path in Path(__file__).parent.rglob("test_*.py"):
        text = path.read_text("utf-8")
        if "Findings: " in text and "node_modules" not in path.parts:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    said = " ".join((ast.get_docstring(node) or "").split())
                    found.update(each for each in FINDINGS if f"Findings: {each}" in said)
    return found


@pytest.fixture(scope="module")
def tests_by_finding() -> Counter[str]:
    """How many tests there are of each."""
    return _tests_by_finding()


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_finding_and_two_neighbours_have_tests(tests_by_finding: Counter[str], finding: str) -> None:
    """A fault stands for its kind: the same at another place is tested as well."""
    assert tests_by_finding[finding] >= 3
