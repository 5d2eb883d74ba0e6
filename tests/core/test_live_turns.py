"""What a run says, as its followers get it: numbered frames, told once for each round of the event loop."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.run import OUTPUT_LIMIT, AnswerEnded, ProgressNote, TextDelta, UsageReported
from orcheo_core.domain.thread_events import Progress
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.turns.live import (
    KEPT_ENDED_BYTES,
    KEPT_ENDED_TURNS,
    MOST_FRAME_BYTES,
    PIECES_IN_A_ROW,
    LiveTurn,
    LiveTurns,
)
from orcheo_core.turns.register import CANCELLED, Register
from tests.fakes.background import FakeBackground
from tests.fakes.clock import FakeClock
from tests.fakes.turn import live_turn

BEGINNING = [b";", b";"]
"""The answer appears, and its text begins."""


async def a_round() -> None:
    """Let everything that is ready have its turn."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def heard_by(turn: LiveTurn) -> list[int]:
    """How many frames there were each time a follower was woken."""
    heard: list[int] = []
    turn.relay.follow(lambda: heard.append(len(turn.relay.frames)))
    return heard


async def test_text_that_comes_together_is_one_frame() -> None:
    """Followers are woken once for all that was said in a round of the event loop."""
    turn = live_turn()
    heard = heard_by(turn)
    for piece in ("a", "b", "c"):
        assert turn.text(piece)
    await a_round()
    assert turn.relay.frames == [*BEGINNING, b"abc;"]
    assert heard == [3]
    turn.text("d")
    await a_round()
    assert turn.relay.frames[3:] == [b"d;"]
    assert heard == [3, 4]


