"""The generated pages say what the code says."""

import re

import pytest

from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.ports.runner import NothingSaid, RunTimedOut, RunTooLong
from orcheo_core.turns.engine import FAILED, NOT_SAVED
from orcheo_core.turns.live import THREAD_DELETED
from orcheo_core.turns.register import ENDED_BY_APP, ENDED_BY_OWNER, INTERRUPTED
from tests.docs.pages import ROOT
from tools import reference

REFERENCE = ROOT / "docs" / "reference"


def test_generated_pages_are_up_to_date() -> None:
    """If this fails: python tools/reference.py."""
    assert reference.stale_pages() == []


def test_check_fails_for_a_stale_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``--check`` names the page and how to renew it, and writes nothing."""
    monkeypatch.setattr(reference, "PAGES", {"errors.md": lambda: "something else"})

    assert reference.main(["--check"]) == 1

    assert "Stale: errors.md" in capsys.readouterr().err


def test_every_error_code_is_described() -> None:
    """A code that a client may meet can be looked up."""
    page = (REFERENCE / "errors.md").read_text("utf-8")
    assert [each.code for each in reference.error_classes() if f"| `{each.code}` |" not in page] == []


def test_translators_get_errors_that_there_are() -> None:
    """The element translates errors by their code; a code that was renamed would be said in English."""
    source = (ROOT / "web" / "src" / "element" / "strings-errors.ts").read_text("utf-8")
    translated = set(re.findall(r"^  error_(\w+):", source, flags=re.MULTILINE))
    assert translated
    assert translated - {each.code for each in reference.error_classes()} == set()


def test_the_element_translates_what_is_said_of_turns_that_ended_early() -> None:
    """Such a sentence comes without a code; one that was rewritten here alone would be said in English."""
    source = (ROOT / "web" / "src" / "element" / "languages.ts").read_text("utf-8")
    troubles = (FAILED, NOT_SAVED, INTERRUPTED, ENDED_BY_OWNER, ENDED_BY_APP, THREAD_DELETED)
    failures = (RunTimedOut("120 s"), RunTooLong(), NothingSaid())
    said = [each.message for each in troubles] + [str(each.visitor_message) for each in failures]
    assert [each for each in said if f'"{each}": "' not in source] == []


def test_no_two_errors_share_a_code() -> None:
    """A code means one thing."""
    codes = [each.code for each in reference.error_classes()]
    assert sorted(set(codes)) == codes


@pytest.mark.parametrize("operation", CATALOGUE.values(), ids=lambda each: each.name)
def test_every_operation_is_described_at_every_door(operation: reference.AnyOperation) -> None:
    """By name, by command and by tool."""
    operations, cli, mcp = ((REFERENCE / f"{page}.md").read_text("utf-8") for page in ("operations", "cli", "mcp"))
    assert f"## `{operation.name}`" in operations
    assert f"## `{' '.join(('orcheo', *operation.command))}`" in cli
    assert (f"| `{operation.tool}` |" in mcp) is not operation.for_people


def test_every_operation_of_the_owner_has_its_route_in_the_http_page() -> None:
    """The page is written by hand, so that it can be forgotten."""
    page = (REFERENCE / "http.md").read_text("utf-8")
    assert [name for name in CATALOGUE if f"`{name}`" not in page] == []
