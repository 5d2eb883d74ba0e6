"""Starting is quick because imports are late."""

import subprocess
import sys

import pytest

_PROBE = """
import sys
sys.argv = ["orcheo", *sys.argv[1:]]
from orcheo_cli.main import run
code = run(sys.argv[1:])
print("\\n".join(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def modules_of(*words: str) -> set[str]:
    """The modules that a command imports in a process of its own."""
    done = subprocess.run([sys.executable, "-c", _PROBE, *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines())


def packages_of(*words: str) -> set[str]:
    """The top-level packages among them."""
    return {each.partition(".")[0] for each in modules_of(*words)}


@pytest.mark.parametrize(
    ("words", "late"),
    [
        (("--help",), {"starlette", "uvicorn", "sqlite_utils", "mcp", "httpx2", "rich", "cattrs", "attrs"}),
        (("workflow", "--help"), {"starlette", "uvicorn", "sqlite_utils", "mcp", "httpx2", "rich", "cattrs"}),
        (("serve", "--help"), {"starlette", "uvicorn", "sqlite_utils", "mcp", "httpx2", "rich", "cattrs"}),
        (("doctor", "--help"), {"starlette", "uvicorn", "sqlite_utils", "mcp", "httpx2", "rich", "cattrs"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_help_does_not_import_what_only_running_needs(words: tuple[str, ...], late: set[str]) -> None:
    """Server, database, HTTP client and MCP stay out."""
    assert packages_of(*words) & late == set()


@pytest.mark.parametrize("group", ["workflow", "thread", "token", "audit", "keys"])
def test_a_command_needs_names_and_schemas_of_its_operations_only(group: str) -> None:
    """No service is imported, nor the server's settings, its HTTP side or another HTTP client."""
    modules = modules_of(group, "--help")
    core = ("orcheo_core.services", "orcheo_core.ports")
    heavy = (*core, "orcheo_adapters.settings.server", "orcheo_adapters.http", "httpx", "importlib.metadata")
    assert [each for each in modules if each.startswith(heavy)] == []


def test_a_workflow_command_knows_no_runs_and_no_items() -> None:
    """The commands that people use most are the quickest."""
    assert modules_of("workflow", "--help") & {"orcheo_core.domain.run", "orcheo_core.domain.items"} == set()
