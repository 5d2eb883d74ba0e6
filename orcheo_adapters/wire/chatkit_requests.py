"""ChatKit requests, decoded: the types of shared protocol chapter 1.2 that this server answers.

Unknown extra fields are ignored, as ChatKit's own server does; a field it knows must have its exact type.
"""

from typing import Any, Literal

from attrs import field, frozen
from cattrs import Converter

from orcheo_adapters.wire.strict import StrictDecoder, load_object
from orcheo_core.domain.items import NO_WISHES, InferenceOptions, InputPart, TagInput, TextInput
from orcheo_core.domain.look import OFFER_ID_LENGTH
from orcheo_core.domain.pages import DEFAULT_LIMIT, PageQuery
from orcheo_core.domain.values import value
from orcheo_core.errors import FieldError, InvalidInput

MESSAGE_LENGTH = 100_000
"""Characters of one text of a visitor, whether typed, quoted or a tag's; the chat page holds its composer to it."""


def _check_length(path: str, text: str, longest: int = MESSAGE_LENGTH) -> None:
    """Raise :class:`InvalidInput` for a text that is too long to be a visitor's."""
    if len(text) > longest:
        raise InvalidInput(FieldError(path, f"must be at most {longest} characters"))


@frozen(kw_only=True)
class ToolChoice:
    """``tool_choice``."""

    id: str

    def __attrs_post_init__(self) -> None:
        """Check the length of the id."""
        _check_length("id", self.id, OFFER_ID_LENGTH)


@frozen(kw_only=True)
class WireInferenceOptions:
    """``inference_options``."""

    model: str | None = None
    tool_choice: ToolChoice | None = None

    def __attrs_post_init__(self) -> None:
        """Check the length of the model's id."""
        _check_length("model", self.model or "", OFFER_ID_LENGTH)


_NO_WISHES = WireInferenceOptions()


@value(kw_only=True)
class UserMessageInput:
    """``input`` of a new user message."""

    content: list[InputPart]
    attachments: tuple[str, ...]
    inference_options: WireInferenceOptions
    quoted_text: str | None = None

    def __attrs_post_init__(self) -> None:
        """Check the length of the quoted text."""
        _check_length("quoted_text", self.quoted_text or "")

    @property
    def options(self) -> InferenceOptions:
        """The wishes about inference as the core names them."""
        wished = self.inference_options
        if wished is _NO_WISHES:
            return NO_WISHES
        return InferenceOptions(model=wished.model, tool_id=wished.tool_choice.id if wished.tool_choice else None)


@value(kw_only=True)
class CreateThread:
    """``threads.create``."""

    input: UserMessageInput


@value(kw_only=True)
class AddUserMessage:
    """``threads.add_user_message``."""

    thread_id: str
    input: UserMessageInput


@frozen(kw_only=True)
class AddToolOutput:
    """``threads.add_client_tool_output``; the output is any JSON."""

    thread_id: str
    result: Any


@frozen(kw_only=True)
class WireAnswer:
    """The answer to one question."""

    values: tuple[str, ...] = ()
    skipped: bool = False

    def __attrs_post_init__(self) -> None:
        """Check the length of each value."""
        for at, each in enumerate(self.values):
            _check_length(f"values[{at}]", each)


@frozen(kw_only=True)
class StructuredInput:
    """``input`` of structured input."""

    status: Literal["answered", "skipped"]
    answers: dict[str, WireAnswer] = field(factory=dict)


@frozen(kw_only=True)
class AddStructuredInput:
    """``threads.add_structured_input``."""

    thread_id: str
    item_id: str
    input: StructuredInput


@frozen(kw_only=True)
class WireAction:
    """``action``: its payload is any JSON."""

    type: str
    payload: Any = None


@frozen(kw_only=True)
class CustomAction:
    """``threads.custom_action``."""

    thread_id: str
    action: WireAction
    item_id: str | None = None


@frozen(kw_only=True)
class SyncCustomAction(CustomAction):
    """``threads.sync_custom_action``."""


@frozen(kw_only=True)
class RetryAfterItem:
    """``threads.retry_after_item``; with ``content``, which ChatKit does not have, the message is changed first."""

    thread_id: str
    item_id: str
    content: list[InputPart] | None = None


@frozen(kw_only=True)
class GetThread:
    """``threads.get_by_id``."""

    thread_id: str


@frozen(kw_only=True)
class UpdateThread:
    """``threads.update``."""

    thread_id: str
    title: str


@frozen(kw_only=True)
class DeleteThread:
    """``threads.delete``."""

    thread_id: str


@frozen(kw_only=True)
class GiveFeedback:
    """``items.feedback``."""

    thread_id: str
    item_ids: tuple[str, ...]
    kind: Literal["positive", "negative"]


@frozen(kw_only=True)
class CreateAttachment:
    """``attachments.create``; ``size`` in bytes."""

    name: str
    size: int
    mime_type: str


@frozen(kw_only=True)
class DeleteAttachment:
    """``attachments.delete``."""

    attachment_id: str


@frozen(kw_only=True)
class Transcribe:
    """``input.transcribe``."""

    audio_base64: str
    mime_type: str


@frozen(kw_only=True)
class CancelTurn:
    """``threads.cancel``: ours, not ChatKit's."""

    thread_id: str


