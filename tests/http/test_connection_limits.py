"""How many connections may be open."""

import asyncio
import errno
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from orcheo_adapters.http.client_address import TrustedProxies
from orcheo_adapters.http.connections import (
    MOST,
    MOST_BY_ADDRESS,
    Acceptor,
    ConnectionLimits,
    Connections,
)
from orcheo_adapters.http.pace import Pace
from orcheo_adapters.system.descriptors import OWNERS_SHARE, RESERVE, descriptor_limit, raise_descriptor_limit
from orcheo_core.domain.rate import Rate
from tests.app_server import TestServer
from tests.http.live import serving

GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def of(count: int) -> Connections:
    """There is room for so many."""
    return Connections(lambda: RESERVE + count, lambda: 0.0)


def test_one_address_leaves_room_for_others() -> None:
    """It gets three quarters; an IPv6 network counts as one address."""
    some = of(8)
    taken = [some.enter(f"2001:db8::{number}") for number in range(8)]
    assert [each is not None for each in taken] == [True] * 6 + [False] * 2
    assert [some.enter(f"192.0.2.{number}") is not None for number in range(3)] == [True, True, False]


def test_another_machine_gets_less_than_a_proxy_on_this_one() -> None:
    """Its idle connections cost memory that is meant for the answers of others."""
    many = Connections(lambda: 1_000_000)
    for host, most in (("192.0.2.1", MOST_BY_ADDRESS), ("127.0.0.1", MOST * 3 // 4)):
        assert sum(many.enter(host) is not None for _ in range(MOST)) == most
    many = Connections(lambda: 1_000_000)
    assert sum(many.enter("::1") is not None for _ in range(MOST)) == MOST * 3 // 4


@pytest.mark.parametrize("proxies", ["1", "192.0.2.0/24"])
def test_a_proxy_on_another_machine_may_have_as_many(proxies: str) -> None:
    """Its connections are those of many visitors; one that is not in the networks is a machine like others."""
    limits = ConnectionLimits(most=40, most_by_address=5, proxies=TrustedProxies.parse(proxies))
    some = Connections(lambda: 1_000_000, limits=limits, pace=Pace(Rate(amount=1, seconds=60)))
    assert sum(some.enter("192.0.2.1") is not None for _ in range(40)) == 30
    assert [some.wait("192.0.2.1") for _ in range(3)] == [0.0] * 3
    assert sum(some.enter("198.51.100.1") is not None for _ in range(40)) == (10 if proxies == "1" else 5)


def test_settings_say_how_many_connections_there_may_be() -> None:
    """For an address without a limit of its own, three quarters of all."""
    some = Connections(lambda: 1_000_000, limits=ConnectionLimits(most=8, most_by_address=None))
    assert sum(some.enter("192.0.2.1") is not None for _ in range(9)) == 6
    assert sum(some.enter("192.0.2.2") is not None for _ in range(9)) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_owner_on_this_machine_gets_in_when_others_hold_all(host: str) -> None:
    """To close the chat, say; not without end. Findings: a right credential always gets in."""
    some = of(100)
    assert sum(some.enter(f"192.0.2.{number}") is not None for number in range(200)) == 100
    assert sum(some.enter(host) is not None for _ in range(100)) == OWNERS_SHARE


def test_who_leaves_makes_room() -> None:
    """Nothing is kept of an address without connections."""
    some = of(1)
    key = some.enter("192.0.2.1")
    assert key is not None
    assert some.enter("192.0.2.2") is None
    some.leave(key)
    assert some.enter("192.0.2.2") is not None


def test_the_bound_is_below_the_descriptors_and_never_nothing() -> None:
    """However many or few there are."""
    many = Connections(lambda: 1_000_000)
    assert sum(many.enter(f"10.0.{number >> 8}.{number % 256}") is not None for number in range(MOST + 9)) == MOST
    assert Connections(lambda: 3).enter("192.0.2.1") is not None


def test_a_flood_is_one_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """With what is open, and how many may be. Findings: too many connections are borne."""
    moments = [0.0]
    some = Connections(lambda: RESERVE + 1, lambda: moments[-1])
    some.enter("192.0.2.1")
    for moment in (0.0, 1.0, 59.0, 60.0, 61.0):
        moments.append(moment)
        some.enter("192.0.2.2")
    said = [each.getMessage() for each in caplog.records]
    assert [text.partition(":")[0] for text in said] == ["1 connections refused", "3 connections refused"]


def test_the_soft_limit_is_raised_and_can_change_later() -> None:
    """As far as the hard one lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        assert descriptor_limit() == 256
        raise_descriptor_limit()
        assert descriptor_limit() > 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(("host", "more"), [("192.0.2.1", 0), ("127.0.0.1", OWNERS_SHARE)])
def test_a_connection_with_one_of_the_last_descriptors_is_refused(host: str, more: int) -> None:
    """Whatever has taken those before it: files, connections to services, processes of workflows."""
    some, first = of(100), descriptor_limit() - RESERVE + more
    assert some.enter(host, first - 1) is not None
    assert some.enter(host, first) is None


@pytest.mark.network
async def test_connections_beyond_the_limit_are_closed_and_earlier_ones_answered(app_server: TestServer) -> None:
    """Without a word: there may be no descriptor for one. Findings: too many connections are borne."""
    async with serving(app_server.orcheo.app, connections=of(2)) as live, live.connection() as first:
        first.send(GET)
        await first.until(b'{"status":"ok"}')
        said = b""
        with suppress(ConnectionError):
            said = (await live.ask(GET)).raw
        assert said == b""
        first.send(GET)
        await first.until(b'{"status":"ok"}')


class Hello(asyncio.Protocol):
    """Greets, and closes."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self.on_lost = on_lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Say so."""
        self.on_lost()


def listening(kind: type[socket.socket] = socket.socket) -> socket.socket:
    """A socket on a free port."""
    listener = kind(fileno=socket.create_server(("127.0.0.1", 0)).detach())
    listener.setblocking(False)
    return listener


async def heard(listener: socket.socket, source: str = "127.0.0.1") -> bytes:
    """What the server says to a client at this address."""
    reader, writer = await asyncio.open_connection(*listener.getsockname(), local_addr=(source, 0))
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.network
async def test_connections_of_one_address_that_come_too_fast_begin_later() -> None:
    """In their order; those of others begin at once."""
    now = [0.0]
    connections = Connections(pace=Pace(Rate(amount=20, seconds=1), exempt=["127.0.0.9"], seconds=lambda: now[0]))
    with listening() as listener:
        acceptor = Acceptor(listener, connections, Hello)
        assert [await heard(listener) for _ in range(5)] == [b"hello"] * 5
        began = asyncio.get_running_loop().time()
        late = asyncio.create_task(heard(listener))
        assert await heard(listener, "127.0.0.9") == b"hello"
        assert await late == b"hello"
        assert asyncio.get_running_loop().time() - began > 0.03
        acceptor.close()


@pytest.mark.network
async def test_connections_that_wait_are_dropped_when_the_server_stops() -> None:
    """They have not asked for anything."""
    with listening() as listener:
        acceptor = Acceptor(listener, Connections(pace=Pace(Rate(amount=1, seconds=4), seconds=lambda: 0.0)), Hello)
        assert await heard(listener) == b"hello"
        late, other = asyncio.create_task(heard(listener)), asyncio.create_task(heard(listener))
        assert await heard(listener, "127.0.0.9") == b"hello"
        acceptor.close()
        assert [await late, await other] == [b"", b""]


@pytest.mark.network
async def test_a_refused_connection_leaves_nothing_in_the_system() -> None:
    """It is reset: a flood would leave thousands of half-closed ones."""
    with listening() as listener:
        connections = Connections(limits=ConnectionLimits(most=1))
        acceptor = Acceptor(listener, connections, Hello)
        assert connections.enter("192.0.2.1") is not None
        with pytest.raises(ConnectionResetError):
            await (await asyncio.open_connection(*listener.getsockname(), local_addr=("127.0.0.9", 0)))[0].read()
        acceptor.close()


class Exhausted(socket.socket):
    """The system has no descriptor at first."""

    failures = 1

    def accept(self) -> tuple[socket.socket, Any]:
        """See the base class."""
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


@pytest.mark.network
async def test_without_a_free_descriptor_connections_wait_for_one() -> None:
    """Without a turn of the loop for each try. Findings: too many connections are borne."""
    with listening(Exhausted) as listener:
        acceptor = Acceptor(listener, Connections(), Hello)
        assert await heard(listener) == b"hello"
        acceptor.close()


@pytest.mark.network
async def test_a_server_stops_while_it_waits_for_a_descriptor() -> None:
    """It does not listen again."""
    with listening(Exhausted) as listener:
        assert isinstance(listener, Exhausted)
        acceptor = Acceptor(listener, Connections(), Hello)
        waiting = asyncio.create_task(heard(listener))
        while listener.failures:  # noqa: ASYNC110 - the loop turns until it has tried
            await asyncio.sleep(0)
        acceptor.close()
        listener.close()
        assert await waiting == b""
