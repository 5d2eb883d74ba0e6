"""What the tools of the repository write for others to read."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

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
