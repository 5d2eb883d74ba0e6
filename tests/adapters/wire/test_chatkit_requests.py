"""Requests of the ChatKit protocol, decoded."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import orjson
from hypothesis import given

from orcheo_adapters.wire.chatkit_requests import MESSAGE_LENGTH, ChatKitRequest, decode_chatkit, decode_strictly
from orcheo_core.errors import InvalidInput

ODD: st.SearchStrategy[Any] = st.sampled_from([None, "", "x", 1, True, [], {}, ["x"], {"id": "x"}, "ö" * 9])
TEXT = st.sampled_from(["Hello", "", " ", "x" * (MESSAGE_LENGTH + 1)])
PART = st.fixed_dictionaries({"type": st.sampled_from(["input_text", "input_tag"]), "text": TEXT | ODD})
INPUT = st.fixed_dictionaries(
    {
        "content": st.just([{"type": "input_text", "text": "Hello"}]) | st.lists(PART, max_size=2) | ODD,
        "attachments": st.just([]) | ODD,
        "inference_options": st.just({}) | st.just({"model": "m"}) | ODD,
    },
    optional={"quoted_text": ODD, "more": ODD},
)
REQUEST = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["threads.create", "threads.add_user_message", "threads.list"]),
        "params": st.fixed_dictionaries({"input": INPUT}, optional={"thread_id": ODD, "more": ODD}) | ODD,
    },
    optional={"metadata": st.just({"client_id": "c1"}) | ODD, "workflow_id": ODD, "more": ODD},
)


def outcome(decode: Callable[[], ChatKitRequest]) -> object:
    """The request, or what is wrong with it."""
    try:
        return decode()
    except InvalidInput as error:
        return error.fields


@given(REQUEST)
def test_plain_messages_are_decoded_as_all_others_are(document: dict[str, Any]) -> None:
    """The quick way gives what the strict one gives, and leaves to it what is wrong."""
    assert outcome(lambda: decode_chatkit(orjson.dumps(document))) == outcome(lambda: decode_strictly(document))


def test_a_plain_message_has_no_quotation_where_none_is_given() -> None:
    """An empty one is kept as it is."""
    given = {"content": [{"type": "input_text", "text": "Hi"}], "attachments": [], "inference_options": {}}
    for quoted in ({}, {"quoted_text": None}, {"quoted_text": ""}):
        decoded = decode_chatkit(orjson.dumps({"type": "threads.create", "params": {"input": given | quoted}}))
        assert decoded.params.input.quoted_text == quoted.get("quoted_text")
