"""Arguments as assistants send them, made into those that operations take. Only this door is loose; HTTP is strict."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from attrs import frozen

from orcheo_adapters.wire.json_schema import Schema
from orcheo_core.domain.durations import count_of
from orcheo_core.errors import InvalidInput
from orcheo_core.operations.operation import parameters_of

Arguments = dict[str, Any]
_MOST_NAMED, _LONGEST_NAME = 20, 100
"""Unknown arguments that are named, and how much of each name: a call can have thousands."""
_BOOLEANS = {"true": True, "false": False}
_SETTINGS = "settings"
"""The one object whose texts may hold JSON, such as ``extra_body`` and ``stop``."""
_SCALARS = (bool, int, float)
_COMPOUND = (dict, list)


@frozen
class Understood:
    """The arguments that are known, and a sentence about each that was left out."""

    arguments: Arguments
    warnings: tuple[str, ...]


def units_of(request: type) -> dict[str, str]:
    """Of the parameters that are lengths of time, what they count: ``seconds`` or ``days``."""
    return {name: shown.counts for name, (_, shown) in parameters_of(request).items() if shown.counts}


def understand(given: Arguments, schema: Schema, units: Mapping[str, str] = MappingProxyType({})) -> Understood:
    """Read the arguments by their schema.

    What is unknown is dropped with a warning (clients add theirs), null is left out, and a text is read as JSON where
    an object, a list, a number or a boolean is meant; ``units`` says which numbers may be written as ``15m`` too. What
    cannot be read stays, for the operation to refuse.
    """
    properties = schema["properties"]
    known = {name: value for name, value in given.items() if name in properties and value is not None}
    unknown = [name for name in given if name not in properties]
    ignored = [f"The argument {name!r:.{_LONGEST_NAME}} was ignored: this tool does not have it." for name in unknown]
    if len(ignored) > _MOST_NAMED:
        ignored[_MOST_NAMED:] = [f"{len(unknown) - _MOST_NAMED} more arguments were ignored."]
    return Understood(
        {name: _meant(name, value, properties[name], units.get(name)) for name, value in known.items()},
        tuple(ignored),
    )


def _meant(name: str, value: Any, schema: Schema, unit: str | None) -> Any:
    read = _READERS.get(schema["type"])
    if read is None:
        return value
    found = read(value)
    if unit is not None and isinstance(found, str):
        with suppress(InvalidInput):
            return count_of(name, found, unit)
    return (
        _texts(found, (*_SCALARS, *_COMPOUND) if name == _SETTINGS else _SCALARS) if isinstance(found, dict) else found
    )


def _boolean(value: Any) -> Any:
    return _BOOLEANS.get(value.strip().lower(), value) if isinstance(value, str) else value


def _integer(value: Any) -> Any:
    number = _json(value) if isinstance(value, str) else value
    if isinstance(number, float) and number.is_integer():
        return int(number)
    return number if type(number) is int else value


def _object(value: Any) -> Any:
    found = _json(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else value


def _texts(values: Arguments, written: tuple[type, ...]) -> Arguments:
    """All values of objects are texts: those of the types ``written`` become one as JSON has them, others are refused.

    A null is refused: it could mean to remove a setting or to leave it.
    """
    return {name: json.dumps(each) if isinstance(each, written) else each for name, each in values.items()}


def _list(value: Any) -> Any:
    """a text that is not JSON is taken for a list of itself, as models write one entry."""
    if not isinstance(value, str):
        return value
    found = _json(value)
    return found if isinstance(found, list) else [value]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


_READERS: dict[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "object": _object,
    "array": _list,
}
