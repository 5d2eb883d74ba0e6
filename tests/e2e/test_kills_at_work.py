"""The server is killed while owners rotate and visitors upload and chat: what was acknowledged holds, nothing is torn.

Two hundred kills: ``make soak``.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from random import Random
from threading import Event, Thread, Timer

import httpx2
import pytest
from attrs import define, field

from tests.e2e.programs import chatkit, question
from tests.e2e.server_process import ServerProcess, eventually

pytestmark = pytest.mark.network

KILLS = int(os.environ.get("ORCHEO_KILLS", "5"))
LONGEST = 0.45
"""Seconds after which the server is killed at the latest."""


@define
class Told:
    """What was acknowledged, over all kills."""

    tokens: list[str] = field(factory=list)
    """Publish tokens of the workflow that is rotated, the newest last."""
    files: list[str] = field(factory=list)
    """Unsent attachments whose bytes were taken."""
    threads: list[str] = field(factory=list)
    answers: int = 0
    uploads: int = 0
    rotations: int = 0


@define
class World:
    """The server, and who is at work."""

    server: ServerProcess
    token: str
    told: Told = field(factory=Told)
    is_over: Event = field(factory=Event)

    def rotate(self) -> None:
        """As the owner: a new token, and now and then a new publication."""
        number = 0
        while not self.is_over.is_set():
            number += 1
            if number % 4 == 0:
                self.server.operation("workflows.unpublish", ref="rotated", end_sessions=True)
                self.told.tokens.append(self.server.operation("workflows.publish", ref="rotated")["publish_token"])
            else:
                rotated = self.server.operation("workflows.rotate_publish_token", ref="rotated")
                self.told.tokens.append(rotated["publish_token"])
            self.told.rotations += 1

    def upload(self) -> None:
        """As a program: files that no message has."""
        with self.server.client(authorization=f"Bearer {self.token}") as client:
            while not self.is_over.is_set():
                answer = client.post(
                    "/api/chatkit/attachments", files={"file": ("a.txt", b"abc" * 5_000, "text/plain")}
                )
                if answer.status_code == 200:
                    self.told.files.append(answer.json()["id"])
                    self.told.uploads += 1

    def chat(self) -> None:
        """As a program: threads, deleted again in part."""
        with self.server.client(authorization=f"Bearer {self.token}") as client:
            while not self.is_over.is_set():
                answer = chatkit(client, "threads.create", input=question("hello"))
                thread_id = answer.text.partition('"id":"')[2].partition('"')[0]
                if "thread.item.done" in answer.text:
                    self.told.threads.append(thread_id)
                    self.told.answers += 1
                if self.told.answers % 3 == 0 and chatkit(client, "threads.delete", thread_id=thread_id).is_success:
                    self.told.threads.remove(thread_id)

    def work_until_killed(self, seconds: float) -> None:
        """All of them at once."""
        self.is_over.clear()
        workers = [Thread(target=_bearing, args=(each,)) for each in (self.rotate, self.upload, self.chat)]
        killing = Timer(seconds, self.server.signal, [signal.SIGKILL])
        for each in workers:
            each.start()
        eventually(lambda: self.told.rotations and self.told.uploads, "a rotation and an upload are acknowledged")
        killing.start()
        assert self.server.wait() == -signal.SIGKILL
        self.is_over.set()
        for each in workers:
            each.join()

    def check(self) -> None:
        """What was acknowledged holds after the next start."""
        good = [each for each in self.told.tokens if self._opens(each)]
        assert good in ([], self.told.tokens[-1:]), "no former token works"
        if not self.server.operation("workflows.show", ref="rotated")["is_public"]:
            self.server.operation("workflows.publish", ref="rotated")
        self.told.tokens.append(self.server.operation("workflows.rotate_publish_token", ref="rotated")["publish_token"])
        assert [self._opens(each) for each in self.told.tokens] == [False] * (len(self.told.tokens) - 1) + [True]
        del self.told.tokens[:-5]
        self._check_files()

    def _opens(self, token: str) -> bool:
        with self.server.client(authorization=f"Bearer {token}") as client:
            return chatkit(client, "threads.list", limit=1).status_code == 200

    def _check_files(self) -> None:
        there = {each.name for each in (self.server.data_dir / "attachments").glob("*")}
        assert not {each for each in there if each.endswith(".part")}
        assert set(self.told.files) <= there
        with self.server.client(authorization=f"Bearer {self.token}") as client:
            if self.told.files:
                sent = question("look") | {"attachments": [self.told.files.pop()]}
                assert "thread.item.done" in chatkit(client, "threads.create", input=sent).text
            for thread_id in self.told.threads[-5:]:
                thread = chatkit(client, "threads.get_by_id", thread_id=thread_id).json()
                assert thread["metadata"]["orcheo.turn"]["status"] in {"completed", "interrupted"}
                assert thread["items"]["data"]
            for each in self.told.files:
                chatkit(client, "attachments.delete", attachment_id=each)
        self.told.files.clear()


def _bearing(work: Callable[[], None]) -> None:
    """The server is killed in the middle of it."""
    with suppress(httpx2.HTTPError, AssertionError, ValueError):
        work()


@pytest.mark.timeout(1_800)
def test_kills_while_all_are_at_work_lose_nothing(server: ServerProcess) -> None:
    """At most one token works, taken files are there, told threads too."""
    server.settings["ORCHEO_LIMITS"] = "off"
    server.end()
    server.start()
    token = server.publish("counts", "tests.e2e.gated_workflows:counts")["publish_token"]
    world = World(server, token)
    world.told.tokens.append(server.publish("rotated", "tests.workflows:echo")["publish_token"])
    chance = Random(20_261_127)
    for _ in range(KILLS):
        world.work_until_killed(chance.uniform(0.05, LONGEST))
        server.start()
        world.check()
    assert world.told.rotations
    assert world.told.uploads
