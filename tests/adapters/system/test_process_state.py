"""Findings: a workflow changes what belongs to the whole process. It is set back, and ends neither thread nor loop.

The tests leave SIGALRM to the time limit of tests, and take its neighbours.
"""

import asyncio
import builtins
import json
import os
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

import pytest

from orcheo_adapters.system.event_loop import ServerLoop, run_server_loop
from orcheo_adapters.system.process_state import ProcessState, kept_state

pytestmark = pytest.mark.processes


def harm(*_anything: object, **_more: object) -> NoReturn:
    """What a broken hook does."""
    raise ArithmeticError


class _Policy(asyncio.DefaultEventLoopPolicy):
    """Makes no loop."""

    new_event_loop = harm


def lower(name: str) -> tuple[Callable[[], object], Callable[[], Any]]:
    """As code does that wants a limit for itself; this one is still far away."""
    number = getattr(resource, name)

    def change() -> None:
        soft, hard = resource.getrlimit(number)
        resource.setrlimit(number, (1 << 42 if soft == resource.RLIM_INFINITY else soft - 1, hard))

    return change, lambda: resource.getrlimit(number)


def umask() -> int:
    """As it is."""
    os.umask(found := os.umask(0o077))
    return found


def remove_a_function() -> None:
    """All code that calls it would fail."""
    del builtins.sorted


HARMS: dict[str, tuple[Callable[[], object], Callable[[], Any]]] = {
    "the built-in functions": (lambda: setattr(builtins, "len", harm), lambda: builtins.len),
    "built-in functions": (remove_a_function, lambda: getattr(builtins, "sorted", None)),
    "time.time": (lambda: setattr(time, "time", harm), lambda: time.time),
    "json.dumps": (lambda: setattr(json, "dumps", harm), lambda: json.dumps),
    "sys.settrace": (lambda: sys.settrace(lambda *_: None), sys.gettrace),
    "sys.setprofile": (lambda: sys.setprofile(lambda *_: None), sys.getprofile),
    "threading.settrace": (lambda: threading.settrace(harm), threading.gettrace),
    "threading.setprofile": (lambda: threading.setprofile(harm), threading.getprofile),
    "sys.excepthook": (lambda: setattr(sys, "excepthook", harm), lambda: sys.excepthook),
    "sys.unraisablehook": (lambda: setattr(sys, "unraisablehook", harm), lambda: sys.unraisablehook),
    "threading.excepthook": (lambda: setattr(threading, "excepthook", harm), lambda: threading.excepthook),
    "warnings.showwarning": (lambda: setattr(warnings, "showwarning", harm), lambda: warnings.showwarning),
    "the filters of warnings": (
        lambda: warnings.filterwarnings("error", category=BytesWarning, message="made for a test"),
        lambda: [each for each in warnings.filters if each[2] is BytesWarning and each[1] is not None],
    ),
    "_event_loop_policy": (lambda: asyncio.set_event_loop_policy(_Policy()), asyncio.get_event_loop_policy),
    "sys.setrecursionlimit": (lambda: sys.setrecursionlimit(sys.getrecursionlimit() - 1), sys.getrecursionlimit),
    "setrecursionlimit": (lambda: sys.setrecursionlimit(10**6), sys.getrecursionlimit),
    "sys.setswitchinterval": (lambda: sys.setswitchinterval(100), sys.getswitchinterval),
    **{f"the limit {each}": lower(each) for each in ("RLIMIT_NOFILE", "RLIMIT_DATA", "RLIMIT_NPROC")},
    "threading.stack_size": (lambda: threading.stack_size(1 << 46), threading.stack_size),
    "os.umask": (lambda: os.umask(0o777), umask),
    "the handler of SIGVTALRM": (
        lambda: signal.signal(signal.SIGVTALRM, harm),
        lambda: signal.getsignal(signal.SIGVTALRM),
    ),
    **{
        f"the handler of {each.name}": (partial(signal.signal, each, signal.SIG_DFL), partial(signal.getsignal, each))
        for each in (signal.SIGPIPE, signal.SIGXFSZ)
    },
    "the handler of SIGPROF": (
        lambda: signal.signal(signal.SIGPROF, signal.SIG_DFL),
        lambda: signal.getsignal(signal.SIGPROF),
    ),
}


@contextmanager
def undone() -> Iterator[ProcessState]:
    """The state of this test's process, set back whatever comes; a test has a profile and filters of its own."""
    signal.signal(signal.SIGPROF, signal.default_int_handler)
    state = ProcessState()
    try:
        yield state
    finally:
        state.set_back()
        signal.signal(signal.SIGPROF, signal.SIG_DFL)


@pytest.mark.parametrize("name", HARMS)
def test_what_a_workflow_changes_is_set_back(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """And named in the log, once."""
    change, look = HARMS[name]
    with undone() as state:
        before = look()
        change()
        state.set_back()
        after = look()
        said = [each.getMessage() for each in caplog.records]
        state.set_back()
    assert after == before
    assert len(said) == len(caplog.records) == 1
    assert said[0].startswith("a workflow changed ")
    assert name in said[0]


def test_what_harms_no_one_stays(caplog: pytest.LogCaptureFixture) -> None:
    """Libraries raise the limit of recursion, silence warnings and add names to the built-in ones."""
    with undone() as state:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 1)
        before = os.umask(0o027)
        builtins.ic = print  # type: ignore[attr-defined]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="made for a test")
            state.set_back()
            assert any(each[0] == "ignore" for each in warnings.filters)
        assert sys.getrecursionlimit() == limit + 1
        assert builtins.ic is print  # type: ignore[attr-defined]
        assert os.umask(before) == 0o027
        sys.setrecursionlimit(limit)
        del builtins.ic  # type: ignore[attr-defined]
    assert not caplog.records


