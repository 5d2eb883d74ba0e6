"""JSON values of strangers and of workflows: what can be stored, sent and read again."""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from attrs import fields, has

JSON_DEPTH = 100
"""Levels of lists and objects. Encoders give up at some 250, and a value stands a few levels deep in its document."""
_INTEGERS = range(-(2**63), 2**64)
"""Whole numbers that JSON encoders take: those of 64 bits."""


def is_flat(value: object, levels: int = JSON_DEPTH) -> bool:
    """Whether no list or object is nested deeper than ``levels``."""
    if not isinstance(value, Mapping | list | tuple):
        return True
    inside = value.values() if isinstance(value, Mapping) else value
    return levels > 0 and all(is_flat(each, levels - 1) for each in inside)


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
