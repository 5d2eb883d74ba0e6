"""Which server a program asks, and as whom."""

from pathlib import Path

import pytest

from orcheo_adapters.client.credentials import Credentials, CredentialsUnusable
from orcheo_adapters.client.known_workflows import connect
from orcheo_adapters.client.settings import ClientSettings, NoServiceToken, server_url
from orcheo_adapters.system.data_folder import DataFolder
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import InvalidInput

LOCAL = "http://127.0.0.1:8700"
TOKEN = "orc_st_local"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder with a local owner token."""
    (tmp_path / "owner-token").write_text(f"{TOKEN}\n")
    return tmp_path


def load(folder: Path, **environment: str) -> ClientSettings:
    """Settings with this data folder and these variables."""
    return ClientSettings.load(
        {"ORCHEO_DATA_DIR": str(folder), "ORCHEO_CONFIG_DIR": str(folder / "config"), **environment}
    )


def test_with_no_variable_it_is_this_machine(data_dir: Path) -> None:
    """The local owner token is used, without the line end."""
    assert load(data_dir) == ClientSettings(url=LOCAL, service_token=TOKEN)


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"ORCHEO_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"ORCHEO_HOST": "0.0.0.0"}, LOCAL),
        ({"ORCHEO_HOST": "::1"}, "http://[::1]:8700"),
        ({"ORCHEO_URL": " http://localhost:9000/ "}, "http://localhost:9000"),
        ({"ORCHEO_URL": "  "}, LOCAL),
        ({"ORCHEO_URL": "127.0.0.1:9000"}, "http://127.0.0.1:9000"),
        ({"ORCHEO_URL": "localhost:9000/"}, "http://localhost:9000"),
        ({"ORCHEO_URL": "[::1]:9000"}, "http://[::1]:9000"),
        ({"ORCHEO_URL": "https://[::1]/orcheo", "ORCHEO_PORT": "9000"}, "https://[::1]/orcheo"),
    ],
)
def test_where_the_server_is(data_dir: Path, environment: dict[str, str], url: str) -> None:
    """``ORCHEO_URL`` first, then where a server with the same settings listens."""
    assert load(data_dir, **environment).url == url
    assert server_url({"ORCHEO_DATA_DIR": str(data_dir), **environment}) == url


@pytest.mark.parametrize("name", ["chat.example.org", "chat.example.org:8443/orcheo", "localhost.example.org"])
def test_another_machine_named_without_a_scheme_is_asked_over_tls(data_dir: Path, name: str) -> None:
    """A service token is not sent in the clear on a guess."""
    assert load(data_dir, ORCHEO_URL=name, ORCHEO_SERVICE_TOKEN=TOKEN).url == f"https://{name}"


def test_the_login_file_is_read_once(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For one command, which needs the service token, where it is from and its public id."""
    environment = {"ORCHEO_DATA_DIR": str(data_dir), "ORCHEO_CONFIG_DIR": str(data_dir / "config")}
    Credentials.locate(environment).keep(LOCAL, "orc_st_kept")
    reads, read_bytes = [], Path.read_bytes

    def read(path: Path) -> bytes:
        reads.append(path.name)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    connect(Channel.CLI, environment)
    assert reads.count("credentials.json") == 1


def test_the_server_of_the_data_folder_is_found_by_its_lock(data_dir: Path) -> None:
    """Its port need not be repeated, and one that is set for another server does not count; ORCHEO_URL does."""
    with DataFolder(data_dir).locked("http://127.0.0.1:9160"):
        assert load(data_dir).url == "http://127.0.0.1:9160"
        assert load(data_dir, ORCHEO_PORT="0", ORCHEO_HOST="0.0.0.0").url == "http://127.0.0.1:9160"
        assert load(data_dir, ORCHEO_URL="http://127.0.0.1:9000").url == "http://127.0.0.1:9000"


def test_a_server_that_has_ended_is_asked_where_it_was(data_dir: Path) -> None:
    """So that the error names its address; a host or port that is set says where the next one will be."""
    (data_dir / "orcheo.lock").write_text('{"pid": 0, "url": "http://127.0.0.1:9160"}')
    assert load(data_dir).url == "http://127.0.0.1:9160"
    assert load(data_dir, ORCHEO_PORT="9000").url == "http://127.0.0.1:9000"
    assert load(data_dir, ORCHEO_HOST="localhost").url == "http://localhost:8700"


