"""Settings of the server."""

from pathlib import Path

import pytest
from platformdirs import user_data_path

from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.system.local_server import local_url
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.errors import InvalidInput


def test_without_any_setting() -> None:
    """Loopback, the usual port, the account's own data folder, and the URL that follows."""
    settings = ServerSettings.load(environment={})
    assert (settings.host, settings.port) == ("127.0.0.1", 8700)
    assert settings.data_dir == user_data_path("orcheo", appauthor=False)
    assert settings.public_url == "http://127.0.0.1:8700"
    assert settings.behind_tls is False


ENVIRONMENT = {
    "ORCHEO_HOST": "0.0.0.0",
    "ORCHEO_PORT": "9000",
    "ORCHEO_DATA_DIR": "/srv/orcheo",
    "ORCHEO_PUBLIC_URL": "https://chat.example.org/",
}


def test_the_environment_says_everything() -> None:
    """Each variable is heeded; a public URL is kept without the slash at its end."""
    settings = ServerSettings.load(environment=ENVIRONMENT)
    assert (settings.host, settings.port) == ("0.0.0.0", 9000)
    assert settings.data_dir == Path("/srv/orcheo")
    assert settings.public_url == "https://chat.example.org"
    assert settings.behind_tls is True


def test_options_go_before_the_environment() -> None:
    """What is typed counts; port 0 is an answer, not the lack of one."""
    settings = ServerSettings.load(host="::1", port=0, data_dir=Path("here"), environment=ENVIRONMENT)
    assert (settings.host, settings.port, settings.data_dir) == ("::1", 0, Path("here").absolute())


def test_an_option_makes_a_bad_variable_harmless() -> None:
    """A port that is typed is taken without a look at the environment."""
    assert ServerSettings.load(port=1, environment={"ORCHEO_PORT": "x"}).port == 1


def test_empty_variables_are_none() -> None:
    """Programs that cannot leave a variable out set it to nothing."""
    names, none = ["host", "port", "data_dir", "public_url"], ServerSettings.load(environment={})
    empty = ServerSettings.load(environment=dict.fromkeys(ENVIRONMENT, ""))
    assert [getattr(empty, name) for name in names] == [getattr(none, name) for name in names]


def test_a_home_folder_in_a_variable_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that list variables do not expand a tilde; this does."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ServerSettings.load(environment={"ORCHEO_DATA_DIR": "~/data"}).data_dir == tmp_path / "data"


@pytest.mark.parametrize("port", ["x", "-1", "65536", "8700.0", " 1", "²"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    """The error names the variable and what it must be."""
    with pytest.raises(InvalidInput, match="ORCHEO_PORT") as refused:
        ServerSettings.load(environment={"ORCHEO_PORT": port})
    assert refused.value.hint == "Correct ORCHEO_PORT in the environment and start again."


@pytest.mark.parametrize("port", [0, 1, 65_535])
def test_every_other_number_is_a_port(port: int) -> None:
    """The ends of the range included."""
    assert ServerSettings.load(environment={"ORCHEO_PORT": str(port)}).port == port


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::", "http://127.0.0.1:1"),
        ("::1", "http://[::1]:1"),
        ("localhost", "http://localhost:1"),
    ],
)
def test_the_url_of_a_host(host: str, url: str) -> None:
    """A browser on the same machine can open it, also when the server listens everywhere."""
    assert local_url(host, 1) == url


def test_the_port_that_the_system_chose() -> None:
    """The URL follows the port, unless the operator gave one."""
    chosen = ServerSettings.load(port=0, environment={}).on_port(4711)
    assert (chosen.port, chosen.public_url) == (4711, "http://127.0.0.1:4711")
    given = ServerSettings.load(port=0, environment={"ORCHEO_PUBLIC_URL": "https://chat.example.org"}).on_port(4711)
    assert (given.port, given.public_url) == (4711, "https://chat.example.org")


