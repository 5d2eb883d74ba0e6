"""What is far too large is not looked at to its end: that would take seconds, while all chats wait."""

from collections import UserDict
from collections.abc import Iterator
from typing import Any

import pytest

from orcheo_core.domain.component_items import HiddenItem, Step
from orcheo_core.domain.items import AssistantItem
from orcheo_core.domain.json_values import is_larger
from orcheo_core.domain.run import ContextKept, EffectCaused, RunEvent, TextDelta, WidgetShown
from orcheo_core.domain.thread_events import ItemDone
from orcheo_core.domain.turn import TurnFault, TurnStatus
from orcheo_core.ports.runner import RunTooLong
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
