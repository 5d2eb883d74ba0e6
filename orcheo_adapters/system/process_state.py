"""What belongs to the whole process and workflows may change: hooks, signal handlers, limits, built-in functions.

All chats depend on it. Code that traces calls, makes warnings errors or replaces a built-in function does so for the
server too, so what it changes is set back: a few seconds later, or at once where the event loop itself fails by it.
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
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from attrs import frozen

from orcheo_adapters.system.logs import get_logger

_LOG = get_logger("server")
_ALARMS = (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGXCPU)
"""What ends a process that has not asked for it: timers and limits that code sets for its own time."""
_OF_WRITES = (signal.SIGPIPE, signal.SIGXFSZ)
"""What ends a process that writes to a connection that is closed, or too much: Python ignores it from the start."""
_MOST_RECURSION = 10_000
"""Deeper recursion can overflow the stack, which ends the process at once; it may from some 20,000 on."""
_LIMITS = ("RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_STACK")
_SET_BACK = "a workflow changed %s; it is set back"
_LEFT = "a workflow changed %s, which cannot be set back; a restart of the server undoes it"
_BUILTINS = vars(builtins)
_FOR_ALL_THREADS = ("settrace", "setprofile", "settrace_all_threads", "setprofile_all_threads")
"""Of ``threading``: a hook that raises would end each new thread of the server before it has done anything."""


def _other(before: Any, now: Any) -> bool:
    return before is not now


def _unlike(before: Any, now: Any) -> bool:
    return bool(before != now)


def _lower(before: Any, now: Any) -> bool:
    return bool(now < before)


def _unsafe(before: int, now: int) -> bool:
    return now < before or now > max(before, _MOST_RECURSION)


def _higher(before: Any, now: Any) -> bool:
    return bool(now > before)


@frozen
class _State:
    """A part of the state: how it is read and written, and which changes are harmful."""

    name: str
    get: Callable[[], Any]
    put: Callable[[Any], object]
    is_harmed: Callable[[Any, Any], bool] = _other


def _attribute(module: Any, name: str) -> _State:
    return _State(f"{module.__name__}.{name}", partial(getattr, module, name), partial(setattr, module, name))


def _soft_limit(name: str) -> _State:
    number = getattr(resource, name)

    def put(soft: float) -> None:
        hard = resource.getrlimit(number)[1]  # it may have been lowered as well
        with suppress(ValueError, OSError):
            resource.setrlimit(number, (_as_limit(min(soft, _as_number(hard))), hard))

    return _State(f"the limit {name}", lambda: _as_number(resource.getrlimit(number)[0]), put, _lower)


def _as_number(limit: int) -> float:
    return float("inf") if limit == resource.RLIM_INFINITY else limit


def _as_limit(number: float) -> int:
    return resource.RLIM_INFINITY if number == float("inf") else int(number)


def _umask() -> int:
    """As Linux tells it; other systems do only by another one, which what another thread makes then would get."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("utf-8", "replace").splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0


def _takes_from_the_owner(before: int, now: int) -> bool:
    """Whether the server could not read or change its own new files."""
    return bool(now & ~before & 0o700)


def _error_filters() -> tuple[Any, ...]:
    """The filters that make warnings errors; others are the business of the libraries that set them."""
    return tuple(each for each in warnings.filters if each[0] == "error")


def _put_error_filters(before: tuple[Any, ...]) -> None:
    warnings.filters[:] = [each for each in warnings.filters if each[0] != "error" or each in before]  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]  # noqa: SLF001 - or the old ones would count on


def _has_other(before: dict[str, Any], now: dict[str, Any]) -> bool:
    for name, value in before.items():  # noqa: SIM110 - any() may be what was replaced
        if now.get(name) is not value:
            return True
    return False


