"""``orcheo doctor --space`` and ``orcheo compact``."""

import asyncio
import json
import os
from pathlib import Path

from orcheo_adapters.client.settings import server_url
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.data_folder import DataFolder
from tests import samples
from tests.cli.command_line import CommandLine
from tests.conformance.keeping import keep
from tests.sync_server import SyncTestServer


def make_folder(folder: Path) -> None:
    """A data folder that a server has left, with an attachment."""

    async def fill() -> None:
        store = SqliteStore(folder / "orcheo.db")
        await keep(store, samples.workflow())
        await store.close()

    asyncio.run(fill())
    (folder / "attachments").mkdir()
    (folder / "attachments" / "atc_1").write_bytes(b"abc")


def test_space_is_asked_of_the_server(sync_server: SyncTestServer, tmp_path: Path) -> None:
    """The database of a server that runs is not opened by anything else."""
    orcheo = CommandLine(connect=sync_server.operations, environment={"ORCHEO_DATA_DIR": str(tmp_path)})
    said = orcheo("doctor", "--space")
    assert said.code == 0
    assert said.out.startswith("The database takes 0 bytes")
    assert "webhook_deliveries" in said.out
    lock = {"pid": os.getpid(), "url": "http://127.0.0.1:1"}
    make_folder(tmp_path)
    (tmp_path / "orcheo.lock").write_text(json.dumps(lock))
    assert orcheo("doctor", "--space").out == said.out
    assert orcheo("server", "space").out == said.out


def test_space_of_a_folder_without_a_server(tmp_path: Path) -> None:
    """Its database is read, and the disk that it is on."""
    make_folder(tmp_path)
    said = CommandLine(environment={"ORCHEO_DATA_DIR": str(tmp_path)})("--json", "doctor", "--space")
    seen = json.loads(said.out)
    assert said.code == 0
    assert (seen["attachment_files"], seen["attachments"], seen["gives_back"]) == (1, 3, True)
    assert {each["name"]: each["rows"] for each in seen["table_spaces"]}["workflows"] == 1
    assert "of the disk are free" in seen["message"]


def test_a_database_is_compacted(tmp_path: Path) -> None:
    """And nothing in it changes."""
    make_folder(tmp_path)
    orcheo = CommandLine(environment={"ORCHEO_DATA_DIR": str(tmp_path)})
    said = orcheo("compact")
    assert said.code == 0
    assert said.out.startswith("The database took ")
    again = json.loads(orcheo("compact", "--json", "--data-dir", str(tmp_path)).out)
    assert again["before"] == again["after"] > 0


def test_a_compacted_folder_still_names_its_server(tmp_path: Path) -> None:
    """Commands ask where it listened, and not a text that is no address."""
    make_folder(tmp_path)
    with DataFolder(tmp_path).locked("http://127.0.0.1:1"):
        pass
    assert CommandLine(environment={"ORCHEO_DATA_DIR": str(tmp_path)})("compact").code == 0
    assert server_url({"ORCHEO_DATA_DIR": str(tmp_path)}) == "http://127.0.0.1:1"


def test_there_must_be_a_database(tmp_path: Path) -> None:
    """A wrong folder is not filled with an empty one."""
    said = CommandLine(environment={"ORCHEO_DATA_DIR": str(tmp_path)})("compact")
    assert said.code == 3
    assert "There is no database" in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_running_server_keeps_its_database(tmp_path: Path) -> None:
    """Two processes on one file could damage it."""
    make_folder(tmp_path)
    with DataFolder(tmp_path).locked("http://127.0.0.1:1"):
        said = CommandLine(environment={"ORCHEO_DATA_DIR": str(tmp_path)})("compact")
    assert said.code == 5
    assert "is in use by process" in said.err
