"""Whose address a request counts under."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_adapters.http.client_address import TrustedProxies, address_key

PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ("0", "192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
        ("1", PROXY, ["198.51.100.1"], "198.51.100.1"),
        ("1", PROXY, ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("2", PROXY, ["6.6.6.6, 198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("2", PROXY, ["198.51.100.1"], PROXY),
        ("1", PROXY, [], PROXY),
        ("1", PROXY, ["unknown"], PROXY),
        ("10.0.0.0/8", PROXY, ["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.0/8", "192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
        ("10.0.0.0/8", PROXY, ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        ("10.0.0.0/8", PROXY, ["198.51.100.1, junk, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1, fd00::/8", "fd00::1", ["198.51.100.1, 10.0.0.1"], "198.51.100.1"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.0/8", PROXY, ["[2001:db8::1]:443"], "[2001:db8::1]:443"),
    ],
)
def test_only_what_trusted_proxies_wrote_counts(trusted: str, peer: str, forwarded: list[str], client: str) -> None:
    """Read from the end: what stands before the entries of our own proxies was written by anyone."""
    assert TrustedProxies.parse(trusted).client_of(peer, forwarded) == client


addresses = st.ip_addresses().map(str)


@given(forged=st.lists(addresses | st.text(max_size=8), max_size=4), client=addresses, count=st.integers(1, 3))
def test_a_visitor_cannot_choose_their_address(forged: list[str], client: str, count: int) -> None:
    """Whatever they send along, behind this many proxies the entry of the outermost one counts."""
    proxies = [f"10.0.0.{number}" for number in range(2, count + 1)]
    forwarded = [", ".join([*forged, client, *proxies])]
    assert TrustedProxies(count=count).client_of(PROXY, forwarded) == client


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:5000", "192.0.2.7"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("[2001:db8:0:1::8]:443", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
        ("x" * 1_000, "x" * 64),
    ],
)
def test_addresses_are_counted_by_what_one_customer_has(text: str, key: str) -> None:
    """One IPv4 address, a /64 of IPv6; a key is never long."""
    assert address_key(text) == key


@pytest.mark.parametrize("text", ["-1", "33", "10.0.0.1/8", "proxy.example.org", "*"])
def test_what_names_no_proxies_is_refused(text: str) -> None:
    """A setting that is not understood must not mean trust."""
    with pytest.raises(ValueError, match=r".+"):
        TrustedProxies.parse(text)


def test_of_a_text_that_is_no_address_a_part_is_kept() -> None:
    """A zone may have any length, and each request another one."""
    proxies = TrustedProxies(count=2)
    client = proxies.client_of("10.0.0.1", [f"fe80::1%{'x' * 15_000}", "10.0.0.2"])
    assert len(client) == 64
    assert address_key(client) == "fe80::/64"
