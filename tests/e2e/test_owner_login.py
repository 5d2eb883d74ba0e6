"""``orcheo login`` with a real server: the service token comes by standard input and stays in a private file."""

import subprocess

import pytest

from tests.e2e.server_process import ORCHEO, ServerProcess

pytestmark = pytest.mark.network


def run(server: ServerProcess, *words: str, said: str = "") -> "subprocess.CompletedProcess[str]":
    """A command that asks this server, without its local owner token."""
    environment = server.environment() | {"ORCHEO_URL": server.url, "ORCHEO_DATA_DIR": f"{server.data_dir}-elsewhere"}
    return subprocess.run([str(ORCHEO), *words], env=environment, input=said, capture_output=True, text=True)


@pytest.mark.parametrize(("output", "code"), [("/dev/full", 1), ("&-", 0)])
def test_output_that_goes_nowhere_is_said_in_words(server: ServerProcess, output: str, code: int) -> None:
    """A full disk, a closed output: no traceback, no report of a bug."""
    command = f"{ORCHEO} workflow list >{output}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        env=server.environment() | {"ORCHEO_URL": server.url},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert "--debug" not in ended.stderr


def test_a_service_token_is_kept_for_its_server(server: ServerProcess) -> None:
    """Checked, kept, used, forgotten; never shown."""
    created = server.operation("tokens.create", scopes=["workflows:read"])
    token = created["service_token"]
    assert run(server, "workflow", "list").returncode == 4
    wrong = run(server, "login", said="orc_st_wrong\n")
    assert (wrong.returncode, "orc_st_wrong" in wrong.stderr) == (2, False)
    kept = run(server, "login", said=f"{token}\n")
    assert kept.returncode == 0, kept.stderr
    assert token not in kept.stdout + kept.stderr
    assert run(server, "workflow", "list").returncode == 0
    server.operation("tokens.revoke", id=created["details"]["id"])
    assert run(server, "login", said=f"{token}\n").returncode == 4
    assert "removed" in run(server, "logout").stdout
    assert run(server, "--json", "logout").stdout.startswith("{")
    assert run(server, "workflow", "list").returncode == 4


def test_a_token_without_the_scope_to_list_is_genuine_too(server: ServerProcess) -> None:
    """It may be for transcripts alone."""
    token = server.operation("tokens.create", scopes=["transcripts:read"])["service_token"]
    assert run(server, "login", said=f"{token}\n").returncode == 0