def test_a_wrong_setting_of_the_server_is_no_matter_for_a_client(data_dir: Path) -> None:
    """It may be meant for a server elsewhere, or be someone else's to correct."""
    assert load(data_dir, ORCHEO_LIMIT_READS="bad", ORCHEO_RETENTION_DAYS="0").url == LOCAL


@pytest.mark.parametrize(
    "url",
    [
        "ftp://chat.example.org",
        "http://",
        "http://http://127.0.0.1:8700",
        "ada:secret@chat.example.org",
        "chat.example.org:port",
        "::1",
        "http://[::1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://127.0.0.1:port",
        "http://ada:secret@chat.example.org",
        "http://chat.example.org/?a=b",
        "http://chat.example.org/#a",
        "http://chat.example .org",
        "http://chat.example.org/\x1b[2J",
        "http://chät.example.org",
    ],
)
def test_what_is_no_address(data_dir: Path, url: str) -> None:
    """The variable is named and its form is said; the value, which may hold a password, is not quoted."""
    with pytest.raises(InvalidInput) as caught:
        load(data_dir, ORCHEO_URL=url, ORCHEO_SERVICE_TOKEN=TOKEN)
    assert caught.value.detail == "ORCHEO_URL: must have the form http://host:port or https://host"
    assert caught.value.hint == "Correct the environment variable and try again."


def test_a_service_token_of_the_environment_comes_first(data_dir: Path) -> None:
    """And may go to another machine."""
    loaded = load(data_dir, ORCHEO_URL="https://chat.example.org", ORCHEO_SERVICE_TOKEN=" orc_st_named ")
    assert loaded == ClientSettings(url="https://chat.example.org", service_token="orc_st_named")


@pytest.mark.parametrize("token", ["orc_st_a\r\nHost: b", "orc_st_ä", "orc_st_a b", "orc_st_\x1b"])
def test_a_service_token_that_cannot_be_sent(data_dir: Path, token: str) -> None:
    """It would end in an error that quotes it; it is refused without."""
    with pytest.raises(InvalidInput) as caught:
        load(data_dir, ORCHEO_SERVICE_TOKEN=token)
    assert caught.value.detail.startswith("ORCHEO_SERVICE_TOKEN: ")
    assert "orc_st_" not in caught.value.detail


@pytest.mark.parametrize("url", ["https://chat.example.org", "http://127.0.0.1.example.org", "http://10.0.0.1:8700"])
def test_the_local_owner_token_stays_on_this_machine(data_dir: Path, url: str) -> None:
    """Another machine needs a service token of its own."""
    with pytest.raises(NoServiceToken) as caught:
        load(data_dir, ORCHEO_URL=url)
    assert caught.value.detail == f"{url} is another machine: the local owner token is not sent there."
    assert caught.value.hint == "Run `orcheo login`, or set ORCHEO_SERVICE_TOKEN."


def test_without_a_local_owner_token(tmp_path: Path) -> None:
    """The hint says how it comes to be."""
    with pytest.raises(NoServiceToken) as caught:
        load(tmp_path)
    assert caught.value.detail == f"There is no local owner token at {tmp_path}/owner-token."
    assert "orcheo serve" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"orc_st_a\norc_st_b\n", "orc_st_ä".encode()])
def test_a_damaged_local_owner_token(tmp_path: Path, content: bytes) -> None:
    """Its content is not quoted."""
    (tmp_path / "owner-token").write_bytes(content)
    with pytest.raises(NoServiceToken) as caught:
        load(tmp_path)
    assert caught.value.detail == f"The local owner token at {tmp_path}/owner-token is damaged."


def test_a_local_owner_token_that_is_not_text(tmp_path: Path) -> None:
    """Nor is it quoted here."""
    (tmp_path / "owner-token").write_bytes(b"orc_st_\xff")
    with pytest.raises(NoServiceToken, match="cannot be read: it is not text"):
        load(tmp_path)


