"""The virtual environments that hold the frameworks, and a server that runs in one of them."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.e2e.server_process import ROOT, Gates, ServerProcess
from tests.frameworks.matrix import AGENTS

VARIABLE = "ORCHEO_FRAMEWORKS"
_VERSION = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
_QUIET = {
    "AGNO_TELEMETRY": "false",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CREWAI_DISABLE_TELEMETRY": "true",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "OTEL_SDK_DISABLED": "true",
    "PYTHONWARNINGS": "ignore",
}
"""Frameworks that would call their makers do not do it here."""


def environments() -> list[Path]:
    """The environments that were named."""
    return [Path(each).absolute() for each in os.environ.get(VARIABLE, "").split(":") if each]


@cache
def environment_with(packages: Sequence[str]) -> Path | None:
    """The first environment that has all of these distributions."""
    return next((each for each in environments() if _asks(each, packages)), None)


def _asks(environment: Path, packages: Sequence[str]) -> bool:
    command = [str(environment / "bin" / "python"), "-c", _VERSION, *packages]
    return subprocess.run(command, capture_output=True).returncode == 0


@contextmanager
def server_in(environment: Path, folder: Path, model: str) -> Iterator[ServerProcess]:
    """A server of this environment, started in the folder of the agents, whose model clients ask ``model``."""
    settings = _QUIET | {
        "ORCHEO_LIMITS": "off",
        "OPENAI_API_KEY": "unused",
        "OPENAI_BASE_URL": f"{model}/v1",
        "OPENAI_API_BASE": f"{model}/v1",
        "ANTHROPIC_API_KEY": "unused",
        "ANTHROPIC_BASE_URL": model,
        "CLAUDE_CONFIG_DIR": str(folder / "claude"),
        "PYTHONPATH": str(ROOT),
    }
    server = ServerProcess(
        data_dir=folder / "data",
        gates=Gates(folder),
        settings=settings,
        program=(str(environment / "bin" / "python"), "-m", "orcheo_cli"),
        started_in=AGENTS,
    )
    try:
        yield server.start()
    finally:
        server.close()
