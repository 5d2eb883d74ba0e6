"""How the server reaches others: certificates and proxies, from settings."""

import asyncio
import itertools
import resource
import socket
from pathlib import Path

import httpx2
import pytest
from attrs import evolve

from orcheo_adapters.connection_faults import CertificatesUnreadable, what_failed
from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.server.process import open_server
from orcheo_adapters.server.stores import open_store
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.system.data_folder import DataFolder
from orcheo_core.errors import InvalidInput

PROXY = "http://proxy.example.org:3128"
TARGET = "https://api.example.com/v1"


def proxy_of(environment: dict[str, str], url: str = TARGET) -> str | None:
    return Outgoing.load(environment).proxy_for(httpx2.URL(url))


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"ORCHEO_OUTGOING_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"HTTP_PROXY": PROXY}, None),
        ({"ORCHEO_OUTGOING_PROXY": PROXY, "HTTPS_PROXY": "http://other"}, PROXY),
        ({"ORCHEO_OUTGOING_PROXY": "off", "HTTPS_PROXY": PROXY}, None),
        ({"ALL_PROXY": "socks5://127.0.0.1:1080"}, None),
        ({"HTTPS_PROXY": "proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://["}, None),
    ],
)
def test_the_proxy_is_the_settings_or_the_usual_variables(environment: dict[str, str], proxy: str | None) -> None:
    """The setting goes first; a proxy of another kind is meant for other programs."""
    assert proxy_of(environment) == proxy


def test_each_scheme_has_its_proxy() -> None:
    """As in other programs."""
    environment = {"HTTP_PROXY": PROXY, "HTTPS_PROXY": "http://other:1"}
    assert proxy_of(environment, "http://example.com/") == PROXY
    assert proxy_of(environment) == "http://other:1"


@pytest.mark.parametrize(
    ("direct", "url", "is_direct"),
    [
        ("example.com", TARGET, True),
        (".example.com", TARGET, True),
        ("ample.com", TARGET, False),
        ("other.org, API.example.com", TARGET, True),
        ("*", TARGET, True),
        ("*.example.com", TARGET, True),
        ("*.", TARGET, False),
        ("other.org example.com", TARGET, True),
        ("example.com.", TARGET, True),
        ("example.com", "https://api.example.com./", True),
        ("", TARGET, False),
        ("api.example.com:443", TARGET, True),
        ("api.example.com:8443", TARGET, False),
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("10.0.0.0/8", TARGET, False),
        ("2001:db8::1", "http://[2001:db8::1]/", True),
        ("[2001:db8::1]", "http://[2001:db8::1]/", True),
        ("[2001:db8::1]:80", "http://[2001:db8::1]/", True),
        ("[2001:db8::1]:81", "http://[2001:db8::1]/", False),
        ("", "http://127.0.0.1:9000/", True),
        ("", "http://localhost/", True),
    ],
)
def test_no_proxy_names_what_is_reached_without_one(direct: str, url: str, is_direct: bool) -> None:
    """Names with all below them, addresses, networks, one port; this very machine always."""
    proxy = proxy_of({"ORCHEO_OUTGOING_PROXY": PROXY, "NO_PROXY": direct}, url)
    assert (proxy is None) is is_direct


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"HTTPS_PROXY": "socks5://name:word@proxy:1"}, ("HTTPS_PROXY",)),
        ({"https_proxy": "http://["}, ("https_proxy",)),
        ({"ALL_PROXY": "socks5h://proxy:1"}, ("ALL_PROXY",)),
        ({"ALL_PROXY": "socks5h://proxy:1", "HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY}, ()),
        ({"ORCHEO_OUTGOING_PROXY": "off", "ALL_PROXY": "socks5://proxy:1"}, ()),
    ],
)
async def test_a_proxy_of_another_kind_is_named(environment: dict[str, str], named: tuple[str, ...]) -> None:
    """Once, and only where it would have counted: what it leads to is asked without it."""
    outgoing = Outgoing.load(environment)
    assert outgoing.unusable == named
    found = await evolve(outgoing, proxies={}).faults()
    assert [each.found.partition(" ")[0] for each in found] == [*named]
    assert not any("word" in each.found for each in found)
    assert all("ORCHEO_OUTGOING_PROXY" in each.advice for each in found)


async def test_certificates_that_cannot_be_read_are_a_fault_before_the_first_request(tmp_path: Path) -> None:
    """What needs none works: plain HTTP."""
    outgoing = Outgoing(ca_file=tmp_path / "none.pem")
    (fault,) = await outgoing.faults()
    assert fault.found.startswith("the certificates that SSL_CERT_FILE names cannot be read: ")
    await outgoing.transport(is_tls=False).aclose()
    with pytest.raises(CertificatesUnreadable):
        outgoing.transport("https://proxy.example.org", is_tls=False)


