"""``orcheo doctor``: what is well, what is not, and what to do about it."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orcheo_adapters.client.remote import Operations, ServerUnreachable
from orcheo_adapters.settings.server import ServerSettings
from orcheo_cli.context import CliContext
from orcheo_cli.doctor import Finding, examine
from orcheo_core.errors import OrcheoError, ScopeMissing, StorageUnavailable
from tests.cli.command_line import CommandLine
from tests.sync_server import SyncTestServer


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder as a server leaves it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    for name in ("secrets.json", "owner-token", "orcheo.db"):
        (folder / name).touch(mode=0o600)
    (folder / "orcheo.db").write_text("SQLite")
    return folder


@pytest.fixture
def static_folder(tmp_path: Path) -> Path:
    """A built page."""
    (tmp_path / "chat.html").touch()
    return tmp_path


@pytest.fixture
def healthy(sync_server: SyncTestServer) -> CliContext:
    """A context whose server answers."""
    return CliContext(connect=sync_server.operations)


def unreachable() -> CliContext:
    """A context that finds neither a token nor a server."""
    return CliContext()


def settings(folder: Path) -> ServerSettings:
    """Settings with this data folder."""
    return ServerSettings.load(data_dir=folder, environment={})


def finding(found: list[Finding], subject: str) -> Finding:
    """The finding about a subject."""
    return next(each for each in found if each.subject == subject)


def test_a_good_installation(healthy: CliContext, data_dir: Path, static_folder: Path) -> None:
    """Everything is looked at, and nothing is advised."""
    found = examine(healthy, settings(data_dir), static_folder)
    assert [each.subject for each in found] == [
        "Python",
        "SQLite",
        "Chat page",
        "Data folder",
        "secrets.json",
        "owner-token",
        "orcheo.db",
        "Server",
        "Storage",
        "Versions",
        "Webhook",
    ]
    assert [each.advice for each in found] == [""] * len(found)
    assert "answers and takes this service token" in finding(found, "Server").found
    assert finding(found, "Webhook").found.startswith("No webhook is set up")


def test_what_keeps_requests_from_their_way_is_found(
    healthy: CliContext, data_dir: Path, static_folder: Path, tmp_path: Path
) -> None:
    """A proxy of another kind and certificates that are missing would be seen with the first message only."""
    environment = {"ALL_PROXY": "socks5://name:word@proxy:1", "SSL_CERT_FILE": str(tmp_path / "none.pem")}
    given = ServerSettings.load(data_dir=data_dir, environment=environment)
    found = [each for each in examine(healthy, given, static_folder) if each.subject == "Outgoing requests"]
    assert [each.found.split(" ")[3] for each in found] == ["ALL_PROXY", "the"]
    assert all(each.advice.endswith("the environment in which the server is started.") for each in found)


def test_files_that_others_can_read(healthy: CliContext, data_dir: Path, static_folder: Path) -> None:
    """The command that mends it is given."""
    (data_dir / "owner-token").chmod(0o644)
    found = finding(examine(healthy, settings(data_dir), static_folder), "owner-token")
    assert found.found.endswith("owner-token (mode 644)")
    assert found.advice == f"Other users can read it: run chmod go-rwx {data_dir / 'owner-token'}"


def test_lost_secrets(healthy: CliContext, data_dir: Path, static_folder: Path) -> None:
    """Named before the server is started again: that one still has them."""
    (data_dir / "secrets.json").unlink()
    found = finding(examine(healthy, settings(data_dir), static_folder), "secrets.json")
    assert found.found == f"{data_dir / 'secrets.json'} is missing"
    assert "backup" in found.advice


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_lost_database(data_dir: Path, static_folder: Path, is_empty: bool) -> None:
    """As ``orcheo serve`` refuses it; not where a server answers, for which a folder may hold a token alone."""
    (data_dir / "orcheo.db").unlink()
    if is_empty:
        (data_dir / "orcheo.db").touch(mode=0o600)
    *_, found = [
        each for each in examine(unreachable(), settings(data_dir), static_folder) if "orcheo.db" in each.found
    ]
    assert f"orcheo.db is {'empty' if is_empty else 'missing'}, but a server has kept data" in found.found
    assert "Restore orcheo.db" in found.advice


def test_a_folder_with_the_owner_token_alone(healthy: CliContext, data_dir: Path, static_folder: Path) -> None:
    """It may be the copy with which a server elsewhere is asked."""
    for name in ("orcheo.db", "secrets.json"):
        (data_dir / name).unlink()
    found = examine(healthy, settings(data_dir), static_folder)
    assert [each.advice for each in found] == [""] * len(found)


def test_a_page_that_was_not_built(healthy: CliContext, data_dir: Path, tmp_path: Path) -> None:
    """Visitors would get an error."""
    found = finding(examine(healthy, settings(data_dir), tmp_path / "none"), "Chat page")
    assert (found.found, found.advice) == ("not built", "Run `make web` in the checkout.")


def test_no_data_folder_and_no_server(tmp_path: Path, static_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server was never started here."""
    monkeypatch.setenv("ORCHEO_DATA_DIR", str(tmp_path / "none"))
    found = examine(CliContext(), settings(tmp_path / "none"), static_folder)
    assert finding(found, "Data folder").advice == "Start `orcheo serve` once."
    assert "There is no local owner token" in finding(found, "Server").found
    assert "ORCHEO_SERVICE_TOKEN" in finding(found, "Server").advice


