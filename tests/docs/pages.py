"""Reading the project's own Markdown pages."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHANGES = ROOT / "docs" / "changes"
"""Lists of changes on their way into the next release's notes: no pages."""
PAGES = sorted(page for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")] if page.parent != CHANGES)

_FENCED = re.compile(r"^(?P<indent> *)```(?P<language>\S*)\n(?P<code>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
_PATH = re.compile(r"`((?:orcheo_\w+|docs|web|tests|tools|examples)/[^`\s*…]*)`")


def name_of(page: Path) -> str:
    """A page's path in the project, for test names."""
    return page.relative_to(ROOT).as_posix()


def code_blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and code of each fenced block."""
    for match in _FENCED.finditer(page.read_text("utf-8")):
        yield match["language"], match["code"]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCED.sub("", page.read_text("utf-8"))


def internal_links(page: Path) -> list[str]:
    """The targets of all links that stay within the project."""
    return [target for target in _LINK.findall(prose(page)) if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(page)))
    return {each.replace(" ", "-") for each in words}


def paths_named(page: Path) -> list[str]:
    """The paths of the project that the page names in code type."""
    return _PATH.findall(prose(page))
