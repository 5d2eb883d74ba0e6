"""Items as rows keep them."""

import pytest

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
