"""What people read, and what developers read in the source, is plain English."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

_SOURCES = sorted(ROOT.glob("orcheo_*/**/*.py"))
_TESTS = sorted(path for folder in ("tests", "tools", "bench") for path in (ROOT / folder).rglob("*.py"))
_WEB = sorted((ROOT / "web" / "src").rglob("*.ts"))

_MANNERED = re.compile(
    r"\b(?:nobody|somebody|whoever|meanwhile|anew|mend(?:s|ed)?|of ours|so many|(?<!there )(?:is|are) (?-i:none)|let go"
    r"|go(?:es)? on|shall|(?:is|are|was|were|be) told|(?<!there )(?:is|are) no(?! longer)|all the same|stands in)\b",
    re.IGNORECASE,
)
_MOST_MANNERED = 0.12
"""Turns in 1,000 words of the source. It may fall, never rise."""

_BANNED = re.compile(
    r"has not the expected form|is no valid|stands in the|hands on|if others shall|some work is asked|begin behind"
    r"|as it should be|over already|is there for you|nothing is known here|not genuine|counts? for nothing"
    r"|inner hyphens|written by a program|audit holds|puts a door|mean it\b"
    r"|\b(?:nobody|somebody|whoever|meanwhile|anew|mend|of ours|so many|shall|goes on)\b",
    re.IGNORECASE,
)

_PAGE = re.compile(r"[\w./-]*\w\.md\b")


def _literals(path: Path) -> Iterator[str]:
    """Each text and each comment of a Python file."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT or "STRING" in tokenize.tok_name[token.type]:
            yield token.string


def _strings(path: Path, *, docstrings: bool) -> Iterator[str]:
    """The docstrings of a Python file, or its other strings, which may reach a person."""
    tree = ast.parse(path.read_text("utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (id(node) in alone) is docstrings:
            yield node.value


def _rate(texts: list[str]) -> float:
    words = sum(len(text.split()) for text in texts)
    return 1000 * sum(len(_MANNERED.findall(text)) for text in texts) / words


def _dangling(text: str) -> list[str]:
    """Pages that a text names and that are not in the repository; ``/docs`` can be left out."""
    if ".md" not in text:
        return []
    named = (match[0].lstrip("./") for match in _PAGE.finditer(text))
    return [page for page in named if not ((ROOT / page).exists() or (ROOT / "docs" / page).exists())]


def test_the_source_is_written_in_plain_words() -> None:
    """Mannered turns in docstrings, comments and messages stay under today's rate."""
    assert _rate([text for path in _SOURCES for text in _literals(path)]) <= _MOST_MANNERED


def test_mannered_turns_are_counted() -> None:
    """Two of four words here, none in the plain sentence."""
    assert _rate(["Whoever asks here anew."]) == 500
    assert _rate(["There is no such thread, and it is no longer read."]) == 0


def test_people_read_no_riddles() -> None:
    """The worst phrases stay out of messages, hints, help texts and guides."""
    said = ((path.name, text) for path in _SOURCES for text in _strings(path, docstrings=False))
    assert [(name, text) for name, text in said if _BANNED.search(text)] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "reference").glob("*.md")), ids=lambda page: page.stem)
def test_reference_pages_read_plainly(page: Path) -> None:
    """They show what the command line, the tools and the HTTP API say."""
    assert [line for line in page.read_text("utf-8").splitlines() if _BANNED.search(line)] == []


def test_visitors_read_plain_sentences() -> None:
    """All that the chat page says is in one file."""
    assert not _BANNED.search((ROOT / "web" / "src" / "element" / "strings.ts").read_text("utf-8"))


def test_riddles_are_found() -> None:
    """In any case of letters."""
    assert _BANNED.search("Nobody hands on a scope they do not have")
    assert not _BANNED.search("Fix what the detail names, then check again.")


def test_the_source_names_only_pages_that_exist() -> None:
    """A reader of the repository can open each page that is named; in tests strings may name others."""
    source = [(path.name, _dangling(text)) for path in _SOURCES for text in _literals(path)]
    tests = [(path.name, _dangling(text)) for path in _TESTS for text in _strings(path, docstrings=True)]
    web = [(path.name, _dangling(path.read_text("utf-8"))) for path in _WEB]
    assert [(name, pages) for name, pages in (*source, *tests, *web) if pages] == []


def test_a_page_that_does_not_exist_is_found() -> None:
    """Pages under docs can be named without the folder."""
    assert _dangling("see design.md and docs/architecture.md and how-to/limits.md") == ["design.md"]
