"""Rates, and what a turn is counted under."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.rate import Charge, Rate, RatePlan, RateRefused
from orcheo_core.domain.subject import Subject

VISITOR, PROGRAM = Subject.anonymous("vis_1"), Subject.program("pt1")
small_rates = st.builds(Rate, amount=st.integers(1, 6), seconds=st.integers(1, 6))


@pytest.mark.parametrize(
    ("text", "amount", "seconds"),
    [
        ("20/minute", 20, 60),
        ("10/5 minutes", 10, 300),
        (" 1 / Second ", 1, 1),
        ("3/2hours", 3, 7_200),
        ("9/day", 9, 86_400),
    ],
)
def test_a_rate_is_written_as_people_say_it(text: str, amount: int, seconds: int) -> None:
    """This many per second, minute, hour or day, or several of them."""
    assert Rate.parse(text) == Rate(amount=amount, seconds=seconds)


@pytest.mark.parametrize("text", ["", "20", "20/", "/minute", "-1/minute", "0/minute", "1/0 minutes", "1/fortnight"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """None of these is guessed at."""
    with pytest.raises(ValueError, match="rate"):
        Rate.parse(text)


def test_a_rate_spans_31_days_at_most() -> None:
    """Windows are kept in memory."""
    assert Rate.parse("1/31 days").seconds == 31 * 86_400
    with pytest.raises(ValueError, match="31 days"):
        Rate.parse("1/32 days")


@given(own=small_rates, other=small_rates)
def test_within_means_that_no_moment_exceeds_the_other(own: Rate, other: Rate) -> None:
    """Held against the busiest schedule that keeps to the own rate: all of its amount at the start of each window."""
    moments = [window * own.seconds for window in range(other.seconds + 1) for _ in range(own.amount)]
    busiest = max(sum(start <= each < start + other.seconds for each in moments) for start in moments)
    assert own.is_within(other) == (busiest <= other.amount)


def policies(charges: tuple[Charge, ...]) -> dict[str, str]:
    """Key by policy."""
    return {each.policy: each.key for each in charges}


def test_a_turn_is_counted_by_subject_address_and_workflow() -> None:
    """With the rates as they come, no one can reach half of a workflow's share, so that is not counted."""
    charges = RatePlan().turn(workflow_id="wf_1", subject=VISITOR, address="192.0.2.1")
    assert policies(charges) == {
        "turns-by-subject": "anon:vis_1",
        "turns-by-address": "192.0.2.1",
        "turns-by-workflow": "wf_1",
    }


def test_a_program_has_a_rate_of_its_own() -> None:
    """It speaks for many people."""
    plan = RatePlan()
    charges = plan.turn(workflow_id="wf_1", subject=PROGRAM, address="192.0.2.1")
    assert [each.rate for each in charges if each.policy == "turns-by-subject"] == [plan.turns_by_program]


@given(workflow=small_rates, visitor=st.none() | small_rates, address=st.none() | small_rates)
def test_nobody_gets_more_than_half_of_a_workflow(workflow: Rate, visitor: Rate | None, address: Rate | None) -> None:
    """For each of subject and address some charge holds them to half of the workflow's rate, whatever is set."""
    plan = RatePlan(turns_by_workflow=workflow, turns_by_visitor=visitor, turns_by_address=address)
    charges = plan.turn(workflow_id="wf_1", subject=VISITOR, address="192.0.2.1")
    for key in (VISITOR.key, "192.0.2.1"):
        assert any(key in each.key and each.rate.is_within(workflow.half) for each in charges)


def test_without_limits_nothing_is_counted() -> None:
    """Off is off for every kind."""
    plan = RatePlan.unlimited()
    assert plan.turn(workflow_id="wf_1", subject=VISITOR, address="a") == ()
    assert plan.chat_session(address="a") == plan.read("s", "a") == plan.failed_authentication(address="a") == ()


def test_a_refusal_tells_a_wait_in_whole_seconds_that_is_long_enough() -> None:
    """Rounded up, and never 0, or a client would come back too soon."""
    charge = Charge(policy="turns-by-subject", key="anon:vis_1", rate=Rate(amount=20, seconds=60))
    waits = [RateRefused(charge=charge, retry_after=seconds).reason.retry_after for seconds in (0.0, 0.2, 1.0, 41.2)]
    assert waits == [1, 1, 1, 42]
    reason = RateRefused(charge=charge, retry_after=41.2).reason
    assert "42 s" in reason.hint
    assert "vis_1" not in reason.detail + reason.hint
