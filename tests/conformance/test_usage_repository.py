"""What every repository of usage by day must do."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.usage_days import Days, Figures, Times, UsageOfDays
from orcheo_core.ports.unit_of_work import Store
from tests import samples

TODAY = samples.moment(0).date()
DAY = timedelta(days=1)
YESTERDAY = TODAY - DAY
BOTH = Days(YESTERDAY, TODAY)


def turn(number: int, *, ago: int = 0, took: float = 1, first: float | None = 0.5, **changes: Any) -> Turn:
    """Turn ``number`` of thread 1, begun ``ago`` days ago; times are in seconds."""
    at = samples.moment(number) - ago * DAY
    given = {
        "id": f"trn_{number}",
        "started_at": at,
        "status": TurnStatus.COMPLETED,
        "ended_at": at + timedelta(seconds=took),
        "first_event_at": None if first is None else at + timedelta(seconds=first),
        "idempotency_key": None,
        **changes,
    }
    return evolve(samples.turn(), **given)


async def fill(store: Store, turns: Sequence[Turn]) -> None:
    """Keep these turns, whose threads are as new as their newest one."""
    change = store.begin()
    change.workflows.add(samples.workflow(1))
    change.workflows.add(samples.workflow(2))
    for number in (1, 2):
        change.threads.add(samples.thread(number, of=number, updated_at=samples.moment(9_999)))
    for each in turns:
        change.turns.add(each)
    await change.commit()


async def usage(store: Store, days: Days = BOTH) -> UsageOfDays:
    return await store.begin().usage.of_days("wf_1", days)


async def test_turns_are_counted_by_day(store: Store) -> None:
    """And all together: a visitor of two days is one; what other workflows did, or earlier days, is left out."""
    await fill(
        store,
        (
            turn(1, usage=Usage(input_tokens=3, output_tokens=4)),
            turn(2, ago=1, usage=Usage(input_tokens=1, output_tokens=0)),
            turn(3, subject=Subject("anon:two")),
            turn(4, subject=Subject.owner(samples.OWNER)),
            turn(5, ago=2),
            turn(6, thread_id="thr_2", workflow_id="wf_2"),
        ),
    )
    found = await usage(store)
    assert {day: (each.turns, each.visitors) for day, each in found.by_day.items()} == {
        TODAY: (3, 2),
        YESTERDAY: (1, 1),
    }
    assert (found.in_all.turns, found.in_all.visitors) == (4, 2)
    assert found.in_all.usage == Usage(input_tokens=4, output_tokens=4)
    assert found.by_day[YESTERDAY].usage == Usage(input_tokens=1, output_tokens=0)


async def test_a_day_begins_at_midnight_utc(store: Store) -> None:
    """The moment itself is in it, the one before is not."""
    midnight = Days(TODAY, TODAY).since
    late, early = (timedelta(0), timedelta(microseconds=-1))
    await fill(store, (turn(1, started_at=midnight + late), turn(2, started_at=midnight + early)))
    assert {day: each.turns for day, each in (await usage(store)).by_day.items()} == {TODAY: 1, YESTERDAY: 1}
    assert (await usage(store, Days(TODAY, TODAY))).in_all.turns == 1
    assert (await usage(store, Days(YESTERDAY, YESTERDAY))).in_all.turns == 1


async def test_failed_turns_are_counted_by_code(store: Store) -> None:
    """A fault of a turn that completed is no failure; one without a code is an unknown one."""
    failed, slow = TurnStatus.FAILED, TurnFault("timed_out", "after 9 s")
    await fill(
        store,
        (
            turn(1, status=failed, fault=slow),
            turn(2, status=failed, fault=slow, ago=1),
            turn(3, status=failed),
            turn(4, fault=TurnFault("cut", "too long")),
        ),
    )
    found = await usage(store)
    assert found.by_day[TODAY].failures == {"timed_out": 1, "unknown": 1}
    assert found.in_all.failures == {"timed_out": 2, "unknown": 1}


@pytest.mark.parametrize(("count", "median", "p95"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (20, 10, 19), (21, 11, 20)])
async def test_times_are_by_nearest_rank(store: Store, count: int, median: int, p95: int) -> None:
    """Each of them was measured, whatever the number of turns."""
    wanted = Times(median=timedelta(seconds=median), p95=timedelta(seconds=p95))
    await fill(store, [turn(each, took=each, first=each / 2) for each in range(count, 0, -1)])
    found = await usage(store)
    assert found.in_all.whole_turn == found.by_day[TODAY].whole_turn == wanted
    assert found.in_all.first_event == Times(median=wanted.median / 2, p95=wanted.p95 / 2)


async def test_times_are_of_what_was_measured(store: Store) -> None:
    """Whole turns are those that completed; a clock that went back makes no time below nothing."""
    await fill(
        store,
        (
            turn(1, took=9, first=None, status=TurnStatus.CANCELLED),
            turn(2, ago=1, took=-3, first=-2),
        ),
    )
    found = await usage(store)
    assert (found.by_day[TODAY].whole_turn, found.by_day[TODAY].first_event) == (None, None)
    nothing = Times(median=timedelta(0), p95=timedelta(0))
    assert found.in_all.whole_turn == found.in_all.first_event == nothing


async def test_a_workflow_without_turns_has_no_figures(store: Store) -> None:
    """Nothing by day, and empty ones in all."""
    await fill(store, ())
    assert await usage(store) == UsageOfDays(in_all=Figures(), by_day={}, refusals={})


async def test_the_first_event_of_an_ended_turn_is_kept(store: Store) -> None:
    """It is written with its end."""
    running = evolve(samples.turn(), idempotency_key=None)
    await fill(store, (running,))
    ended = running.ended(TurnStatus.COMPLETED, samples.moment(9), None, samples.moment(4))
    change = store.begin()
    change.turns.save(ended)
    await change.commit()
    assert await store.begin().turns.latest("thr_1") == ended


async def test_turns_of_many_workflows_are_counted_at_once(store: Store) -> None:
    """By workflow and day; those that were not asked for are left out."""
    other: dict[str, Any] = {"thread_id": "thr_2", "workflow_id": "wf_2"}
    await fill(store, (turn(1), turn(2), turn(3, ago=1), turn(4, **other), turn(5, ago=5, **other)))
    repository = store.begin().usage
    assert await repository.turns(["wf_1", "wf_2", "wf_9"], BOTH) == {
        ("wf_1", TODAY): 2,
        ("wf_1", YESTERDAY): 1,
        ("wf_2", TODAY): 1,
    }
    assert await repository.turns(["wf_2"], Days(TODAY, TODAY)) == {("wf_2", TODAY): 1}


async def test_refusals_add_up_by_day_and_code(store: Store) -> None:
    """Of the days that are asked for, and of a workflow that is there."""
    await fill(store, ())
    for day, code, times in ((TODAY, "rate_limited", 2), (TODAY, "rate_limited", 3), (YESTERDAY, "login_required", 1)):
        change = store.begin()
        change.usage.add_refusals("wf_1", day, code, times)
        change.usage.add_refusals("wf_9", day, code, times)
        await change.commit()
    found = await usage(store)
    assert found.refusals == {(TODAY, "rate_limited"): 5, (YESTERDAY, "login_required"): 1}
    assert found.refused() == {"rate_limited": 5, "login_required": 1}
    assert found.refused(YESTERDAY) == {"login_required": 1}
    assert (await usage(store, Days(YESTERDAY, YESTERDAY))).refused() == {"login_required": 1}
    assert (await store.begin().usage.of_days("wf_2", BOTH)).refusals == {}


async def test_refusals_of_earlier_days_are_removed(store: Store) -> None:
    """The day itself stays."""
    await fill(store, ())
    change = store.begin()
    change.usage.add_refusals("wf_1", TODAY, "rate_limited", 1)
    change.usage.add_refusals("wf_1", YESTERDAY, "rate_limited", 1)
    await change.commit()
    change = store.begin()
    change.usage.remove_refusals(TODAY)
    await change.commit()
    assert (await usage(store)).refusals == {(TODAY, "rate_limited"): 1}


async def test_a_removed_workflow_takes_its_refusals_along(store: Store) -> None:
    """One that comes in its place has none."""
    await fill(store, ())
    change = store.begin()
    change.usage.add_refusals("wf_1", TODAY, "rate_limited", 1)
    await change.commit()
    found = await store.begin().workflows.find("wf_1")
    assert found is not None
    change = store.begin()
    change.workflows.remove(found)
    await change.commit()
    await store.tidy()
    change = store.begin()
    change.workflows.add(samples.workflow(1))
    await change.commit()
    assert (await usage(store)).refusals == {}
