"""A disk that fills up while visitors upload and chat: told as it is, and it passes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import pytest
from attrs import frozen

from tests.e2e.programs import chatkit, question
from tests.e2e.server_process import Gates, ServerProcess


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def _may_mount() -> bool:
    """Whether this process may mount: containers often keep that from root too."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    with TemporaryDirectory() as folder:
        try:
            _mount("-t", "tmpfs", "tmpfs", folder)
        except (OSError, subprocess.CalledProcessError):
            return False
        subprocess.run(["umount", "-l", folder], check=False)
    return True


pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not _may_mount(), reason="mounting a small disk needs root, and a system that lets it"),
]
_SIZE = "48m"


@frozen
class Small:
    """A server whose data folder is a small disk."""

    server: ServerProcess
    folder: Path
    token: str

    def client(self) -> httpx2.Client:
        """Of a program."""
        return self.server.client(authorization=f"Bearer {self.token}")

    def owner(self, name: str, **arguments: Any) -> httpx2.Response:
        """The raw answer to an operation."""
        token = (self.server.data_dir / "owner-token").read_text("utf-8").strip()
        with self.server.client(authorization=f"Bearer {token}") as client:
            return client.post(f"/api/operations/{name}", json=arguments)

    def upload(self) -> httpx2.Response:
        """A file of a MiB."""
        with self.client() as client:
            return client.post("/api/chatkit/attachments", files={"file": ("a.txt", bytes(2**20), "text/plain")})

    def chat(self) -> httpx2.Response:
        """A whole turn."""
        with self.client() as client:
            return chatkit(client, "threads.create", input=question("hello"))

    @contextmanager
    def filled(self) -> Iterator[None]:
        """No byte is left on the disk."""
        ballast = self.folder / "of-somebody-else"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        yield
        ballast.unlink()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    """A server on a tmpfs of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder))
    try:
        settings = {"ORCHEO_LIMITS": "off"}
        running = ServerProcess(data_dir=folder / "data", gates=Gates(tmp_path), settings=settings).start()
        token = running.publish("echo", "tests.workflows:echo")["publish_token"]
        yield Small(running, folder, token)
        running.close()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def _assert_told(answer: httpx2.Response) -> None:
    """It worked, or the client is told that the server cannot store anything."""
    if answer.status_code == 200:
        return
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] in {"storage_unavailable", "closed_until_restart"}


def _assert_usable(small: Small) -> None:
    assert "thread.item.done" in small.chat().text
    assert small.upload().status_code == 200


def test_a_disk_that_fills_up_by_uploads(small: Small) -> None:
    """Uploads are refused before there is nothing left for others; the owner closes the chat all the same."""
    answers = [small.upload() for _ in range(60)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 503
    for each in answers:
        _assert_told(each)
    _assert_told(small.chat())
    assert small.owner("workflows.unpublish", ref="echo", end_sessions=True).status_code == 200
    assert not list((small.server.data_dir / "attachments").glob("*.part"))
    assert "Traceback" not in small.server.log


def test_a_disk_that_is_filled_by_somebody_else(small: Small) -> None:
    """Turns and uploads are refused or told; the stop holds; with room again all is as before.

    Findings: an emergency act always works.
    """
    _assert_usable(small)
    (thread, *_) = small.owner("threads.list", ref="echo").json()["threads"]
    with small.filled():
        exported = small.owner("threads.export", id=thread["id"])
        assert exported.status_code == 200 or "The audit keeps who exports" in exported.json()["detail"]
        assert small.owner("threads.show", id=thread["id"]).status_code == 200
        for _ in range(5):
            _assert_told(small.chat())
            _assert_told(small.upload())
        assert small.owner("workflows.unpublish", ref="echo", end_sessions=True).status_code in {200, 503}
        assert small.chat().status_code in {401, 403, 404}
    assert small.server.end() == 0
    small.server.start()
    small.owner("workflows.unpublish", ref="echo", end_sessions=True)
    token = small.owner("workflows.publish", ref="echo").json()["publish_token"]
    _assert_usable(Small(small.server, small.folder, token))
    assert "Traceback" not in small.server.log
