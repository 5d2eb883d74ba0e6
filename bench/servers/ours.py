"""Ours: every check, and durable turns in SQLite, `FULL` or `NORMAL`, on uvloop or asyncio's own loop.

Writes the publish tokens of its workflows to standard output, on one line.
"""

import asyncio
import socket
import sys
import tempfile
from pathlib import Path

import uvloop

from bench.servers.listening import option
from orcheo_adapters.auth.secrets_file import load_secrets
from orcheo_adapters.bootstrap import Orcheo, assemble, local_caller
from orcheo_adapters.http.deadlines import Deadlines
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_adapters.http.serving import http_server
from orcheo_adapters.server import CHECKPOINT_SECONDS, repeated
from orcheo_adapters.setting_values import RATE_SETTINGS
from orcheo_adapters.settings import ServerSettings
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.collector import spare_the_collector
from orcheo_adapters.system.entropy import SystemEntropy
from orcheo_core import RunnerSpec

WORKFLOWS = ("twenty", "paused", "waiting")
PLENTY = dict.fromkeys(RATE_SETTINGS, "10000000/minute")
"""Every limit is counted, none is met."""


async def main() -> None:
    """Publish the workflow and serve it."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), int(sys.argv[1])
        settings = ServerSettings.load(port=port, data_dir=folder, environment=PLENTY)
        store = SqliteStore(folder / "orcheo.db", synchronous=option(1, "FULL"))
        orcheo = assemble(store, load_secrets(folder, SystemEntropy().random_bytes), settings)
        print(*[await _publish(orcheo, handle) for handle in WORKFLOWS], flush=True)
        server = http_server(
            orcheo.app,
            deadlines=Deadlines(),
            security_headers=SecurityHeaders(),
            on_ready=lambda: None,
            on_stop=orcheo.core.engine.stop,
        )
        spare_the_collector()
        # The protocol is named for the reason that the server has: without it asyncio leaves Nagle's delay on.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", port))
            listener.listen(2048)
            listener.setblocking(False)
            async with repeated("checkpoint", CHECKPOINT_SECONDS, orcheo.core.engine.checkpoint):
                await server.serve(sockets=[listener])
        await store.close()


async def _publish(orcheo: Orcheo, handle: str) -> str:
    runner = RunnerSpec(kind="python", target=f"bench.workflow:{handle}")
    await orcheo.core.registering.add(local_caller(), handle=handle, name=None, description="", runner=runner)
    return (await orcheo.core.publishing.publish(local_caller(), handle)).publish_token


if __name__ == "__main__":
    (asyncio.run if option(2, "uvloop") == "asyncio" else uvloop.run)(main())
