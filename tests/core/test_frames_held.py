"""The frames of turns count against budgets as long as they are in memory."""

import asyncio
from datetime import timedelta

import pytest

from orcheo_core.domain.budget import BUDGETS, FRAME_BYTES, MIB, Budget, BudgetPlan, Holders, Per
from orcheo_core.domain.run import ProgressNote, TextDelta
from orcheo_core.domain.thread_events import Progress
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import StorageUnavailable
from orcheo_core.services.shared.holding import Holding
from orcheo_core.turns.live import KEPT_ENDED_BYTES, MOST_FRAME_BYTES, LiveTurn, LiveTurns
from orcheo_core.turns.register import Register
from orcheo_core.turns.relay import UNCOUNTED_BYTES
from tests.core.harness import CoreHarness, build_hall
from tests.fakes.background import FakeBackground
from tests.fakes.clock import FakeClock
from tests.fakes.runner import Batch
from tests.fakes.turn import SUBJECT, live_turn

OF_SERVER = next(each for each in BUDGETS if each.resource is FRAME_BYTES and each.per is Per.SERVER)
LARGE = ProgressNote(text="x" * (UNCOUNTED_BYTES + 1))


def of_server(limit: int | None) -> BudgetPlan:
    """For the server, and nothing else is bounded."""
    off: dict[Budget, int | None] = dict.fromkeys(BUDGETS)
    return BudgetPlan(changed=off | {OF_SERVER: limit})


