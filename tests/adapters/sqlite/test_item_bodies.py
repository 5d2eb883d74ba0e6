"""Items as rows keep them."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from attrs import frozen

from orcheo_adapters.sqlite.item_bodies import kind_and_body
from orcheo_core.domain.items import AnswerPart, Item, TextInput
from tests import samples


@pytest.mark.parametrize(
    ("item", "body"),
    [
        (
            samples.user_item(content=(TextInput(text='Grüß "Gott"'),)),
            (
                '{"content":[{"text":"Grüß \\"Gott\\""}],"attachments":[],"quoted_text":null,'
                '"inference_options":{"model":null,"tool_id":null}}'
            ),
        ),
        (
            samples.user_item(content=(TextInput(text="a"),), quoted_text="b"),
            (
                '{"content":[{"text":"a"}],"attachments":[],"quoted_text":"b",'
                '"inference_options":{"model":null,"tool_id":null}}'
            ),
        ),
        (samples.assistant_item(content=(AnswerPart(text="a\nb"),)), '{"content":[{"text":"a\\nb","citations":[]}]}'),
        (samples.assistant_item(content=()), '{"content":[]}'),
    ],
)
def test_plain_items_are_written_as_all_others_are(item: Item, body: str) -> None:
    """They do not pass the converter, which the others do."""
    assert kind_and_body(item)[1] == body


@frozen
class Kept:
    """What a workflow may have among its JSON."""

    size: str


def calls_of(function: Callable[[], object]) -> int:
    """How many functions of Python are called by it."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
    return calls


def test_json_of_a_workflow_is_written_as_it_is() -> None:
    """Value by value it takes a second for one answer; only what is no JSON by itself passes the converter."""
    said = {"type": "Card", "sizes": [[1], (2,), None], "kept": Kept("M")}
    written = '{"type":"Card","sizes":[[1],[2],null],"kept":{"size":"M"}}'
    assert kind_and_body(samples.hidden_item(content=said))[1] == f'{{"content":{written}}}'
    many = samples.hidden_item(content=[[] for _ in range(1_000)])
    assert calls_of(lambda: kind_and_body(many)) < 100
