"""What is held now, counted against budgets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.budget import ANSWER_BYTES, BUDGETS, STREAMS, Budget, BudgetPlan, Holders, Per
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import BudgetExceeded, SharedBudgetExceeded
from orcheo_core.services.shared.holding import Hold, Holding

ADA = Holders(subject=Subject("anon:ada"), address="192.0.2.1", workflow_id="wf_1")
BOB = Holders(subject=Subject("anon:bob"), address="192.0.2.1", workflow_id="wf_1")
STREAM_BUDGETS = {each.per: each for each in BUDGETS if each.resource is STREAMS}


def holding(**limits: int) -> Holding:
    """Under these limits of streams by holder, and no others."""
    off: dict[Budget, int | None] = dict.fromkeys(BUDGETS)
    return Holding(BudgetPlan(changed=off | {STREAM_BUDGETS[Per(each)]: limit for each, limit in limits.items()}))


def test_a_holder_may_have_as_much_as_the_limit_and_no_more() -> None:
    """Until one is released."""
    held = holding(visitor=2)
    first, _ = held.hold(STREAMS, ADA), held.hold(STREAMS, ADA)
    with pytest.raises(BudgetExceeded, match="2 answers and files"):
        held.hold(STREAMS, ADA)
    held.hold(STREAMS, BOB)
    first.release()
    held.hold(STREAMS, ADA)


def test_all_holders_or_none() -> None:
    """A refused request takes no part of a budget that had room."""
    held = holding(visitor=5, server=1)
    first = held.hold(STREAMS, ADA)
    for _ in range(9):
        with pytest.raises(SharedBudgetExceeded):
            held.hold(STREAMS, BOB)
    first.release()
    assert held.held(STREAM_BUDGETS[Per.VISITOR]) == held.held(STREAM_BUDGETS[Per.SERVER]) == 0
    held.hold(STREAMS, BOB)


def test_what_is_there_already_counts_even_where_it_is_too_much() -> None:
    """Nothing more is given until it is released."""
    held = holding(visitor=1)
    first, second = held.hold(STREAMS, ADA), held.count(STREAMS, ADA, 1)
    assert held.held(STREAM_BUDGETS[Per.VISITOR]) == 2
    first.release()
    with pytest.raises(BudgetExceeded):
        held.hold(STREAMS, ADA)
    second.release()
    held.hold(STREAMS, ADA)


def test_what_is_shared_is_held_until_the_last_releases_it() -> None:
    """A run and the thread that it has left behind, say."""
    held = holding(visitor=1)
    hold = held.hold(STREAMS, ADA)
    shared = hold.share()
    hold.release()
    with pytest.raises(BudgetExceeded):
        held.hold(STREAMS, ADA)
    shared.release()
    held.hold(STREAMS, ADA)


def test_it_is_released_however_a_block_ends() -> None:
    """By an error too."""
    held = holding(visitor=1)
    with pytest.raises(ValueError, match="broken"), held.hold(STREAMS, ADA):
        raise ValueError("broken")
    assert held.held(STREAM_BUDGETS[Per.VISITOR]) == 0


def test_what_is_larger_than_its_budget_passes_alone() -> None:
    """Otherwise no one could ever have it."""
    budget = next(each for each in BUDGETS if each.resource is ANSWER_BYTES and each.per is Per.VISITOR)
    held = Holding(BudgetPlan(changed={budget: 10}))
    hold = held.hold(ANSWER_BYTES, ADA, 50)
    with pytest.raises(BudgetExceeded):
        held.hold(ANSWER_BYTES, ADA, 1)
    hold.release()
    held.hold(ANSWER_BYTES, ADA, 1)


@given(
    steps=st.lists(st.tuples(st.sampled_from([ADA, BOB]), st.booleans()), max_size=40),
    visitor=st.integers(1, 4),
    address=st.integers(1, 6),
)
def test_at_no_moment_more_than_the_limits(steps: list[tuple[Holders, bool]], visitor: int, address: int) -> None:
    """Held against a plain list of what is open, over any sequence of beginnings and ends."""
    held = holding(visitor=visitor, address=address)
    opened: list[tuple[Holders, Hold]] = []
    for who, begins in steps:
        if not begins:
            if opened:
                opened.pop(0)[1].release()
            continue
        has_room = sum(each is who for each, _ in opened) < visitor and len(opened) < address
        try:
            opened.append((who, held.hold(STREAMS, who)))
        except BudgetExceeded:
            assert not has_room
        else:
            assert has_room
    for _, hold in opened:
        hold.release()
    assert held.held(STREAM_BUDGETS[Per.ADDRESS]) == 0


def test_what_grows_is_counted_even_where_it_is_too_much() -> None:
    """It is there already; what else asks for room has none until it is released."""
    held = holding(visitor=3, server=9)
    growing = held.growing(STREAMS, ADA)
    assert growing.grow(3) is None
    refusal = growing.grow(2)
    assert refusal is not None
    assert refusal.policy == "streams-by-visitor"
    assert held.held(STREAM_BUDGETS[Per.SERVER]) == 5
    with pytest.raises(BudgetExceeded):
        held.hold(STREAMS, ADA)
    growing.release()
    growing.release()
    held.hold(STREAMS, ADA)
    assert growing.grow(2) is None


@pytest.mark.parametrize(
    ("of_visitor", "of_server", "refusal"),
    [(2, 8, None), (3, 8, BudgetExceeded), (2, 9, SharedBudgetExceeded), (4, 10, BudgetExceeded), (3, 2, None)],
)
def test_what_is_kept_elsewhere_is_held_against_each_budget(
    of_visitor: int, of_server: int, refusal: type[Exception] | None
) -> None:
    """Where others count: the narrowest one that is used up refuses. A part is not asked for before it can be."""
    held, kept = holding(visitor=3, server=9), {Per.VISITOR: of_visitor, Per.SERVER: of_server}
    asked: dict[Per, str] = {}

    def kept_by(per: Per, key: str) -> int:
        asked[per] = key
        return kept[per]

    if refusal is None:
        held.check(STREAMS, ADA, kept_by)
        assert asked == {Per.SERVER: ""} | ({Per.VISITOR: ADA.key(Per.VISITOR)} if of_server >= 3 else {})
        return
    with pytest.raises(refusal) as refused:
        held.check(STREAMS, ADA, kept_by)
    assert type(refused.value) is refusal


@given(steps=st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.integers(0, 3)), max_size=40))
def test_what_grows_together_is_counted_exactly(steps: list[tuple[int, int]]) -> None:
    """Held against plain sums, over any sequence of growths, and of releases where the amount is 0."""
    held = holding(visitor=5, server=9)
    growing, sums = [held.growing(STREAMS, who) for who in (ADA, ADA, BOB)], [0, 0, 0]
    for which, amount in steps:
        if not amount:
            growing[which].release()
            sums[which] = 0
            continue
        sums[which] += amount
        refusal = growing[which].grow(amount)
        own = sums[2] if which == 2 else sums[0] + sums[1]
        assert (refusal is None) == (own <= 5 and sum(sums) <= 9)
        assert held.held(STREAM_BUDGETS[Per.SERVER]) == held.held(STREAM_BUDGETS[Per.VISITOR]) == sum(sums)
    for each in growing:
        each.release()
    assert held.held(STREAM_BUDGETS[Per.SERVER]) == 0


def test_what_is_held_stays_held_when_its_claims_are_forgotten() -> None:
    """They are only kept to be quick; a holder that is made again is the same one."""
    held, ada = holding(visitor=1), Holders.of(Subject("anon:ada"))
    hold = held.hold(STREAMS, ada)
    held.forget()
    Holders.forget()
    with pytest.raises(BudgetExceeded):
        held.hold(STREAMS, Holders.of(Subject("anon:ada")))
    hold.release()
    held.hold(STREAMS, Holders.of(Subject("anon:ada"))).release()
    held.hold(STREAMS, ada).release()
