"""Ours: every check, and durable turns in SQLite, `FULL` or `NORMAL`. Writes a publish token to standard output."""

import sys
import tempfile
from pathlib import Path

import uvicorn
import uvloop

from bench.servers.listening import option
from orcheo_adapters.auth.secrets_file import load_secrets
from orcheo_adapters.bootstrap import assemble, local_caller
from orcheo_adapters.server import CHECKPOINT_SECONDS, repeated
from orcheo_adapters.settings import ServerSettings
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.entropy import SystemEntropy
from orcheo_core import RunnerSpec


async def main() -> None:
    """Publish the workflow and serve it."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), int(sys.argv[1])
        settings = ServerSettings.load(port=port, data_dir=folder, environment={})
        store = SqliteStore(folder / "orcheo.db", synchronous=option(1, "FULL"))
        orcheo = assemble(store, load_secrets(folder, SystemEntropy().random_bytes), settings)
        await orcheo.core.registering.add(
            local_caller(),
            handle="twenty",
            name=None,
            description="",
            runner=RunnerSpec(kind="python", target="bench.workflow:twenty"),
        )
        published = await orcheo.core.publishing.publish(local_caller(), "twenty")
        print(published.publish_token, flush=True)
        config = uvicorn.Config(
            orcheo.app, host="127.0.0.1", port=port, access_log=False, log_level="warning", lifespan="off"
        )
        async with repeated("checkpoint", CHECKPOINT_SECONDS, orcheo.core.engine.checkpoint):
            await uvicorn.Server(config).serve()
        await store.close()


if __name__ == "__main__":
    uvloop.run(main())
