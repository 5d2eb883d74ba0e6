"""Names of settings: all of them are known, and a slip is told."""

import re

import pytest

from orcheo_adapters.settings.names import SETTING_NAMES, misspelt
from tests.docs.pages import ROOT

REFERENCE = [(ROOT / "docs" / "reference" / f"{each}.md").read_text("utf-8") for each in ("configuration", "budgets")]


def test_the_names_are_those_of_the_reference() -> None:
    """A new setting is in both."""
    assert {name for page in REFERENCE for name in re.findall(r"`(ORCHEO_[A-Z0-9_]+)`", page)} == SETTING_NAMES


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ORCHEO_LIMIT_READZ", "ORCHEO_LIMIT_READS"),
        ("ORCHEO_RETENTION_DAY", "ORCHEO_RETENTION_DAYS"),
        ("ORCHEO_ALLOWED_ORIGIN", "ORCHEO_ALLOWED_ORIGINS"),
        ("ORCHEO_CANVAS_ENABLE", "ORCHEO_CANVAS_ENABLED"),
        ("ORCHEO_DATADIR", "ORCHEO_DATA_DIR"),
    ],
)
def test_a_slip_is_known_for_the_setting_that_was_meant(name: str, meant: str) -> None:
    """Or it would change nothing without a word."""
    assert misspelt([name, "HOME", meant]) == [(name, meant)]


def test_what_is_like_no_setting_is_not_ours() -> None:
    """A workflow may have a key of its own."""
    assert misspelt(["ORCHEO_MY_MODEL_KEY", "ORCHEO_TEST_GATES", "ORCHEO_CHROMIUM", "PORT", *SETTING_NAMES]) == []
