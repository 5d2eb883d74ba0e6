"""Runs that are under way count against budgets until they are over."""

import pytest

from orcheo_core.domain.budget import BUDGETS, RUNS, Budget, BudgetPlan, Per
from orcheo_core.domain.run import TextDelta
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import BudgetExceeded, StorageUnavailable
from orcheo_core.services.visitors.acting import ActionInput
from tests.core.harness import CoreHarness, build_hall


def one_run_a_holder() -> BudgetPlan:
    """For a program, and nothing else is bounded."""
    off: dict[Budget, int | None] = dict.fromkeys(BUDGETS)
    of_programs = next(each for each in BUDGETS if each.resource is RUNS and each.per is Per.PROGRAM)
    return BudgetPlan(changed=off | {of_programs: 1})


@pytest.fixture
def small() -> CoreHarness:
    """A core in which a program may have one run."""
    return build_hall(budgets=one_run_a_holder())


async def test_no_second_run_begins_before_the_first_is_over(small: CoreHarness) -> None:
    """In another thread; what is refused leaves nothing behind."""
    visit = await small.visit()
    first = await small.ask(visit, (TextDelta("one"),))
    with pytest.raises(BudgetExceeded, match="answers that workflows"):
        await small.ask(visit)
    assert small.background.names == [first.id]
    await small.background.run_all()
    await small.answered(visit, (TextDelta("two"),))


async def test_a_turn_that_could_not_begin_holds_nothing(small: CoreHarness) -> None:
    """The disk is full, say."""
    visit = await small.visit()
    small.store.error = StorageUnavailable()
    with pytest.raises(StorageUnavailable):
        await small.ask(visit)
    small.store.error = None
    await small.answered(visit, (TextDelta("one"),))


async def test_a_run_that_fails_is_over(small: CoreHarness) -> None:
    """And one that is stopped."""
    visit = await small.visit()
    await small.answered(visit, RuntimeError("broken"))
    turn = await small.ask(visit, (TextDelta("one"),))
    small.cancel(turn)
    await small.background.run_all()
    await small.answered(visit, (TextDelta("two"),))


async def test_a_run_whose_thread_goes_on_is_held_until_the_thread_ends(small: CoreHarness) -> None:
    """Its turn has ended for the visitor."""
    visit = await small.visit()
    turn = await small.ask(visit, (TextDelta("one"),))
    small.runners.runs[-1].goes_on = True
    small.cancel(turn)
    await small.background.run_all()
    assert (await small.latest(turn.thread_id)).status is TurnStatus.CANCELLED
    with pytest.raises(BudgetExceeded):
        await small.ask(visit)
    small.runners.runs[-1].thread_ends()
    await small.answered(visit, (TextDelta("two"),))


async def test_an_action_whose_thread_goes_on_is_held_too(small: CoreHarness) -> None:
    """The page has its answer by then."""
    visit = await small.visit()
    turn = await small.answered(visit)
    runs = small.runners.runs
    small.runners.script = (lambda: setattr(runs[-1], "goes_on", True),)
    await small.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    with pytest.raises(BudgetExceeded):
        await small.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    runs[-1].thread_ends()
    await small.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