def _has_more(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    return any(each not in before for each in now)


def _states() -> tuple[_State, ...]:
    return (
        _State("the built-in functions", _BUILTINS.copy, _BUILTINS.update, _has_other),
        *(_attribute(time, name) for name in ("time", "monotonic")),
        *(_attribute(json, name) for name in ("dumps", "loads")),
        _State("sys.settrace", sys.gettrace, sys.settrace),
        _State("sys.setprofile", sys.getprofile, sys.setprofile),
        _State("threading.settrace", threading.gettrace, threading.settrace),
        _State("threading.setprofile", threading.getprofile, threading.setprofile),
        _attribute(sys, "excepthook"),
        _attribute(sys, "unraisablehook"),
        _attribute(threading, "excepthook"),
        _attribute(warnings, "showwarning"),
        _State("the filters of warnings", _error_filters, _put_error_filters, _has_more),
        _attribute(asyncio.events, "_event_loop_policy"),
        _State("sys.setrecursionlimit", sys.getrecursionlimit, sys.setrecursionlimit, _unsafe),
        _State("sys.setswitchinterval", sys.getswitchinterval, sys.setswitchinterval, _higher),
        _State("threading.stack_size", threading.stack_size, threading.stack_size, _unlike),
        _State("os.umask", _umask, os.umask, _takes_from_the_owner),
        *map(_soft_limit, _LIMITS),
        *(
            _State(f"the handler of {each.name}", partial(signal.getsignal, each), partial(signal.signal, each))
            for each in (*_ALARMS, *_OF_WRITES)
        ),
    )


class ProcessState:
    """The state of the process as it is when this is made; to be used in its main thread."""

    def __init__(self) -> None:
        """Remember it."""
        asyncio.new_event_loop().close()  # makes the default policy, which is made when it is first needed
        self._before = [(each, each.get()) for each in _states()]

    async def look(self) -> None:
        """Set back what was changed."""
        self.set_back()

    def set_back(self) -> None:
        """Set back what was changed, and then name it in the log, which may need all of it."""
        changed = []
        for index, (state, before) in enumerate(self._before):
            if state.is_harmed(before, state.get()):
                state.put(before)
                left = state.get()
                changed.append((state.name, is_left := state.is_harmed(before, left)))
                if is_left:
                    self._before[index] = state, left
        for name, is_left in changed:
            _LOG.warning(_LEFT if is_left else _SET_BACK, name)


@contextmanager
def kept_state() -> Iterator[ProcessState]:
    """Let signals and deep recursion of workflows end nothing, and their hooks for all threads do nothing.

    Gives the state to look after. To be entered in the main thread.
    """
    handlers = {each: signal.getsignal(each) for each in (*_ALARMS, *_OF_WRITES)}
    for each in _ALARMS:
        if handlers[each] is signal.SIG_DFL:
            signal.signal(each, _ignore)  # a handler, as programs that are started inherit what is ignored
    state = ProcessState()
    with ExitStack() as replaced:
        for name in _FOR_ALL_THREADS:
            if hasattr(threading, name):
                _replace(replaced, threading, name, partial(_refuse, name))
        _replace(replaced, signal, "signal", _harmless_signal())
        _replace(replaced, sys, "setrecursionlimit", partial(_set_recursion_limit, sys.setrecursionlimit))
        try:
            yield state
        finally:
            replaced.close()
            for each, handler in handlers.items():
                if handler is not None:  # which another language has set
                    signal.signal(each, handler)


def _replace(replaced: ExitStack, module: Any, name: str, value: object) -> None:
    replaced.callback(setattr, module, name, getattr(module, name))
    setattr(module, name, value)


def _harmless_signal() -> Callable[[int, Any], Any]:
    """``signal.signal``, but the default action of these signals, which ends the process, is the server's handler."""
    original, process = signal.signal, os.getpid()
    instead = {each: signal.getsignal(each) for each in (*_ALARMS, *_OF_WRITES)}

    def set_handler(number: int, handler: Any) -> Any:
        if handler == signal.SIG_DFL and number in instead and os.getpid() == process:
            _LOG.warning(
                "a workflow asked for the default action of %s, which ends the server; it has no effect",
                signal.Signals(number).name,
            )
            handler = instead[signal.Signals(number)]
        return original(number, handler)

    return set_handler


def _set_recursion_limit(original: Callable[[int], None], limit: int) -> None:
    most = max(sys.getrecursionlimit(), _MOST_RECURSION)
    if limit > most:
        _LOG.warning(
            "a workflow asked for sys.setrecursionlimit(%d); it is %d, as more can end the server", limit, most
        )
    original(min(limit, most))


def _ignore(number: int, _frame: object) -> None:
    _LOG.warning(
        "a workflow let the signal %s come, for which there is no handler; it has no effect",
        signal.Signals(number).name,
    )


def _refuse(name: str, _hook: object) -> None:
    _LOG.warning("a workflow called threading.%s, which would reach all threads of the server; it has no effect", name)
