"""JSON as services write it: a lone half of a character, or a byte order mark, does not make it worthless."""

import codecs
import json
from typing import Any, NoReturn

import orjson

from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.json_values import has_more_values

MOST_VALUES = 200_000
"""In one document of a service: all chats wait while it is read."""


def loads(data: bytes) -> Any:
    """The value; raises :class:`ValueError` for anything but JSON, and for too many values."""
    if has_more_values(data, MOST_VALUES):
        message = f"it has more than {MOST_VALUES:,} values"
        raise ValueError(message)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if b"\\u" not in data:
            raise
        first = error
    try:
        orjson.loads(data.replace(b"\\\\", b"").replace(b"\\u", b""))  # refuses what is too deep for the stack
        return json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise first from None


def without_halves(value: Any) -> Any:
    """``value`` with U+FFFD for each lone half of a character, so that it can be stored and sent."""
    try:
        orjson.dumps(value)
    except TypeError:
        return json.loads(encodable(json.dumps(value, ensure_ascii=False)))
    return value


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is not JSON"
    raise ValueError(message)
