"""The table of frameworks shows what is tried, with the versions that are pinned."""

import re

import pytest

from tests.docs.pages import ROOT
from tests.frameworks.matrix import ABILITIES, AGENTS, LINES, Line

PAGE = ROOT / "docs" / "how-to" / "bring-your-agent.md"
PINS = [ROOT / "requirements" / f"frameworks{which}.txt" for which in ("", "-crewai", "-microsoft")]


def _pinned(package: str) -> str:
    """The version that ``make test-frameworks`` installs."""
    found = (re.search(rf"^{re.escape(package)}==(\S+)", pins.read_text("utf-8"), re.MULTILINE) for pins in PINS)
    return next(match[1] for match in found if match)


def row_of(line: Line) -> str:
    """A line as the page shows it."""
    command = f"orcheo workflow add helper {line.words}"
    works, lacks = ", ".join(line.does), ", ".join(line.lacks)
    return f"| {line.framework} | {_pinned(line.packages[0])} | `{command}` | {works} | {lacks or '–'} |"


def test_the_table_is_the_one_that_is_tried() -> None:
    """Line by line; copy the left side into the page after a change."""
    shown = [line for line in PAGE.read_text("utf-8").splitlines() if "`orcheo workflow add helper " in line]
    assert [row_of(line) for line in LINES] == shown


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_a_line_names_what_there_is(line: Line) -> None:
    """Its file is there, and what it lacks is an ability; a misspelt one would be tried."""
    assert (AGENTS / line.target.partition(":")[0]).is_file() or "://" in line.target
    assert set(line.lacks) <= set(ABILITIES)


def test_no_two_lines_have_the_same_name() -> None:
    """They would share a workflow."""
    names = [line.name for line in LINES]
    assert sorted(names) == sorted(set(names))
