"""What a program says when an extra of the installation is missing. Imports nothing outside the standard library."""

import sys
from collections.abc import Callable
from pathlib import Path

_OWN = ("orcheo_core", "orcheo_adapters", "orcheo_cli", "orcheo_mcp")


def run_installed(program: str, extra: str, start: Callable[[], None]) -> None:
    """Start a program; one that is not wholly installed ends with a line that says what to install, and exit code 1.

    So does one on a system whose Python lacks a module that it needs. ``--version`` still works. A missing module of
    Orcheo itself is a fault, and raised.
    """
    try:
        start()
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell reports it; before the program itself could say more
    except ModuleNotFoundError as error:
        if not is_missing_package(error):
            raise
        if sys.argv[1:] == ["--version"]:
            from importlib.metadata import version

            sys.stdout.write(f"{program} {version('orcheo')}\n")
            sys.exit(0)
        if error.name in sys.stdlib_module_names:
            sys.exit(
                f"{program} runs on Linux and macOS; Python on this system has no module {error.name}. "
                "On Windows, run it in the Windows Subsystem for Linux (WSL)."
            )
        sys.exit(f"{program} needs more than is installed here: {how_to_install(extra)}")


def how_to_install(extra: str, *, root: Path = Path(__file__).parents[1]) -> str:
    """How an extra is added to this installation: with ``-e`` where it runs from its source (a clone), to stay so."""
    editable = "-e " if (root / "pyproject.toml").is_file() else ""
    return f'pip install {editable}".[{extra}]" in a clone of Orcheo'


def is_missing_package(error: BaseException) -> bool:
    """Whether this is about a package that an extra would have installed."""
    return isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] not in _OWN
