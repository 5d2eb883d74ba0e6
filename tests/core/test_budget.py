"""Budgets: who may hold how much of what."""

import pytest

from orcheo_core.domain.budget import (
    BUDGETS,
    MIB,
    UNSENT_BYTES,
    UNSENT_FILES,
    Budget,
    BudgetPlan,
    Claim,
    Holders,
    Per,
    Unit,
    shown_bytes,
)
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import BudgetExceeded, SharedBudgetExceeded

BYTES = Budget(resource=UNSENT_BYTES, per=Per.VISITOR, default=100)
FILES = Budget(resource=UNSENT_FILES, per=Per.SERVER, default=10)
VISITOR = Holders(subject=Subject("anon:1"), address="192.0.2.1", workflow_id="wf_1")
PROGRAM = Holders(subject=Subject("program:1"), workflow_id="wf_1")


def keys(holders: Holders) -> dict[Per, str]:
    """Whom a request of these holders is counted for."""
    return {each.budget.per: each.key for each in BudgetPlan().claims(UNSENT_FILES, 1, holders)}


def test_a_request_is_counted_for_each_of_its_holders() -> None:
    """The narrowest first, so that the refusal names what the visitor can change."""
    assert list(keys(VISITOR).items()) == [
        (Per.VISITOR, "anon:1"),
        (Per.ADDRESS, "192.0.2.1"),
        (Per.WORKFLOW, "wf_1"),
        (Per.SERVER, "server"),
    ]


def test_a_program_has_a_budget_of_its_own_in_the_place_of_a_visitors() -> None:
    """And who comes over no network is counted for no address."""
    assert keys(PROGRAM) == {Per.PROGRAM: "program:1", Per.WORKFLOW: "wf_1", Per.SERVER: "server"}
    assert keys(Holders()) == {Per.SERVER: "server"}


def test_a_budget_that_is_off_claims_nothing() -> None:
    """One of them, or all."""
    plan = BudgetPlan(changed={each: None for each in BUDGETS if each.per is not Per.VISITOR})
    assert [each.budget.per for each in plan.claims(UNSENT_FILES, 1, VISITOR)] == [Per.VISITOR]
    assert BudgetPlan.unlimited().claims(UNSENT_FILES, 1, VISITOR) == ()


def test_a_claim_fits_up_to_the_limit() -> None:
    """Exactly the limit is allowed."""
    claim = Claim(budget=BYTES, key="anon:1", amount=40, limit=100)
    assert (claim.fits(60), claim.fits(61)) == (True, False)


@pytest.mark.parametrize(("budget", "kind"), [(BYTES, BudgetExceeded), (FILES, SharedBudgetExceeded)])
def test_a_refusal_says_which_limit_until_when_and_whom_to_ask(budget: Budget, kind: type[BudgetExceeded]) -> None:
    """What all share is another error than what is the visitor's own."""
    refusal = Claim(budget=budget, key="x", amount=1, limit=100 * MIB).refusal
    assert type(refusal) is kind
    assert refusal.policy == budget.policy
    assert "may have at most" in refusal.detail
    assert "a day after" in refusal.hint
    assert "operator" in refusal.hint
    assert refusal.retry_after > 0


@pytest.mark.parametrize(
    ("text", "amount"), [("200 MiB", 200 * MIB), ("1gb", 1_000_000_000), (" 500 KiB ", 512_000), ("7", 7), ("7 B", 7)]
)
def test_an_amount_of_bytes_has_a_unit_or_none(text: str, amount: int) -> None:
    """In powers of ten or of two."""
    assert BYTES.parse(text) == amount


@pytest.mark.parametrize("text", ["", "0", "0 MiB", "-1", "1.5 GiB", "1 TiB", "many", "1e9", "9" * 16])
def test_what_is_no_amount_of_bytes(text: str) -> None:
    """Zero would refuse every visitor."""
    with pytest.raises(ValueError, match="number of bytes"):
        BYTES.parse(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many", "10000001", "²", "1 MiB"])
def test_what_is_no_number_of_pieces(text: str) -> None:
    """A whole number, and no unit."""
    with pytest.raises(ValueError, match="whole number"):
        FILES.parse(text)
    assert FILES.parse("12") == 12


def test_amounts_are_shown_with_their_unit() -> None:
    """In the largest unit that leaves a whole number."""
    assert [shown_bytes(each) for each in (5, 2048, 3 * MIB, 2048 * MIB)] == ["5 bytes", "2 KiB", "3 MiB", "2 GiB"]
    assert (FILES.shown(10_000), BYTES.shown(2048)) == ("10,000", "2 KiB")


def test_no_one_holder_may_have_more_than_what_all_share() -> None:
    """And each resource has a budget for the server: the sum of everything is bounded."""
    for resource in {each.resource for each in BUDGETS}:
        amounts = {each.per: each.default for each in BUDGETS if each.resource is resource}
        assert amounts[Per.SERVER] == max(amounts.values())
        assert resource.unit in Unit


def test_settings_and_policies_are_unique() -> None:
    """Each budget can be changed by itself."""
    assert len({each.setting for each in BUDGETS}) == len({each.policy for each in BUDGETS}) == len(BUDGETS)
    assert BYTES.setting == "ORCHEO_LIMIT_UNSENT_BYTES_BY_VISITOR"
