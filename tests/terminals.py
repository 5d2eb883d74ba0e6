"""Programs at a terminal of their own, as for a person in front of one."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_TAKES_ITS_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests that a shell runs in the background ignore it
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def start_at_terminal(
    command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None
) -> tuple["subprocess.Popen[bytes]", int]:
    """Start a program that controls a terminal; the process, and the descriptor at which the person sits.

    Nothing is forked by hand: the tests' process has threads, whose locks a fork would copy as they are.
    """
    controller, terminal = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _TAKES_ITS_TERMINAL, *command],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    finally:
        os.close(terminal)
    return process, controller
