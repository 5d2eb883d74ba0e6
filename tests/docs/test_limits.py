"""The pages name the limits as they are."""

import re

import pytest

from orcheo_adapters.runners.registry import KINDS
from orcheo_adapters.settings.values import RATE_SETTINGS
from orcheo_adapters.wire.chatkit_requests import MESSAGE_LENGTH
from orcheo_core.domain.rate import Rate, RatePlan
from tests.docs.pages import ROOT

CONFIGURATION = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
QUESTIONS = (ROOT / "docs" / "questions.md").read_text("utf-8")
LIMITS = (ROOT / "docs" / "how-to" / "limits.md").read_text("utf-8")
SETTINGS = set(re.findall(r"ORCHEO_[A-Z_]+", "".join(each.read_text("utf-8") for each in ROOT.glob("orcheo_*/*.py"))))
_SPOKEN = re.compile(r"(\d+) (?:a minute|in (\d+) minutes)")


def row(page: str, name: str) -> list[str]:
    """The cells of the row about a setting."""
    line = next(each for each in page.splitlines() if f"`{name}`" in each and each.startswith("|"))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(("name", "field"), RATE_SETTINGS.items())
def test_each_rate_is_told_with_its_default(name: str, field: str) -> None:
    """In the reference as it is written in a setting, in the how-to in words."""
    default = getattr(RatePlan(), field)
    assert Rate.parse(row(CONFIGURATION, name)[2].strip("`")) == default
    spoken = _SPOKEN.fullmatch(row(LIMITS, name)[2])
    assert spoken is not None
    assert Rate(amount=int(spoken[1]), seconds=60 * int(spoken[2] or 1)) == default


def test_the_longest_text_of_a_visitor_is_told_as_it_is() -> None:
    """The number that the server checks and that it gives the chat page."""
    line = next(each for each in CONFIGURATION.splitlines() if each.startswith("| one text of a visitor"))
    assert line.endswith(f"| {MESSAGE_LENGTH:,} characters |")


def test_every_runner_is_among_the_kinds_of_workflows() -> None:
    """The short answer leaves none out, and names none that there is not."""
    section = QUESTIONS.partition("## Which kinds of workflows can I publish?\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^- `([a-z-]+)`:", section, re.MULTILINE)) == set(KINDS)
    assert f"{('Six', 'Seven', 'Eight')[len(KINDS) - 6]} kinds" in section


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_in_the_reference(name: str) -> None:
    """Whatever the code reads from the environment."""
    assert f"`{name}`" in CONFIGURATION
