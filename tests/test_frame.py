"""The frame of the project: what a clone promises before any code of it runs."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("orcheo_core", "orcheo_adapters", "orcheo_cli", "orcheo_mcp")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PICTURE_LIMIT = 200_000


def read(path: str) -> str:
    """The text of a file of the project."""
    return (ROOT / path).read_text("utf-8")


@pytest.fixture(scope="module")
def in_wheel() -> set[str]:
    """The files that the wheel would carry, by what hatchling's own builder finds."""
    return {each.distribution_path for each in WheelBuilder(str(ROOT)).recurse_included_files()}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_tells_type_checkers_that_it_has_types(in_wheel: set[str], package: str) -> None:
    """PEP 561: a ``py.typed`` in each package."""
    assert f"{package}/py.typed" in in_wheel


def test_the_wheel_carries_the_built_page(in_wheel: set[str]) -> None:
    """The page, and every script and style that it names, although git does not track them."""
    static = "orcheo_adapters/http/static"
    named = re.findall(r'(?:src|href)="/(assets/[^"]+)"', read(f"{static}/chat.html"))
    assert len(named) >= 3
    assert {f"{static}/{each}" for each in ["chat.html", *named]} <= in_wheel


def test_the_wheel_carries_nothing_else(in_wheel: set[str]) -> None:
    """No tests, tools or examples would land among the packages of those who install it."""
    assert {path.partition("/")[0] for path in in_wheel} == set(PACKAGES)


def test_the_readme_names_both_commands() -> None:
    """One command to see it work, one to test it; each stands in a block of its own, ready to copy."""
    blocks = re.findall(r"```sh\n(.*?)```", read("README.md"), re.DOTALL)
    assert {"make demo\n", "make test\n"} <= set(blocks)


def test_ci_runs_what_the_readme_says() -> None:
    """``.ci/run`` can be executed and calls the same target."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert read(".ci/run").splitlines()[-1] == "make test"


def test_help_lists_every_target() -> None:
    """``make help``, which is also plain ``make``, names each target but those that are parts of others."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    shown = subprocess.run(["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", shown, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    assert phony is not None
    assert set(listed) == set(phony[1].split()) - {"web-check", "pytest"}


def test_requirements_are_pinned_and_name_no_place() -> None:
    """Every machine installs the same versions, from whatever index it is set up for."""
    lines = read("requirements/dev.txt").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+(; [^/@]+)?", line)] == []


def test_requirements_hold_what_the_project_needs() -> None:
    """``make`` installs exactly these pins, so each direct dependency must be among them, in a version that fits."""
    pins = {canonicalize_name(pin.name): pin for pin in map(Requirement, read("requirements/dev.txt").splitlines())}
    extras = PROJECT["optional-dependencies"]
    for needed in map(Requirement, [*PROJECT["dependencies"], *extras["server"], *extras["mcp"]]):
        version = str(pins[canonicalize_name(needed.name)].specifier).removeprefix("==")
        assert needed.specifier.contains(version), needed


def test_the_lock_file_names_no_registry() -> None:
    """npm takes packages from whatever registry the machine is set up for, and checks them by their digests."""
    packages = json.loads(read("web/package-lock.json"))["packages"]
    entries = {name: entry for name, entry in packages.items() if name}
    assert [name for name, entry in entries.items() if "resolved" in entry] == []
    assert [name for name, entry in entries.items() if "integrity" not in entry] == []


def test_the_picture_of_the_page_is_there_and_small() -> None:
    """It is shown on top of the README, and everyone who clones loads it."""
    picture = (ROOT / "docs" / "images" / "chat-page.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < PICTURE_LIMIT


def test_no_link_is_part_of_the_sources() -> None:
    """A link of one machine leads nowhere on another, or to itself."""
    listed = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line for line in listed.splitlines() if line.startswith("120000 ")] == []
