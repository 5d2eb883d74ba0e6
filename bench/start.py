"""How long things take to start: imports, `orcheo --help`, the server until it is ready.

Run as `python -m bench.start`.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.rounds import interleave, print_table, ratio_rows

ROUNDS = 15
_BASE = "python -c pass"


def command(*arguments: str) -> Callable[[], float]:
    """Seconds that a Python process with these arguments takes."""

    def measure() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    return measure


def server_ready() -> float:
    """Seconds from the start of `orcheo serve` until /readyz answers 200, on a data folder that is new."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "orcheo_cli", "serve", "--port", str(port), "--data-dir", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz")
            return time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def idle_memory() -> float:
    """Resident memory in MiB of a server that has answered one request."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "orcheo_cli", "serve", "--port", str(port), "--data-dir", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz")
            return resident_mib(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def free_port() -> int:
    """A port of the loopback interface that no one uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str) -> None:
    """Ask until the answer is 200, for 20 s at most."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.005)
    message = f"{url} was not ready within 20 s"
    raise TimeoutError(message)


def resident_mib(pid: int) -> float:
    """Resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Measure and print."""
    measured = interleave(
        {
            _BASE: command("-c", "pass"),
            "from orcheo_core import *": command("-c", "from orcheo_core import *"),
            "orcheo --help": command("-m", "orcheo_cli", "--help"),
            "orcheo serve, until ready": server_ready,
        },
        ROUNDS,
    )
    print_table("Start", ("what", "median, ms", f"÷ `{_BASE}`"), ratio_rows(measured, _BASE))
    print(f"\nResident memory of an idle server: {idle_memory():.0f} MiB")


if __name__ == "__main__":
    main()
