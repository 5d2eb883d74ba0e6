"""Cutting streams into payloads, wherever the chunks happen to end."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_adapters.runners.lines import MOST_LINES, JsonLines, Lines, Payloads, ServerSentData, TooManyLines


def cut(payloads: Payloads, *chunks: bytes) -> list[bytes]:
    found = [each for chunk in chunks for each in payloads.push(chunk)]
    return [*found, *payloads.end()]


@pytest.mark.parametrize(
    ("make", "stream", "expected"),
    [
        (Lines, b"a\r\nb\n\nc", [b"a", b"b", b"", b"c"]),
        (Lines, b"", []),
        (JsonLines, b'\n{"a": 1}\r\n \n{}\n', [b'{"a": 1}', b"{}"]),
        (JsonLines, b"{}", [b"{}"]),
        (JsonLines, "{\u2028}\n".encode(), ["{\u2028}".encode()]),
        (ServerSentData, b"data: a\n\ndata:b\r\n\r\n", [b"a", b"b"]),
        (ServerSentData, b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (ServerSentData, b"data: a\rdata: b\r\n\rdata: c\n\r\n", [b"a\nb", b"c"]),
        (ServerSentData, b": note\nevent: x\nid: 1\nretry: 5\ndata: a\ndata:  b\n\n", [b"a\n b"]),
        (ServerSentData, b"data\n\ndata: a\n", [b""]),
        (ServerSentData, b"data:\n\n\n\ndata:\n\n", [b"", b""]),
        (ServerSentData, b"database: x\n\n", []),
    ],
)
def test_payloads(make: Callable[[], Payloads], stream: bytes, expected: list[bytes]) -> None:
    """As one chunk, and byte by byte."""
    assert cut(make(), stream) == expected
    assert cut(make(), *(bytes([byte]) for byte in stream)) == expected


@given(st.lists(st.binary(max_size=6)), st.sampled_from([Lines, JsonLines, ServerSentData]))
def test_chunks_make_no_difference(chunks: list[bytes], make: Callable[[], Payloads]) -> None:
    """Only the bytes count."""
    assert cut(make(), *chunks) == cut(make(), b"".join(chunks))


@pytest.mark.parametrize("make", [Lines, JsonLines, ServerSentData])
def test_lines_are_bounded_in_number(make: Callable[[], Payloads]) -> None:
    """However little they say."""
    payloads, most = make(), b"\n" * (MOST_LINES // 64)
    assert all(not each for _ in range(64) for each in payloads.push(most))
    with pytest.raises(TooManyLines, match="more than 655,360 lines"):
        list(payloads.push(b":\n"))
