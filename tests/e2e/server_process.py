"""A real server in a process of its own, and the real command line beside it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from attrs import define, field, frozen

ROOT = Path(__file__).resolve().parents[2]
ORCHEO = Path(sys.executable).parent / "orcheo"
DEADLINE_SECONDS = 60.0

_POLL_SECONDS = 0.01
_READY = re.compile(r"Orcheo listens on (http://\S+)\n")
_Value = TypeVar("_Value")


def eventually(look: Callable[[], _Value | None], what: str, *, seconds: float = DEADLINE_SECONDS) -> _Value:
    """What ``look`` finds as soon as it finds something; fails after the deadline, naming ``what`` was awaited."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(_POLL_SECONDS)
    message = f"{what}: not within {seconds:g} s"
    raise AssertionError(message)


@frozen(kw_only=True)
class Ended:
    """How a process ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """What a command with ``--json`` printed."""
        assert self.code == 0, self.err
        document: dict[str, Any] = json.loads(self.out)
        return document


@frozen
class Gates:
    """Files at which the workflows of :mod:`tests.e2e.gated_workflows` wait, so that tests never guess a time."""

    folder: Path

    def open(self, text: str) -> None:
        """Let all answers to ``text`` go on."""
        (self.folder / text).touch()


@define(kw_only=True)
class ServerProcess:
    """``orcheo serve`` on a data folder; it may be started again after its end."""

    data_dir: Path
    gates: Gates
    settings: dict[str, str] = field(factory=dict)
    """Environment variables besides the ones that every server here gets."""
    program: tuple[str, ...] = (str(ORCHEO),)
    """How ``orcheo`` is called."""
    options: tuple[str, ...] = ()
    """Of ``orcheo serve``."""
    started_in: Path | None = None
    url: str = ""
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def log(self) -> str:
        """Everything that its runs wrote on standard error."""
        path = self._log_path
        return path.read_text("utf-8") if path.exists() else ""

    @property
    def _log_path(self) -> Path:
        return self.gates.folder / "server.log"

    @property
    def _port(self) -> str:
        return self.url.rpartition(":")[2] or "0"

    def start(self) -> "ServerProcess":
        """Start, and return once it listens: on a free port the first time, then always on the same one."""
        before = len(self.log)
        with self._log_path.open("ab") as log:
            command = [*self.program, "serve", "--port", self._port, *self.options]
            self._process = subprocess.Popen(
                command, env=self.environment(), cwd=self.started_in, stdout=log, stderr=log
            )
        self.url = eventually(lambda: self._ready_url(before), "the server listens")
        return self

    def _ready_url(self, before: int) -> str | None:
        said = self.log[before:]
        assert self._process is not None
        assert self._process.poll() is None, said
        ready = _READY.search(said)
        return ready[1] if ready else None

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait: the exit code, negative for the signal that killed it."""
        self.signal(number)
        return self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started here."""
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def is_running(self) -> bool:
        """Whether the process that was started last has not ended yet."""
        assert self._process is not None
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process is not None
        return self._process.pid

    def wait(self) -> int:
        """Wait for the process to end."""
        assert self._process is not None
        return self._process.wait(DEADLINE_SECONDS)

    def close(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self._process.kill()
                self.wait()

    def cli(self, *words: str) -> Ended:
        """Run the real command line against this server."""
        return run_orcheo(*words, **self.environment(), ORCHEO_URL=self.url)

    def client(self, **headers: str) -> httpx2.Client:
        """An HTTP client of this server."""
        return httpx2.Client(base_url=self.url, headers=headers, timeout=DEADLINE_SECONDS, trust_env=False)

    def operation(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of an operation, as the local owner; quicker than a command."""
        token = (self.data_dir / "owner-token").read_text("utf-8").strip()
        with self.client(authorization=f"Bearer {token}") as client:
            answer = client.post(f"/api/operations/{name}", json=arguments)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def publish(self, handle: str, target: str, **names: str) -> dict[str, Any]:
        """Register and publish a workflow: what publishing answers."""
        self.operation("workflows.add", handle=handle, runner="python", target=target, **names)
        return self.operation("workflows.publish", ref=handle)

    def environment(self) -> dict[str, str]:
        """What its process and its commands find in their environment."""
        config = str(self.data_dir.parent / "config")
        folders = {
            "ORCHEO_DATA_DIR": str(self.data_dir),
            "ORCHEO_CONFIG_DIR": config,
            "ORCHEO_TEST_GATES": str(self.gates.folder),
        }
        return bareenvironment() | folders | self.settings


def bareenvironment() -> dict[str, str]:
    """This process's environment without settings of Orcheo's, and with this project on the import path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    return kept | {"PYTHONPATH": str(ROOT)}


def run_orcheo(*words: str, **environment: str) -> Ended:
    """Run the real command line to its end."""
    done = subprocess.run(
        [ORCHEO, *words],
        env=environment or bareenvironment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)
