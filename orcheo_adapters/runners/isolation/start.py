"""How the process of a workflow is started, and what its exit status says."""

import os
import signal
import socket
import subprocess
import sys

import orjson

from orcheo_adapters.runners.isolation.options import Isolation

_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from orcheo_adapters.runners.isolation.child import main; main()"
)


def start_process(theirs: socket.socket, output: int, isolation: Isolation) -> "subprocess.Popen[bytes]":
    """Start the program; the caller's thread must live as long as the server, as its end would be the process's."""
    with theirs, os.fdopen(output, "wb") as out:
        number = theirs.fileno()
        return subprocess.Popen(  # noqa: S603 - the interpreter of the server itself
            [sys.executable, "-P", "-c", _PROGRAM, str(number), orjson.dumps(sys.path).decode()],
            pass_fds=(number,),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**isolation.environment, "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"},
            start_new_session=True,
            bufsize=0,
        )


def how_it_ended(status: int) -> str:
    """A sentence for the owner."""
    if status >= 0:
        return f"It ended itself with exit status {status}."
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    more = {
        "SIGXCPU": ": it used up its CPU time (cpu_seconds)",
        "SIGKILL": ": the system may have been short of memory",
    }.get(name, "")
    return f"It was ended by {name}{more}."