def test_a_local_owner_token_that_cannot_be_read(tmp_path: Path) -> None:
    """The reason is the system's."""
    (tmp_path / "owner-token").mkdir()
    with pytest.raises(NoServiceToken, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_settings_do_not_show_the_token() -> None:
    """Neither in a log nor in a traceback."""
    assert TOKEN not in repr(ClientSettings(url=LOCAL, service_token=TOKEN))


def test_it_is_known_where_the_service_token_is_from(data_dir: Path) -> None:
    """So that a refusal can say what to change."""
    kept = data_dir / "owner-token"
    assert load(data_dir).origin == f"The service token in use is the local owner token in {kept}."
    assert "ORCHEO_SERVICE_TOKEN" in load(data_dir, ORCHEO_SERVICE_TOKEN="orc_st_x").origin
    assert "without that variable" in load(data_dir, ORCHEO_SERVICE_TOKEN="orc_st_x").origin
    Credentials(data_dir / "config" / "credentials.json").keep(LOCAL, "orc_st_kept")
    assert "`orcheo logout`" in load(data_dir).origin


def test_what_login_keeps_is_for_its_own_server(data_dir: Path) -> None:
    """The environment comes first, the local owner token last."""
    kept = Credentials.locate({"ORCHEO_CONFIG_DIR": str(data_dir / "config")})
    kept.keep("https://chat.example.org", "orc_st_remote")
    kept.keep(LOCAL, "orc_st_kept")
    assert load(data_dir, ORCHEO_URL="https://chat.example.org/").service_token == "orc_st_remote"
    assert load(data_dir).service_token == "orc_st_kept"
    assert load(data_dir, ORCHEO_SERVICE_TOKEN="orc_st_named").service_token == "orc_st_named"
    assert load(data_dir, ORCHEO_URL="http://127.0.0.1:1").service_token == TOKEN
    with pytest.raises(NoServiceToken):
        load(data_dir, ORCHEO_URL="https://other.example.org")
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.path.parent.stat().st_mode & 0o777 == 0o700
    assert kept.forget(LOCAL)
    assert not kept.forget(LOCAL)
    assert load(data_dir).service_token == TOKEN


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"a": 5}', b"\xff"])
def test_a_damaged_file_is_not_guessed_at(data_dir: Path, content: bytes) -> None:
    """It says what to do."""
    kept = Credentials.locate({"ORCHEO_CONFIG_DIR": str(data_dir / "config")})
    kept.keep(LOCAL, "orc_st_kept")
    kept.path.write_bytes(content)
    with pytest.raises(CredentialsUnusable, match="is damaged") as caught:
        load(data_dir)
    assert caught.value.hint == "Remove it and run `orcheo login` again."


def test_a_file_that_others_can_read_is_refused(data_dir: Path) -> None:
    """What was in it may be known to them."""
    kept = Credentials.locate({"ORCHEO_CONFIG_DIR": str(data_dir / "config")})
    kept.keep(LOCAL, "orc_st_kept")
    kept.path.chmod(0o644)
    with pytest.raises(CredentialsUnusable, match="by others"):
        load(data_dir)


def test_a_folder_that_cannot_be_made_is_said(data_dir: Path) -> None:
    """Here a file is in its place."""
    (data_dir / "config").write_text("")
    with pytest.raises(CredentialsUnusable, match="cannot be read: Not a directory") as caught:
        Credentials.locate({"ORCHEO_CONFIG_DIR": str(data_dir / "config")}).keep(LOCAL, "orc_st_kept")
    assert "ORCHEO_CONFIG_DIR" in caught.value.hint


def test_a_folder_that_takes_no_file_is_no_reason_to_remove_one(data_dir: Path) -> None:
    """As on a disk that is full or read-only: the tokens that are in the file are of use."""
    kept = Credentials.locate({"ORCHEO_CONFIG_DIR": str(data_dir / "config")})
    kept.keep(LOCAL, "orc_st_kept")
    (kept.path.parent / ".credentials.json.new").mkdir()
    with pytest.raises(CredentialsUnusable, match="cannot be written: Is a directory") as caught:
        kept.keep(LOCAL, "orc_st_other")
    assert "Remove" not in caught.value.hint
    assert kept.get(LOCAL) == "orc_st_kept"
