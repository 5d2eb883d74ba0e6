"""HTTP with checked addresses: what is resolved, what is connected to, and under which name."""

import asyncio
import re
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orcheo_adapters.auth.oidc.http import ProviderHttp
from orcheo_adapters.connection_faults import NEEDS_HTTP, NEEDS_HTTPS, what_failed
from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.runners.addresses import NONE_ALLOWED, AddressRefused, AllowedAddresses
from orcheo_adapters.runners.failures import no_connection
from orcheo_adapters.runners.guarded_http import ERROR_LIMIT, AnswerTooLarge, GuardedHttp, Resolve, resolve
from orcheo_adapters.runners.posting import Post, posted
from orcheo_adapters.system.clock import SystemClock
from orcheo_core.errors import IdentityProviderUnavailable, InvalidInput
from orcheo_core.ports.runner import RunFailed
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


class _Noted(Outgoing):
    """Notes in which threads pools of connections were made."""

    threads: ClassVar[list[threading.Thread]] = []

    def transport(self, proxy: str | None = None, *, is_tls: bool = True) -> httpx2.AsyncHTTPTransport:
        """As for any server."""
        self.threads.append(threading.current_thread())
        return super().transport(proxy, is_tls=is_tls)


async def test_connections_are_made_ready_in_a_thread() -> None:
    """The first one imports the client and reads all certificates: other chats would wait. Requests share a pool."""
    http = GuardedHttp(ANYWHERE_AT_HOME, outgoing=_Noted())
    async with _listening() as port, http.client() as client:
        first = await asyncio.gather(*(client.get(f"http://127.0.0.1:{port}/") for _ in range(2)))
        made = len(_Noted.threads)
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200
    assert [each.status_code for each in first] == [200, 200]
    assert threading.main_thread() not in _Noted.threads
    assert len(_Noted.threads) == made


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
    """Only what the operator's settings hold counts."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    resolver = FakeResolver(["127.0.0.1"])
    async with _listening() as port, GuardedHttp(ANYWHERE_AT_HOME, resolve=resolver).client() as client:
        assert (await client.get(f"http://service.test:{port}/")).status_code == 200


@pytest.mark.parametrize(
    ("said", "without_end", "error", "words"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", httpx2.RemoteProtocolError, "head of the answer has more than 65,536"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", httpx2.RemoteProtocolError, "65,536 bytes"),
        (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", httpx2.RemoteProtocolError, "65,536 bytes"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\na\r\n", AnswerTooLarge, "10,485,760 bytes"),
    ],
)
async def test_an_answer_that_says_little_without_end_is_given_up(
    said: bytes, without_end: bytes, error: type[Exception], words: str
) -> None:
    """Each piece costs the time of a larger one; until the time limit of a run nothing else would get on."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        with suppress(ConnectionError):
            while True:
                writer.write(without_end * 1_000)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with GuardedHttp(ANYWHERE_AT_HOME).client() as client:
            with pytest.raises(error, match=words):
                await client.get(url)


