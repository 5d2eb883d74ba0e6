"""``orcheo serve``: what stops it from starting, and what it says then."""

import signal
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.server_process import Ended, ServerProcess, run_orcheo

pytestmark = pytest.mark.network


def assert_refused(ended: Ended, code: int, *words: str) -> None:
    """An exit code, a message and a hint for people on standard error, and nothing for programmers."""
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert "Error: " in ended.err
    assert "Hint: " in ended.err
    assert "Traceback" not in ended.err
    for each in words:
        assert each in ended.err


def serve(data_dir: Path, *, port: int = 0) -> Ended:
    """Try to start a server that is expected not to start."""
    return run_orcheo("serve", "--port", str(port), "--data-dir", str(data_dir))


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    """Exit code 5 (conflict), the address, and what to do; the data folder is not touched."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ended = serve(tmp_path / "data", port=port)
    assert_refused(ended, 5, f"127.0.0.1:{port}", "--port")
    assert not (tmp_path / "data").exists()


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    """An address that is none of this machine's: exit code 2 (usage). 192.0.2.1 is for documentation (RFC 5737)."""
    ended = run_orcheo("serve", "--host", "192.0.2.1", "--port", "0", "--data-dir", str(tmp_path))
    assert_refused(ended, 2, "192.0.2.1", "--host")


def test_an_unwritable_data_folder_is_named(tmp_path: Path) -> None:
    """A folder that cannot be made, here below a regular file, as root may write anywhere else."""
    (tmp_path / "file").write_text("mine")
    assert_refused(serve(tmp_path / "file" / "data"), 1, str(tmp_path / "file" / "data"), "--data-dir")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_second_server_is_told_of_the_first(server: ServerProcess) -> None:
    """One process owns a data folder: the second names the first one's URL, and the first goes on."""
    assert_refused(serve(server.data_dir), 5, server.url, "--data-dir")
    with server.client() as client:
        assert client.get("/readyz").status_code == 200


def test_a_newer_schema_is_refused_and_left_alone(server: ServerProcess) -> None:
    """A file of a later release is neither read nor changed."""
    server.end()
    database = server.data_dir / "orcheo.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 4711")
    connection.close()
    before = database.read_bytes()
    assert_refused(serve(server.data_dir), 1, "4711", "Upgrade Orcheo")
    assert database.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Something else under the database's name is not overwritten."""
    database = tmp_path / "orcheo.db"
    database.write_bytes(b"not a database, but dear to somebody\n" * 100)
    before = database.read_bytes()
    assert_refused(serve(tmp_path), 1, str(database), "backup")
    assert database.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"version": 1}'])
def test_damaged_secrets_are_refused_and_left_alone(tmp_path: Path, damage: bytes) -> None:
    """New secrets would void all tokens, so a damaged file is not replaced; the hint says what that would mean."""
    secrets = tmp_path / "secrets.json"
    secrets.write_bytes(damage)
    assert_refused(serve(tmp_path), 1, str(secrets), "backup")
    assert secrets.read_bytes() == damage


def test_lost_secrets_are_not_replaced_without_a_word(server: ServerProcess) -> None:
    """New ones would void all tokens; with ``--new-secrets`` the owner has said so, and has a token that works."""
    secrets, token = server.data_dir / "secrets.json", (server.data_dir / "owner-token").read_text()
    server.end()
    secrets.unlink()
    assert_refused(serve(server.data_dir), 1, str(secrets), "backup", "--new-secrets")
    assert not secrets.exists()
    server.options = ("--new-secrets",)
    server.start()
    assert (server.data_dir / "owner-token").read_text() != token
    server.publish("echo", "examples.echo:answer")


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    """By the environment as well: exit code 2, and the variable is named."""
    ended = run_orcheo("serve", "--data-dir", str(tmp_path / "data"), ORCHEO_PORT=port)
    assert_refused(ended, 2, "ORCHEO_PORT")


def test_a_restart_loses_nothing(server: ServerProcess) -> None:
    """Workflows, the publish token and the owner's token are the same after a clean end and a new start."""
    published = server.publish("kept", "examples.echo:answer")
    token = (server.data_dir / "owner-token").read_text()
    assert server.end() == 0
    server.start()
    assert (server.data_dir / "owner-token").read_text() == token
    with server.client(authorization=f"Bearer {published['publish_token']}") as program:
        assert program.post("/api/chat/kept/session", json={}).status_code == 200


def test_the_data_folder_is_private(server: ServerProcess) -> None:
    """No one else can read the folder or anything in it."""
    paths = [server.data_dir, *server.data_dir.iterdir()]
    assert [path.name for path in paths if path.stat().st_mode & 0o077] == []


def test_share_links_lead_to_a_port_that_the_system_chose(server: ServerProcess) -> None:
    """``--port 0``: the share link names the port on which the server really listens."""
    published = server.publish("reachable", "examples.echo:answer")
    assert published["share_url"] == f"{server.url}/chat/reachable"


def test_share_links_name_the_public_url(new_server: Callable[[], ServerProcess]) -> None:
    """Behind a proxy the operator says how visitors reach the server; whatever port it has does not show."""
    server = new_server()
    server.settings["ORCHEO_PUBLIC_URL"] = "https://chat.example.org"
    published = server.start().publish("reachable", "examples.echo:answer")
    assert published["share_url"] == "https://chat.example.org/chat/reachable"


def test_the_lock_of_a_killed_server_is_free(server: ServerProcess, new_server: Callable[[], ServerProcess]) -> None:
    """After a crash another server may take the data folder over at once."""
    server.end(signal.SIGKILL)
    assert new_server().start().url != server.url


def test_a_misspelt_setting_is_told(new_server: Callable[[], ServerProcess]) -> None:
    """It would change nothing without a word; the server starts nevertheless."""
    server = new_server()
    server.settings = {"ORCHEO_LIMIT_READZ": "1/minute"}
    said = " ".join(server.start().log.split())
    assert "ORCHEO_LIMIT_READZ is not a setting, and changes nothing. Did you mean ORCHEO_LIMIT_READS?" in said
