"""The server as its own process, as operators run it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, Any

import httpx2
from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "orcheo_cli", "serve")
_READY = re.compile(r"listens on http://127\.0\.0\.1:(\d+)")


@frozen(kw_only=True)
class ServerProcess:
    """A running server: its process, its data folder, its log so far."""

    process: "subprocess.Popen[str]"
    data_folder: Path
    log: list[str]
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def owner_token(self) -> str:
        """The local owner token."""
        return (self.data_folder / "owner-token").read_text().strip()

    def client(self) -> httpx2.Client:
        """A client that holds the local owner token."""
        headers = {"authorization": f"Bearer {self.owner_token}"}
        return httpx2.Client(base_url=self.url, headers=headers, trust_env=False, timeout=120)

    def perform(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of an operation that succeeds."""
        with self.client() as client:
            answer = client.post(f"/api/operations/{name}", json=arguments)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def publish(self, call: str, handle: str = "flow") -> str:
        """Register and publish a workflow of ``tests.workflows``; its publish token."""
        self.perform("workflows.add", handle=handle, runner="python", target=f"tests.workflows:{call}")
        return str(self.perform("workflows.publish", ref=handle)["publish_token"])


@contextmanager
def server_process(
    data_folder: Path, *options: str, command: tuple[str, ...] = COMMAND, **environment: str
) -> Iterator[ServerProcess]:
    """Start ``orcheo serve`` on a free port and end it afterwards."""
    process = subprocess.Popen(
        [*command, "--port", "0", "--data-dir", str(data_folder), *options],
        cwd=ROOT,
        env=_environment(environment),
        stderr=subprocess.PIPE,
        text=True,
    )
    log: list[str] = []
    ports: Queue[int | None] = Queue()
    assert process.stderr is not None
    reading = Thread(target=_read, args=(process.stderr, log, ports))
    reading.start()
    try:
        port = ports.get(timeout=120)
        assert port is not None, "".join(log)
        yield ServerProcess(process=process, data_folder=data_folder, log=log, port=port)
    finally:
        _end(process)
        reading.join()
        process.stderr.close()


def _end(process: "subprocess.Popen[str]") -> None:
    """As an operator would, so that what the process did is counted as covered."""
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHEO_")}
    return kept | dict(more)


def _read(stderr: IO[str], log: list[str], ports: "Queue[int | None]") -> None:
    for line in stderr:
        log.append(line)
        if found := _READY.search(line):
            ports.put(int(found[1]))
    ports.put(None)
