"""What a run does to the process is known to be its own: output, threads."""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest
from attrs import field, frozen

from orcheo_adapters.runners import worker_thread
from orcheo_adapters.system import logs
from orcheo_adapters.system.error_chains import chain_of
from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_adapters.system.running import LEFT_BY_WORKFLOW, RUN_BYTES, Conducts, Running, current_run, marking_threads
from orcheo_adapters.system.standard_streams import SharedStream, shared_streams
from orcheo_core.domain.conduct import Conduct
from orcheo_core.ports.runner import RunFailed


def run_named(name: str = "helper", conducts: Conducts | None = None) -> Running:
    """A run of the workflow ``wf_1``."""
    return Running(name, "wf_1", conducts or Conducts())


@frozen
class Out:
    """Standard output of a server: what is written there, and what comes out."""

    written: StringIO = field(factory=StringIO)

    def say(self, text: str) -> None:
        """Write, as ``print`` does."""
        SharedStream(self.written).write(text)

    @property
    def text(self) -> str:
        """All that came out."""
        return self.written.getvalue()


@pytest.fixture
def out() -> Out:
    """An empty one."""
    return Out()


def test_the_server_prints_as_before(out: Out) -> None:
    """Nothing is put before its lines, and half a line is written at once."""
    out.say("ready")
    assert out.text == "ready"


def test_lines_of_a_run_begin_with_the_workflow(out: Out) -> None:
    """Also the last one, which has no end."""
    with run_named():
        for each in ("one", " ", "2", "\n", "three\nfour"):
            out.say(each)
        assert out.text == "helper | one 2\nhelper | three\n"
    assert out.text == "helper | one 2\nhelper | three\nhelper | four\n"


def test_runs_at_the_same_time_do_not_share_lines(out: Out) -> None:
    """Each has its own beginning of a line, in its task and in the loop's threads."""

    async def work(name: str) -> None:
        with run_named(name):
            out.say(f"{name} ")
            await asyncio.sleep(0)
            await asyncio.to_thread(out.say, "in a thread\n")

    async def main() -> None:
        await asyncio.gather(work("a"), work("b"))

    run_server_loop(main())
    assert sorted(out.text.splitlines()) == ["a | a in a thread", "b | b in a thread"]


def in_thread(work: Callable[[], None]) -> None:
    """As workflows start threads."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def in_pool(work: Callable[[], None]) -> None:
    """The same with an executor of the workflow's own."""
    with ThreadPoolExecutor() as pool:
        pool.submit(work).result()


def in_nested_thread(work: Callable[[], None]) -> None:
    """A thread that a thread has started."""
    in_thread(lambda: in_thread(work))


@pytest.mark.parametrize("start", [in_thread, in_pool, in_nested_thread])
def test_what_threads_of_a_run_print_is_the_runs(out: Out, start: Callable[[Callable[[], None]], None]) -> None:
    """However the workflow starts them."""
    with marking_threads(), run_named():
        start(lambda: out.say("x\n"))
    assert out.text == "helper | x\n"


def test_output_without_end_is_cut_with_one_line(out: Out) -> None:
    """The run is counted once for its owner. Findings: a workflow is named and bounded."""
    conducts = Conducts()
    with run_named(conducts=conducts):
        for _ in range(3):
            out.say("x" * 100_000 + "\n")
    assert out.text.splitlines()[-1] == "helper | … the rest of what this run writes is left out"
    assert len(out.text) < RUN_BYTES + 1_000
    assert conducts.of("wf_1") == Conduct(output_cut=1)


def test_empty_lines_are_bounded_too(out: Out) -> None:
    """There can only be as many as the run may write characters."""
    with run_named("h"):
        out.say("\n" * 200_000)
    assert out.text.count("\n") <= RUN_BYTES + 1


def test_many_runs_of_a_workflow_share_a_minute(out: Out) -> None:
    """Another workflow has its own, and after the minute there is room again."""
    now = 0.0
    conducts = Conducts(clock=lambda: now)
    for _ in range(21):
        assert not conducts.of("wf_1").output_cut
        with run_named(conducts=conducts):
            out.say("x" * 50_000 + "\n")
    assert conducts.of("wf_1").output_cut == 1
    with Running("other", "wf_2", conducts):
        out.say("heard\n")
    now = 60.0
    with run_named(conducts=conducts):
        out.say("again\n")
    assert out.text.endswith("other | heard\nhelper | again\n")


def test_output_cannot_drive_the_terminal(out: Out) -> None:
    """A workflow may print what a visitor has sent. Findings: no one writes in another's name."""
    with run_named():
        out.say("\x1b]52;c;aGk=\x07\tok\n")
    assert out.text == "helper | \\x1b]52;c;aGk=\\x07\tok\n"


def test_bytes_and_the_rest_of_a_stream() -> None:
    """Programs that look at the stream find what they had before."""
    raw = BytesIO()
    below = TextIOWrapper(raw, encoding="utf-8")
    stream = SharedStream(below)
    assert (stream.encoding, stream.isatty(), stream.writable()) == ("utf-8", False, True)
    stream.writelines(["one\n", "two\n"])
    stream.flush()
    stream.buffer.write(b"plain\n")
    with run_named():
        assert stream.buffer.writable()
        stream.buffer.write("grün\n".encode())
    stream.close()
    stream.flush()
    with pytest.raises(OSError, match="fileno"):
        stream.fileno()
    assert raw.getvalue().decode() == "one\ntwo\nplain\nhelper | grün\n"


def test_the_streams_of_a_server_are_put_back() -> None:
    """When it ends."""
    before = sys.stdout, sys.stderr
    with shared_streams():
        assert isinstance(sys.stdout, SharedStream)
        assert isinstance(sys.stderr, SharedStream)
    assert (sys.stdout, sys.stderr) == before