def test_addresses_that_workflows_may_reach() -> None:
    """What the operator allows is heeded, and what no one understands is refused by its name."""
    loaded = ServerSettings.load(environment={"ORCHEO_HTTP_RUNNER_ALLOW": "10.0.0.0/8"})
    assert loaded.runner_conditions.allowed != ServerSettings.load(environment={}).runner_conditions.allowed
    with pytest.raises(InvalidInput, match="ORCHEO_HTTP_RUNNER_ALLOW"):
        ServerSettings.load(environment={"ORCHEO_HTTP_RUNNER_ALLOW": "ten dot something"})


def test_the_size_of_widgets_and_images_is_a_setting() -> None:
    """In bytes, within bounds; the usual sizes when nothing is said."""
    assert ServerSettings.load(environment={}).part_limits == PartLimits(widget_bytes=65_536, image_bytes=1_000_000)
    loaded = ServerSettings.load(environment={"ORCHEO_WIDGET_BYTES": "131072", "ORCHEO_IMAGE_BYTES": "5000000"})
    assert loaded.part_limits == PartLimits(widget_bytes=131_072, image_bytes=5_000_000)
    for wrong in ("999", "1000001", "64k", "-5"):
        with pytest.raises(
            InvalidInput, match="ORCHEO_WIDGET_BYTES: must be a whole number of bytes from 1000 to 1000"
        ):
            ServerSettings.load(environment={"ORCHEO_WIDGET_BYTES": wrong})


@pytest.mark.parametrize("host", ["http://0.0.0.0", "0.0.0.0:8700", "chat.example.org/", "a b"])
def test_a_url_is_no_address_to_listen_on(host: str) -> None:
    """Said at the start, with the settings that were meant."""
    with pytest.raises(InvalidInput, match="ORCHEO_HOST: must be an address or a host name alone") as refused:
        ServerSettings.load(environment={"ORCHEO_HOST": host})
    assert "ORCHEO_PUBLIC_URL" in refused.value.hint
    with pytest.raises(InvalidInput, match="--host: must be an address or a host name alone"):
        ServerSettings.load(host=host, environment={})


@pytest.mark.parametrize(
    ("given", "host"), [("  ", "127.0.0.1"), (" 0.0.0.0 ", "0.0.0.0"), ("[::1]", "::1"), ("::", "::")]
)
def test_an_address_to_listen_on_is_read_without_what_stands_around_it(given: str, host: str) -> None:
    """Blanks, and the brackets that URLs need."""
    assert ServerSettings.load(environment={"ORCHEO_HOST": given}).host == host


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("https://chat.example.org", "https://chat.example.org"),
        (" https://chat.example.org/ ", "https://chat.example.org"),
        ("HTTPS://Chat.Example.ORG:443", "https://chat.example.org"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_a_public_url_has_the_form_of_an_origin(given: str, understood: str) -> None:
    """As browsers write it, so that links, cookies and the check of origins agree."""
    settings = ServerSettings.load(environment={"ORCHEO_PUBLIC_URL": given})
    assert settings.public_url == understood
    assert settings.behind_tls is understood.startswith("https")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("chat.example.org", "such as https://chat.example.org"),
        ("foo bar", "such as https://chat.example.org"),
        ("chat.example.org/orcheo", "must end after the host name"),
        ("user@chat.example.org", "must not contain a user name or a password"),
        ("ftp://chat.example.org", "must be https:// or http://"),
        ("https://", "must be https:// or http://"),
        ("https://example.org/orcheo", "must end after the host name"),
        ("https://example.org/?x=1", "must end after the host name"),
        ("https://example.org/#x", "must end after the host name"),
        ("https://me:secret@example.org", "must not contain a user name"),
        ("https://exa mple.org", "host name in ASCII"),
        ("https://bücher.example", "host name in ASCII"),
        ("https://*.example.org", "host name in ASCII"),
        ("https://example.org:99999", "a port from 0 to 65535"),
        ("https://[", "an IPv6 address in brackets"),
    ],
)
def test_a_public_url_that_no_visitor_could_use_is_refused(given: str, reason: str) -> None:
    """At the start, since every share link would be dead."""
    with pytest.raises(InvalidInput, match="ORCHEO_PUBLIC_URL") as refused:
        ServerSettings.load(environment={"ORCHEO_PUBLIC_URL": given})
    assert reason in refused.value.detail
    assert "secret" not in refused.value.detail
