"""Standard streams whose reader is behind, or gone."""

import io
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from logging import StreamHandler

import pytest

from orcheo_adapters.system.logs import LogKeeper
from orcheo_adapters.system.steady_stream import SteadyStream

LINE = "x" * 99 + "\n"


@contextmanager
def piped() -> Iterator[tuple[int, SteadyStream]]:
    """A pipe: the end that is read, and the stream that writes to it."""
    reads, writes = os.pipe()
    with os.fdopen(writes, "w") as stream:
        yield reads, SteadyStream(stream)


def all_of(reads: int) -> bytes:
    """What lies in a pipe."""
    os.set_blocking(reads, False)
    found = b""
    try:
        while piece := os.read(reads, 65_536):
            found += piece
    except BlockingIOError:
        return found
    return found


def test_what_nobody_reads_is_left_out_and_counted() -> None:
    """A write would wait for ever once the pipe is full; later lines come whole when it is read again."""
    with piped() as (reads, stream):
        for _ in range(5_000):
            assert stream.write(LINE) == len(LINE)
        lines = all_of(reads).decode().splitlines(keepends=True)
        assert set(lines) == {LINE}
        assert stream.take_left_out() == 5_000 - len(lines) > 0
        assert stream.take_left_out() == 0
        stream.write("read again\n")
        assert all_of(reads) == b"read again\n"
        os.close(reads)


def test_a_line_that_was_cut_does_not_run_into_the_next_one() -> None:
    """Half of a long line may be written when there is no more room."""
    with piped() as (reads, stream):
        stream.write("y" * 1_000_000 + "\n")
        assert set(all_of(reads)) == set(b"y")
        stream.write("next\n")
        stream.write("last\n")
        assert all_of(reads) == b"\nnext\nlast\n"
        assert stream.take_left_out() == 1
        os.close(reads)


def test_a_long_line_is_written_whole_where_there_is_room() -> None:
    """Longer than a pipe takes at once."""
    with piped() as (reads, stream):
        stream.write("é" * 10_000 + "\ud83d\n")
        assert all_of(reads).decode() == "é" * 10_000 + "\\ud83d\n"
        os.close(reads)


def test_a_reader_that_is_gone_ends_nothing() -> None:
    """Its program was stopped."""
    with piped() as (reads, stream):
        os.close(reads)
        stream.write(LINE)
        assert stream.take_left_out() == 1


def test_a_stream_without_a_descriptor_is_written_to_as_it_is() -> None:
    """Such as those of tests; all else of it is there too."""
    beneath = io.StringIO()
    stream = SteadyStream(beneath)
    stream.write(LINE)
    assert beneath.getvalue() == stream.getvalue() == LINE
    assert stream.take_left_out() == 0


async def test_the_log_says_how_many_lines_were_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Once it is read again."""
    with piped() as (reads, stream):
        os.close(reads)
        handler = StreamHandler(stream)
        logging.getLogger().addHandler(handler)
        try:
            keeper = LogKeeper()
            logging.getLogger("orcheo.tests").warning("unread")
            await keeper.look()
        finally:
            logging.getLogger().removeHandler(handler)
    assert "nothing read the log: 1 line left out" in caplog.text
