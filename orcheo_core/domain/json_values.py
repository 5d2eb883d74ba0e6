"""JSON values of strangers and of workflows: what can be stored, sent and read again."""

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from attrs import fields, has

JSON_DEPTH = 100
"""Levels of lists and objects. Encoders give up at some 250, and a value stands a few levels deep in its document."""
_INTEGERS = range(-(2**63), 2**64)
"""Whole numbers that JSON encoders take: those of 64 bits."""
_SLICE = 64 * 1024
"""Bytes of a document that are looked at together."""
_SCALARS = frozenset({str, int, float, bool, type(None)})
_CONTAINERS = (list, dict, tuple, Mapping)
"""The abstract one comes last: it takes ten times as long to ask."""
_TEXTS = (str, bytes, bytearray)
_COLLECTIONS = (list, tuple, dict, set, frozenset)
"""What errors hold too, though not all of it is JSON: each is as large as it is long."""


def is_flat(value: object, levels: int = JSON_DEPTH) -> bool:
    """Whether no list or object is nested deeper than ``levels``."""
    layer: list[object] = [value]
    for _ in range(levels + 1):
        containers = [each for each in layer if type(each) not in _SCALARS and isinstance(each, _CONTAINERS)]
        if not containers:
            return True
        layer = []
        for each in containers:
            layer += each.values() if isinstance(each, Mapping) else each
    return False


def json_fault(value: object, levels: int = JSON_DEPTH) -> str | None:
    """Why a value cannot be written as JSON, None if it can; domain classes count as objects of their fields."""
    if isinstance(value, float):
        return None if isfinite(value) else f"{value} is no number in JSON"
    if isinstance(value, int):
        return None if value in _INTEGERS else "a whole number has more than 64 bits"
    if isinstance(value, str):
        return _fault_of_text(value)
    if value is None:
        return None
    return _fault_inside(value, levels)


def has_more_values(document: bytes, most: int) -> bool:
    """Whether a JSON document may have more values than ``most``, without parsing it: that takes its time and memory.

    Each value but the first stands behind a comma or an opening bracket; those in texts do not count.
    """
    if value_marks(document) <= most:
        return False
    plain = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    count = outside = 0
    for start in range(0, len(plain), _SLICE):
        parts = plain[start : start + _SLICE].split(b'"')
        count += value_marks(b"".join(parts[outside::2]))  # every other part is of a text
        if count > most:
            return True
        outside ^= 1 - len(parts) % 2
    return False


def value_marks(document: bytes) -> int:
    """How many commas and opening brackets there are, in texts too: more than values, but for the first."""
    return document.count(b",") + document.count(b"[") + document.count(b"{")


def is_larger(value: object, most: int, *, least: int = 10) -> bool:
    """Whether a value has more characters as JSON than ``most``; see :func:`rough_size`."""
    return rough_size(value, most, least=least) > most


def rough_size(value: object, most: int, *, least: int = 10) -> int:
    """How many characters a value has as JSON, or nearly so, where each value and name counts for ``least``.

    What has more than ``most`` is not looked at to its end, as that takes seconds for some megabytes, while all chats
    wait: the answer is one more then.
    """
    waiting: list[object] = [value]
    size = 0
    while waiting and size <= most:
        each = waiting.pop()
        size += max(least, len(each)) if isinstance(each, _TEXTS) else least
        if isinstance(each, _COLLECTIONS) and len(each) * least > most - size:
            return most + 1
        if type(each) not in _SCALARS:
            waiting += _inside(each) or ()
    return min(size, most + 1)


def json_length(value: object) -> int:
    """How many characters a value has as JSON, or nearly so; zero where :func:`json_fault` finds one."""
    return 0 if json_fault(value) else len(json.dumps(value, ensure_ascii=False, default=str))


def _fault_of_text(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "a text has half of a character (a lone surrogate)"
    return None


def _fault_inside(value: object, levels: int) -> str | None:
    inside = _inside(value)
    if inside is None:
        return f"{type(value).__name__} is no type of JSON"
    if levels == 0:
        return f"it is nested more than {JSON_DEPTH} levels deep"
    return next(filter(None, (json_fault(each, levels - 1) for each in inside)), None)


def _inside(value: Any) -> Iterable[object] | None:
    """What a list or an object holds, its names too; None for anything else."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return (each for pair in value.items() for each in pair)
    return (getattr(value, each.name) for each in fields(type(value))) if has(type(value)) else None
