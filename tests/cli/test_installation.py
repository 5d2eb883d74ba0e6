"""What is installed by which extra, and what the programs say when it is not enough."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orcheo_adapters.installation import how_to_install, run_installed
from tests.test_frame import PROJECT, read

_PROBE = """
import sys
from importlib.abc import MetaPathFinder
own = {"orcheo_core", "orcheo_adapters", "orcheo_cli", "orcheo_mcp"}
known = sys.stdlib_module_names | own | set(sys.argv[2].split())
class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in known and not name.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
program = sys.argv[1]
del sys.argv[:3]
sys.argv.insert(0, program)
from importlib import import_module
import_module(f"{program}.__main__").main()
"""
BASE = "attr attrs"
CLIENT = f"{BASE} click platformdirs truststore"


def run(program: str, *words: str, installed: str = BASE, said: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a program where only these packages are installed; ``said`` is its standard input."""
    command = [sys.executable, "-c", _PROBE, program, installed, *words]
    return subprocess.run(command, input=said, capture_output=True, text=True, timeout=120)


def closure(extra: str) -> set[str]:
    """Everything that an extra installs, as far as it is installed here."""
    found: set[str] = set()
    wanted = [(Requirement(each), extra) for each in PROJECT["dependencies"]]
    wanted += [(Requirement(each), extra) for each in PROJECT["optional-dependencies"][extra]]
    while wanted:
        needed, of_extra = wanted.pop()
        name = canonicalize_name(needed.name)
        if name in found or (needed.marker and not needed.marker.evaluate({"extra": of_extra})):
            continue
        found.add(name)
        try:
            below = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        wanted += [(Requirement(each), extra) for each in below for extra in (*needed.extras, "")]
    return found


def packages(extra: str) -> str:
    """The names to import of all that an extra installs."""
    installed = closure(extra)
    owners = packages_distributions()
    return " ".join(name for name, dists in owners.items() if installed & set(map(canonicalize_name, dists)))


@pytest.mark.parametrize(
    ("program", "name", "extra", "words"),
    [
        ("orcheo_cli", "orcheo", "standard", ()),
        ("orcheo_cli", "orcheo", "standard", ("workflow", "list")),
        ("orcheo_cli", "orcheo", "standard", ("--version", "--json")),
        ("orcheo_mcp", "orcheo-mcp", "mcp", ()),
    ],
)
def test_the_base_install_says_what_to_install(program: str, name: str, extra: str, words: tuple[str, ...]) -> None:
    """One line, and exit code 1."""
    done = run(program, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f'{name} needs more than is installed here: pip install -e ".[{extra}]" in a clone of Orcheo\n'
    )


def test_a_system_without_a_module_of_python_is_named() -> None:
    """Nothing that can be installed brings it; Windows has no fcntl."""

    def start() -> None:
        raise ModuleNotFoundError(name="fcntl")

    with pytest.raises(SystemExit, match=r"orcheo runs on Linux and macOS; .* no module fcntl\..*WSL"):
        run_installed("orcheo", "standard", start)


@pytest.mark.parametrize(("program", "name"), [("orcheo_cli", "orcheo"), ("orcheo_mcp", "orcheo-mcp")])
def test_the_base_install_knows_its_version(program: str, name: str) -> None:
    """It is the first thing that people ask for."""
    done = run(program, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{name} {version('orcheo')}\n", "")


@pytest.mark.parametrize("words", [("serve",), ("doctor",)])
def test_a_command_that_needs_the_server_says_so(words: tuple[str, ...]) -> None:
    """A client's packages are there, the server's are not."""
    done = run("orcheo_cli", *words, installed=CLIENT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: This needs more than is installed here: No module named ")
    assert done.stderr.endswith('Hint:  Install it: pip install -e ".[server]" in a clone of Orcheo\n')


def test_a_client_needs_few_packages() -> None:
    """Asking a server works without what runs one."""
    done = run("orcheo_cli", "workflow", "--help", installed=CLIENT)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_module_of_orcheo_is_a_fault() -> None:
    """Nothing that pip could fix is advised."""
    done = run("orcheo_cli.main", "--version")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_the_server_is_fifty_distributions_at_most() -> None:
    """With all that they need in turn, and with Orcheo itself."""
    assert len(closure("server") | {"orcheo"}) <= 50


def test_standard_is_server_and_mcp() -> None:
    """One list is kept of each."""
    assert PROJECT["optional-dependencies"]["standard"] == ["orcheo[server,mcp]"]


def test_the_demo_installs_the_server_and_nothing_of_the_tests() -> None:
    """The same pins as for development, so that the one can follow the other."""
    lines = read("requirements/demo.txt").splitlines()[1:]
    assert set(lines) <= set(read("requirements/dev.txt").splitlines())
    names = {canonicalize_name(line.partition("==")[0]) for line in lines}
    builder = {"hatchling", "editables", "pathspec", "pluggy", "trove-classifiers", "packaging"}
    assert closure("server") - {"pip"} <= names <= closure("server") | builder


def test_an_installation_says_what_it_waits_for() -> None:
    """Before each step of the Makefile that installs without showing its command: what, and about how long."""
    recipes = re.findall(r"^\$\(STAMPS\).*\n(?:\t.*\n)+", read("Makefile"), re.MULTILINE)
    quiet = [each for each in recipes if re.search(r"^\t@.*(?:PIP_INSTALL|npm ci|pip install)", each, re.MULTILINE)]
    assert len(quiet) >= 4
    assert [
        each for each in quiet if not re.search(r"^\t@echo \"Installing .* (?:seconds|minutes?)", each, re.MULTILINE)
    ] == []


def test_the_classifiers_begin_with_the_oldest_python_that_is_allowed() -> None:
    """What pip checks and what people read agree."""
    named = [each for each in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", each)]
    assert PROJECT["requires-python"] == f">={named[0].rpartition(' ')[2]}"


@pytest.mark.network
def test_the_extra_server_runs_a_server(tmp_path: Path) -> None:
    """Without anything that only the extra ``mcp`` installs."""
    command = [sys.executable, "-c", _PROBE, "orcheo_cli", packages("server"), "serve", "--port", "0"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    run = kept | {"ORCHEO_DATA_DIR": str(tmp_path / "data")}
    with subprocess.Popen(command, env=run, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = server.stderr.readline()
        server.terminate()
        assert said.startswith("Orcheo listens on "), said + server.stderr.read()


def test_the_extra_mcp_serves_an_assistant() -> None:
    """Without anything that only the extra ``server`` installs."""
    about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    hello = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about})
    done = run("orcheo_mcp", installed=packages("mcp"), said=f"{hello}\n")
    assert json.loads(done.stdout)["result"]["serverInfo"]["name"] == "orcheo", done.stderr


@pytest.mark.parametrize(("clone", "line"), [(True, 'pip install -e ".[openai]"'), (False, 'pip install ".[openai]"')])
def test_an_extra_is_added_the_way_this_is_installed(tmp_path: Path, clone: bool, line: str) -> None:
    if clone:
        (tmp_path / "pyproject.toml").touch()
    assert how_to_install("openai", root=tmp_path) == f"{line} in a clone of Orcheo"
