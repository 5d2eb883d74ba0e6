"""README and tutorial work from top to bottom, pasted block after block into a shell, with a real server."""

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, code_blocks
from tests.docs.terminal import Terminal
from tests.e2e.server_process import bareenvironment

pytestmark = pytest.mark.network

SHELLS = [shell for shell in ("bash", "zsh") if shutil.which(shell)]
"""The default shells of Linux and macOS, as far as this machine has them."""
_TOKEN = re.compile(r"Publish token +(orc_pt_\w+)")


def shell_blocks(page: str) -> list[str]:
    """The blocks of a page that are meant for a shell."""
    return [code for language, code in code_blocks(ROOT / page) if language == "sh"]


def _token_in(said: str) -> str:
    token = _TOKEN.search(said)
    assert token is not None, said
    return token[1]


def _assert_notes_what_the_page_says(said: str) -> None:
    """The workflows of both pages take one text; ``add`` says what they do not get, and so do the pages."""
    assert "gets each message without the earlier ones" in " ".join(said.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clone, as far as the pages use it."""
    for name in ("examples", "docs", "README.md", "tools"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@contextmanager
def terminals(shell: str, folder: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """Two terminals of one person, who has chosen another data folder and a free port."""
    environment = bareenvironment() | {
        "ORCHEO_DATA_DIR": str(folder / "data"),
        "ORCHEO_CONFIG_DIR": str(folder / "config"),
        "ORCHEO_CACHE_DIR": str(folder / "cache"),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{bareenvironment()['PATH']}",
    }
    first, second = Terminal(shell, folder, environment | {"ORCHEO_PORT": "0"}), Terminal(shell, folder, environment)
    try:
        yield first, second
    finally:
        second.close()
        first.close()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_readme(shell: str, folder: Path) -> None:
    """Each command ends well, and the chat over HTTP is answered."""
    blocks = shell_blocks("README.md")
    assert blocks.pop(0) == "make demo\n"
    assert blocks.pop() == "make test\n"
    install = blocks.pop(0)
    assert install.startswith("pip install ")
    with terminals(shell, folder) as (first, second):
        first.paste(f"{sys.executable} tools/demo.py\n", waits_for="Stop with Ctrl-C.\n\n")
        url = re.search(r"http://127\.0\.0\.1:\d+", first.said)
        assert url is not None
        for block in blocks:
            if block == "read -rs PUBLISH_TOKEN\n":
                second.paste(block, then=_token_in(second.said))
                continue
            statuses = second.paste(block.replace("http://127.0.0.1:8700", url[0]))
            assert set(statuses) == {0}, second.said
    assert '"type":"thread.item.done"' in second.said
    assert "echo is private." in second.said
    _assert_notes_what_the_page_says(second.said)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tutorial(shell: str, folder: Path) -> None:
    """The workflow of the page is registered, published, rotated, closed and removed."""
    ((_, workflow),) = [block for block in code_blocks(ROOT / "docs" / "tutorial.md") if block[0] == "python"]
    (folder / "greeter.py").write_text(workflow)
    with terminals(shell, folder) as (first, second):
        current = first
        for block in shell_blocks("docs/tutorial.md"):
            if "orcheo serve" in block:
                first.paste(block, waits_for="Stop it with Ctrl-C.")
                current = second
                continue
            statuses = current.paste(block)
            assert set(statuses) == {0}, current.said
    _assert_notes_what_the_page_says(second.said)
    for sentence in ("greeter is public.", "New publish token", "greeter is private.", "Removed greeter"):
        assert sentence in second.said


@pytest.mark.parametrize("shell", SHELLS)
def test_backing_up_and_restoring_with_the_default_folder(shell: str, tmp_path: Path) -> None:
    """The commands of the page find the folder, wherever it is, and the newest copy comes up whole."""
    home = tmp_path / "home"
    environment = {name: value for name, value in bareenvironment().items() if not name.startswith("XDG_")} | {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{bareenvironment()['PATH']}",
    }
    home.mkdir()
    back_up, restore = shell_blocks("docs/how-to/back-up-and-restore.md")
    terminal, server = Terminal(shell, home, environment), Terminal(shell, home, environment | {"ORCHEO_PORT": "0"})
    try:
        for handle in ("first", "second"):
            server.paste("orcheo serve\n", waits_for="Stop it with Ctrl-C.")
            add = f"orcheo workflow add {handle} --runner python --target examples.echo:answer\n"
            assert terminal.paste(add) == [0], terminal.said
            server.interrupt()
            assert set(terminal.paste(_dedented(back_up))) == {0}, terminal.said
        assert set(terminal.paste(_dedented(restore))) == {0}, terminal.said
        server.paste("orcheo serve\n", waits_for="Stop it with Ctrl-C.")
        assert terminal.paste("orcheo workflow show second\n") == [0], terminal.said
    finally:
        terminal.close()
        server.close()


def _dedented(block: str) -> str:
    return "".join(f"{line.strip()}\n" for line in block.splitlines())
