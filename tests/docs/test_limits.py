"""The pages name the limits as they are."""

import re

import pytest

from orcheo_adapters.settings.values import RATE_SETTINGS
from orcheo_core.domain.rate import Rate, RatePlan
from tests.docs.pages import ROOT

CONFIGURATION = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
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


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_in_the_reference(name: str) -> None:
    """Whatever the code reads from the environment."""
    assert f"`{name}`" in CONFIGURATION