@frozen(kw_only=True)
class ListThreads:
    """``threads.list``; newest first unless asked otherwise."""

    limit: int | None = None
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None


@frozen(kw_only=True)
class ListItems:
    """``items.list``; newest first unless asked otherwise."""

    thread_id: str
    limit: int | None = None
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None


@frozen(kw_only=True)
class RequestMetadata:
    """``metadata``, of which only our own field is read here; all of it is for the workflow."""

    client_id: str | None = field(default=None)


CHATKIT_TYPES: dict[str, type[Any]] = {
    "threads.create": CreateThread,
    "threads.add_user_message": AddUserMessage,
    "threads.add_client_tool_output": AddToolOutput,
    "threads.add_structured_input": AddStructuredInput,
    "threads.retry_after_item": RetryAfterItem,
    "threads.custom_action": CustomAction,
    "threads.sync_custom_action": SyncCustomAction,
    "threads.get_by_id": GetThread,
    "threads.list": ListThreads,
    "threads.update": UpdateThread,
    "threads.delete": DeleteThread,
    "threads.cancel": CancelTurn,
    "items.list": ListItems,
    "items.feedback": GiveFeedback,
    "attachments.create": CreateAttachment,
    "attachments.delete": DeleteAttachment,
    "input.transcribe": Transcribe,
}
"""The request types, by what ``type`` says."""


@value(kw_only=True)
class ChatKitRequest:
    """One decoded request; ``client_id`` is an idempotency key in the metadata."""

    params: Any
    """A value of one of the classes in :data:`CHATKIT_TYPES`."""
    client_id: str | None
    workflow_ref: str | None
    """Id or handle of the workflow that the client means, if it says so."""
    metadata: dict[str, Any] = field(factory=dict)
    """What the page sends along for the workflow."""


def decode_chatkit(body: bytes) -> ChatKitRequest:
    """Decode a request body; raises :class:`MalformedRequest` and :class:`InvalidInput`."""
    document = load_object(body)
    return _plain_message(document) or decode_strictly(document)


def _plain_message(document: dict[str, Any]) -> ChatKitRequest | None:
    """A message of plain text and nothing else, as most requests are; None for all others, wrong ones too.

    It is what :func:`decode_strictly` makes of it, in a tenth of the time.
    """
    try:
        kind, params, workflow_ref = document["type"], document["params"], document.get("workflow_id")
        given = params["input"]
        (part,) = given["content"]
        text = part["text"]
        is_plain = (
            type(text) is str
            and len(text) <= MESSAGE_LENGTH
            and part["type"] == "input_text"
            and given["attachments"] == []
            and given["inference_options"] == {}
            and given.get("quoted_text") is None
            and "metadata" not in document
            and (workflow_ref is None or type(workflow_ref) is str)
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if not is_plain:
        return None
    said = UserMessageInput(content=[TextInput(text=text)], attachments=(), inference_options=_NO_WISHES)
    if kind == "threads.create":
        return ChatKitRequest(params=CreateThread(input=said), client_id=None, workflow_ref=workflow_ref)
    if kind == "threads.add_user_message" and type(thread_id := params.get("thread_id")) is str:
        message = AddUserMessage(thread_id=thread_id, input=said)
        return ChatKitRequest(params=message, client_id=None, workflow_ref=workflow_ref)
    return None


def decode_strictly(document: dict[str, Any]) -> ChatKitRequest:
    """Decode any request; raises :class:`InvalidInput` with the path of each wrong field."""
    cls = CHATKIT_TYPES.get(kind) if isinstance(kind := document.get("type"), str) else None
    if cls is None:
        raise InvalidInput(FieldError("type", f"must be one of {', '.join(CHATKIT_TYPES)}"))
    params = _DECODER.decode(document.get("params", {}), cls, path="params")
    given = document.get("metadata", {})
    metadata = _DECODER.decode(given, RequestMetadata, path="metadata")
    workflow_ref = document.get("workflow_id")
    if not isinstance(workflow_ref, str | None):
        raise InvalidInput(FieldError("workflow_id", "must be a string"))
    return ChatKitRequest(params=params, client_id=metadata.client_id, workflow_ref=workflow_ref, metadata=given)


def page_query(params: ListThreads | ListItems) -> PageQuery:
    """The page that a list request asks for, the first one for an empty cursor.

    Raises :class:`InvalidInput` for a limit outside 1 to 100.
    """
    limit = DEFAULT_LIMIT if params.limit is None else params.limit
    return PageQuery(limit=limit, after=params.after or None, newest_first=params.order == "desc")


def _input_part(value: object, converter: Converter) -> InputPart:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "input_text":
        return _checked(converter.structure(value, TextInput))
    if kind == "input_tag":
        return _checked(converter.structure(value, TagInput))
    raise InvalidInput(FieldError("type", "must be input_text or input_tag"))


def _checked(part: InputPart) -> InputPart:
    _check_length("text", part.text)
    if isinstance(part, TagInput):
        _check_length("id", part.id)
        _check_length("group", part.group or "")
    return part


def _json_object(value: object, _converter: Converter) -> dict[str, Any]:
    if not isinstance(value, dict):
        message = "must be an object"
        raise TypeError(message)
    return value


_DECODER = StrictDecoder(forbid_extra_keys=False)
_DECODER.register(InputPart, _input_part)
_DECODER.register(dict[str, Any], _json_object)
