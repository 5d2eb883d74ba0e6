"""The commands that the pages show: they exist, and a block of them can be pasted whole."""

import re
import shlex
from pathlib import Path

import click
import pytest

from orcheo_cli.main import cli
from orcheo_core.operations.catalogue import CATALOGUE
from tests.docs.pages import PAGES, code_blocks, name_of
from tests.docs.terminal import commands_of
from tests.test_frame import PROJECT

BLOCKS = [
    (page, "".join(f"{line.strip()}\n" for line in code.splitlines()))
    for page in PAGES
    for language, code in code_blocks(page)
    if language == "sh"
]
COMMANDS = [(page, command) for page, block in BLOCKS for command in commands_of(block)]
_ENDS = {"|", ">", ">>", "&&", ";"}


def words_of(command: str) -> list[str]:
    """The words behind ``orcheo``, up to a pipe or a redirection; none when it is another program."""
    inner = re.search(r"\$\((orcheo [^|]*)", command)
    words = shlex.split((inner[1] if inner else command).replace("\\\n", " "))
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    if words[:1] != ["orcheo"]:
        return []
    end = next((at for at, word in enumerate(words) if word in _ENDS), len(words))
    return words[1:end]


def waits(command: str) -> bool:
    """Whether it asks a question, reads a line, or stays in the foreground."""
    words = words_of(command)
    asking = {each.command for each in CATALOGUE.values() if each.asks_at_the_terminal}
    asks = tuple(words[:2]) in asking and not {"--yes", "-y"} & set(words)
    if words[:2] == ["workflow", "edit"]:  # most of what can be changed ends nothing
        asks = asks and bool({"--handle", "--allowed-origin", "identity_secret", "allowed_origins"} & set(words))
    return asks or words[:1] == ["serve"] or command.startswith(("read ", "uvicorn ", "make demo"))


@pytest.mark.parametrize(
    ("page", "command"), COMMANDS, ids=[f"{name_of(page)}-{command[:40]}" for page, command in COMMANDS]
)
def test_a_command_of_a_page_is_one_of_the_programs(page: Path, command: str) -> None:
    """Its name, its arguments and its options are understood; nothing is carried out."""
    del page  # stands in the name of the test
    words = [word for word in words_of(command) if word != "--json"]
    found: click.Command | None = cli
    while isinstance(found, click.Group) and words:
        _, found, words = found.resolve_command(click.Context(found), words)
    assert found is not None
    if found is not cli:
        found.make_context("orcheo", words)


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[f"{name_of(page)}-{block[:40]}" for page, block in BLOCKS])
def test_a_block_can_be_pasted_whole(page: Path, block: str) -> None:
    """What waits for a person is the last command of a block, or it would take the next line for the answer.

    No comment stands behind a command: zsh takes its words for arguments.
    """
    del page
    commands = commands_of(block)
    assert [command for command in commands[:-1] if waits(command)] == []
    assert not re.search(r" # ", block)


@pytest.mark.parametrize("page", PAGES, ids=map(name_of, PAGES))
def test_no_comment_stands_behind_a_command(page: Path) -> None:
    """In blocks that are not checked otherwise, too."""
    blocks = re.findall(r"```(?:sh|bash|console)\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert [block for block in blocks if re.search(r"\S +# ", block)] == []


def test_extras_that_pages_name_exist() -> None:
    """Whatever a page tells people to install can be installed."""
    text = "".join(page.read_text("utf-8") for page in PAGES)
    named = {extra for group in re.findall(r"(?:orcheo|whl|\.)\[([a-z,]+)\]", text) for extra in group.split(",")}
    assert named
    assert named <= set(PROJECT["optional-dependencies"])
