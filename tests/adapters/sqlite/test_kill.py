"""A process that writes is killed without warning: whatever it was told to be durable is there."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.threads import Thread
from tests import samples
from tests.adapters.sqlite.files import ask
from tests.conformance.keeping import keep

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[3]
ROUNDS = [1, 40, 200]
"""After this many acknowledged commits the process is killed."""


@contextmanager
def committer(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that commits, and tells what is durable line by line."""
    command = [sys.executable, "-m", "tests.adapters.sqlite.committer", str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_after(path: Path, commits: int) -> list[int]:
    """Kill a committer after this many commits: every one that it told of, those still in the pipe included."""
    with committer(path) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(commits)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
        assert process.wait() == -signal.SIGKILL
    return [int(line) for line in told if line.endswith("\n")]


@pytest.mark.parametrize("commits", ROUNDS)
async def test_every_acknowledged_row_is_there_after_a_kill(tmp_path: Path, commits: int) -> None:
    """Each thread that was told of is found by the store that opens the file next, and can be written on."""
    path = tmp_path / "orcheo.db"
    numbers = killed_after(path, commits)
    assert len(numbers) >= commits
    store = SqliteStore(path)
    for number in numbers:
        found: Thread | None = await store.begin().threads.find(f"thr_{number}")
        assert found == samples.thread(number)
    await keep(store, samples.thread(1_000_000))
    await store.close()


def test_no_commit_is_there_by_half_after_a_kill(tmp_path: Path) -> None:
    """A thread and its item were one change: neither is there without the other, and the file is sound."""
    path = tmp_path / "orcheo.db"
    killed_after(path, 40)
    whole = "SELECT count(*) FROM threads LEFT JOIN items ON items.thread_id = threads.id WHERE items.id IS NULL"
    assert ask(path, whole) == [(0,)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "PRAGMA foreign_key_check") == []
