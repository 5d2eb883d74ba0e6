"""``make demo``: the real server with the docs assistant published, until Ctrl-C.

Everything goes through the real command line, as an owner would do it.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from orcheo_adapters.client.remote import RemoteOperations
from orcheo_adapters.client.settings import ClientSettings
from orcheo_adapters.system.data_folder import DataFolder
from orcheo_adapters.system.local_server import data_folder_path
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import OrcheoError

ROOT = Path(__file__).resolve().parent.parent
ORCHEO = Path(sys.executable).parent / "orcheo"
HANDLE = "docs-assistant"
CONFLICT = 5
READY_SECONDS = 30

NEXT_STEPS = """
  The docs assistant is open to visitors:

      {share_url}

  Open it in a browser and ask, for example, "How do I publish a workflow?"

  In another terminal, in this folder:
      . .venv/bin/activate
{settings}      orcheo workflow list
      orcheo workflow rotate-token {handle}     a new publish token
      orcheo workflow unpublish {handle}        close it again

  Stop with Ctrl-C.
"""


def main() -> int:
    """Run the demo; the exit code is the server's."""
    server = subprocess.Popen([ORCHEO, "serve"], env=_environment(), start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: _stop(server, _frame))
    url = _wait_until_ready(server)
    if url is not None and server.poll() is None:
        try:
            share_url = _publish(url)
            print(NEXT_STEPS.format(share_url=share_url, handle=HANDLE, settings=_settings(url)), flush=True)
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


def _wait_until_ready(server: "subprocess.Popen[bytes]") -> str | None:
    """Where this very process listens, by the lock of its data folder; never a server that was there before."""
    for _ in range(READY_SECONDS * 10):
        if server.poll() is not None:
            return None
        owner = _folder().server()
        if owner is not None and owner.pid == server.pid and _answers(owner.url):
            return owner.url
        time.sleep(0.1)
    return None


def _answers(url: str) -> bool:
    try:
        RemoteOperations(ClientSettings(url=url, service_token=""), Channel.CLI).ready()
    except OrcheoError:
        return False
    return True


def _folder() -> DataFolder:
    return DataFolder(data_folder_path(os.environ))


def _settings(url: str) -> str:
    """What the other terminal must be told, because this one was."""
    told = {"ORCHEO_DATA_DIR": str(_folder().path), "ORCHEO_URL": url}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in told.items() if os.environ.get(name)]
    return "".join(f"      {line}\n" for line in lines)


def _publish(url: str) -> str:
    """Register and publish the docs assistant, as the local owner of this server; its share link."""
    token = _folder().local_owner_token.read_text("utf-8").strip()
    owner = {**os.environ, "ORCHEO_URL": url, "ORCHEO_SERVICE_TOKEN": token}
    target = "examples.docs_assistant:answer"
    _orcheo(owner, "workflow", "add", HANDLE, "--runner", "python", "--target", target, "--name", "Docs assistant")
    published = _orcheo(owner, "workflow", "publish", HANDLE, "--yes")
    done = published or _orcheo(owner, "workflow", "show", HANDLE) or {}
    share_url: str = done["share_url"]
    return share_url


def _orcheo(owner: Mapping[str, str], *words: str) -> dict[str, Any] | None:
    """The result of a command; None when it says that this is so already."""
    done = subprocess.run([ORCHEO, "--json", *words], env=owner, capture_output=True, text=True, check=False)
    if done.returncode == CONFLICT:
        return None
    done.check_returncode()
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
