"""Connections by name: what looks the name up, and which address is taken."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_adapters.system.running import Conducts, Running

pytestmark = [pytest.mark.network, pytest.mark.processes]
NAMES = {"service.example": ["127.0.0.1"], "partly.example": ["127.0.0.2", "127.0.0.1"], "gone.example": ["127.0.0.2"]}
"""Only 127.0.0.1 listens."""


class NameServer:
    """Answers for ``NAMES``; lookups of other names wait until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.waiting = 0
        self._ask = socket.getaddrinfo

    def ask(self, host: str, port: int, family: int, kind: int, proto: int, flags: int) -> list[Any]:
        """See :func:`socket.getaddrinfo`."""
        if flags & socket.AI_NUMERICHOST:
            return self._ask(host, port, family, kind, proto, flags)
        if host in NAMES:
            return [each for address in NAMES[host] for each in self._ask(address, port, family, kind, proto, flags)]
        self.waiting += 1
        self.released.wait(60)
        raise socket.gaierror


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """The name server of this test."""
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.ask)
    yield server
    server.released.set()


@pytest.fixture
def port() -> Iterator[int]:
    """A port of 127.0.0.1 that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def result_of(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What ``work`` gives in the server's loop."""
    results: list[Any] = []

    async def main() -> None:
        results.append(await work())

    run_server_loop(main())
    return results[0]


async def peer_of(host: str, port: int, **options: Any) -> Any:
    """Whom a connection by this name reaches."""
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, host, port, **options)
    try:
        return transport.get_extra_info("peername")
    finally:
        transport.close()


def test_lookups_of_one_workflow_keep_no_one_else_waiting(names: NameServer, port: int) -> None:
    """However many wait for a name server that does not answer."""

    async def work() -> Any:
        with Running("slow", "wf_1", Conducts()):
            slow = [asyncio.create_task(peer_of(f"{number}.slow.example", 1)) for number in range(8)]
        while names.waiting < len(slow):  # noqa: ASYNC110 - they wait in threads
            await asyncio.sleep(0.001)
        reached = await peer_of("service.example", port), await peer_of("127.0.0.1", port)
        names.released.set()
        assert {type(each) for each in await asyncio.gather(*slow, return_exceptions=True)} == {socket.gaierror}
        return reached

    assert result_of(work) == (("127.0.0.1", port), ("127.0.0.1", port))


def test_the_next_address_is_tried(names: NameServer, port: int) -> None:
    """Options of asyncio's own loop about the order of the attempts are accepted."""
    assert result_of(lambda: peer_of("partly.example", port, happy_eyeballs_delay=0.25)) == ("127.0.0.1", port)


def test_no_address_answers(names: NameServer, port: int) -> None:
    """The error is the one of the attempt."""
    with pytest.raises(ConnectionRefusedError):
        result_of(lambda: peer_of("gone.example", port))


def test_several_addresses_that_do_not_answer(names: NameServer, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are named."""
    monkeypatch.setitem(NAMES, "gone.example", ["127.0.0.2", "127.0.0.3"])
    with pytest.raises(OSError, match=r"127\.0\.0\.2.*127\.0\.0\.3"):
        result_of(lambda: peer_of("gone.example", port))


class Context(ssl.SSLContext):
    """Notes whose certificate is wanted."""

    wanted: str | None = None

    def wrap_bio(self, incoming: Any, outgoing: Any, *, server_hostname: Any = None, **more: Any) -> Any:  # type: ignore[override]  # positions are allowed as well
        """See ssl."""
        self.wanted = server_hostname
        return super().wrap_bio(incoming, outgoing, server_hostname=server_hostname, **more)


def test_the_certificate_is_checked_for_the_name(names: NameServer, port: int) -> None:
    """Not for the address that it led to."""
    context = Context(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(ConnectionAbortedError):
        result_of(lambda: peer_of("service.example", port, ssl=context, ssl_handshake_timeout=0.01))
    assert context.wanted == "service.example"