@pytest.mark.network
async def test_a_proxy_that_cannot_be_reached_is_a_fault_before_the_first_request() -> None:
    """Each once, without its password; the one that takes connections is well."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        well = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert await Outgoing(proxies={"http": well, "https": well}).faults() == []
    bad = "http://name:word@127.0.0.1:1"
    (fault,) = await Outgoing(proxies={"http": bad, "https": bad}).faults()
    assert fault.found == "the outgoing proxy http://127.0.0.1:1 cannot be reached (Connection refused)"
    (fault,) = await Outgoing(proxies={"https": f"http://{'a' * 64}"}).faults()
    assert "cannot be reached (" in fault.found


@pytest.mark.parametrize("text", ["proxy", "socks5://proxy:1", "http://", "ftp://proxy", "http://a proxy:1"])
def test_a_proxy_setting_that_is_none_stops_the_start(text: str) -> None:
    """With its name and an example."""
    with pytest.raises(InvalidInput) as caught:
        ServerSettings.load(environment={"ORCHEO_OUTGOING_PROXY": text})
    assert [each.path for each in caught.value.fields] == ["ORCHEO_OUTGOING_PROXY"]
    assert "http://proxy.example.org:3128" in (caught.value.hint or "")


def test_a_proxy_is_not_written_into_logs() -> None:
    """It may hold a password."""
    assert "word" not in repr(Outgoing.load({"HTTPS_PROXY": "http://name:word@proxy"}))


@pytest.mark.parametrize(("name", "field"), [("SSL_CERT_FILE", "ca_file"), ("SSL_CERT_DIR", "ca_folder")])
def test_certificates_that_cannot_be_read_are_named(tmp_path: Path, name: str, field: str) -> None:
    """When they are first needed: a server without outgoing connections starts all the same."""
    settings = ServerSettings.load(environment={name: str(tmp_path / "none")})
    assert getattr(settings.runner_conditions.outgoing, field) == tmp_path / "none"
    if name == "SSL_CERT_FILE":
        with pytest.raises(OSError, match=r"the certificates that SSL_CERT_FILE names cannot be read: .*none"):
            settings.runner_conditions.outgoing.transport()


@pytest.mark.parametrize(
    ("kind", "what"), [("file", "is a file, which SSL_CERT_FILE can name"), ("none", "is missing")]
)
def test_a_folder_of_certificates_must_be_one(tmp_path: Path, kind: str, what: str) -> None:
    """OpenSSL takes anything, and then trusts no certificate."""
    named = tmp_path / kind
    if kind == "file":
        named.write_text("certificates")
    with pytest.raises(OSError, match=f"SSL_CERT_DIR must name a folder of certificates: .*{what}"):
        Outgoing.load({"SSL_CERT_DIR": str(named)}).transport()


@pytest.mark.network
async def test_no_connection_takes_one_of_the_last_descriptors() -> None:
    """They are kept for the database and for files, however many services do not answer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server, Outgoing().transport() as transport:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with socket.socket() as used:
            number = used.fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (number + number // 5, hard))
        try:
            with pytest.raises(httpx2.ConnectError, match="descriptors"):
                await transport.handle_async_request(httpx2.Request("GET", url))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_proxy_may_be_reached_over_tls() -> None:
    """Its certificate is checked like all others."""
    await Outgoing().transport("https://proxy.example.org").aclose()


def _behind(*errors: BaseException) -> BaseException:
    """The first error, with the others as what it came from."""
    for error, cause in itertools.pairwise(errors):
        error.__cause__ = cause
    return errors[0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("status 200,\nand no JSON"), "status 200, and no JSON"),
        (OSError(111, "Connection refused"), "Connection refused"),
        (TimeoutError(), "no whole answer in time"),
        (httpx2.ReadTimeout(""), "no answer in time"),
        (httpx2.ConnectTimeout(""), "no connection in time"),
        (httpx2.ReadError(""), "no reason is given (ReadError)"),
        (ValueError("x" * 1_000), "x" * 300),
        (OSError("[Errno -2] Name or service not known"), "Name or service not known"),
        (OSError(111, "Connect call failed ('127.0.0.1', 1)"), "Connection refused"),
        (_behind(OSError("All connection attempts failed"), OSError(113, "x")), "x"),
        (_behind(httpx2.ReadError(""), ConnectionResetError(104, "Reset by peer")), "Reset by peer"),
        (
            _behind(httpx2.ConnectTimeout(""), TimeoutError(), asyncio.CancelledError("7f")),
            "no connection in time",
        ),
    ],
)
def test_a_log_says_in_words_what_failed(error: BaseException, words: str) -> None:
    """The class of an error says nothing to operators; it is named where nothing else is known."""
    assert what_failed(error) == words


async def test_a_server_says_at_its_start_what_keeps_requests_from_their_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In its log, and it starts all the same."""
    environment = {"ALL_PROXY": "socks5://proxy:1", "SSL_CERT_FILE": str(tmp_path / "none.pem")}
    settings = ServerSettings.load(data_dir=tmp_path, environment=environment)
    folder = DataFolder(tmp_path)
    folder.prepare()
    async with open_server(settings, open_store("memory", folder)):
        await asyncio.gather(*(each for each in asyncio.all_tasks() if each.get_name() == "outgoing"))
    assert "ALL_PROXY does not name an HTTP proxy: requests to others are made without it. Set" in caplog.text
    assert "The certificates that SSL_CERT_FILE names cannot be read" in caplog.text
