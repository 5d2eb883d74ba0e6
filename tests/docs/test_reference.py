"""The generated pages say what the code says."""

import pytest

from orcheo_core.operations.catalogue import CATALOGUE
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
    assert f"| `{operation.tool}` |" in mcp


def test_every_operation_of_the_owner_has_its_route_in_the_http_page() -> None:
    """The page is written by hand, so that it can be forgotten."""
    page = (REFERENCE / "http.md").read_text("utf-8")
    assert [name for name in CATALOGUE if f"`{name}`" not in page] == []
