"""HTTP with checked addresses: what is resolved, what is connected to, and under which name."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orcheo_adapters.runners.addresses import NONE_ALLOWED, AddressRefused, AllowedAddresses
from orcheo_adapters.runners.guarded_http import GuardedHttp, resolve
from tests.fakes.clock import START

pytestmark = pytest.mark.network
ANYWHERE_AT_HOME = AllowedAddresses.parse("127.0.0.0/8", path="test")


class FakeResolver:
    """Says another list of addresses each time, and keeps what it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return self.answers.pop(0)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says which Host header came."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    host = next(line for line in head.split("\r\n") if line.lower().startswith("host:"))
    body = host.partition(" ")[2].encode()
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()
    writer.close()


@asynccontextmanager
async def _listening(context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_the_checked_address_is_connected_to_under_the_name_of_the_url() -> None:
    """The name exists nowhere; what was resolved counts, and the Host header stays."""
    resolver = FakeResolver(["127.0.0.1"])
    async with _listening() as port, GuardedHttp(ANYWHERE_AT_HOME, resolve=resolver).client() as client:
        answer = await client.get(f"http://service.test:{port}/")
    assert answer.text == f"service.test:{port}"
    assert resolver.asked == [("service.test", port)]


async def test_a_name_that_changes_its_address_is_checked_again() -> None:
    """DNS rebinding: the second request meets a closed address and goes nowhere."""
    resolver = FakeResolver(["127.0.0.1"], ["10.0.0.1"])
    async with _listening() as port, GuardedHttp(ANYWHERE_AT_HOME, resolve=resolver).client() as client:
        assert (await client.get(f"http://service.test:{port}/")).status_code == 200
        with pytest.raises(AddressRefused, match=r"service\.test leads to 10\.0\.0\.1"):
            await client.get(f"http://service.test:{port}/")


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    """Nothing listens on 127.0.0.2."""
    resolver = FakeResolver(["127.0.0.2", "127.0.0.1"])
    async with _listening() as port, GuardedHttp(ANYWHERE_AT_HOME, resolve=resolver).client() as client:
        assert (await client.get(f"http://service.test:{port}/")).status_code == 200


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost"])
async def test_loopback_in_disguise_is_refused(host: str) -> None:
    """By the real resolver of this machine."""
    async with GuardedHttp(NONE_ALLOWED).client() as client:
        with pytest.raises(AddressRefused, match="loopback"):
            await client.get(f"http://{host}:1/")


async def test_a_name_without_address_is_a_connection_error() -> None:
    """Said with the name."""

    async def nothing(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    async with GuardedHttp(NONE_ALLOWED, resolve=nothing).client() as client:
        with pytest.raises(httpx2.ConnectError, match=r"'service\.test' has no address: Name or service not known"):
            await client.get("https://service.test/")


async def test_the_real_resolver_gives_plain_addresses() -> None:
    """In the order of the operating system."""
    assert await resolve("127.0.0.1", 80) == ["127.0.0.1"]


async def test_proxies_and_credentials_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would make a way around the guard."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    resolver = FakeResolver(["127.0.0.1"])
    async with _listening() as port, GuardedHttp(ANYWHERE_AT_HOME, resolve=resolver).client() as client:
        assert (await client.get(f"http://service.test:{port}/")).status_code == 200


@pytest.fixture
def certified(tmp_path: Path) -> Callable[[str], tuple[ssl.SSLContext, ssl.SSLContext]]:
    """Makes a server's and a client's TLS context for a host name."""

    def make(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        path = _certificate(name, tmp_path / "certificate.pem")
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(path)
        return server, ssl.create_default_context(cafile=str(path))

    return make


def _certificate(name: str, path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START - timedelta(days=18_000))
        .not_valid_after(START + timedelta(days=18_000))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
    return path


async def test_tls_is_verified_for_the_name_of_the_url(
    certified: Callable[[str], tuple[ssl.SSLContext, ssl.SSLContext]],
) -> None:
    """The certificate of the name is taken although the connection goes to an address; another name's is not."""
    server, trusting = certified("service.test")
    resolver = FakeResolver(["127.0.0.1"], ["127.0.0.1"])
    http = GuardedHttp(ANYWHERE_AT_HOME, resolve=resolver, ssl_context=trusting)
    async with _listening(server) as port, http.client() as client:
        assert (await client.get(f"https://service.test:{port}/")).text == f"service.test:{port}"
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(f"https://other.test:{port}/")
