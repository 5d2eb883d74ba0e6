"""What is far too large is not looked at to its end: that would take seconds, while all chats wait."""

from collections import UserDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orcheo_core.domain.component_items import GeneratedImageItem, HiddenItem, Step, WidgetItem
from orcheo_core.domain.items import AssistantItem
from orcheo_core.domain.json_values import is_larger
from orcheo_core.domain.run import ContextKept, EffectCaused, ImageShown, RunEvent, TextDelta, WidgetShown
from orcheo_core.domain.thread_events import ItemDone
from orcheo_core.domain.turn import TurnFault, TurnStatus
from orcheo_core.ports.runner import RunTooLong
from orcheo_core.turns.live import PIECE_CHARACTERS, PIECES_IN_A_ROW, Pace
from orcheo_core.turns.room_to_say import MOST_SHOWN
from tests.core.harness import CoreHarness
from tests.core.test_run_thread import Written


class _Endless(list[Any]):
    """A list that says that it is long, and must not be looked at."""

    def __len__(self) -> int:
        return 20_000_000

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "most", "expected"),
    [
        ("x" * 100, 100, False),
        ("x" * 101, 100, True),
        ([1] * 9, 100, False),
        ([1] * 10, 100, True),
        ({"a": 1, "b": [None]}, 60, False),
        ({"a": 1, "b": [None]}, 59, True),
        (Step(title="x" * 100), 100, True),
        (_Endless(), 1_000, True),
        ([[_Endless()]], 1_000, True),
        (UserDict(), 10, False),
    ],
)
def test_size_is_told_without_a_whole_look(value: object, most: int, expected: bool) -> None:
    """Each value and name counts for ten characters at least, here."""
    assert is_larger(value, most) is expected


@pytest.mark.parametrize("said", [ContextKept(_Endless()), EffectCaused(name="x", data={"x": "y" * 1_000_001})])
async def test_one_event_has_as_much_as_a_run_may_say_at_most(harness: CoreHarness, said: RunEvent) -> None:
    """The turn ends as too long; what came before stays."""
    turn = await harness.answered(await harness.visit(), [TextDelta("So far"), said])
    ended = await harness.latest(turn.thread_id)
    fault = TurnFault("too_long", f"{type(said).__name__} has more than 1,000,000 characters.")
    assert (ended.status, ended.fault) == (TurnStatus.FAILED, fault)
    assert any(isinstance(each, AssistantItem) for each in await harness.items(turn.thread_id))


async def test_a_widget_that_is_far_too_large_is_left_out(harness: CoreHarness) -> None:
    """As any other that is too large."""
    widget = {"type": "Card", "children": _Endless()}
    turn = await harness.answered(await harness.visit(), [TextDelta("So far"), WidgetShown(widget=widget)])
    reason = "A widget was left out: it has more than 262,144 bytes of 65,536 that are allowed (ORCHEO_WIDGET_BYTES)."
    ended = await harness.latest(turn.thread_id)
    assert (ended.status, ended.fault) == (TurnStatus.COMPLETED, TurnFault("widget_invalid", reason))


def test_items_by_id_are_bounded_in_size_and_in_number() -> None:
    """Each answer counts, however short; none is looked for among all that were said."""
    written = Written()
    with pytest.raises(RunTooLong, match="more than 2,000,000 characters"):
        written.tell(ItemDone(written.new(HiddenItem, content=_Endless())))
    written = Written(ids=10_001)
    for _ in range(10_000):
        written.tell(ItemDone(written.new(AssistantItem)))
    with pytest.raises(RunTooLong, match="besides text"):
        written.tell(ItemDone(written.new(AssistantItem)))


_TOO_LARGE = {"type": "Card", "children": [{"type": "Text", "value": "x" * 200_000}]}
_NO_WIDGET = {"type": "Card", "children": [{"type": "Text"}]}
_REFUSED = [
    (WidgetShown(widget=_TOO_LARGE), "20,000,000 characters of widgets"),
    (WidgetShown(widget=_NO_WIDGET), f"{MOST_SHOWN:,} widgets and images"),
    (ImageShown(url="https://example.org/" + "x" * 1_000_000), "20,000,000 characters of widgets"),
    (ImageShown(url="javascript:1"), f"{MOST_SHOWN:,} widgets and images"),
]


@pytest.mark.parametrize(("event", "reason"), _REFUSED)
async def test_what_cannot_be_shown_counts_as_if_it_had_been(
    harness: CoreHarness, event: RunEvent, reason: str
) -> None:
    """A run that is refused without end ends; each part is looked at while all chats wait."""
    turn = await harness.answered(await harness.visit(), [event] * (MOST_SHOWN + 1))
    ended = await harness.latest(turn.thread_id)
    assert ended.fault is not None
    assert ended.fault.code == "too_long"
    assert reason in ended.fault.reason


@pytest.mark.parametrize(
    "make",
    [
        lambda written: ItemDone(written.new(WidgetItem, widget=_TOO_LARGE)),
        lambda written: ItemDone(written.new(GeneratedImageItem, url="https://example.org/" + "x" * 1_000_000)),
    ],
)
def test_items_that_cannot_be_shown_count_as_well(make: Callable[[Written], ItemDone]) -> None:
    """By their ids too."""
    written = Written(ids=1_000)

    def say_them() -> None:
        for _ in range(1_000):
            written.tell(make(written))

    with pytest.raises(RunTooLong, match="20,000,000 characters of widgets"):
        say_them()


@pytest.mark.parametrize(
    "event",
    [
        WidgetShown(widget=_TOO_LARGE),
        WidgetShown(widget={"type": "Card", "children": [{"type": "Spacer"}] * 2_000}, id="w", is_whole=False),
        EffectCaused(name="x", data={"x": [1] * 10_000}),
        ContextKept([1] * 10_000),
    ],
)
async def test_after_something_large_others_have_their_turn(harness: CoreHarness, event: RunEvent) -> None:
    """Sooner than after something small: a run that never pauses would keep all chats waiting."""
    await harness.ask(await harness.visit(), [])
    (live,) = harness.core.live_turns
    said = 0
    while live.event(event):
        said += 1
    assert said < PIECES_IN_A_ROW // 4
    await live.room()
    assert live.text("small")
    harness.background.drop_all()


async def test_others_have_their_turn_beside_an_action_too() -> None:
    """And beside a probe; by how much was said."""
    pauses: list[bool] = []

    async def pause() -> None:
        pauses.append(True)

    pace = Pace(pause)
    assert [pace.took(0) for _ in range(PIECES_IN_A_ROW)] == [True] * (PIECES_IN_A_ROW - 1) + [False]
    await pace.room()
    assert pace.took(PIECE_CHARACTERS * (PIECES_IN_A_ROW - 2))
    assert not pace.took(0)
    assert pauses == [True]