@pytest.mark.parametrize(
    ("said", "rounds"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 2_500 + b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 60),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 3_200 + b"0\r\n\r\n", 200),
    ],
    ids=["head", "body"],
)
@pytest.mark.parametrize("reader", ["runner", "sign-in"])
async def test_others_have_their_turn_while_tiny_pieces_are_read(said: bytes, rounds: int, reader: str) -> None:
    """All of them have come at once: read without a pause, a dozen of such answers stopped all chats for seconds."""

    count = 0

    async def say(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        await stream.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()
        count = 0

    async def others() -> None:
        nonlocal count
        while True:
            count += 1
            await asyncio.sleep(0)

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        running = asyncio.create_task(others())
        if reader == "runner":
            async with GuardedHttp(ANYWHERE_AT_HOME).client() as client:
                assert (await client.get(url)).status_code == 200
        else:
            with pytest.raises(IdentityProviderUnavailable):  # as it is no JSON
                await ProviderHttp().get(url)
        running.cancel()
    assert count >= rounds


async def test_an_error_is_read_only_so_far() -> None:
    """Its beginning says why; all of 10 MiB was parsed several times while other chats waited."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 8000000\r\n\r\n")
        with suppress(ConnectionError):
            writer.write(b"Too much. " * 800_000)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with GuardedHttp(ANYWHERE_AT_HOME).client() as client:
            answer = await client.get(url)
    assert answer.status_code == 429
    assert answer.text.startswith("Too much. ")
    assert 900_000 < len(answer.content) <= ERROR_LIMIT


async def test_interim_responses_and_long_heads_are_read() -> None:
    """A few hints, and as many cookies as a gateway may set; the connection serves the next request too."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 10)
            cookies = b"".join(b"set-cookie: a%d=%b\r\n" % (at, b"x" * 3_000) for at in range(19))
            writer.write(b"HTTP/1.1 200 OK\r\n" + cookies + b"content-length: 100000\r\n\r\n" + b"y" * 100_000)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with GuardedHttp(ANYWHERE_AT_HOME).client() as client:
            assert [len((await client.get(url)).content) for _ in range(2)] == [100_000] * 2


# --- the outgoing proxy ----------------------------------------------------------------------------------------------


async def _unknown(host: str, port: int) -> list[str]:
    raise AssertionError


def _over(port: int, resolve: Resolve = _unknown) -> GuardedHttp:
    """Over the proxy at ``port``."""
    proxies = dict.fromkeys(("http", "https"), f"http://name:word@127.0.0.1:{port}")
    return GuardedHttp(NONE_ALLOWED, outgoing=Outgoing(proxies=proxies), resolve=resolve)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that leads to no TLS, and says what it was asked for plain HTTP."""
    head = await reader.readuntil(b"\r\n\r\n")
    line = head.partition(b"\r\n")[0]
    body = line + (b" with password" if b"uthorization: Basic bmFtZTp3b3Jk\r\n" in head else b"")
    status = b"502 Bad Gateway" if line.startswith(b"CONNECT ") else b"200 OK"
    writer.write(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body))
    await writer.drain()
    writer.close()


async def test_a_name_is_left_to_the_proxy() -> None:
    """Inside such a network it cannot be looked up; the proxy is reached although it is inside."""
    server = await asyncio.start_server(_forward, "127.0.0.1", 0)
    async with server, _over(server.sockets[0].getsockname()[1]).client() as client:
        assert (await client.get("http://service.test/a")).text == "GET http://service.test/a HTTP/1.1 with password"
        with pytest.raises(httpx2.ProxyError, match="502"):
            await client.get("https://service.test/")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_cannot_be_reached_is_told_as_the_proxy(scheme: str) -> None:
    """By its address, without its password; what the endpoint has to do with it is nothing."""
    async with _over(1).client() as client:
        with pytest.raises(httpx2.ProxyError) as caught:
            await client.get(f"{scheme}://service.test/")
    reason = no_connection(caught.value).reason
    assert reason.startswith("The endpoint was not asked: the outgoing proxy http://127.0.0.1:1 cannot be used (")
    assert "ORCHEO_OUTGOING_PROXY" in reason
    assert "word" not in reason


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that wants another password."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 2\r\n\r\nno")
    writer.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("user", "wants"), [("name:word@", "does not take the name and password"), ("", "asks for a name and password")]
)
async def test_a_proxy_that_wants_a_password_is_told_as_the_proxy(scheme: str, user: str, wants: str) -> None:
    """Its answer is not taken for the endpoint's."""
    server = await asyncio.start_server(_refuse, "127.0.0.1", 0)
    shown = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    http = GuardedHttp(NONE_ALLOWED, outgoing=Outgoing(proxies={scheme: f"http://{user}{shown}"}), resolve=_unknown)
    async with server, http.client() as client:
        with pytest.raises(httpx2.ProxyError, match=f"the outgoing proxy http://{shown} {wants} .407") as caught:
            await client.get(f"{scheme}://service.test/")
    assert "word@" not in str(caught.value).replace("password@proxy", "")


@pytest.mark.parametrize(("status", "is_told"), [(403, True), (502, True), (404, False)])
async def test_a_refusal_that_a_proxy_may_have_written_says_so(status: int, is_told: bool) -> None:
    """Of plain HTTP it reads the answer, and answers itself where it does not allow the host or does not find it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        page = b"<html>ERR_ACCESS_DENIED</html>"
        writer.write(b"HTTP/1.1 %d Odd\r\ncontent-type: text/html\r\ncontent-length: 30\r\n\r\n%b" % (status, page))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    post = Post(url="http://service.test/", body=b"{}", headers={}, key="a", who="service")
    http = _over(port)
    async with server:
        with pytest.raises(RunFailed) as caught:
            async with posted(http, post, now=SystemClock().now, is_whole=lambda: False):
                raise AssertionError
        await http.close()
    reason = caught.value.reason
    assert f"answered with status {status}" in reason
    own = f" This came through the outgoing proxy http://127.0.0.1:{port}, and may be the proxy's own answer."
    assert reason.endswith(own) is is_told
    assert ("proxy" in reason) is is_told


async def test_the_tls_of_a_proxy_is_told_as_the_proxys(
    certified: Callable[[str], tuple[ssl.SSLContext, Path]],
) -> None:
    """An untrusted certificate of its own, before anything is known of the endpoint's."""
    context, _ = certified("proxy.test")
    server = await asyncio.start_server(_forward, "127.0.0.1", 0, ssl=context)
    proxy = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    http = GuardedHttp(NONE_ALLOWED, outgoing=Outgoing(proxies={"https": proxy}), resolve=_unknown)
    async with server, http.client() as client:
        with pytest.raises(httpx2.ProxyError) as caught:
            await client.get("https://service.test/")
    failure = no_connection(caught.value)
    assert failure.code == "endpoint_unreachable"
    assert f"the outgoing proxy {proxy} cannot be used (its certificate is not trusted" in failure.reason


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "[::1]", "localhost", "LOCALHOST.", "a.localhost", "10.0.0.1"])
async def test_addresses_are_checked_in_front_of_the_proxy_too(host: str) -> None:
    """It would lead inside."""
    async with _over(1, resolve).client() as client:
        with pytest.raises(AddressRefused):
            await client.get(f"http://{host}/")


