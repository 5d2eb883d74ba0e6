"""Build hook: a wheel carries the built chat page; without one it says what is missing."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_MISSING = """
The chat page is not built, and this machine cannot build it: {reason}.
Install Node.js 20 or newer and build again, or run `make web` first.
"""


class WebBundleHook(BuildHookInterface[Any]):
    """Builds ``web/`` into ``orcheo_adapters/http/static`` when it is not there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's own signature
        """Run before a wheel is built; an editable install works without the page."""
        page = Path(self.root, "orcheo_adapters", "http", "static", "chat.html")
        if version == "editable" or page.is_file():
            return
        self._build(Path(self.root, "web"))

    def _build(self, web: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(_MISSING.format(reason="npm is not installed"))
        try:
            subprocess.run([npm, "ci", "--omit=dev"], cwd=web, check=True)
            subprocess.run([npm, "run", "build"], cwd=web, check=True)
        except subprocess.CalledProcessError as error:
            raise SystemExit(_MISSING.format(reason=f"`{' '.join(error.cmd[1:])}` failed")) from None
