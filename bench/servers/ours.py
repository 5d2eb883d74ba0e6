"""Ours: every check, and durable turns in SQLite, `FULL` or `NORMAL`, on the real server's loop.

A last word `off` switches the limits off.

Writes the publish tokens of its workflows to standard output, on one line.
"""

import socket
import sys
import tempfile
from pathlib import Path

from bench.servers.listening import option
from orcheo_adapters.server.assembly import Orcheo
from orcheo_adapters.server.local_owner import local_caller
from orcheo_adapters.server.process import listen, open_server
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.settings.values import RATE_SETTINGS
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_core import RunnerSpec

WORKFLOWS = ("twenty", "paused", "waiting")
_HOLDERS = ("VISITOR", "PROGRAM", "ADDRESS", "WORKFLOW", "SERVER")
PLENTY = {
    **dict.fromkeys((*RATE_SETTINGS, "ORCHEO_LIMIT_REQUESTS_BY_ADDRESS"), "10000000/minute"),
    **{f"ORCHEO_LIMIT_{what}_BY_{holder}": "10000000" for what in ("RUNS", "STREAMS") for holder in _HOLDERS},
}
"""Every limit is counted, none is met."""


async def main() -> None:
    """Publish the workflow and serve it."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), int(sys.argv[1])
        environment = {"ORCHEO_LIMITS": "off"} if option(2, "on") == "off" else PLENTY
        settings = ServerSettings.load(port=port, data_dir=folder, environment=environment)
        store = SqliteStore(folder / "orcheo.db", synchronous=option(1, "FULL"))
        async with open_server(settings, store) as orcheo:
            print(*[await _publish(orcheo, handle) for handle in WORKFLOWS], flush=True)
            # The protocol is named for the reason that the server has: without it asyncio leaves Nagle's delay on.
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
                listener.bind(("127.0.0.1", port))
                listener.listen(2048)
                listener.setblocking(False)
                await listen(orcheo, listener, on_ready=lambda: None)


async def _publish(orcheo: Orcheo, handle: str) -> str:
    runner = RunnerSpec(kind="python", target=f"bench.workflow:{handle}")
    await orcheo.core.registering.add(local_caller(), handle=handle, name=None, description="", runner=runner)
    return (await orcheo.core.publishing.publish(local_caller(), handle)).publish_token


if __name__ == "__main__":
    run_server_loop(main())
