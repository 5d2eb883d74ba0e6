"""Which widgets can be shown, and what becomes of the others."""

import json
from typing import Any

import pytest
from chatkit.widgets import WidgetRoot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from orcheo_adapters.wire.chatkit_items import AttachmentLinks, item_json
from orcheo_core.domain.component_items import EndOfTurnItem, Notice, WidgetItem
from orcheo_core.domain.items import AssistantItem
from orcheo_core.domain.run import ImageShown, RunEvent, TextDelta, WidgetChanged, WidgetShown
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.domain.widgets import PartLimits, widget_fault
from orcheo_core.services.visitors.acting import ActionInput
from tests import samples
from tests.core.harness import CoreHarness, build_hall

OFFICIAL: TypeAdapter[Any] = TypeAdapter(WidgetRoot)
TEXT = {"type": "Text", "value": "x"}
CARD = {"type": "Card", "children": [TEXT]}
BAD = {"type": "Card", "children": [{"type": "Text"}]}


def deep(levels: int) -> dict[str, Any]:
    widget: dict[str, Any] = {"type": "Box", "children": []}
    for _ in range(levels):
        widget = {"type": "Box", "children": [widget]}
    return {"type": "Card", "children": [widget]}


@pytest.mark.parametrize(
    "widget",
    [
        {"type": "Basic"},
        {"type": "Basic", "children": TEXT},
        CARD,
        {"type": "Card", "children": [], "anything": {"else": 1}},
        {"type": "ListView", "children": [{"type": "ListViewItem", "children": [TEXT]}]},
        {"type": "Card", "children": [{"type": "Chart", "data": [], "series": [], "xAxis": "a"}]},
        {"type": "Card", "children": [{"type": "Transition", "children": None}]},
        deep(20),
    ],
)
def test_what_chatkit_shows_is_taken(widget: dict[str, Any]) -> None:
    """OpenAI's own types take it as well."""
    assert PartLimits().widget_fault(widget) is None
    OFFICIAL.validate_python(widget)


@pytest.mark.parametrize(
    ("widget", "fault"),
    [
        ({"foo": 1}, "type: the root must be one of Card, ListView, Basic"),
        ("Card", "type: the root must be one of Card, ListView, Basic"),
        ({"type": "Text", "value": "x"}, "type: the root must be one of Card, ListView, Basic"),
        (BAD, "children[0].value: must be text in a Text"),
        ({"type": "Card", "children": ["x"]}, "children[0]: must be a component, an object with a type"),
        ({"type": "Card", "children": [CARD, {}]}, "children[1].type: None is not a component of ChatKit"),
        ({"type": "Card", "children": [{"type": ["Text"]}]}, "['Text'] is not a component of ChatKit"),
        ({"type": "ListView"}, "children: must be a list in a ListView"),
        ({"type": "Basic", "children": {"type": "Row", "children": [{"type": "Weird"}]}},
         "children.children[0].type: 'Weird' is not a component of ChatKit"),
        ({"type": "Card", "children": [{**TEXT, "key": {1, 2}}]}, "it is not JSON: "),
        ({"type": "Card", "children": [{**TEXT, "flex": float("nan")}]}, "it is not JSON: "),
        ({"type": "Card", "children": [{"type": "Text", "value": "ü" * 40_000}]}, "it has 80,"),
        (deep(40), "must not be more than 32 components deep"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_path(widget: object, fault: str) -> None:
    """So that its author finds it."""
    assert fault in (PartLimits().widget_fault(widget) or "")


scalars = st.none() | st.integers() | st.text(max_size=3)
trees = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["Text", "Box", "Card", "Weird", "Basic"])}, optional={"value": scalars}
    ),
    lambda below: st.fixed_dictionaries(
        {"type": st.sampled_from(["Card", "ListView", "Basic", "Box", "ListViewItem"])},
        optional={"children": st.lists(below, max_size=3) | below | scalars},
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(trees)
def test_what_is_taken_never_poisons_a_thread(widget: dict[str, Any]) -> None:
    """Whatever passes the check is valid by OpenAI's types."""
    if widget_fault(widget) is None:
        try:
            OFFICIAL.validate_python(widget)
        except ValidationError as error:  # pragma: no cover - the finding
            pytest.fail(f"{widget}: {error}")


@pytest.mark.parametrize("url", ["https://a.example.org/i.png", "data:image/png;base64,AA", "/files/1.png"])
def test_images_by_these_urls_are_taken(url: str) -> None:
    """From the web, in place, or from the chat's own origin."""
    assert PartLimits().image_fault(url) is None


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "data:text/html,x", "https://a.org/" + "x" * 1_000_000])
def test_other_images_are_not(url: object) -> None:
    """Nothing that is no image, and nothing without bounds."""
    assert PartLimits().image_fault(url)