async def test_text_alone_counts_like_other_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a shorter way, and is stopped there too: once, for the first reason."""
    turn = live_turn()
    turn.text("a")
    await a_round()
    monkeypatch.setattr("orcheo_core.turns.live.MOST_FRAME_BYTES", turn.relay.size + 1)
    turn.text("b")
    await a_round()
    assert turn.relay.frames[-1] == b"b;"
    assert turn.excess is not None
    assert "The events of the answer" in turn.excess.reason
    assert not turn.text("c")


async def test_other_events_keep_their_place_between_text() -> None:
    """Text before a note is told before it, text behind it after it."""
    turn = live_turn()
    turn.event(TextDelta("a"))
    turn.event(ProgressNote(text="note"))
    turn.text("b")
    await a_round()
    assert turn.relay.frames == [*BEGINNING, b"a;", b"note;", b"b;"]


async def test_others_get_their_turn_every_32_pieces() -> None:
    """A run that never pauses by itself is asked to wait for room; then it may go on for as long again."""
    turn = live_turn()
    for _ in range(3):
        answers = [turn.text("x") for _ in range(PIECES_IN_A_ROW)]
        assert answers == [True] * (PIECES_IN_A_ROW - 1) + [False]
        await turn.room()
        await a_round()
    assert b"".join(turn.relay.frames).count(b"x") == 3 * PIECES_IN_A_ROW


async def test_a_run_that_does_not_wait_starves_its_followers_only_until_it_waits() -> None:
    """Nothing is lost."""
    turn = live_turn()
    for _ in range(100):
        turn.text("x")
    await turn.room()
    await a_round()
    assert turn.relay.frames == [*BEGINNING, b"x" * 100 + b";"]


async def test_a_whole_item_is_told_when_it_is_durable() -> None:
    """And what comes behind it waits as well."""
    turn = live_turn()
    turn.text("a")
    assert not turn.event(AnswerEnded())
    turn.event(ProgressNote(text="next"))
    await a_round()
    assert turn.relay.frames == []
    await turn.room()
    await a_round()
    assert turn.relay.frames == [*BEGINNING, b"a;", b";", b";", b"next;"]


@given(said=st.integers(0, 12), early=st.integers(0, 12), after=st.integers(0, 15))
def test_following_after_a_number_gives_the_rest(said: int, early: int, after: int) -> None:
    """Whatever was said before and comes later, a follower gets the frames over ``after``, each once, in order."""

    async def follow() -> list[bytes]:
        turn, got = live_turn(), list[bytes]()
        numbers = iter(range(1, said + 1))
        turn.tell(Progress(text=str(next(numbers))) for _ in range(min(early, said)))

        def take() -> None:
            got.extend(turn.relay.frames[after + len(got) :])

        turn.relay.follow(take)
        take()
        for number in numbers:
            turn.tell([Progress(text=str(number))])
        turn.end(())
        return got

    assert asyncio.run(follow()) == [b"%d;" % number for number in range(after + 1, said + 1)]


def test_two_followers_are_woken_alike_and_one_may_leave() -> None:
    """A visitor may watch in two windows, and close one of them."""
    turn = live_turn()
    first, second = list[str](), list[str]()
    leaves = lambda: first.append("woken")  # noqa: E731 - the same object is taken back
    turn.relay.follow(leaves)
    turn.relay.follow(lambda: second.append("woken"))
    turn.tell([Progress(text="a")])
    turn.relay.leave(leaves)
    turn.relay.leave(leaves)
    turn.end(())
    assert (len(first), len(second)) == (1, 2)


def kept(turns: LiveTurns, number: int = 1) -> LiveTurn:
    """A turn that runs."""
    turn = live_turn(number=number)
    turns.add(turn)
    return turn


def end(turns: LiveTurns, turn: LiveTurn) -> None:
    """A turn comes to its end."""
    turn.end(())
    turns.discard(turn)
    turns.keep(turn)


def test_a_running_turn_is_found_however_long_it_runs() -> None:
    """An unknown one is not."""
    clock = FakeClock()
    turns = LiveTurns(clock, Register(FakeBackground()))
    turn = kept(turns)
    clock.advance(minutes=60 * 24)
    assert turns.find(turn.turn.id) is turn.relay
    assert turns.find("trn_unknown") is None


def test_an_ended_turn_is_found_for_a_while() -> None:
    """A reload just after the end still gets everything; later the store has it."""
    clock = FakeClock()
    turns = LiveTurns(clock, Register(FakeBackground()))
    turn = kept(turns)
    end(turns, turn)
    turns.forget(clock.now())
    assert turns.find(turn.turn.id) is turn.relay
    turns.forget(clock.now() + timedelta(seconds=1))
    assert turns.find(turn.turn.id) is None


def test_many_ended_turns_do_not_pile_up() -> None:
    """The oldest go first, running ones stay."""
    turns = LiveTurns(FakeClock(), Register(FakeBackground()))
    running = kept(turns, 0)
    for number in range(1, KEPT_ENDED_TURNS + 11):
        end(turns, kept(turns, number))
    found = [number for number in range(1, KEPT_ENDED_TURNS + 11) if turns.find(f"trn_{number}")]
    assert found == list(range(11, KEPT_ENDED_TURNS + 11))
    assert turns.find("trn_0") is running.relay


def test_ended_turns_are_kept_up_to_a_number_of_bytes() -> None:
    """The oldest go first; the newest stays however large it is, as its followers read it now."""
    turns = LiveTurns(FakeClock(), Register(FakeBackground()))
    for number, share in enumerate((3, 3, 4, 9), 1):
        turn = kept(turns, number)
        turn.relay.frames, turn.relay.size = [b""], KEPT_ENDED_BYTES * share // 8
        end(turns, turn)
        found = [each for each in range(1, number + 1) if turns.find(f"trn_{each}")]
        assert found == {1: [1], 2: [1, 2], 3: [2, 3], 4: [4]}[number]


async def test_a_turn_with_too_many_events_is_stopped() -> None:
    """Notes have no text of an answer, but they lie in memory all the same."""
    turn = live_turn()
    note = ProgressNote(text="x" * (MOST_FRAME_BYTES // 128))
    for _ in range(128):
        turn.event(note)
        await a_round()
    assert turn.excess
    assert not turn.event(note)


async def test_nothing_is_heard_beyond_the_limit_of_text() -> None:
    """The text up to it stays, and the run is stopped."""
    turn = live_turn()
    turn.text("x" * (OUTPUT_LIMIT - 1))
    turn.text("yz")
    assert not turn.text("more")
    assert not turn.event(ProgressNote(text="more"))
    await a_round()
    assert b"".join(turn.relay.frames).rstrip(b";").endswith(b"xy")
    assert turn.excess
    assert turn.draft.length == OUTPUT_LIMIT


async def test_usage_is_added_up_on_the_turn() -> None:
    """Followers are not told."""
    turn = live_turn()
    for _ in range(2):
        turn.event(UsageReported(Usage(input_tokens=1, output_tokens=2)))
    assert turn.turn.usage == Usage(input_tokens=2, output_tokens=4)
    assert turn.relay.frames == []


def test_a_turn_is_stopped_by_its_id_while_it_runs() -> None:
    """A client that cannot follow it again is gone; one that leaves after the end stops nothing."""
    turns = LiveTurns(FakeClock(), Register(FakeBackground()))
    left, over = kept(turns, 1), kept(turns, 2)
    end(turns, over)
    for each in (left, over):
        turns.stop(each.turn.id, CANCELLED)
    assert (left.stopped_as, over.stopped_as) == (TurnStatus.CANCELLED, None)


def test_the_first_reason_of_a_stop_stays() -> None:
    """A visitor leaves, and then the server stops."""
    turn = kept(LiveTurns(FakeClock(), Register(FakeBackground())))
    turn.stop(TurnStatus.CANCELLED)
    turn.stop(TurnStatus.INTERRUPTED)
    assert turn.stopped_as is TurnStatus.CANCELLED
