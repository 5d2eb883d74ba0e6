"""Many owners and visitors at once against one publication: is there an order that explains what each was told?

The state of the model is the set of tokens that are live. A history is linearizable when every call can be given a
moment between its beginning and its end, such that the calls in the order of these moments answer as one after the
other would (Herlihy and Wing, 1990).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import define, frozen

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.budget import Per
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.space import StoreSpace
from orcheo_core.errors import AlreadyPublished, ConcurrentChange, NotPublished, OrcheoError
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from tests.core.harness import ADA, CoreHarness, build_hall

REFUSED = (AlreadyPublished, NotPublished, ConcurrentChange)
State = frozenset[str]
"""The live publish token, or nothing while the workflow is private."""


@frozen
class Call:
    """What was asked, when it began and ended, and what came of it."""

    kind: str
    token: str
    """The token that was issued, or that was shown."""
    began: int
    ended: int
    answer: str

    def step(self, state: State) -> State | None:
        """The state after this call, None when it could not have answered so; a lost race changes nothing."""
        if self.answer == "ConcurrentChange":
            return state
        if self.kind == "verify":
            expected = "ok" if self.token in state else "refused"
            return state if self.answer == expected else None
        return self._transition(state)

    def _transition(self, state: State) -> State | None:
        wrong = "AlreadyPublished" if self.kind == "publish" else "NotPublished"
        possible = bool(state) is (self.kind != "publish")
        if not possible:
            return state if self.answer == wrong else None
        if self.answer != "ok":
            return None
        return frozenset() if self.kind == "unpublish" else frozenset({self.token})


def linearizable(calls: list[Call], state: State = frozenset()) -> bool:
    """Whether some order explains the calls (depth first, with states that were tried already left out)."""
    tried: set[tuple[frozenset[int], State]] = set()

    def explain(left: frozenset[int], state: State) -> bool:
        if not left:
            return True
        if (left, state) in tried:
            return False
        tried.add((left, state))
        first_end = min(calls[each].ended for each in left)
        for each in left:
            after = calls[each].step(state) if calls[each].began <= first_end else None
            if after is not None and explain(left - {each}, after):
                return True
        return False

    return explain(frozenset(range(len(calls))), state)


@define
class Recorder:
    """Asks, and writes down."""

    harness: CoreHarness
    calls: list[Call]
    issued: list[str]
    now: int = 0

    def _tick(self) -> int:
        self.now += 1
        return self.now

    async def change(self, kind: str) -> None:
        """One transition."""
        began, token, answer = self._tick(), "", "ok"
        try:
            if kind == "unpublish":
                await self.harness.core.publishing.unpublish(ADA, "echo")
            else:
                call = (
                    self.harness.core.publishing.publish if kind == "publish" else self.harness.core.publishing.rotate
                )
                token = (await call(ADA, "echo")).publish_token
                self.issued.append(token)
        except REFUSED as error:
            answer = type(error).__name__
        self.calls.append(Call(kind, token, began, self._tick(), answer))

    async def verify(self, token: str) -> None:
        """Show a token that was issued at some time."""
        began = self._tick()
        try:
            await self.harness.core.admitting.visit_by_publish_token(token)
            answer = "ok"
        except OrcheoError:
            answer = "refused"
        self.calls.append(Call("verify", token, began, self._tick(), answer))


async def record(store: Store, seed: int) -> list[Call]:
    """A history of four owners' windows, and of four programs that show tokens at the same time."""
    harness = build_hall(store=store)
    await harness.add()
    recorder = Recorder(harness, [], [])
    await recorder.change("publish")
    await recorder.verify(recorder.issued[0])

    async def own(chance: Random) -> None:
        for _ in range(5):
            await recorder.change(chance.choice(("publish", "rotate", "unpublish")))

    async def program(chance: Random, owners: asyncio.Future[Any]) -> None:
        while not owners.done():
            await recorder.verify(chance.choice(recorder.issued))
            await asyncio.sleep(0.001)

    chances = [Random(f"{seed} {number}") for number in range(8)]
    owners = asyncio.gather(*(own(chance) for chance in chances[:4]))
    await asyncio.gather(owners, *(program(chance, owners) for chance in chances[4:]))
    for token in recorder.issued:
        await recorder.verify(token)
    return recorder.calls


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """The real one, with its cache and its writer's thread."""
    opened = SqliteStore(tmp_path / "orcheo.db", synchronous="OFF")
    yield opened
    await opened.close()


@pytest.mark.parametrize("seed", range(10))
async def test_every_history_has_an_order(store: SqliteStore, seed: int) -> None:
    """No token opens after it was replaced, none is refused before."""
    calls = await record(store, seed)
    assert {call.kind for call in calls} == {"publish", "rotate", "unpublish", "verify"}
    assert linearizable(calls)


class StaleStore(Store):
    """Keeps the first look at each publish token for ever, as a cache would that no one tells of changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, PublishToken | None] = {}

    def begin(self) -> UnitOfWork:
        change = self._store.begin()
        look_up = change.publish_tokens.find

        async def find(public_id: str) -> PublishToken | None:
            if public_id not in self._kept:
                self._kept[public_id] = await look_up(public_id)
            return self._kept[public_id]

        change.publish_tokens.find = find  # type: ignore[method-assign]  # this unit of work is ours
        return change

    async def newest_ids(self) -> Sequence[str]:
        return await self._store.newest_ids()

    def kept_bytes(self, per: Per = Per.SERVER, key: str = "") -> int:
        return self._store.kept_bytes(per, key)

    async def check(self) -> None:
        await self._store.check()

    async def space(self) -> StoreSpace:
        return await self._store.space()

    async def tidy(self, *, erase: bool = False) -> None:
        await self._store.tidy(erase=erase)

    async def close(self) -> None:
        await self._store.close()


async def test_a_stale_cache_is_caught(tmp_path: Path) -> None:
    """The check sees what it is for; a history that ends private shows nothing, so several are recorded."""
    histories = []
    for seed in range(10):
        store = SqliteStore(tmp_path / f"{seed}.db", synchronous="OFF")
        histories.append(await record(StaleStore(store), seed))
        await store.close()
    assert not all(map(linearizable, histories))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([("publish", "a", 1, 2, "ok"), ("verify", "a", 3, 4, "ok")], True),
        ([("publish", "a", 1, 2, "ok"), ("verify", "a", 3, 4, "refused")], False),
        ([("publish", "a", 1, 4, "ok"), ("verify", "a", 2, 3, "refused")], True),
        ([("publish", "a", 1, 2, "ok"), ("publish", "b", 3, 4, "ok")], False),
        ([("publish", "a", 1, 3, "ok"), ("publish", "b", 2, 4, "AlreadyPublished")], True),
        ([("rotate", "", 1, 2, "NotPublished"), ("publish", "a", 3, 4, "ok")], True),
        ([("publish", "a", 1, 2, "ok"), ("rotate", "b", 3, 4, "ok"), ("verify", "a", 5, 6, "ok")], False),
        ([("publish", "a", 1, 2, "ok"), ("rotate", "b", 3, 6, "ok"), ("verify", "a", 4, 5, "ok")], True),
        ([("publish", "a", 1, 2, "ok"), ("unpublish", "", 3, 4, "ok"), ("verify", "a", 5, 6, "ok")], False),
    ],
)
def test_the_check_itself(answers: list[tuple[str, str, int, int, str]], expected: bool) -> None:
    """On histories short enough to see it."""
    assert linearizable([Call(*each) for each in answers]) is expected
