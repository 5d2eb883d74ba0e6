"""Items as a kind and a JSON body: everything about them that no query asks for."""

from datetime import datetime
from typing import Any

import orjson
from attrs import fields
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    ProgressNoteItem,
    StepItem,
    WidgetItem,
)
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import NO_WISHES, AssistantItem, InputPart, Item, TagInput, TextInput, UserItem
from orcheo_core.domain.structured_input import StructuredInputItem

HIDDEN = "hidden"
_CLASSES: dict[str, type[Item]] = {
    "user": UserItem,
    "assistant": AssistantItem,
    "client_tool_call": ClientToolCallItem,
    "structured_input": StructuredInputItem,
    "widget": WidgetItem,
    "generated_image": GeneratedImageItem,
    "progress_note": ProgressNoteItem,
    "step": StepItem,
    "end_of_turn": EndOfTurnItem,
    HIDDEN: HiddenItem,
}
_KINDS = {cls: kind for kind, cls in _CLASSES.items()}
_COLUMNS: dict[str, Any] = {each.name: override(omit=True) for each in fields(ItemBase)}
_JSON = (Any, dict[str, Any])


def _make_converter() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, _moment)
    converter.register_structure_hook(InputPart, _input_part)
    for cls in _CLASSES.values():
        json: dict[str, Any] = {
            each.name: override(unstruct_hook=_as_it_is) for each in fields(cls) if each.type in _JSON
        }
        converter.register_unstructure_hook(cls, make_dict_unstructure_fn(cls, converter, **_COLUMNS, **json))
    return converter


def _as_it_is(value: Any) -> Any:
    """JSON that a workflow has said: value by value it takes a second for one answer, while all chats wait."""
    return value


def _moment(value: Any, _cls: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _input_part(value: Any, _cls: object) -> TextInput | TagInput:
    return _CONVERTER.structure(value, TagInput) if "id" in value else _CONVERTER.structure(value, TextInput)


_CONVERTER = _make_converter()


def kind_and_body(item: Item) -> tuple[str, str]:
    """The columns ``kind`` and ``body``; plain messages and answers, which every turn has, without the converter."""
    if type(item) is AssistantItem and len(item.content) == 1 and not item.content[0].citations:
        return "assistant", _PLAIN_ANSWER % orjson.dumps(item.content[0].text).decode()
    if type(item) is UserItem and _is_plain(item):
        return "user", _PLAIN_MESSAGE % orjson.dumps(item.content[0].text).decode()
    return _KINDS[type(item)], orjson.dumps(_CONVERTER.unstructure(item), default=_CONVERTER.unstructure).decode()


def _is_plain(item: UserItem) -> bool:
    return (
        len(item.content) == 1
        and type(item.content[0]) is TextInput
        and not item.attachments
        and item.quoted_text is None
        and item.inference_options is NO_WISHES
    )


_PLAIN_ANSWER = '{"content":[{"text":%s,"citations":[]}]}'
_PLAIN_MESSAGE = (
    '{"content":[{"text":%s}],"attachments":[],"quoted_text":null,"inference_options":{"model":null,"tool_id":null}}'
)
"""What the converter makes of these, but for the text."""


def kind_of(cls: type[Item]) -> str:
    """The kind of the items of a class."""
    return _KINDS[cls]


def class_of(kind: str) -> type[Item]:
    """The class of the items of a kind."""
    return _CLASSES[kind]


def item_of(kind: str, body: str, base: dict[str, Any]) -> Item:
    """The item of a kind and a body; ``base`` are the fields of :class:`ItemBase`."""
    item: Item = _CONVERTER.structure(orjson.loads(body) | base, _CLASSES[kind])
    return item
