"""One workflow that does on request what code must not do; ``fine`` is the word for an answer without harm."""

import asyncio
import atexit
import ctypes
import importlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

_LOCK = threading.Lock()
_LONG = 20
"""Seconds: longer than a test waits, short enough for what it leaves behind."""
Harm = Callable[[], Awaitable[object]]


async def _exit() -> None:
    await asyncio.sleep(0)
    sys.exit(3)


async def _interrupt() -> None:
    await asyncio.sleep(0)
    raise KeyboardInterrupt


async def swallow() -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)


async def endless_finally() -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        await swallow()


async def shield() -> None:
    await asyncio.shield(asyncio.ensure_future(swallow()))


async def block() -> None:
    time.sleep(1.5)  # noqa: ASYNC251 - the harm that is meant


async def block_in_thread() -> None:
    await asyncio.to_thread(threading.Event().wait)


async def leave_thread() -> None:
    threading.Thread(target=threading.Event().wait).start()


async def exit_in_task() -> None:
    await asyncio.gather(_exit(), asyncio.sleep(1))


async def exit_in_forgotten_task() -> None:
    task = asyncio.ensure_future(_exit())
    await asyncio.wait({task})


async def exit_in_thread() -> None:
    thread = threading.Thread(target=sys.exit, args=(3,))
    thread.start()
    thread.join()


async def exit_in_callback() -> None:
    asyncio.get_running_loop().call_soon(sys.exit, 3)
    await asyncio.sleep(0.05)


class _Exits:
    def __del__(self) -> None:
        sys.exit(3)


async def exit_in_finaliser() -> None:
    _Exits()


async def exit_in_atexit() -> None:
    atexit.register(sys.exit, 3)


async def interrupt_in_task() -> None:
    await asyncio.gather(_interrupt(), asyncio.sleep(1))


async def never_close() -> None:
    async def stubborn() -> AsyncIterator[int]:
        while True:
            try:
                yield 1
            except GeneratorExit:
                yield 2

    stream = stubborn()
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator


async def recurse() -> None:
    await recurse()


async def take_signals() -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    await asyncio.sleep(1)


async def change_folder() -> None:
    os.chdir("/")


async def clear_environment() -> None:
    os.environ.clear()


async def close_streams() -> None:
    sys.stdout = sys.stderr = None


async def hide_modules() -> None:
    for name in [each for each in sys.modules if each.startswith(("orcheo", "uvicorn", "json"))]:
        del sys.modules[name]


async def stop_loop() -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.05)


async def cancel_all() -> None:
    for each in asyncio.all_tasks():
        each.cancel()
    await asyncio.sleep(0.05)


async def cancel_itself() -> None:
    task = asyncio.current_task()
    if task is not None:
        task.cancel()
    await asyncio.sleep(1)


async def shut_executor() -> None:
    await asyncio.get_running_loop().shutdown_default_executor()


async def take_over_logging() -> None:
    logging.basicConfig(level=logging.DEBUG, force=True, handlers=[logging.NullHandler()])
    logging.disable()


async def set_hooks() -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: sys.exit(3))
    threading.excepthook = lambda _: sys.exit(3)
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.05)


# What a process of its own is needed for.


async def exit_at_once() -> None:
    os._exit(3)


async def exit_at_once_in_thread() -> None:
    await asyncio.to_thread(os._exit, 3)


async def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(5)


async def crash() -> None:
    ctypes.string_at(0)


async def close_descriptors() -> None:
    os.closerange(0, 1024)


async def hold_lock_of_logging() -> None:
    def hold() -> None:
        logging._acquireLock()  # type: ignore[attr-defined]
        threading.Event().wait()

    threading.Thread(target=hold, daemon=True).start()


async def block_for_ever() -> None:
    threading.Event().wait()


async def spin() -> None:
    while True:
        pass


# What a visitor stops in the middle.


async def hold_lock() -> None:
    with _LOCK:
        await swallow()


async def call_c() -> None:
    await asyncio.to_thread(ctypes.CDLL(None).sleep, _LONG)