class Turns:
    """Turns whose frames are counted, up to 1 MiB for the server."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.live_turns = LiveTurns(self.clock, Register(FakeBackground()))
        self.holding = Holding(of_server(MIB))

    @property
    def held(self) -> int:
        """Bytes that are counted."""
        return self.holding.held(OF_SERVER)

    def begun(self, number: int = 1) -> LiveTurn:
        """A turn that runs."""
        room = self.holding.growing(FRAME_BYTES, Holders(subject=SUBJECT))
        live = live_turn(number=number, room=room)
        self.live_turns.add(live)
        return live

    def end(self, live: LiveTurn) -> None:
        """As the engine does, when the end could be made durable."""
        self.live_turns.discard(live)
        live.end(())
        self.live_turns.keep(live)

    def forget(self) -> None:
        """A while after their ends."""
        self.live_turns.forget(self.clock.now() + timedelta(seconds=1))


@pytest.fixture
def turns() -> Turns:
    """None has begun."""
    return Turns()


def said(size: int) -> tuple[Progress]:
    """An event whose frame has this number of bytes."""
    return (Progress(text="x" * (size - 1)),)


def was_stopped(live: LiveTurn) -> bool:
    """Whether it said more than it may."""
    return live.excess is not None


def test_a_usual_turn_counts_nothing(turns: Turns) -> None:
    """Up to 256 KiB, on all of its way."""
    live = turns.begun()
    live.tell(said(UNCOUNTED_BYTES))
    turns.end(live)
    assert turns.held == 0
    turns.forget()
    assert turns.held == 0


def test_a_turn_beyond_what_all_may_hold_is_stopped(turns: Turns) -> None:
    """The owner reads which limit it was; what it has said is counted."""
    first, second = turns.begun(1), turns.begun(2)
    first.tell(said(MIB // 2))
    second.tell(said(MIB // 2))
    assert turns.held == MIB
    assert not was_stopped(second)
    second.tell(said(MIB // 2))
    assert second.excess is not None
    assert "at most 1 MiB of answers" in second.excess.reason
    assert "(frame-bytes-by-server)" in second.excess.reason
    assert not was_stopped(first)
    assert turns.held == MIB * 3 // 2


def test_a_turn_beyond_its_own_limit_says_so(turns: Turns) -> None:
    """Where the budgets leave it more."""
    live = live_turn()
    live.tell(said(MOST_FRAME_BYTES + 1))
    live.tell(said(1))
    assert live.excess is not None
    assert live.excess.reason == "The events of the answer have more than 64 MiB."


def test_the_end_of_a_turn_is_counted_and_stops_nothing(turns: Turns) -> None:
    """It is the last that it says."""
    live = turns.begun()
    live.end(said(2 * MIB))
    assert turns.held == 2 * MIB
    assert live.excess is None


def test_frames_count_until_they_are_forgotten(turns: Turns) -> None:
    """By their age, or because newer ones need their place."""
    first, second = turns.begun(1), turns.begun(2)
    first.tell(said(MIB))
    turns.end(first)
    assert turns.held == MIB
    second.tell(said(KEPT_ENDED_BYTES))
    turns.end(second)
    assert turns.held == KEPT_ENDED_BYTES
    turns.forget()
    assert turns.held == 0


def test_followers_keep_frames_counted(turns: Turns) -> None:
    """A slow one holds them in memory long after they can be found. Findings: what is not read costs little."""
    live = turns.begun()
    live.tell(said(MIB))

    def one() -> None:
        """A follower."""

    def other() -> None:
        """Another."""

    live.relay.follow(one)
    live.relay.follow(other)
    turns.end(live)
    turns.forget()
    live.relay.leave(one)
    assert turns.held == MIB
    live.relay.leave(other)
    live.relay.leave(other)
    assert turns.held == 0


def test_frames_that_are_followed_after_all_are_counted_again(turns: Turns) -> None:
    """They were found just before they were forgotten."""
    live = turns.begun()
    live.tell(said(MIB))
    turns.end(live)
    turns.forget()
    live.relay.follow(turns.forget)
    assert turns.held == MIB
    live.relay.leave(turns.forget)
    assert turns.held == 0


def test_what_comes_when_all_have_left_is_not_counted(turns: Turns) -> None:
    """There would be nothing to release it: a run that was given up talks on."""
    live = turns.begun()
    turns.end(live)
    turns.forget()
    live.tell(said(MIB))
    assert turns.held == 0


def test_a_turn_whose_end_waits_for_the_storage_is_counted_until_it_is_durable(turns: Turns) -> None:
    """It can be found until then, also when its frames are kept no longer."""
    live = turns.begun()
    live.end(said(MIB))
    turns.live_turns.keep(live)
    turns.forget()
    assert turns.live_turns.find(live.turn.id) is live.relay
    assert turns.held == MIB
    turns.live_turns.discard(live)
    assert turns.held == 0


def test_a_turn_whose_end_becomes_durable_soon_is_counted_until_it_is_forgotten(turns: Turns) -> None:
    """The other order of the same."""
    live = turns.begun()
    live.end(said(MIB))
    turns.live_turns.keep(live)
    turns.live_turns.discard(live)
    assert turns.held == MIB
    turns.forget()
    assert turns.held == 0


# --- turns of visitors ----------------------------------------------------------------------------------------------


@pytest.fixture
def small() -> CoreHarness:
    """A core in which frames may take 1 MiB."""
    return build_hall(budgets=of_server(MIB))


def talk(pieces: int) -> list[Batch]:
    """Large pieces, each of which is told before the next one."""
    return [each for _ in range(pieces) for each in ((LARGE,), lambda: asyncio.sleep(0))]


def held_by(harness: CoreHarness) -> int:
    """Bytes that are counted."""
    return harness.core.holding.held(OF_SERVER)


async def test_an_answer_that_has_no_more_room_is_cut_off(small: CoreHarness) -> None:
    """With the limit as its fault; it counts until its frames are forgotten, and then another has room."""
    visit = await small.visit()
    turn = await small.answered(visit, (TextDelta("a"),), *talk(9))
    ended = await small.latest(turn.thread_id)
    assert ended.status is TurnStatus.FAILED
    assert ended.fault is not None
    assert ended.fault.code == "too_long"
    assert "frame-bytes-by-server" in ended.fault.reason
    assert held_by(small) > MIB
    small.clock.advance(minutes=3)
    small.core.live_turns.forget(small.clock.now())
    assert held_by(small) == 0
    other = await small.answered(visit, (TextDelta("a"),), *talk(1))
    assert (await small.latest(other.thread_id)).status is TurnStatus.COMPLETED


@pytest.mark.parametrize("how", ["fails", "is stopped", "cannot be saved", "is deleted"])
async def test_nothing_is_held_however_a_turn_ends(small: CoreHarness, how: str) -> None:
    """Once its frames are forgotten, and its end is durable."""

    async def happens() -> None:
        match how:
            case "fails":
                raise RuntimeError("broken")
            case "is stopped":
                small.cancel(turn)
            case "cannot be saved":
                small.store.error = StorageUnavailable()
            case _:
                await small.core.own_threads.delete(visit, turn.thread_id)

    visit = await small.visit()
    turn = await small.ask(visit, *talk(2), happens, *talk(1))
    await small.background.run_all()
    assert held_by(small) > UNCOUNTED_BYTES
    small.core.live_turns.forget(small.clock.now() + timedelta(seconds=1))
    small.store.error = None
    await small.core.engine.checkpoint()
    assert held_by(small) == 0
    assert small.core.live_turns.find(turn.id) is None
