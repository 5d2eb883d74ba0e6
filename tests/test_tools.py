"""What the tools of the repository write for others to read."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tools import browser


def test_the_browser_that_npm_carries_draws_code_in_a_fixed_pitch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row m2: without an alias any font stands for ``monospace``; one unpacked earlier gets the file as well."""
    (tmp_path / "bin").mkdir()
    (tmp_path / f"chromium-{browser.VERSION}").touch()
    monkeypatch.setattr(browser, "CACHE", tmp_path)
    monkeypatch.setattr(browser, "INSTALLED", ())
    browser.main()
    fonts = ET.parse(tmp_path / "bin" / "fonts.conf").getroot()
    aliases = {each.findtext("family"): [font.text for font in each.iter("family")][1:] for each in fonts.iter("alias")}
    assert aliases["monospace"]
    assert all((name or "").endswith(" Mono") for name in aliases["monospace"])
    assert aliases["sans-serif"] == ["Open Sans"]  # which is carried along
    assert f"{tmp_path}/bin/fonts" in [each.text for each in fonts.iter("dir")]
    assert "/usr/share/fonts" in [each.text for each in fonts.iter("dir")]


@pytest.mark.parametrize(("version", "is_told"), [("3, 9, 2", True), ("3, 11, 0", False)])
def test_the_demo_names_a_python_that_is_too_old(tmp_path: Path, version: str, *, is_told: bool) -> None:
    """Before an environment is made with it; one that was left half made has no pip and is made again."""
    python = tmp_path / "python-x"
    python.write_text(
        "#!/bin/sh\n"
        f'test "$1" = -m && {{ echo made; exit 3; }}\n'
        f'exec {sys.executable} -c "import sys; sys.version_info = ({version}); exec(sys.argv[1])" "$2"\n'
    )
    python.chmod(0o755)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for name in ("Makefile", "pyproject.toml", "requirements/demo.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    make = ["make", ".stamps/demo-installed", f"PYTHON={python}"]
    ended = subprocess.run(make, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 2
    told = f"Orcheo needs Python 3.11 or newer, and {python} is 3.9. Name a newer one: make demo PYTHON=python3.11"
    assert (told in ended.stderr) is is_told
    assert ("made" in ended.stdout.splitlines()) is not is_told