async def wait_for_program() -> None:
    await asyncio.to_thread(subprocess.run, ["sleep", str(_LONG)])


async def wait_for_stopped_program() -> None:
    child = await asyncio.create_subprocess_exec("sleep", str(_LONG))
    child.send_signal(signal.SIGSTOP)
    try:
        await child.wait()
    finally:
        child.kill()


async def wait_for_killed_program() -> None:
    child = await asyncio.create_subprocess_exec("sleep", str(_LONG))
    child.kill()
    await child.wait()
    await swallow()


async def import_for_ever() -> None:
    await asyncio.to_thread(importlib.import_module, "tests.e2e.imports_for_ever")


async def print_for_ever() -> None:
    while True:
        with suppress(asyncio.CancelledError):
            for _ in range(100):
                print("x" * 1000)  # noqa: T201 - the harm that is meant
            await asyncio.sleep(0.001)


async def nest_loop() -> None:
    await asyncio.to_thread(asyncio.run, swallow())


async def wait_for_pool() -> None:
    def wait() -> None:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(8):
                pool.submit(time.sleep, _LONG)

    await asyncio.to_thread(wait)


class _Lingers:
    def __del__(self) -> None:
        time.sleep(_LONG)


async def linger_in_finaliser() -> None:
    await asyncio.to_thread(lambda: _Lingers() and None)


async def block_in_finaliser() -> None:
    _Lingers()


async def close_for_ever() -> None:
    async def stubborn() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await swallow()

    stream = stubborn()
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator


async def exit_when_stopped() -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        sys.exit(3)


async def interrupt_when_stopped() -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        raise KeyboardInterrupt


async def recurse_when_stopped() -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        await recurse()


async def use_up_descriptors() -> None:
    kept = []
    with suppress(OSError):
        while True:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    await swallow()


async def use_up_memory() -> None:
    kept = []
    with suppress(MemoryError):
        while True:
            kept.append(bytes(2**20))
    await swallow()


async def stop_itself() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


async def exit_at_once_when_stopped() -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        os._exit(3)


BEARABLE: tuple[Harm, ...] = (
    swallow,
    endless_finally,
    shield,
    block,
    block_in_thread,
    leave_thread,
    exit_in_task,
    exit_in_forgotten_task,
    exit_in_thread,
    exit_in_callback,
    exit_in_finaliser,
    exit_in_atexit,
    interrupt_in_task,
    never_close,
    recurse,
    take_signals,
    change_folder,
    clear_environment,
    close_streams,
    hide_modules,
    stop_loop,
    cancel_all,
    cancel_itself,
    shut_executor,
    take_over_logging,
    set_hooks,
)
"""What one process bears."""
DEADLY: tuple[Harm, ...] = (
    exit_at_once,
    exit_at_once_in_thread,
    kill,
    terminate,
    crash,
    close_descriptors,
    hold_lock_of_logging,
    block_for_ever,
    spin,
)
STOPPED: tuple[Harm, ...] = (
    swallow,
    endless_finally,
    shield,
    block_in_thread,
    hold_lock,
    call_c,
    wait_for_program,
    wait_for_stopped_program,
    wait_for_killed_program,
    import_for_ever,
    print_for_ever,
    nest_loop,
    wait_for_pool,
    linger_in_finaliser,
    close_for_ever,
    exit_when_stopped,
    interrupt_when_stopped,
    recurse_when_stopped,
)
"""What can be stopped in the server's process, or at least left behind there."""
STOPPED_APART: tuple[Harm, ...] = (
    *STOPPED,
    use_up_descriptors,
    use_up_memory,
    stop_itself,
    block_for_ever,
    spin,
    block_in_finaliser,
    exit_at_once_when_stopped,
)
HARMS = {each.__name__: each for each in (*BEARABLE, *DEADLY, *STOPPED_APART)}


async def answer(text: str) -> AsyncIterator[str]:
    yield "before "
    await asyncio.sleep(0.02)
    if text != "fine":
        await HARMS[text]()
    yield "fine"