async def test_what_the_operator_allows_is_reached_without_the_proxy() -> None:
    """By name or as an address; nothing listens at the proxy's port."""
    resolver = FakeResolver(["127.0.0.1"])
    async with _listening() as port:
        proxies = {"http": "http://127.0.0.1:1"}
        allowed = AllowedAddresses.parse(f"service.test:{port}, 127.0.0.1:{port}", path="test")
        http = GuardedHttp(allowed, outgoing=Outgoing(proxies=proxies), resolve=resolver)
        async with http.client() as client:
            assert (await client.get(f"http://service.test:{port}/")).status_code == 200
            resolver.answers = [["127.0.0.1"]]
            assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200


async def test_no_proxy_leads_around_the_proxy_not_around_the_guard() -> None:
    """What it names is looked up and checked as ever."""
    http = GuardedHttp(
        NONE_ALLOWED,
        outgoing=Outgoing(proxies={"http": "http://127.0.0.1:1"}, direct="test"),
        resolve=FakeResolver(["10.0.0.1"]),
    )
    async with http.client() as client:
        with pytest.raises(AddressRefused):
            await client.get("http://service.test/")


async def _not_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What a SOCKS proxy says to anything else."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x05\xff")
    writer.close()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("talk", "words"), [(_not_http, "not HTTP"), (_hang_up, "disconnected without")])
async def test_a_proxy_that_speaks_no_http_is_told_as_the_proxy(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], scheme: str, words: str
) -> None:
    """The endpoint was not asked; after a good answer a connection that was closed is tried again."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, _over(server.sockets[0].getsockname()[1]).client() as client:
        with pytest.raises(httpx2.ProxyError) as caught:
            await client.get(f"{scheme}://service.test/")
    reason = no_connection(caught.value).reason
    assert reason.startswith("The endpoint was not asked: the outgoing proxy http://127.0.0.1:")
    assert words in reason
    assert "ORCHEO_OUTGOING_PROXY" in reason


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("400 Bad Request", "unless it is an HTTP proxy, correct ORCHEO_OUTGOING_PROXY"),
        ("501 Unsupported method", "unless it is an HTTP proxy, correct ORCHEO_OUTGOING_PROXY"),
        ("403 Forbidden", "have it allow the host, or list the host in NO_PROXY"),
        ("503 Service Unavailable", "check the host and the port, or list it in NO_PROXY"),
    ],
)
async def test_what_a_proxy_answers_comes_with_advice(status: str, advice: str) -> None:
    """By what it means."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, _over(server.sockets[0].getsockname()[1]).client() as client:
        with pytest.raises(httpx2.ProxyError, match=re.escape(f"({status})")) as caught:
            await client.get("https://service.test/")
    assert advice in str(caught.value)


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that leads to a service which breaks off before its TLS is there."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await reader.read(1)
    writer.close()


async def test_a_service_behind_the_proxy_is_told_as_the_service() -> None:
    """The tunnel stands: what fails then is not the proxy's."""
    server = await asyncio.start_server(_connect, "127.0.0.1", 0)
    async with server, _over(server.sockets[0].getsockname()[1]).client() as client:
        with pytest.raises(httpx2.ConnectError) as caught:
            await client.get("https://service.test/")
    assert no_connection(caught.value).reason.startswith("The endpoint does not answer: ")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("127.0.0.1:9001/v1", "Begin it with one of them: http://127.0.0.1:9001/v1 or https://127.0.0.1:9001/v1"),
        ("models.example.org", "http://models.example.org or https://models.example.org"),
        ("ftp://models.example.org", "For example: https://"),
        ("", "For example: https://"),
    ],
)
def test_a_target_without_its_protocol_is_shown_with_it(text: str, hint: str) -> None:
    """People leave it out, as in a browser."""
    with pytest.raises(InvalidInput) as caught:
        GuardedHttp(NONE_ALLOWED).check_url(text)
    assert hint in caught.value.hint


# --- the wrong protocol ----------------------------------------------------------------------------------------------


