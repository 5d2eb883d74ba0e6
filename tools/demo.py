"""``make demo``: the real server with the docs assistant published, until Ctrl-C.

Everything goes through the real command line, as an owner would do it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
ORCHEO = Path(sys.executable).parent / "orcheo"
HANDLE = "docs-assistant"
CONFLICT = 5
READY_SECONDS = 30

NEXT_STEPS = """
  The docs assistant is open to visitors:

      {share_url}

  Open it in a browser and ask, for example, "How do I publish a workflow?"

  In another terminal (after `source .venv/bin/activate`):
      orcheo workflow list
      orcheo workflow rotate-token {handle}     a new publish token for programs
      orcheo workflow unpublish {handle}        close it again

  Stop with Ctrl-C.
"""


def main() -> int:
    """Run the demo; the exit code is the server's."""
    server = subprocess.Popen([ORCHEO, "serve"], env=_environment(), start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: _stop(server, _frame))
    if _wait_until_ready(server) and server.poll() is None:
        try:
            _register()
            print(NEXT_STEPS.format(share_url=_publish(), handle=HANDLE), flush=True)
        except subprocess.CalledProcessError as error:
            sys.stderr.write(error.stderr)
            server.terminate()
            server.wait()
            return error.returncode
    return server.wait()


def _environment() -> dict[str, str]:
    """The server finds ``examples`` on its import path."""
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{path}" if path else str(ROOT)}


def _stop(server: "subprocess.Popen[bytes]", _frame: FrameType | None) -> None:
    if server.poll() is None:
        server.terminate()


def _wait_until_ready(server: "subprocess.Popen[bytes]") -> bool:
    url = f"http://127.0.0.1:{os.environ.get('ORCHEO_PORT') or 8700}/readyz"
    for _ in range(READY_SECONDS * 10):
        if server.poll() is not None:
            return False
        try:
            with urlopen(url, timeout=2):
                return True
        except (URLError, OSError):
            time.sleep(0.1)
    return False


def _register() -> None:
    target = "examples.docs_assistant:answer"
    _orcheo("workflow", "add", HANDLE, "--runner", "python", "--target", target, "--name", "Docs assistant")


def _publish() -> str:
    done = _orcheo("workflow", "publish", HANDLE, "--yes") or _orcheo("workflow", "show", HANDLE) or {}
    share_url: str = done["share_url"]
    return share_url


def _orcheo(*words: str) -> dict[str, Any] | None:
    """The result of a command; None when it says that this is so already."""
    done = subprocess.run([ORCHEO, "--json", *words], capture_output=True, text=True, check=False)
    if done.returncode == CONFLICT:
        return None
    done.check_returncode()
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
