"""JSON Schema of what visitors' pages and apps send, for the OpenAPI document."""

from typing import Any

from orcheo_adapters.wire.chatkit_requests import (
    CHATKIT_TYPES,
    MESSAGE_LENGTH,
    ToolChoice,
    UserMessageInput,
    WireAnswer,
    WireInferenceOptions,
)
from orcheo_adapters.wire.json_schema import Schema, input_schema
from orcheo_adapters.wire.session_api import CreateSession, StateVariables
from orcheo_adapters.wire.session_requests import SessionRequest
from orcheo_core.domain.app_user import USER_LENGTH
from orcheo_core.domain.items import InputPart
from orcheo_core.domain.look import OFFER_ID_LENGTH
from orcheo_core.domain.pages import PAGE_LIMIT

_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_BOUNDED: Schema = {"type": "string", "maxLength": MESSAGE_LENGTH}
_BOUNDED_OR_NULL: Schema = _BOUNDED | _TEXT_OR_NULL
_OFFER_ID: Schema = {"type": "string", "maxLength": OFFER_ID_LENGTH}


def _part(kind: str, **properties: Schema) -> Schema:
    required = ["type", *(name for name in properties if name in {"id", "text"})]
    return {"type": "object", "properties": {"type": {"const": kind}, **properties}, "required": required}


_SPECIAL: dict[Any, Schema] = {
    InputPart: {
        "oneOf": [
            _part("input_text", text=_BOUNDED),
            _part(
                "input_tag",
                id=_BOUNDED,
                text=_BOUNDED,
                data={"type": "object"},
                group=_BOUNDED_OR_NULL,
                interactive={"type": "boolean"},
            ),
        ]
    },
    str | None: _TEXT_OR_NULL,
}


def _with(cls: type, **properties: Schema) -> Schema:
    """What a client writes for ``cls``, with rules that its types do not say."""
    schema = input_schema(cls, _SPECIAL)
    return schema | {"properties": schema["properties"] | properties}


_SPECIAL[ToolChoice | None] = {"anyOf": [_with(ToolChoice, id=_OFFER_ID), {"type": "null"}]}
_SPECIAL[WireInferenceOptions] = _with(WireInferenceOptions, model=_OFFER_ID | _TEXT_OR_NULL)
_CHATKIT: dict[Any, Schema] = {
    int | None: {"type": ["integer", "null"], "minimum": 1, "maximum": PAGE_LIMIT},
    UserMessageInput: _with(UserMessageInput, quoted_text=_BOUNDED_OR_NULL),
    WireAnswer: _with(WireAnswer, values={"type": "array", "items": _BOUNDED}),
    **_SPECIAL,
}
"""Its only whole numbers are the limits of pages."""


def chatkit_body() -> Schema:
    """Of ``POST /api/chatkit``: one form for each type of request."""
    return {
        "type": "object",
        "required": ["type"],
        "oneOf": [_chatkit_request(kind, cls) for kind, cls in CHATKIT_TYPES.items()],
    }


def _chatkit_request(kind: str, cls: type) -> Schema:
    params = input_schema(cls, _CHATKIT)
    required = ["type", "params"] if params["required"] else ["type"]
    return {
        "type": "object",
        "properties": {
            "type": {"const": kind},
            "params": params,
            "metadata": {"type": "object"},
            "workflow_id": _TEXT_OR_NULL,
        },
        "required": required,
    }


def session_body() -> Schema:
    """Of ``POST /api/chat/{ref}/session``."""
    known = input_schema(SessionRequest, {dict[str, Any] | None: {"type": ["object", "null"]}, **_SPECIAL})
    user = {"type": ["string", "null"], "maxLength": USER_LENGTH}
    return known | {"properties": known["properties"] | {"user": user}, "additionalProperties": False}


def create_session_body() -> Schema:
    """Of ``POST /v1/chatkit/sessions``, OpenAI's session API."""
    values: Schema = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
    known = input_schema(CreateSession, {StateVariables: values, **_SPECIAL})
    user = {"type": "string", "minLength": 1, "maxLength": USER_LENGTH}
    return known | {"properties": known["properties"] | {"user": user}, "additionalProperties": False}