def test_no_data_folder_is_well_when_the_server_is_elsewhere(
    healthy: CliContext, tmp_path: Path, static_folder: Path
) -> None:
    """An owner's own machine needs none."""
    found = finding(examine(healthy, settings(tmp_path / "none"), static_folder), "Data folder")
    assert found == Finding(subject="Data folder", found=f"{tmp_path / 'none'} (does not exist)")


def test_a_data_folder_that_is_a_file(healthy: CliContext, tmp_path: Path, static_folder: Path) -> None:
    """The advice is not to change the file's mode."""
    (tmp_path / "file").touch()
    found = finding(examine(healthy, settings(tmp_path / "file"), static_folder), "Data folder")
    assert found.found == f"{tmp_path}/file is a file, where the data folder should be"
    assert found.advice == "Choose another with ORCHEO_DATA_DIR."


def test_a_data_folder_that_cannot_be_looked_at(healthy: CliContext, tmp_path: Path, static_folder: Path) -> None:
    """Here for its name; for lack of permission it is the same."""
    found = finding(examine(healthy, settings(tmp_path / ("x" * 300)), static_folder), "Data folder")
    assert "cannot be read: File name too long" in found.found
    assert found.advice == "Choose another with ORCHEO_DATA_DIR."


def test_a_network_disk_is_pointed_out(
    healthy: CliContext, data_dir: Path, static_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it costs a database."""
    monkeypatch.setattr("orcheo_adapters.system.disk.network_system", lambda _path: "nfs4")
    found = finding(examine(healthy, settings(data_dir), static_folder), "Disk")
    assert found.found == f"{data_dir} is on a network disk (nfs4)"
    assert "local disk" in found.advice


def test_people_get_a_line_for_each_finding(sync_server: SyncTestServer, data_dir: Path) -> None:
    """A mark in front, the advice below, and exit code 1 when something is wrong."""
    data_dir.chmod(0o755)
    orcheo = CommandLine(connect=sync_server.operations, environment={"ORCHEO_DATA_DIR": str(data_dir)})
    said = orcheo("doctor")
    lines = said.out.splitlines()
    assert said.code == 1
    assert lines[0].startswith("ok  Python: 3.")
    at = lines.index(f"!!  Data folder: {data_dir} (mode 755)")
    assert lines[at + 1] == f"    Other users can read it: run chmod go-rwx {data_dir}"


def test_programs_get_json(sync_server: SyncTestServer, data_dir: Path) -> None:
    """``healthy`` says what the exit code says."""
    orcheo = CommandLine(connect=sync_server.operations, environment={"ORCHEO_DATA_DIR": str(data_dir)})
    said = orcheo("doctor", "--json")
    advised = [each for each in said.document["findings"] if each["advice"]]
    assert said.document["healthy"] is (not advised)
    assert said.code == (1 if advised else 0)


def test_findings_cannot_drive_the_terminal(sync_server: SyncTestServer, tmp_path: Path) -> None:
    """Not even by the name of a folder."""
    folder = f"{tmp_path}/\x1b]52;c;aGk=\x07"
    orcheo = evolve(CommandLine(connect=sync_server.operations), environment={"ORCHEO_DATA_DIR": folder})
    out = orcheo("doctor").out
    assert not set(out) & set("\x1b\x07")


def test_a_wrong_setting_is_an_error(orcheo: CommandLine) -> None:
    """It is named, and nothing is looked at."""
    said = evolve(orcheo, environment={"ORCHEO_PORT": "many"})("doctor")
    assert (said.code, said.out) == (2, "")
    assert "ORCHEO_PORT: must be a whole number" in said.err


def test_a_public_workflow_that_lets_no_visitor_in_is_named(
    healthy: CliContext, sync_server: SyncTestServer, data_dir: Path, static_folder: Path
) -> None:
    """With what to do about it; others are not spoken of."""
    sync_server.publish("fine")
    sync_server.publish("shut-1", require_login=True, anyway=True)
    found = finding(examine(healthy, settings(data_dir), static_folder), "Workflows")
    assert found.found == "shut-1: public, but no visitor can come in"
    assert "set-login --no-require-login" in found.advice
    for number in range(2, 8):
        sync_server.publish(f"shut-{number}", require_login=True, anyway=True)
    found = finding(examine(healthy, settings(data_dir), static_folder), "Workflows")
    assert found.found.startswith("shut-7, shut-6, shut-5, shut-4, shut-3 and 2 more: public")


def test_a_service_token_that_may_not_list_is_told(
    sync_server: SyncTestServer, data_dir: Path, static_folder: Path
) -> None:
    """Rather than nothing about workflows."""

    class Narrow(Operations):
        """Answers the first question only."""

        def __init__(self) -> None:
            self.asked = 0

        def perform(self, name: str, arguments: dict[str, object]) -> dict[str, object]:
            """See the protocol."""
            self.asked += 1
            if self.asked > 1:
                raise ScopeMissing
            return sync_server.operations().perform(name, arguments)

    narrow = Narrow()
    found = examine(CliContext(connect=lambda: narrow), settings(data_dir), static_folder)
    assert finding(found, "Workflows").advice == ScopeMissing.hint


class OtherVersion(Operations):
    """A server that takes the service token, of this version."""

    def __init__(self, outcome: str | OrcheoError | None) -> None:
        """It says so, or fails to."""
        self._outcome = outcome

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See the port."""
        if name == "webhook.show":
            raise ScopeMissing
        return {"workflows": [], "next_after": None}

    def version(self) -> str | None:
        """See the port."""
        if isinstance(self._outcome, OrcheoError):
            raise self._outcome
        return self._outcome


@pytest.mark.parametrize(
    ("outcome", "found", "advice"),
    [
        ("9.9.9", "server 9.9.9, this command ", "Install the same version here and where the server runs."),
        (ServerUnreachable("Gone."), "Gone.", ServerUnreachable.hint),
    ],
)
def test_another_version_of_the_server(
    data_dir: Path, static_folder: Path, outcome: str | OrcheoError, found: str, advice: str
) -> None:
    """What one of them can do, the other may not understand."""
    context = CliContext(connect=lambda: OtherVersion(outcome))
    told = finding(examine(context, settings(data_dir), static_folder), "Versions")
    assert told.found.startswith(found)
    assert told.advice == advice


def test_a_server_that_does_not_say_its_version(data_dir: Path, static_folder: Path) -> None:
    """Nothing is said about it."""
    found = examine(CliContext(connect=lambda: OtherVersion(None)), settings(data_dir), static_folder)
    assert "Versions" not in [each.subject for each in found]


class WithWebhook(Operations):
    """A server with a webhook."""

    def __init__(self, *, waiting: int, attempts: int) -> None:
        """So many messages wait."""
        shown = {"waiting": waiting, "failing": waiting if attempts else 0, "attempts": attempts, "most": 9}
        self._shown = {"receiver": "https://alerts.example.org", **shown}

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See the port."""
        if name == "webhook.show":
            return {**self._shown, "message": "2 messages wait."}
        return {"workflows": [], "next_after": None}


@pytest.mark.parametrize(("waiting", "attempts", "is_well"), [(0, 0, True), (2, 2, True), (2, 3, False), (9, 0, False)])
def test_a_webhook_that_takes_no_messages_is_found(
    data_dir: Path, static_folder: Path, waiting: int, attempts: int, is_well: bool
) -> None:
    """Attempts that fail again and again, and no room for more; messages that wait are nothing unusual."""
    context = CliContext(connect=lambda: WithWebhook(waiting=waiting, attempts=attempts))
    found = finding(examine(context, settings(data_dir), static_folder), "Webhook")
    assert found.found == "2 messages wait"
    assert (found.advice == "") is is_well


class WithoutRoom(OtherVersion):
    """A server whose disk is full."""

    def ready(self) -> None:
        """See the port."""
        raise StorageUnavailable("The disk is full: 0 bytes are free.")


@pytest.mark.parametrize("has_room", [True, False])
def test_a_server_that_cannot_save_is_found(data_dir: Path, static_folder: Path, *, has_room: bool) -> None:
    """It still reads, so nothing else shows it."""
    server = (OtherVersion if has_room else WithoutRoom)(None)
    found = finding(examine(CliContext(connect=lambda: server), settings(data_dir), static_folder), "Storage")
    expected = (
        ("the server can save changes", "")
        if has_room
        else ("The disk is full: 0 bytes are free.", StorageUnavailable.hint)
    )
    assert (found.found, found.advice) == expected
