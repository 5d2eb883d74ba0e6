"""JSON Schema of the requests and results of operations."""

from collections.abc import Mapping
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from attrs import NOTHING, Attribute, fields, has

from orcheo_core.operations.operation import Parameter, default_of, parameters_of

Schema = dict[str, Any]
_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
}


def request_schema(request: type, *, nulls: bool = False) -> Schema:
    """The arguments of an operation: unknown ones are refused.

    With ``nulls`` those that may be null say so. Assistants are not told: they leave an argument out, and some write
    a value of several types as text.
    """
    hints = get_type_hints(request)
    properties: Schema = {}
    for name, (attribute, shown) in parameters_of(request).items():
        given = _given(hints[name])
        rules = _ruled(_of(given), shown)
        if attribute.default is not NOTHING:  # then an empty list is the same as none
            rules.pop("minItems", None)
        if nulls and given is not hints[name]:
            rules |= {"type": [rules["type"], "null"]} | ({"enum": [*rules["enum"], None]} if "enum" in rules else {})
        properties[name] = rules | {"description": shown.help} | _default(attribute)
    required = [name for name, (attribute, _) in parameters_of(request).items() if attribute.default is NOTHING]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _given(hint: Any) -> Any:
    """Without the None that stands for what is left out."""
    present = [each for each in get_args(hint) if each is not NoneType]
    return present[0] if isinstance(hint, UnionType) and len(present) == 1 else hint


def _ruled(schema: Schema, shown: Parameter) -> Schema:
    """The schema with the rules that the values are checked by; those of a list are for its entries."""
    if schema["type"] == "array":
        return schema | {"items": _ruled(schema["items"], shown), "minItems": 1}
    rules = {
        "enum": list(shown.choices) or None,
        "minimum": shown.minimum,
        "maximum": shown.maximum,
        "maxLength": shown.longest,
        "pattern": shown.pattern,
        "anyOf": [{"format": each} for each in shown.formats] or None,
    }
    return schema | {name: rule for name, rule in rules.items() if rule is not None}


def result_schema(result: type) -> Schema:
    """The answer of an operation: every field is always there."""
    hints = get_type_hints(result)
    names = [attribute.name for attribute in fields(result)]
    return {"type": "object", "properties": {name: _of(hints[name]) for name in names}, "required": names}


def input_schema(cls: type, special: Mapping[Any, Schema]) -> Schema:
    """What a client of a protocol writes: fields with a default may be left out, fields we do not know may come.

    ``special`` has the schema of types whose JSON is not that of their class.
    """
    hints = get_type_hints(cls)
    properties = {each.name: _input_of(hints[each.name], special) for each in fields(cls)}
    required = [each.name for each in fields(cls) if each.default is NOTHING]
    return {"type": "object", "properties": properties, "required": required}


def _input_of(hint: Any, special: Mapping[Any, Schema]) -> Schema:
    if hint in special:
        return special[hint]
    if has(hint):
        return input_schema(hint, special)
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) in (list, tuple):
        return {"type": "array", "items": _input_of(get_args(hint)[0], special)}
    if get_origin(hint) is dict:
        return {"type": "object", "additionalProperties": _input_of(get_args(hint)[1], special)}
    if isinstance(hint, UnionType):
        return {"anyOf": [_input_of(each, special) for each in get_args(hint)]}
    return dict(_SCALARS.get(hint, {}))


def _of(hint: Any) -> Schema:
    if hint is Any:
        return {}
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if has(hint):
        return result_schema(hint)
    if get_origin(hint) is dict:
        return {"type": "object", "additionalProperties": _of(get_args(hint)[1])}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(get_args(hint)[0])}
    if isinstance(hint, UnionType):
        return _any_of([_of(each) for each in get_args(hint)])
    message = f"no JSON Schema for {hint!r}"
    raise TypeError(message)


def _any_of(schemas: list[Schema]) -> Schema:
    """Types alone become one list of types."""
    if all(set(each) == {"type"} for each in schemas):
        return {"type": [each["type"] for each in schemas]}
    return {"anyOf": schemas}


def _default(attribute: "Attribute[Any]") -> Schema:
    default = default_of(attribute)
    if default is NOTHING or default is None:
        return {}
    return {"default": list(default) if isinstance(default, tuple) else default}
