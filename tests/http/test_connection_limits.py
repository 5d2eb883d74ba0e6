"""How many connections may be open."""

import resource
from contextlib import suppress

import pytest

from orcheo_adapters.http.connections import (
    MOST,
    MOST_BY_ADDRESS,
    OWNERS_SHARE,
    RESERVE,
    Connections,
    descriptor_limit,
    raise_descriptor_limit,
)
from tests.house import House
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


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_owner_on_this_machine_gets_in_when_others_hold_all(host: str) -> None:
    """To close the chat, say; not without end."""
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
    """With what is open, and how many may be."""
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


@pytest.mark.network
async def test_connections_beyond_the_limit_are_closed_and_earlier_ones_answered(house: House) -> None:
    """Without a word: there may be no descriptor for one."""
    async with serving(house.orcheo.app, connections=of(2)) as live, live.connection() as first:
        first.send(GET)
        await first.until(b'{"status":"ok"}')
        said = b""
        with suppress(ConnectionError):
            said = (await live.ask(GET)).raw
        assert said == b""
        first.send(GET)
        await first.until(b'{"status":"ok"}')
