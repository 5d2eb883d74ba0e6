"""Structured output as text that people read."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict as dataclass_dict
from dataclasses import is_dataclass
from typing import Any

import attrs

_DEEPEST = 6


def readable(value: Any) -> str:
    """Text as it is; fields and entries of models, dicts and lists a line each, what they hold below them."""
    return "\n".join(_lines(_plain(value), 0))


def _plain(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return dump()
    if attrs.has(type(value)):
        return attrs.asdict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return dataclass_dict(value)
    return value


def _lines(value: Any, level: int) -> Iterator[str]:
    indent = "  " * level
    if value is None:
        return
    if level < _DEEPEST and isinstance(value, Mapping):
        for name, each in value.items():
            yield from _entry(f"{indent}{name}:", _plain(each), level)
    elif level < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _entry(f"{indent}-", _plain(each), level)
    else:
        yield f"{indent}{value}"


def _entry(head: str, value: Any, level: int) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        yield head
        yield from _lines(value, level + 1)
    elif value is not None:
        yield f"{head} {value}"
