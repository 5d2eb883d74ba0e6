"""What owners learn of all turns of a workflow, by every store."""

import pytest
from attrs import evolve

from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus, TurnSum
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.unit_of_work import Store
from tests import samples

FAULT = TurnFault("timed_out", "after 9 s")


def turn(number: int, *, thread: int, status: TurnStatus = TurnStatus.COMPLETED, subject: str = "anon:one") -> Turn:
    """Turn ``number``, which began this many seconds after the start and used as many tokens."""
    base = samples.turn()
    return evolve(
        base,
        id=f"trn_{number}",
        thread_id=f"thr_{thread}",
        subject=Subject(subject),
        started_at=samples.moment(number),
        ended_at=samples.moment(number),
        status=status,
        idempotency_key=None,
        usage=Usage(input_tokens=number, output_tokens=1) if number % 2 else None,
        fault=FAULT if status is TurnStatus.FAILED else None,
    )


TURNS = (
    turn(1, thread=1),
    turn(2, thread=1, status=TurnStatus.FAILED),
    turn(3, thread=2, subject="anon:two"),
    turn(4, thread=2, status=TurnStatus.CANCELLED, subject="anon:two"),
)


@pytest.fixture
async def filled(store: Store) -> Store:
    change = store.begin()
    change.workflows.add(samples.workflow(1))
    change.workflows.add(samples.workflow(2))
    for number in (1, 2):
        change.threads.add(evolve(samples.thread(number), workflow_id="wf_1", updated_at=samples.moment(9)))
    for each in TURNS:
        change.turns.add(evolve(each, workflow_id="wf_1"))
    await change.commit()
    return store


async def test_turns_are_summed_up(filled: Store) -> None:
    """How many, how many failed, by how many visitors, and what they used."""
    summed = await filled.begin().turns.sum_up("wf_1")
    assert summed == TurnSum(
        turns=4,
        failed=1,
        visitors=2,
        usage=Usage(input_tokens=4, output_tokens=2),
        latest_at=samples.moment(4),
        latest_failed=evolve(TURNS[1], workflow_id="wf_1"),
    )


async def test_turns_since_a_moment_are_summed_up(filled: Store) -> None:
    """Those that began then or later."""
    summed = await filled.begin().turns.sum_up("wf_1", since=samples.moment(3))
    assert (summed.turns, summed.failed, summed.visitors, summed.latest_failed) == (2, 0, 1, None)


async def test_a_workflow_without_turns_has_empty_sums(filled: Store) -> None:
    """Turns of another workflow are not its own."""
    assert await filled.begin().turns.sum_up("wf_2") == TurnSum()


async def test_threads_with_a_failed_turn_are_found(filled: Store) -> None:
    """And the others are not."""
    wanted = ThreadFilter(workflow_id="wf_1", is_failed=True)
    assert [each.id for each in (await filled.begin().threads.page(wanted, PageQuery())).entries] == ["thr_1"]


async def test_the_turns_of_some_items_are_found(filled: Store) -> None:
    """Of this thread only, oldest first; unknown ids are ignored."""
    found = (await filled.begin().turns.page("thr_1", PageQuery(), {"trn_2", "trn_1", "trn_3", "trn_9"})).entries
    assert [each.id for each in found] == ["trn_1", "trn_2"]
    assert (await filled.begin().turns.page("thr_1", PageQuery(), set())).entries == ()


async def test_the_turns_of_a_thread_come_in_pages(filled: Store) -> None:
    """In the order of their ids, however many there are."""
    first = await filled.begin().turns.page("thr_1", PageQuery(limit=1))
    rest = await filled.begin().turns.page("thr_1", PageQuery(after="trn_1"))
    assert [[each.id for each in page.entries] for page in (first, rest)] == [["trn_1"], ["trn_2"]]
    assert (first.has_more, rest.has_more) == (True, False)


async def test_an_owner_who_asks_is_no_visitor(filled: Store) -> None:
    """The turn counts: it used the model as others do."""
    change = filled.begin()
    change.turns.add(evolve(turn(5, thread=2, subject=Subject.owner(samples.OWNER).key), workflow_id="wf_1"))
    await change.commit()
    summed = await filled.begin().turns.sum_up("wf_1")
    assert (summed.turns, summed.visitors) == (5, 2)
