"""The table of run events says what the code does."""

from datetime import UTC, datetime
from itertools import count
from typing import get_args

import pytest
from attrs import evolve

from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    Ending,
    EndingKind,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    ProgressNoteItem,
    StepItem,
    WidgetItem,
)
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AssistantItem, Item
from orcheo_core.domain.run import CutShort, ImageShown, RunEvent, TakenBack, TextDelta, WidgetChanged, WidgetShown
from orcheo_core.domain.structured_input import StructuredInputItem
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.services.visitors.run_requests import RunRequests
from orcheo_core.turns.draft import TurnDraft
from tests.adapters.runners.test_isolation_messages import EVENTS
from tools.run_events import ROWS, Row

NOW = datetime(2026, 11, 27, tzinfo=UTC)
CARD = {"type": "Card", "children": [{"type": "Text", "value": "Hello"}]}
TYPES: dict[type, str] = {
    AssistantItem: "assistant_message",
    ProgressNoteItem: "workflow",
    StepItem: "task",
    WidgetItem: "widget",
    GeneratedImageItem: "generated_image",
    ClientToolCallItem: "client_tool_call",
    StructuredInputItem: "structured_input",
    EndOfTurnItem: "end_of_turn",
    HiddenItem: "hidden_context",
}


def draft_after(event: RunEvent) -> TurnDraft:
    """The turn that said this and ended."""
    numbers = count()
    thread = Thread(id="thr_1", workflow_id="wf_1", subject=Subject("anon:1"), created_at=NOW, updated_at=NOW)

    def stamp() -> ItemBase:
        return ItemBase(id=f"msg_{next(numbers)}", thread_id="thr_1", turn_id="trn_1", created_at=NOW)

    acted_upon = WidgetItem(id="w", thread_id="thr_1", turn_id="trn_0", created_at=NOW, widget=CARD)
    draft = TurnDraft(thread=thread, stamp=stamp, limits=PartLimits(), acted_upon=acted_upon, earlier=[acted_upon])
    if isinstance(event, TextDelta):
        draft.begin_answer().pieces.append(event.text)
    else:
        draft.apply(event)
    draft.finish(Ending(kind=EndingKind.CUT_OFF) if draft.cut else None)
    return draft


def kept_of(draft: TurnDraft, row: Row) -> list[Item]:
    """What is stored; the mark of a turn that has said nothing to see is of none of its events."""
    items = draft.items(every=True)
    return items if row.kept == "end_of_turn" else [each for each in items if not isinstance(each, EndOfTurnItem)]


def sample(name: str) -> RunEvent:
    """With what can be shown where the other sample cannot."""
    event = next(each for each in EVENTS if type(each).__name__ == name)
    return evolve(event, widget=CARD) if isinstance(event, WidgetShown | WidgetChanged) else event


def test_the_table_has_every_event_once() -> None:
    """In the order of the code, so that a new one is missed."""
    assert sorted(each.event for each in ROWS) == sorted(each.__name__ for each in get_args(RunEvent))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.event)
def test_each_row_says_what_is_kept_and_found(row: Row) -> None:
    """By the turn that is stored, and by the history of the next one."""
    draft = draft_after(sample(row.event))
    items = kept_of(draft, row)
    assert {TYPES[type(each)] for each in items} == ({row.kept} if row.kept else set())
    past = [each for item in items for each in RunRequests._past_messages(object(), item)]  # type: ignore[arg-type]
    assert bool(past) is bool(row.found)
    assert draft.is_retitled is row.note.startswith("with the thread")
    if isinstance(event := sample(row.event), TakenBack):
        assert draft.removals() == [event.id]
    assert (draft.cut is not None) is isinstance(event, CutShort)


@pytest.mark.parametrize("event", [WidgetShown(widget=CARD, id="n"), ImageShown(url="/1.png", id="n")])
def test_what_is_not_whole_is_stored_at_the_end_only(event: WidgetShown | ImageShown) -> None:
    """Megabytes of pictures on the way to one are sent, never written."""
    draft = draft_after(TextDelta("a"))
    for _ in range(3):
        draft.apply(evolve(event, is_whole=False))
        assert [each for each in draft.items(every=True) if isinstance(each, WidgetItem | GeneratedImageItem)] == []
    assert draft.take()
    draft.finish()
    assert len([each for each in draft.items(every=True) if isinstance(each, WidgetItem | GeneratedImageItem)]) == 1
