"""All stores in lockstep: whatever is done to them, they give the same answers."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.workflow import WorkflowFilter
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from tests import samples
from tests.conformance.backends import BACKENDS
from tests.conformance.store_writes import (
    HANDLES,
    ITEMS,
    KEYS,
    MOMENTS,
    OTHERS,
    OWNERS,
    SUBJECTS,
    THREADS,
    WORKFLOWS,
    WORLD,
    Write,
    workflow_of,
    writes,
)

Answer = Callable[[Store], Coroutine[Any, Any, Any]]
EVERYTHING = PageQuery(limit=100)
FILTERS = (
    *[ThreadFilter(workflow_id=f"wf_{number}", subject=each) for number in WORKFLOWS for each in SUBJECTS],
    ThreadFilter(workflow_id="wf_1"),
    ThreadFilter(subject=SUBJECTS[1]),
    ThreadFilter(untouched_since=MOMENTS[-1]),
)
WORKFLOW_FILTERS = (
    *[WorkflowFilter(owner=owner.name) for owner in OWNERS],
    WorkflowFilter(is_public=True, include_archived=True),
    WorkflowFilter(is_public=False, words=("a",)),
)
queries = st.builds(
    PageQuery,
    limit=st.integers(1, 3),
    after=st.none() | st.sampled_from(["wf_1", "thr_1", "thr_2", "msg_2", "msg_4", "aud_3", "zzz"]),
    newest_first=st.booleans(),
)


async def committed(store: Store, staged: Sequence[Write]) -> str:
    """What committing these writes as one change comes to."""
    change = store.begin()
    for write in staged:
        write.stage(change)
    try:
        await change.commit()
    except Exception as error:  # noqa: BLE001 - which one it is must be the same everywhere
        return type(error).__name__
    return "committed"


async def pages(reader: UnitOfWork, query: PageQuery) -> list[Any]:
    """This page of every list."""
    return [
        *[await reader.workflows.page(wanted, query) for wanted in WORKFLOW_FILTERS],
        *[await reader.threads.page(wanted, query) for wanted in FILTERS],
        *[await reader.items.page(f"thr_{number}", query, hidden=True) for number in THREADS],
        *[await reader.items.page(f"thr_{number}", query) for number in THREADS],
        await reader.audit.page(query),
    ]


async def single_things(reader: UnitOfWork) -> list[Any]:
    """Everything that is found by an id or a key."""
    return [
        *[await reader.workflows.find(ref) for ref in (*HANDLES, "wf_1", "wf_2")],
        *[await reader.publish_tokens.find(f"pt{number}") for number in OTHERS],
        *[await reader.service_tokens.find(f"st{number}") for number in OTHERS],
        *[await reader.owner_sessions.find(f"os{number}") for number in OTHERS],
        await reader.owner_sessions.opened(samples.OWNER, samples.moment(0), limit=2),
        *[await reader.chat_sessions.find(f"cs_{number}") for number in OTHERS],
        *[await reader.threads.find(f"thr_{number}") for number in THREADS],
        *[await reader.items.find(f"thr_{thread}", f"msg_{number}") for thread in THREADS for number in ITEMS],
        *[await reader.turns.latest(f"thr_{number}") for number in THREADS],
        *[await reader.attachments.find(f"atc_{number}") for number in OTHERS],
    ]


async def groups(reader: UnitOfWork) -> list[Any]:
    """Everything that is found in no order of its own."""
    live = [await reader.publish_tokens.live(f"wf_{number}", now) for number in WORKFLOWS for now in MOMENTS]
    return [
        *[sorted(token.public_id for token in tokens) for tokens in live],
        sorted(turn.id for turn in await reader.turns.running()),
        *[sorted(await reader.attachments.ids(workflow_id=f"wf_{number}")) for number in WORKFLOWS],
        *[sorted(await reader.attachments.ids(workflow_id="wf_1", thread_id=f"thr_{number}")) for number in THREADS],
        *[list(await reader.feedback.of_thread(f"thr_{number}")) for number in THREADS],
    ]


async def by_key(reader: UnitOfWork) -> list[Any]:
    """Turns by all idempotency keys."""
    return [
        await reader.turns.find_by_key(f"wf_{workflow_of(number)}", subject, key)
        for number in THREADS
        for subject in SUBJECTS
        for key in KEYS
        if key is not None
    ]


async def everything(store: Store) -> list[Any]:
    """All that can be read."""
    reader = store.begin()
    return [await pages(reader, EVERYTHING), await single_things(reader), await groups(reader), await by_key(reader)]


class StoresInLockstep(RuleBasedStateMachine):
    """One store of each backend."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.Runner()
        self._folder = TemporaryDirectory()
        self._stores = [self._loop.run(self._open(name)) for name in BACKENDS]
        self._seen: Any = None

    async def _open(self, name: str) -> Store:
        return BACKENDS[name](Path(self._folder.name))

    def _commit(self, staged: Sequence[Write]) -> Any:
        outcome = self._same(lambda store: committed(store, staged))
        self._seen = self._same(everything)
        return outcome

    def _same(self, answer: Answer) -> Any:
        first, *others = [self._loop.run(answer(store)) for store in self._stores]
        for other in others:
            assert other == first
        return first

    @initialize(size=st.integers(0, len(WORLD)))
    def begin_with_something(self, size: int) -> None:
        """A part of the world, in one change."""
        assert self._commit(WORLD[:size]) == "committed"

    @rule(staged=st.lists(writes, min_size=1, max_size=4))
    def commit(self, staged: list[Write]) -> None:
        """Together they land or not, for the same reason; a change that did not has left no trace."""
        before = self._seen
        if self._commit(staged) != "committed":
            assert self._seen == before

    @rule(query=queries)
    def turn_pages(self, query: PageQuery) -> None:
        """Each page of each list."""
        self._same(lambda store: pages(store.begin(), query))

    def teardown(self) -> None:
        """Let go of files and threads."""
        for store in self._stores:
            self._loop.run(store.close())
        self._loop.close()
        self._folder.cleanup()


TestStoresInLockstep = StoresInLockstep.TestCase
TestStoresInLockstep.settings = settings(max_examples=60, stateful_step_count=20)
