"""What owners learn of how a chat is used, day by day."""

from datetime import date, timedelta
from typing import Any

import pytest

from orcheo_core.domain.run import ProgressNote, RunEvent, TextDelta, UsageReported
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.usage_days import USAGE_DAYS_MOST, Days, Figures
from orcheo_core.errors import InvalidInput, NotPublished, RateLimited, ScopeMissing, StorageUnavailable
from orcheo_core.operations.catalogue import find_operation, perform
from orcheo_core.operations.views import UsageOfDaysView, WorkflowPage
from orcheo_core.operations.workflows import ListWorkflows, ShowWorkflow
from orcheo_core.ports.runner import RunTimedOut
from tests.core.harness import ADA, BOB, CoreHarness
from tests.fakes.clock import START

TODAY = START.date()


async def usage_of(harness: CoreHarness, days: int) -> UsageOfDaysView:
    shown = await perform(
        harness.core.owner_services, ADA, find_operation("workflows.show"), ShowWorkflow(ref="echo", days=days)
    )
    assert shown.activity is not None
    usage: UsageOfDaysView = shown.activity.usage
    return usage


async def listed(harness: CoreHarness, days: int) -> dict[str, Any]:
    page: WorkflowPage = await perform(
        harness.core.owner_services, ADA, find_operation("workflows.list"), ListWorkflows(days=days)
    )
    return {each.handle: each.turns_by_day for each in page.workflows}


def test_days_are_counted_back_from_today() -> None:
    """In UTC, today as the last one."""
    days = Days.until_now(START, 3)
    assert list(days) == [TODAY - timedelta(days=2), TODAY - timedelta(days=1), TODAY]
    assert days.since.isoformat() == f"{days.first}T00:00:00+00:00"
    assert days.until - days.since == timedelta(days=3)
    assert list(Days(date(2026, 3, 1), date(2026, 3, 1))) == [date(2026, 3, 1)]


def test_nothing_has_no_times() -> None:
    """Neither of no turns nor of a sum of nothing."""
    assert Figures.of(()) == Figures()


async def test_every_day_is_shown_with_its_figures(harness: CoreHarness) -> None:
    """Days without a turn too, the earliest first; failures by their code, tokens as reported."""
    visit = await harness.visit()
    await harness.answered(visit, [UsageReported(Usage(input_tokens=2, output_tokens=5)), TextDelta("Good day")])
    harness.clock.advance(seconds=86_400)
    await harness.answered(visit, RunTimedOut("9 s"))
    usage = await usage_of(harness, 3)
    assert [(each.day, each.turns, each.failed) for each in usage.days] == [
        (str(TODAY - timedelta(days=1)), 0, 0),
        (str(TODAY), 1, 0),
        (str(TODAY + timedelta(days=1)), 1, 1),
    ]
    assert (usage.in_all.turns, usage.in_all.visitors, usage.in_all.failures) == (2, 1, {"timed_out": 1})
    assert (usage.in_all.input_tokens, usage.in_all.output_tokens) == (2, 5)
    assert usage.days[0].first_event is usage.days[0].whole_turn is None


@pytest.mark.parametrize("first", [TextDelta("Good"), ProgressNote(text="Looking", icon=None)])
async def test_the_first_thing_that_is_said_is_timed_once(harness: CoreHarness, first: RunEvent) -> None:
    """Text or a note; not what was used, and not what comes later."""
    visit = await harness.visit()
    turn = await harness.ask(
        visit, [UsageReported(Usage(input_tokens=1, output_tokens=1))], [first], [TextDelta(" day")]
    )
    begun = harness.clock.now()
    harness.clock.advance(seconds=2)
    await harness.background.run_all()
    ended = await harness.latest(turn.thread_id)
    assert ended.status is TurnStatus.COMPLETED
    assert ended.first_event_at is not None
    assert ended.first_event_at - begun == timedelta(seconds=2)
    usage = await usage_of(harness, 1)
    times = usage.days[0].first_event
    assert times is not None
    assert (times.median, times.p95) == (2.0, 2.0)


async def test_usage_is_there_where_it_was_asked_for(harness: CoreHarness) -> None:
    """A workflow is shown and listed without it; more days than are kept are refused."""
    await harness.visit()
    assert await usage_of(harness, 0) is None
    assert await listed(harness, 0) == {"echo": None}
    with pytest.raises(InvalidInput):
        await usage_of(harness, USAGE_DAYS_MOST + 1)


async def test_the_turns_of_listed_workflows_are_counted_by_day(harness: CoreHarness) -> None:
    """A number for each day; another owner's are not listed."""
    visit = await harness.visit()
    await harness.add("quiet")
    await harness.add("foreign", BOB)
    await harness.answered(visit, [TextDelta("Hi")])
    harness.clock.advance(seconds=86_400)
    await harness.answered(visit, [TextDelta("Hi")])
    await harness.answered(visit, [TextDelta("Hi")])
    assert await listed(harness, 3) == {"echo": (0, 1, 2), "quiet": (0, 0, 0)}


async def test_a_list_of_nothing_counts_nothing(harness: CoreHarness) -> None:
    """No workflow, no question to the store."""
    assert await listed(harness, 3) == {}


def limited() -> RateLimited:
    return RateLimited(retry_after=1, policy="turns", amount=1, window_seconds=1)


async def test_refused_visitors_are_counted_by_workflow_and_day(harness: CoreHarness) -> None:
    """By id or handle; other errors are no refusals, and made-up workflows are ignored."""
    visit, tally = await harness.visit(), harness.core.tally
    await tally.count_visitor(limited(), visit.workflow.id)
    await tally.count_visitor(limited(), "echo")
    await tally.count_visitor(NotPublished(), "echo")
    await tally.count_visitor(limited(), "made-up")
    await tally.write()
    harness.clock.advance(seconds=86_400)
    await tally.count_visitor(ScopeMissing(), "echo")
    await tally.write()
    usage = await usage_of(harness, 2)
    assert [each.refusals for each in usage.days] == [{"rate_limited": 2}, {"scope_missing": 1}]
    assert usage.in_all.refusals == {"rate_limited": 2, "scope_missing": 1}


async def test_a_refusal_is_counted_once_the_store_is_back(harness: CoreHarness) -> None:
    """What could not be written waits; what cannot be looked up is left out, and raises nothing."""
    await harness.visit()
    tally = harness.core.tally
    await tally.count_visitor(limited(), "echo")
    harness.store.error = StorageUnavailable()
    with pytest.raises(StorageUnavailable):
        await tally.write()
    harness.store.error = None
    harness.store.begin_error = StorageUnavailable()
    await tally.count_visitor(limited(), "echo")
    harness.store.begin_error = None
    await tally.write()
    assert (await usage_of(harness, 1)).in_all.refusals == {"rate_limited": 1}


async def test_old_counts_of_refusals_are_removed(harness: CoreHarness) -> None:
    """When no view reaches back to them any more."""
    await harness.visit()
    await harness.core.tally.count_visitor(limited(), "echo")
    await harness.core.tally.write()
    days = Days.until_now(harness.clock.now(), USAGE_DAYS_MOST + 1)
    for passed, left in ((USAGE_DAYS_MOST, 1), (1, 0)):
        harness.clock.advance(seconds=passed * 86_400)
        await harness.core.housekeeping.remove_aged(None)
        workflow = await harness.store.begin().workflows.find("echo")
        assert workflow is not None
        kept = await harness.store.begin().usage.of_days(workflow.id, days)
        assert len(kept.refusals) == left