async def test_http_to_a_server_that_wants_tls_says_so(
    certified: Callable[[str], tuple[ssl.SSLContext, Path]],
) -> None:
    """Some TLS servers send an alert, some close the connection: of those it can only be guessed."""
    context, _ = certified("service.test")
    async with _listening(context) as port, GuardedHttp(ANYWHERE_AT_HOME).client() as client:
        with pytest.raises(httpx2.RequestError) as caught:
            await client.get(f"http://127.0.0.1:{port}/")
    assert "must begin with https://" in no_connection(caught.value).reason

    async def alert(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x15\x03\x01\x00\x02\x02\x46")
        writer.close()

    server = await asyncio.start_server(alert, "127.0.0.1", 0)
    async with server, GuardedHttp(ANYWHERE_AT_HOME).client() as client:
        with pytest.raises(httpx2.RequestError) as caught:
            await client.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert no_connection(caught.value).reason == f"The endpoint does not answer: {NEEDS_HTTPS}."


async def test_https_to_a_server_without_tls_says_so() -> None:
    """In the same words for runners and for what the server itself asks."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, GuardedHttp(ANYWHERE_AT_HOME).client() as client:
        with pytest.raises(httpx2.ConnectError) as caught:
            await client.get(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert NEEDS_HTTP in no_connection(caught.value).reason
    assert NEEDS_HTTP in what_failed(caught.value)


async def test_plain_http_needs_no_certificates(tmp_path: Path) -> None:
    """An SSL_CERT_FILE that is missing keeps only https:// from its way."""
    http = GuardedHttp(ANYWHERE_AT_HOME, outgoing=Outgoing(ca_file=tmp_path / "none.pem"))
    async with _listening() as port, http.client() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200
        with pytest.raises(OSError, match="SSL_CERT_FILE"):
            await client.get(f"https://127.0.0.1:{port}/")


# --- lent clients ----------------------------------------------------------------------------------------------------


async def test_a_client_is_shared_while_it_is_used_and_closed_when_idle() -> None:
    """By key; the next run after that gets a new one."""
    http = GuardedHttp(NONE_ALLOWED, idle_seconds=0)
    async with http.lent("a") as first, http.lent("a") as second, http.lent("b") as other:
        assert first is second
        assert other is not first
    async with http.lent("a") as third:
        assert third is first  # its time has not come yet
        await asyncio.sleep(0)
        assert not third.is_closed
    for _ in range(5):
        await asyncio.sleep(0)
    assert first.is_closed
    async with http.lent("a") as fourth:
        assert fourth is not first
    await http.close()
    assert fourth.is_closed


async def test_a_client_that_is_used_while_all_are_closed_is_closed_too() -> None:
    """The server stops: its run fails, nothing is left open."""
    http = GuardedHttp(NONE_ALLOWED)
    async with http.lent("a") as client:
        await http.close()
        assert client.is_closed
    await http.close()


async def test_a_connection_that_the_service_closed_meanwhile_is_replaced() -> None:
    """Services close what is idle for a few seconds, just when the next message comes."""
    answers = iter([True, False, True])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if next(answers):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, GuardedHttp(ANYWHERE_AT_HOME).client() as client:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert [(await client.get(url)).status_code for _ in range(2)] == [200, 200]


@pytest.fixture
def certified(tmp_path: Path) -> Callable[[str], tuple[ssl.SSLContext, Path]]:
    """Makes a server's TLS context for a host name, and the file that a client has to trust."""

    def make(name: str) -> tuple[ssl.SSLContext, Path]:
        path = _certificate(name, tmp_path / "certificate.pem")
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(path)
        return server, path

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
    certified: Callable[[str], tuple[ssl.SSLContext, Path]],
) -> None:
    """The certificate of the name is taken although the connection goes to an address; another name's is not."""
    server, trusting = certified("service.test")
    resolver = FakeResolver(["127.0.0.1"], ["127.0.0.1"])
    http = GuardedHttp(ANYWHERE_AT_HOME, outgoing=Outgoing(ca_file=trusting), resolve=resolver)
    async with _listening(server) as port, http.client() as client:
        assert (await client.get(f"https://service.test:{port}/")).text == f"service.test:{port}"
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            await client.get(f"https://other.test:{port}/")
    assert "its certificate is for another name" in no_connection(caught.value).reason


async def test_text_is_read_as_utf_8_whatever_the_service_names() -> None:
    """Some encodings take a minute for a MiB, and others are no encodings of text."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 500 x\r\ncontent-type: text/plain; charset=%b\r\nconnection: close\r\n\r\n"
        writer.write(head % next(names) + "é-a".encode())
        writer.close()

    names = iter([b"punycode", b"bz2", b"latin-1"])
    async with (
        await asyncio.start_server(answer, "127.0.0.1", 0) as server,
        GuardedHttp(ANYWHERE_AT_HOME).client() as client,
    ):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert [(await client.get(url)).text for _ in range(3)] == ["é-a"] * 3
