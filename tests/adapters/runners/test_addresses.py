"""Which addresses a runner may reach: the guard against looking into the server's own network."""

import socket
from ipaddress import ip_address

import pytest

from orcheo_adapters.runners.addresses import (
    NONE_ALLOWED,
    AddressRefused,
    AllowedAddresses,
    check_addresses,
    literal_addresses,
    why_closed,
)
from orcheo_core.errors import InvalidInput

CLOSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]
OPEN = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "2a00:1450::1"]
LOOPBACK_IN_DISGUISE = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.1",
]


@pytest.mark.parametrize("address", CLOSED)
def test_closed_addresses(address: str) -> None:
    """Everything that is not public unicast, tunnels and translations of it included."""
    assert why_closed(ip_address(address)) is not None


@pytest.mark.parametrize("address", OPEN)
def test_open_addresses(address: str) -> None:
    """Public unicast, also right beside a closed network."""
    assert why_closed(ip_address(address)) is None


@pytest.mark.parametrize("host", LOOPBACK_IN_DISGUISE)
def test_every_spelling_of_an_address_is_known(host: str) -> None:
    """As the operating system would read it."""
    assert literal_addresses(host) == ["127.0.0.1"]


@pytest.mark.network
@pytest.mark.parametrize("host", LOOPBACK_IN_DISGUISE)
def test_the_operating_system_reads_them_so(host: str) -> None:
    """If it did not, the table above would prove nothing."""
    assert {address[0] for *_, address in socket.getaddrinfo(host, 80)} == {"127.0.0.1"}


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "localhost", "①②⑦.⓪.⓪.①", "", "1.2.3.4.5"])
def test_names_are_no_literal_addresses(host: str) -> None:
    """They are looked up, and what is found is checked."""
    assert literal_addresses(host) == []


def test_one_closed_address_among_many_is_enough() -> None:
    """A name that has a public and a private address is refused, whichever comes first."""
    for found in (["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"]):
        with pytest.raises(AddressRefused, match=r"leads to 10\.0\.0\.1"):
            check_addresses("example.org", 443, found, NONE_ALLOWED)
    assert check_addresses("example.org", 443, ["8.8.8.8", "1.1.1.1"], NONE_ALLOWED) == ["8.8.8.8", "1.1.1.1"]


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("10.0.0.1", "10.0.0.1 is an address that this server must not reach"),
        ("fd00::1", "[fd00::1] is an address that this server must not reach"),
        ("0x7f.1", "0x7f.1 leads to 127.0.0.1, which this server must not reach"),
    ],
)
def test_an_address_does_not_lead_to_itself(host: str, said: str) -> None:
    """In another spelling it does; the variable that allows it is named either way."""
    with pytest.raises(AddressRefused) as caught:
        check_addresses(host, 80, literal_addresses(host), NONE_ALLOWED)
    assert str(caught.value).startswith(said)
    assert "ORCHEO_HTTP_RUNNER_ALLOW=" in str(caught.value)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "address"),
    [
        ("localhost:9000", "localhost", 9000, "127.0.0.1"),
        ("localhost:9000", "LOCALHOST.", 9000, "127.0.0.1"),
        ("LocalHost:9000", "localhost", 9000, "::1"),
        ("127.0.0.1:9000", "127.0.0.1", 9000, "127.0.0.1"),
        ("127.0.0.1:9000", "other", 9000, "127.0.0.1"),
        ("[::1]:9000", "::1", 9000, "::1"),
        ("10.0.0.0/8", "intern", 80, "10.9.8.7"),
        ("fd00::/8, 10.0.0.0/8", "intern", 80, "fd00::1"),
        ("", "example.org", 80, "8.8.8.8"),
    ],
)
def test_what_an_operator_allows(allowed: str, host: str, port: int, address: str) -> None:
    """A host or an address at one port, or a network."""
    entries = AllowedAddresses.parse(allowed, path="ORCHEO_HTTP_RUNNER_ALLOW")
    assert check_addresses(host, port, [address], entries) == [address]


@pytest.mark.parametrize(
    ("allowed", "host", "port", "address"),
    [
        ("localhost:9000", "localhost", 9001, "127.0.0.1"),
        ("localhost:9000", "other", 9000, "127.0.0.1"),
        ("127.0.0.1:9000", "other", 9000, "127.0.0.2"),
        ("[::1]:9000", "::1", 80, "::1"),
        ("10.0.0.0/8", "intern", 80, "192.168.0.1"),
        ("", "intern", 80, "10.0.0.1"),
        (" , ", "intern", 80, "10.0.0.1"),
    ],
)
def test_what_an_operator_does_not_allow(allowed: str, host: str, port: int, address: str) -> None:
    """Everything else that is closed stays closed."""
    entries = AllowedAddresses.parse(allowed, path="ORCHEO_HTTP_RUNNER_ALLOW")
    with pytest.raises(AddressRefused):
        check_addresses(host, port, [address], entries)


@pytest.mark.parametrize("text", ["localhost", "localhost:", "localhost:http", "localhost:0", "localhost:65536", "1/2"])
def test_what_an_operator_cannot_mean(text: str) -> None:
    """Refused when the server starts, with an example."""
    with pytest.raises(InvalidInput, match="ORCHEO_HTTP_RUNNER_ALLOW: must be a comma-separated list") as caught:
        AllowedAddresses.parse(text, path="ORCHEO_HTTP_RUNNER_ALLOW")
    assert "10.1.0.0/16" in caught.value.hint


def test_the_refusal_says_how_to_allow_it() -> None:
    """In the form of the setting, brackets included."""
    with pytest.raises(AddressRefused, match=r"ORCHEO_HTTP_RUNNER_ALLOW=\[::1\]:80 \(several"):
        check_addresses("::1", 80, ["::1"], NONE_ALLOWED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://127.0.0.1:9000", "'http://127.0.0.1:9000' is written without http:// or https://, and with its port"),
        ("127.0.0.1", "'127.0.0.1' has no port, as in 127.0.0.1:9000"),
        ("localhost", "'localhost' has no port, as in localhost:9000"),
        ("localhost:http", "'localhost:http' has no valid port"),
        ("localhost:70000", "'localhost:70000' has no valid port"),
        ("10.1.2.3/8", "'10.1.2.3/8' is an address in a network: write 10.0.0.0/8 for all of it"),
        ("10.0.0.0/33", "'10.0.0.0/33' is not a network"),
        ("localhost/api", "'localhost/api' is not a network"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_in_words(text: str, words: str) -> None:
    """With what to write, where that is known; the libraries' words name no setting."""
    with pytest.raises(InvalidInput) as caught:
        AllowedAddresses.parse(text, path="ORCHEO_HTTP_RUNNER_ALLOW")
    assert caught.value.fields[0].message.endswith(f": {words}")


def test_a_network_may_be_written_in_any_form() -> None:
    """With zeros, or with a mask."""
    entries = AllowedAddresses.parse("2001:db8:0::/32, 10.0.0.0/255.0.0.0", path="test")
    assert entries.cover("a", 80, ip_address("2001:db8::1"))
    assert entries.cover("a", 80, ip_address("10.1.2.3"))
