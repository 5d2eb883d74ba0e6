"""The pages hold together: links lead somewhere, code runs, nothing secret stands in them."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, code_blocks, internal_links, name_of, paths_named, prose

_PYTHON_PAGES = [page for page in PAGES if any(language == "python" for language, _ in code_blocks(page))]

_PAGES_ON_EXAMPLES = [page for page in PAGES if page.parent.name == "how-to" and "examples." in page.read_text("utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_internal_links_lead_to_a_file_and_a_heading(page: Path) -> None:
    """A link within the project names a file that exists and a heading that the file has."""
    for target in internal_links(page):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(linked), f"{target} names no heading of its page"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_named_paths_exist(page: Path) -> None:
    """A path of the project in code type is there."""
    missing = [path for path in paths_named(page) if not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("page", _PAGES_ON_EXAMPLES, ids=name_of)
def test_what_a_how_to_installs_leaves_the_examples_in_place(page: Path) -> None:
    """A plain install replaces the demo's editable one, whose import path has the folder ``examples/``."""
    assert re.findall(r'pip install "?\.', page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", _PYTHON_PAGES, ids=name_of)
def test_python_blocks_run(page: Path) -> None:
    """The Python blocks of a page run one after the other, as a reader would paste them."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for language, code in code_blocks(page):
        if language == "python":
            exec(compile(code, name_of(page), "exec"), namespace)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_code_block_names_its_language(page: Path) -> None:
    """So that it is known which ones run."""
    assert [code for language, code in code_blocks(page) if not language] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_shows_a_whole_secret(page: Path) -> None:
    """No text of the shape of a publish token, a service token or a JWT."""
    assert not re.search(r"orc_(pt|st|is|ct|os)_[0-9A-Za-z]{60}|eyJ[\w-]+\.[\w-]+\.[\w-]+", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_section_begins_without_words(page: Path) -> None:
    """Every page begins with a title, by which the docs assistant names its passages."""
    assert re.match(r"\s*(<!--.*?-->\s*)?# \S", prose(page))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_column_of_a_table_has_a_head(page: Path) -> None:
    """A screen reader says it before each cell; axe calls a table without it a fault wherever a page is quoted."""
    heads = re.findall(r"^ *\|(.+)\|\n *\|(?: *:?-+:? *\|)+$", prose(page), re.MULTILINE)
    assert [head for head in heads if "" in map(str.strip, re.split(r"(?<!\\)\|", head))] == []


def test_overview_lists_every_page() -> None:
    """No one has to guess that a page exists."""
    overview = ROOT / "docs" / "README.md"
    listed = {(overview.parent / target.partition("#")[0]).resolve() for target in internal_links(overview)}
    decisions = ROOT / "docs" / "decisions"
    expected = {page for page in PAGES if page.parent != decisions} - {overview, ROOT / "README.md"}
    assert expected <= listed


def test_list_of_decisions_is_complete() -> None:
    """Each record has its row."""
    index = ROOT / "docs" / "decisions" / "README.md"
    assert set(internal_links(index)) == {page.name for page in index.parent.glob("0*.md")}