@pytest.mark.parametrize("name", [each for each in ("settrace", "setprofile") if hasattr(threading, each)])
def test_a_hook_for_all_threads_ends_no_thread_of_the_server(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """One that raises would end each new thread before its work, and who waits for that would wait for ever."""
    done = threading.Event()
    original = getattr(threading, name)
    with kept_state():
        getattr(threading, name)(harm)
        thread = threading.Thread(target=done.set)
        thread.start()
        thread.join()
    assert done.is_set()
    assert getattr(threading, name) is original
    assert f"a workflow called threading.{name}" in caplog.text


def test_an_alarm_that_nothing_waits_for_does_not_end_the_process(caplog: pytest.LogCaptureFixture) -> None:
    """Without a handler it would, at once and without a word. Findings: a workflow cannot end the server."""
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL
    with kept_state():
        os.kill(os.getpid(), signal.SIGVTALRM)
    assert "let the signal SIGVTALRM come" in caplog.text
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL


@pytest.mark.parametrize("number", [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGVTALRM, signal.SIGXCPU])
def test_the_default_action_of_a_signal_does_not_end_the_process(
    number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    """Code asks for it so that a pipe ends its program; until it is set back, a visitor who leaves would do so."""
    original, before = signal.signal, signal.getsignal(number)
    with kept_state():
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    assert f"asked for the default action of {number.name}" in caplog.text
    assert signal.getsignal(number) is before
    assert signal.signal is original


def test_a_limit_of_recursion_that_could_overflow_the_stack_is_not_set(caplog: pytest.LogCaptureFixture) -> None:
    """Until it is set back, one deep document would end the server."""
    original, before = sys.setrecursionlimit, sys.getrecursionlimit()
    with kept_state():
        sys.setrecursionlimit(9_000)
        quiet, allowed = not caplog.records, sys.getrecursionlimit()
        sys.setrecursionlimit(10**6)
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(before)
    assert (quiet, allowed, limit) == (True, 9_000, 10_000)
    assert "asked for sys.setrecursionlimit(1000000); it is 10000" in caplog.text
    assert sys.setrecursionlimit is original


def test_what_cannot_be_set_back_is_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ordinary user cannot raise a hard limit again; the soft one comes as near to it as it may."""
    limits = {resource.RLIMIT_AS: (1 << 40, 1 << 40)}
    original = resource.getrlimit

    def put(number: int, limit: tuple[int, int]) -> None:
        if limit[1] > limits[number][1]:
            raise ValueError
        limits[number] = limit

    monkeypatch.setattr(resource, "getrlimit", lambda number: limits.get(number) or original(number))
    monkeypatch.setattr(resource, "setrlimit", put)
    state = ProcessState()
    limits[resource.RLIMIT_AS] = (1 << 30, 1 << 35)
    state.set_back()
    state.set_back()
    assert limits[resource.RLIMIT_AS] == (1 << 35, 1 << 35)
    assert [each.getMessage() for each in caplog.records] == [
        "a workflow changed the limit RLIMIT_AS, which cannot be set back; a restart of the server undoes it"
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_handler_that_raises_while_the_loop_waits_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    """A signal comes wherever the server is at work, mostly while it waits for the network."""
    done: list[str] = []

    async def main() -> None:
        loop, is_over = asyncio.get_running_loop(), asyncio.Event()

        def alarm() -> None:
            os.kill(os.getpid(), signal.SIGPROF)
            while not caplog.records:
                time.sleep(0.001)
            loop.call_soon_threadsafe(is_over.set)

        signal.signal(signal.SIGPROF, harm)
        threading.Timer(0.05, alarm).start()
        await is_over.wait()
        await state.look()
        done.append("done")

    with kept_state() as state:
        run_server_loop(main(), set_back=state.set_back)
    assert done == ["done"]
    assert "ArithmeticError" in caplog.text
    assert "the handler of SIGPROF; it is set back" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_loop_continues_where_what_reports_an_exception_raises_as_well(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The server ends when it is done, not before; what a workflow has replaced is set back first."""
    done = []

    async def main() -> None:
        builtins.len = harm
        monkeypatch.setattr(ServerLoop, "call_exception_handler", harm)
        asyncio.get_running_loop().call_soon(harm)
        while builtins.len is harm:  # noqa: ASYNC110 - what fails is the loop itself
            await asyncio.sleep(0.01)
        done.append("done")

    with kept_state() as state:
        run_server_loop(main(), set_back=state.set_back)
    assert done == ["done"]
    assert "the built-in functions; it is set back" in caplog.text
    assert "the event loop failed, and continues" in caplog.text


def test_a_loop_that_only_fails_ends(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a process that cannot work any more would write its log for ever."""

    def fail() -> None:
        if caplog.text.count("and continues") < 100:
            loop = asyncio.get_running_loop()
            loop.call_later(0.001, loop.call_soon, fail)
        raise ArithmeticError

    async def main() -> None:
        asyncio.get_running_loop().call_soon(fail)
        await asyncio.sleep(3600)

    monkeypatch.setattr(ServerLoop, "call_exception_handler", harm)
    with pytest.raises(ArithmeticError):
        run_server_loop(main())
