"""Listening beyond this machine."""

import subprocess
from pathlib import Path

import pytest

from orcheo_adapters.memory.store import MemoryStore
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.ports.unit_of_work import Store
from tests.http.process import COMMAND, ROOT, server_process
from tests.samples import moment, service_token

ANYWHERE = ("--host", "0.0.0.0")


def refusal(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """``orcheo serve`` on all interfaces, which must end by itself."""
    command = [*COMMAND, "--port", "0", "--data-dir", str(folder), *ANYWHERE]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.network
def test_without_credentials_the_server_refuses_to_listen_beyond_loopback(tmp_path: Path) -> None:
    """It says why and what to do, each time: the local owner token, which every server has, is no credential."""
    for _ in range(2):
        done = refusal(tmp_path)
        assert done.returncode == 2
        assert "no credentials are set up" in done.stderr
        assert "ORCHEO_ALLOW_REMOTE=1" in done.stderr


@pytest.mark.network
def test_the_operator_may_say_that_it_is_meant(tmp_path: Path) -> None:
    """One setting."""
    with server_process(tmp_path, *ANYWHERE, ORCHEO_ALLOW_REMOTE="1") as server:
        assert server.perform("workflows.list")["workflows"] == []


@pytest.mark.network
async def test_a_service_token_is_a_credential(tmp_path: Path) -> None:
    """An owner who has one has thought of who may come in."""
    assert refusal(tmp_path).returncode == 2
    store = SqliteStore(tmp_path / "orcheo.db")
    change = store.begin()
    change.service_tokens.save(service_token())
    await change.commit()
    await store.close()
    with server_process(tmp_path, *ANYWHERE) as server:
        assert server.perform("workflows.list")["workflows"] == []


@pytest.mark.network
@pytest.mark.parametrize("url", ["https://chat.example.org", "http://chat.example.org"])
def test_behind_a_proxy_a_missing_proxy_setting_is_said(tmp_path: Path, url: str) -> None:
    """Otherwise all visitors would share one address's limits, and no one would know why."""
    with server_process(tmp_path, ORCHEO_PUBLIC_URL=url) as server:
        pass
    assert any("ORCHEO_TRUSTED_PROXIES" in line for line in server.log)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("chat.example.org", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    """A name that is not localhost may be anything."""
    settings = ServerSettings.load(host=host, environment={"ORCHEO_DATA_DIR": "unused"})
    assert settings.is_loopback is loopback


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_store_knows_of_other_service_tokens(tmp_path: Path, kind: str) -> None:
    """Besides the named one."""
    store: Store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "orcheo.db")
    for number, known in enumerate((False, False, True)):
        if number:
            change = store.begin()
            change.service_tokens.save(service_token(number))
            await change.commit()
        assert await store.begin().service_tokens.any_besides("st1", moment(9)) is known
    await store.close()