@pytest.mark.parametrize(
    ("event", "code", "reason"),
    [
        (
            WidgetShown(widget=BAD),
            "widget_invalid",
            "A widget was left out: children[0].value: must be text in a Text.",
        ),
        (ImageShown(url="javascript:1"), "image_invalid", "An image was left out: the URL must begin with"),
    ],
)
async def test_a_part_that_cannot_be_shown_is_left_out(
    harness: CoreHarness, event: RunEvent, code: str, reason: str
) -> None:
    """The visitor gets a notice and the rest of the answer, the owner the path of what is wrong."""
    turn = await harness.answered(await harness.visit(), [TextDelta("Look: "), event, TextDelta("nice?")])
    latest = await harness.latest(turn.thread_id)
    assert latest.status is TurnStatus.COMPLETED
    assert latest.fault is not None
    assert latest.fault.code == code
    assert latest.fault.reason.startswith(reason)
    notice = Notice(level="warning", message="A part of this answer cannot be shown.")
    assert notice in await harness.told(turn)
    _, answer, kept = await harness.items(turn.thread_id)
    assert isinstance(answer, AssistantItem)
    assert isinstance(kept, EndOfTurnItem)
    assert kept.notice == notice


async def test_the_operator_sets_how_large_a_widget_and_an_image_may_be() -> None:
    """In a turn and of an action at once; the owner reads which setting it is."""
    harness = build_hall(part_limits=PartLimits(widget_bytes=len(json.dumps(CARD)), image_bytes=40))
    visit = await harness.visit()
    larger = {"type": "Card", "children": [{"type": "Text", "value": "xy"}]}
    turn = await harness.answered(visit, [WidgetShown(widget=CARD), WidgetShown(widget=larger)])
    items = await harness.items(turn.thread_id)
    assert [each.widget for each in items if isinstance(each, WidgetItem)] == [CARD]
    fault = (await harness.latest(turn.thread_id)).fault
    assert fault is not None
    assert "allowed (ORCHEO_WIDGET_BYTES)" in fault.reason
    harness.runners.script = ([WidgetChanged(widget=larger)],)
    asked = ActionInput(type="go", item_id=items[1].id)
    assert await harness.core.acting.act_now(visit, turn.thread_id, asked) is None
    assert "allowed (ORCHEO_WIDGET_BYTES)" in harness.telemetry.left_outs[0]
    picture = await harness.answered(visit, [ImageShown(url="data:image/png;base64," + "A" * 19)])
    fault = (await harness.latest(picture.thread_id)).fault
    assert fault is not None
    assert "41 bytes of 40 that are allowed (ORCHEO_IMAGE_BYTES)" in fault.reason


@pytest.mark.parametrize("size", [70_000, 2_000_000])
def test_a_stored_widget_stays_when_the_setting_is_lowered(size: int) -> None:
    """What was taken once is shown whole ever after."""
    large = {"type": "Card", "children": [{"type": "Text", "value": "x" * size}]}
    item = WidgetItem(id="msg_1", thread_id="thr_1", turn_id="trn_1", created_at=samples.moment(1), widget=large)
    assert item_json(item, AttachmentLinks(preview=str))["widget"] == large


async def test_a_bad_change_leaves_the_widget_as_it_was(harness: CoreHarness) -> None:
    """In a turn and at once; the log of the latter names the path."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [WidgetShown(widget=CARD)])
    widget = (await harness.items(turn.thread_id))[-1]
    harness.runners.script = ([WidgetChanged(widget=BAD)],)
    asked = ActionInput(type="go", item_id=widget.id)
    assert await harness.core.acting.act_now(visit, turn.thread_id, asked) is None
    assert harness.telemetry.left_outs == ["a widget that cannot be shown: children[0].value: must be text in a Text"]
    await harness.core.chatting.act(visit, turn.thread_id, asked)
    await harness.background.run_all()
    stored = await harness.store.begin().items.find(turn.thread_id, widget.id)
    assert isinstance(stored, WidgetItem)
    assert stored.widget == CARD


def test_a_bad_widget_that_was_stored_before_does_not_poison_its_thread() -> None:
    """The page gets a placeholder that OpenAI's types take."""
    item = WidgetItem(
        id="msg_1", thread_id="thr_1", turn_id="trn_1", created_at=samples.moment(1), widget={"foo": 1}, copy_text="f"
    )
    encoded = item_json(item, AttachmentLinks(preview=str))
    OFFICIAL.validate_python(encoded["widget"])
    assert encoded["copy_text"] == "f"