@contextmanager
def logged() -> Iterator[Callable[[], str]]:
    """What the server's log has."""
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level, stream = root.level, StringIO()
    stderr, sys.stderr = sys.stderr, stream
    try:
        logs.configure_logs()
        yield stream.getvalue
    finally:
        sys.stderr = stderr
        root.handlers[:] = before
        root.setLevel(level)


def test_what_runs_log_names_the_workflow_and_is_bounded() -> None:
    """The server's own lines about a run always come."""
    conducts = Conducts()
    with logged() as text, run_named(conducts=conducts):
        for _ in range(1_000):
            logging.getLogger("owners.code").warning("said %s", "x" * 100)
        logging.getLogger("orcheo.runs").error("ours")
    lines = text().splitlines()
    assert '"workflow":"helper"' in lines[0]
    assert "ours" in lines[-1]
    assert len(text()) < 4 * RUN_BYTES
    assert conducts.of("wf_1").output_cut == 1


def test_addresses_that_the_server_asks_are_not_logged() -> None:
    """That of a webhook often holds the secret of its receiver; failures still come."""
    with logged() as text:
        logging.getLogger("httpx2").info("HTTP Request: POST https://alerts.example.org/secret")
        logging.getLogger("httpx2").warning("failed")
    assert "secret" not in text()
    assert "failed" in text()


def test_threads_that_runs_leave_are_counted_until_they_end() -> None:
    """Of a third run on: those of one or two are a pool, or a helper, that the workflow keeps."""
    conducts = Conducts()
    release = threading.Event()
    threads: list[threading.Thread] = []
    counts = []
    for _ in range(4):
        with marking_threads(), run_named(conducts=conducts):
            threads += (threading.Thread(target=release.wait) for _ in range(2))
            for each in threads[-2:]:
                each.start()
            counts.append(conducts.of("wf_1").threads_left)
    assert counts == [0, 0, 0, 6]
    assert conducts.of("wf_1") == Conduct(threads_left=8)
    assert conducts.of("wf_2").threads_left == 0
    release.set()
    for each in threads:
        each.join()
    assert conducts.of("wf_1") == Conduct()


def test_threads_of_a_pool_that_is_kept_are_not_left_behind() -> None:
    """However many runs let it grow."""
    conducts, release = Conducts(), threading.Event()
    with marking_threads(), ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            with run_named(conducts=conducts):
                pool.submit(release.wait)
        left = conducts.of("wf_1").threads_left
        release.set()
    assert left == 0


class _Untrue(Exception):
    """Its truth cannot be asked."""

    def __bool__(self) -> bool:
        raise AssertionError


class _Broken(ExceptionGroup[Exception]):
    """What it is a group of cannot be asked."""

    @property
    def exceptions(self) -> Any:
        raise SystemExit


@pytest.mark.parametrize("cause", [_Untrue(), _Broken("x", [ValueError()])], ids=["truth", "group"])
async def test_a_thread_ends_with_its_error_whatever_it_came_from(cause: Exception) -> None:
    """Else the turn would wait for its silence limit."""
    outer = ValueError("outer")
    outer.__cause__ = cause

    def work() -> None:
        raise outer

    with pytest.raises(ValueError, match="outer") as caught:
        await asyncio.wait_for(worker_thread.in_thread(work), 60)
    assert caught.value is outer


def test_a_chain_has_what_is_shown() -> None:
    """The cause, or else the context; nothing of it behind ``from None``."""
    error, cause, context = ValueError("a"), _Untrue("b"), _Untrue("c")
    error.__context__ = context
    assert chain_of(error) == [error, context]
    error.__suppress_context__ = True
    assert chain_of(error) == [error]
    error.__cause__ = cause
    assert chain_of(error) == [error, cause]


async def test_a_workflow_that_leaves_threads_behind_gets_no_more_of_them() -> None:
    """Until they end; another workflow gets its own. Findings: abandoned runs count."""
    conducts, release = Conducts(), threading.Event()
    for _ in range(LEFT_BY_WORKFLOW):
        with run_named(conducts=conducts):
            worker_thread.in_thread(release.wait)
    with run_named(conducts=conducts), pytest.raises(RunFailed, match="could not be stopped") as caught:
        worker_thread.in_thread(release.wait)
    assert caught.value.code == "too_many_threads"
    with Running("other", "wf_2", conducts):
        assert await worker_thread.in_thread(lambda: "other") == "other"
    release.set()
    while conducts.of("wf_1").threads_left:  # noqa: ASYNC110 - threads have no event for their end
        await asyncio.sleep(0)
    with run_named(conducts=conducts):
        assert await worker_thread.in_thread(lambda: "again") == "again"


def test_a_thread_of_the_loops_executor_counts_while_it_is_busy() -> None:
    """Idle ones wait for any run, and the server's own executor is not used by runs."""
    conducts, release, begun = Conducts(), threading.Event(), threading.Event()
    seen: list[int] = []

    def block() -> Running | None:
        begun.set()
        release.wait()
        return current_run()

    async def main() -> None:
        running = run_named(conducts=conducts)
        with running:
            blocking = asyncio.get_running_loop().run_in_executor(None, block)
            await asyncio.to_thread(begun.wait)
        seen.append(conducts.of("wf_1").threads_left)
        release.set()
        assert await blocking is running
        while conducts.of("wf_1").threads_left:  # noqa: ASYNC110 - the thread is about to be free
            await asyncio.sleep(0)
        assert await asyncio.to_thread(current_run) is None

    run_server_loop(main())
    assert seen == [1]
