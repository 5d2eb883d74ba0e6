"""Requests of the ChatKit protocol, decoded."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given

from orcheo_adapters.wire.chatkit_requests import MESSAGE_LENGTH, ChatKitRequest, decode_chatkit, decode_strictly
from orcheo_core.domain.look import OFFER_ID_LENGTH
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


_LONG = "x" * MESSAGE_LENGTH
_TAG = {"type": "input_tag", "id": "a", "text": "a"}
_ANSWER = {"type": "threads.add_structured_input", "params": {"thread_id": "t", "item_id": "i"}}


def _message(part: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {"content": [part], "attachments": [], "inference_options": {}, **more}
    return {"type": "threads.create", "params": {"input": said}}


def _retry(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "threads.retry_after_item", "params": {"thread_id": "t", "item_id": "i", "content": [part]}}


def _answers(value: str) -> dict[str, Any]:
    given = {"status": "answered", "answers": {"q": {"values": ["a", value]}}}
    return {"type": _ANSWER["type"], "params": {**_ANSWER["params"], "input": given}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("request_with", "path"),
    [
        (lambda text: _message({"type": "input_text", "text": text}), "params.input.content[0].text"),
        (lambda text: _message({"type": "input_text", "text": "a"}, quoted_text=text), "params.input.quoted_text"),
        (lambda text: _message(_TAG | {"text": text}), "params.input.content[0].text"),
        (lambda text: _message(_TAG | {"id": text}), "params.input.content[0].id"),
        (lambda text: _message(_TAG | {"group": text}), "params.input.content[0].group"),
        (lambda text: _retry(_TAG | {"text": text}), "params.content[0].text"),
        (_answers, "params.input.answers.q.values[1]"),
    ],
)
def test_every_text_of_a_visitor_is_bounded(request_with: Callable[[str], dict[str, Any]], path: str) -> None:
    """Typed, quoted, of a tag, or answered; the refusal names the place."""
    decode_chatkit(orjson.dumps(request_with(_LONG)))
    with pytest.raises(InvalidInput, match="must be at most 100000 characters") as refused:
        decode_chatkit(orjson.dumps(request_with(_LONG + "x")))
    assert [each.path for each in refused.value.fields] == [path]


@pytest.mark.parametrize(
    ("options_with", "path"),
    [(lambda id_: {"model": id_}, "model"), (lambda id_: {"tool_choice": {"id": id_}}, "tool_choice.id")],
)
def test_ids_of_models_and_tools_are_bounded(options_with: Callable[[str], dict[str, Any]], path: str) -> None:
    """To the length of those that a chat can offer, also where it offers none and passes on what an app wishes."""
    part = {"type": "input_text", "text": "a"}
    decode_chatkit(orjson.dumps(_message(part, inference_options=options_with("x" * OFFER_ID_LENGTH))))
    with pytest.raises(InvalidInput, match="must be at most 128 characters") as refused:
        decode_chatkit(orjson.dumps(_message(part, inference_options=options_with("x" * (OFFER_ID_LENGTH + 1)))))
    assert [each.path for each in refused.value.fields] == [f"params.input.inference_options.{path}"]


def test_a_plain_message_has_no_quotation_where_none_is_given() -> None:
    """An empty one is kept as it is."""
    given = {"content": [{"type": "input_text", "text": "Hi"}], "attachments": [], "inference_options": {}}
    for quoted in ({}, {"quoted_text": None}, {"quoted_text": ""}):
        decoded = decode_chatkit(orjson.dumps({"type": "threads.create", "params": {"input": given | quoted}}))
        assert decoded.params.input.quoted_text == quoted.get("quoted_text")
