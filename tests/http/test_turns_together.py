"""Turns that begin together are written together; what each of them depends on holds for each of them alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from orcheo_adapters.sqlite.store import SqliteStore
from tests.app_server import USER_INPUT, TestServer, build_app_server, events_of

SEEDS = range(3)


@pytest.fixture
async def app_server(tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server whose changes go to a file, in groups."""
    store = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    async with build_app_server(store) as built:
        yield built
    await store.close()


async def _begin_later(app_server: TestServer, credential: str, random: Random) -> str:
    """Begin a turn at some moment; the status, or the code of the refusal."""
    for _ in range(random.randrange(60)):
        await asyncio.sleep(0)
    answer = await app_server.chatkit(credential, "threads.create", input=USER_INPUT)
    return "began" if answer.status_code == 200 else str(answer.json()["code"])


@pytest.mark.parametrize("seed", SEEDS)
async def test_one_key_begins_one_turn_however_many_requests_come_at_once(app_server: TestServer, seed: int) -> None:
    """Under several chat sessions of one visitor, among turns without a key."""
    await app_server.publish()
    random, grants = Random(seed), [await app_server.grant() for _ in range(4)]
    keyed = [
        app_server.chatkit(random.choice(grants), "threads.create", {"idempotency-key": "k"}, input=USER_INPUT)
        for _ in range(30)
    ]
    others = [app_server.chatkit(grants[0], "threads.create", input=USER_INPUT) for _ in range(10)]
    answers = await asyncio.gather(*keyed, *others)
    threads = [events_of(each)[0]["thread"]["id"] for each in answers]
    assert (len(set(threads[:30])), len(set(threads))) == (1, 11)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("ends_chats", [True, False], ids=["chat sessions", "publish token"])
async def test_no_turn_begins_once_its_chat_is_known_to_be_over(
    app_server: TestServer, seed: int, *, ends_chats: bool
) -> None:
    """The owner closes the chat while turns begin: those that began before are stopped, later ones are refused.

    Findings: nothing begins under an end.
    """
    token = str((await app_server.publish())["publish_token"])
    random, credential = Random(seed), await app_server.grant() if ends_chats else token
    turns = [asyncio.create_task(_begin_later(app_server, credential, random)) for _ in range(40)]
    for _ in range(random.randrange(40)):
        await asyncio.sleep(0)
    await app_server.result("workflows.unpublish", ref="echo", end_sessions=ends_chats)
    late = [await _begin_later(app_server, credential, random) for _ in range(5)]
    outcomes = set(await asyncio.gather(*turns))
    assert "began" not in late
    assert outcomes <= {"began", "chat_session_ended", "chat_unavailable", "publish_token_revoked"}
    await app_server.orcheo.background.wait()
    assert list(await app_server.store.begin().turns.running()) == []
