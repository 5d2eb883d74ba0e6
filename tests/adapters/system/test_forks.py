"""Children that a workflow forks inherit nothing of the server."""

import asyncio
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from orcheo_adapters.system.event_loop import run_server_loop
from orcheo_adapters.system.forks import kept_from_children

SOCKETS = """
import os, socket, sys, tempfile
from pathlib import Path
from orcheo_adapters.system.forks import kept_from_children

folder = Path(sys.argv[1])
with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as other:
    port = listener.getsockname()[1]
    client = socket.create_connection(("127.0.0.1", port))
    connection, _ = listener.accept()
    pair, _end = socket.socketpair()
    lock, elsewhere = os.open(folder / "orcheo.lock", os.O_CREAT | os.O_RDWR), os.open(sys.argv[0], os.O_RDONLY)
    names = {"listener": listener, "connection": connection, "other": other, "pair": pair}
    numbers = {name: each.fileno() for name, each in names.items()} | {"lock": lock, "elsewhere": elsewhere}
    with kept_from_children(port=port, folder=folder):
        child = os.fork()
        if not child:
            nothing = os.stat(os.devnull)
            taken = [name for name, number in numbers.items() if os.path.samestat(os.fstat(number), nothing)]
            print(*sorted(taken), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
    if not os.fork():
        print(*[name for name, number in numbers.items() if os.path.samestat(os.fstat(number), os.stat(os.devnull))])
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""

DATABASE = """
import asyncio, os, sqlite3, sys
from contextlib import closing
from pathlib import Path
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_adapters.system.forks import kept_from_children
from tests import samples
from tests.conformance.keeping import keep

path = Path(sys.argv[1]) / "orcheo.db"

async def main():
    store = SqliteStore(path)
    await keep(store, samples.workflow(1))
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint (FULL)")  # or a child could not remove the log
    child = os.fork()
    if not child:
        return
    os.waitpid(child, 0)
    assert path.with_name("orcheo.db-wal").exists(), "the child has removed the log"
    await keep(store, samples.workflow(2))
    os._exit(0)  # as a crash: nothing is tidied

with kept_from_children(port=1, folder=path.parent):
    asyncio.run(main())
"""

SIGNALS = """
import os, signal, socket, sys, threading, time
from pathlib import Path
from orcheo_adapters.system.forks import kept_from_children

heard, told = socket.socketpair()
heard.setblocking(False)
told.setblocking(False)
signal.set_wakeup_fd(told.fileno())
for each in (signal.SIGTERM, signal.SIGINT):
    signal.signal(each, lambda *_: os._exit(7))  # in the server it asks for the end

def end_by(number):
    ready, begun = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(begun, b".")
            time.sleep(60)
        except KeyboardInterrupt:
            os._exit(3)
    os.read(ready, 1)
    os.kill(child, number)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)

with kept_from_children(port=1, folder=Path(sys.argv[1])):
    for each in (signal.SIGTERM, signal.SIGINT):
        thread = threading.Thread(target=end_by, args=(each,))
        thread.start()
        thread.join()
try:
    print("heard", heard.recv(9))
except BlockingIOError:
    print("heard nothing")
"""

COMES_BACK = """
import asyncio, multiprocessing, os, sys
from orcheo_adapters.system.event_loop import run_server_loop

statuses = []

def fork():
    child = os.fork()
    if child:
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return child

async def returns():
    fork()

async def raises():
    if not fork():
        raise ValueError

async def waits():
    future = asyncio.get_running_loop().create_future()
    if not fork():
        await future

async def runs_a_function():
    process = multiprocessing.get_context("fork").Process(target=sys.exit, args=(7,))
    process.start()
    process.join()
    statuses.append(process.exitcode)

async def main():
    for way in (returns, raises, waits, runs_a_function):
        await asyncio.create_task(way())
    asyncio.get_running_loop().call_soon(fork)
    await asyncio.to_thread(str)
    print(*statuses, flush=True)

run_server_loop(main())
"""


def run(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script that forks, in a process of its own."""
    file = folder / "script.py"
    file.write_text(script)
    data = folder / "data"
    data.mkdir()
    return subprocess.run(
        [sys.executable, str(file), str(data)], capture_output=True, text=True, check=True, timeout=60, cwd=Path.cwd(),
        env={"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


@pytest.mark.network
def test_a_child_has_no_socket_of_the_server_and_no_file_of_the_data_folder(tmp_path: Path) -> None:
    """Sockets and files of the workflow's own stay, and so does all of a process that serves nothing.

    Findings: children inherit nothing.
    """
    guarded, free = run(SOCKETS, tmp_path).stdout.split("\n")[:2]
    assert guarded == "connection listener lock"
    assert free == ""


def test_signals_end_a_child_as_they_end_any_program(tmp_path: Path) -> None:
    """With the server's handlers a pool of processes would wait for ever for the children that it ends."""
    assert run(SIGNALS, tmp_path).stdout.split("\n") == ["-15", "3", "heard nothing", ""]


def test_a_child_that_comes_back_to_the_event_loop_is_ended(tmp_path: Path) -> None:
    """It would take events from the server; whichever way it comes. A process that ends by itself is left alone."""
    done = run(COMES_BACK, tmp_path)
    assert done.stdout == "1 1 1 7 1\n"
    assert (
        done.stderr.count("A child that a workflow forked came back to the event loop of the server, and is ended") == 4
    )


@pytest.mark.network
@pytest.mark.processes
@pytest.mark.parametrize("start", [asyncio.create_subprocess_exec, asyncio.create_subprocess_shell])
def test_a_program_is_started_without_a_look_at_each_connection(
    start: Callable[..., Awaitable[Process]], tmp_path: Path
) -> None:
    """The event loop waits for it, and what the program is executed in loses its descriptors by that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def is_as_before() -> None:
            if not stat.S_ISSOCK(os.fstat(listener.fileno()).st_mode):
                raise ValueError

        async def main() -> None:
            program = await start("true", preexec_fn=is_as_before)
            assert await program.wait() == 0

        with kept_from_children(port=listener.getsockname()[1], folder=tmp_path):
            run_server_loop(main())


def test_a_child_that_ends_in_order_leaves_the_database_alone(tmp_path: Path) -> None:
    """Closing it there would remove the server's write-ahead log, and with it what is stored from then on.

    Findings: children inherit nothing.
    """
    run(DATABASE, tmp_path)
    with closing(sqlite3.connect(tmp_path / "data" / "orcheo.db")) as database:
        assert database.execute("SELECT id FROM workflows ORDER BY id").fetchall() == [("wf_1",), ("wf_2",)]
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
