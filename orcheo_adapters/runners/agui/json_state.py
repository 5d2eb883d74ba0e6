"""The state of an agent: JSON that grows by patches, within bounds. Pure; no value is ever changed in place.

JSON Patch is RFC 6902, its pointers RFC 6901. A patch applies as a whole or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

MOST_CHARACTERS = 65_536
"""Of a state that is kept for the next run, nearly as JSON counts them."""
MOST_VALUES = 10_000
MOST_OPERATIONS = 1_000
"""In one patch: each may copy the list that it changes."""
MOST_WORK = 1_000_000
"""Characters and values that the operations of one patch may look at or copy; more would hold up all chats."""
_MOST_LEVELS = 60
_LEAST = 2
"""Characters that each value takes with what stands around it."""
_INTEGERS = range(-(2**63), 2**64)
_MISSING = object()


class StateUnusable(Exception):
    """A state that cannot be kept; the message is a sentence for the owner."""


class PatchFailed(Exception):
    """A patch that does not apply; the message says which operation, and why."""


def measure(value: Any, *, most: int = MOST_CHARACTERS) -> int:
    """How many characters ``value`` has as JSON, nearly; what is too large is not looked at to its end.

    Raises :class:`StateUnusable` for more than ``most`` or :data:`MOST_VALUES`, and for what is not JSON.
    """
    size = count = 0
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        each, level = waiting.pop()
        size += _own_size(each) + _LEAST
        count += 1
        if size > most or count > MOST_VALUES:
            message = f"it has more than {most:,} characters or {MOST_VALUES:,} values"
            raise StateUnusable(message)
        if isinstance(each, Mapping | list | tuple):
            if level == _MOST_LEVELS:
                message = f"it is nested more than {_MOST_LEVELS} levels deep"
                raise StateUnusable(message)
            inside = each.values() if isinstance(each, Mapping) else each
            waiting += ((one, level + 1) for one in inside)
    return size


def _own_size(value: Any) -> int:
    """Of a value without what it holds."""
    if isinstance(value, str):
        return len(value)
    if value is None or isinstance(value, bool):
        return 4
    if isinstance(value, int) and value in _INTEGERS:
        return 8
    if isinstance(value, float) and isfinite(value):
        return 8
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return sum(map(len, value)) + 4 * len(value)
    if isinstance(value, list | tuple):
        return len(value)
    message = f"{type(value).__name__} cannot be written as JSON"
    raise StateUnusable(message)


class AgentState:
    """What the agent says its state is, as far as it can be kept."""

    def __init__(self, value: Any = None) -> None:
        """Begin with what was kept of the run before."""
        self.value = value
        self.fault: str | None = None
        """Why the newest state is not kept; a sentence for the owner."""
        self._size = 0 if value is None else measure(value)

    def replace(self, value: Any) -> None:
        """A snapshot; one that cannot be kept leaves no state."""
        try:
            self._size = measure(value)
        except StateUnusable as error:
            self._drop(f"The agent's state is not kept: {error}.")
        else:
            self.value, self.fault = value, None

    def patch(self, operations: Any) -> None:
        """A delta; one that does not apply leaves the state as it was, which is the last one that is known."""
        if self.fault is not None:  # it belongs to a state that is not known
            return
        try:
            value, most = patched(self.value, operations)
            self._size += most
            if self._size > MOST_CHARACTERS:
                self._size = measure(value)
        except PatchFailed as error:
            self.fault = f"The agent changed its state by a JSON Patch that does not apply: {error}."
        except StateUnusable as error:
            self._drop(f"The agent's state is not kept: {error}.")
        else:
            self.value = value

    def _drop(self, fault: str) -> None:
        self.value, self._size, self.fault = None, 0, fault


def patched(document: Any, operations: Any) -> tuple[Any, int]:
    """``document`` after a JSON Patch, and how many characters that has added at most.

    Raises :class:`PatchFailed`, and :class:`StateUnusable` for a value that is too large, and for too much work.
    """
    if not isinstance(operations, Sequence) or isinstance(operations, str | bytes):
        message = "it is not a list of operations"
        raise PatchFailed(message)
    if len(operations) > MOST_OPERATIONS:
        message = f"it has more than {MOST_OPERATIONS:,} operations"
        raise PatchFailed(message)
    work = 0
    for number, operation in enumerate(operations, 1):
        try:
            document, more = _applied(document, operation)
        except (LookupError, ValueError, TypeError) as error:
            message = f"operation {number}: {error.args[0] if error.args else error}"
            raise PatchFailed(message) from None
        work += more
        if work > MOST_WORK:
            message = f"the patch takes more than {MOST_WORK:,} steps"
            raise StateUnusable(message)
    return document, work


def _applied(document: Any, operation: Any) -> tuple[Any, int]:
    if not isinstance(operation, Mapping):
        message = "it is not an object"
        raise TypeError(message)
    perform = _OPERATIONS.get(str(operation.get("op")))
    if perform is None:
        message = f"the operation {str(operation.get('op'))[:40]!r} is not known"
        raise ValueError(message)
    return perform(document, _pointer(operation, "path"), operation)


def _add(document: Any, path: list[str], operation: Mapping[str, Any]) -> tuple[Any, int]:
    return _with(document, path, value := _value(operation), is_new=True), measure(value) + _breadth(document, path)


def _replace(document: Any, path: list[str], operation: Mapping[str, Any]) -> tuple[Any, int]:
    _at(document, path)
    return _with(document, path, value := _value(operation), is_new=False), measure(value) + _breadth(document, path)


def _remove(document: Any, path: list[str], _operation: Mapping[str, Any]) -> tuple[Any, int]:
    return _without(document, path), _breadth(document, path)


def _move(document: Any, path: list[str], operation: Mapping[str, Any]) -> tuple[Any, int]:
    source = _pointer(operation, "from")
    if path[: len(source)] == source and path != source:
        message = "a value cannot be moved into itself"
        raise ValueError(message)
    moved = _at(document, source)
    rest = _without(document, source)
    return _with(rest, path, moved, is_new=True), _breadth(document, source) + _breadth(rest, path)


def _copy(document: Any, path: list[str], operation: Mapping[str, Any]) -> tuple[Any, int]:
    copied = _at(document, _pointer(operation, "from"))
    return _with(document, path, copied, is_new=True), measure(copied) + _breadth(document, path)


def _test(document: Any, path: list[str], operation: Mapping[str, Any]) -> tuple[Any, int]:
    size = measure(expected := _value(operation))
    if not _same(_at(document, path), expected):
        message = f"the value at {_shown(path)} is another one"
        raise ValueError(message)
    return document, size


_OPERATIONS: dict[str, Callable[[Any, list[str], Mapping[str, Any]], tuple[Any, int]]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON, where 1 is 1.0 but not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _value(operation: Mapping[str, Any]) -> Any:
    value = operation.get("value", _MISSING)
    if value is _MISSING:
        message = "it has no value"
        raise ValueError(message)
    return value


def _pointer(operation: Mapping[str, Any], name: str) -> list[str]:
    pointer = operation.get(name, operation.get("from_") if name == "from" else None)
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        message = f"{name} is not a JSON Pointer"
        raise ValueError(message)
    if pointer.count("/") > _MOST_LEVELS:
        message = f"{name} leads more than {_MOST_LEVELS} levels down"
        raise ValueError(message)
    return [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]


def _shown(path: Sequence[str]) -> str:
    return repr("/" + "/".join(path))[:80] if path else "the top"


def _place(container: Any, name: str, path: Sequence[str], *, is_new: bool = False) -> Any:
    """The key or index that ``name`` is there; raises for one that does not exist, or cannot be added."""
    if isinstance(container, Mapping):
        if not is_new and name not in container:
            message = f"there is no {_shown(path)}"
            raise LookupError(message)
        return name
    if not isinstance(container, list | tuple):
        message = f"there is no {_shown(path)}"
        raise LookupError(message)
    if name == "-" and is_new:
        return len(container)
    if not (name.isascii() and name.isdecimal() and (name == "0" or name[0] != "0") and len(name) < 10):
        message = f"{_shown(path)} is not an index"
        raise ValueError(message)
    if int(name) >= len(container) + is_new:
        message = f"there is no {_shown(path)}"
        raise LookupError(message)
    return int(name)


def _at(document: Any, path: Sequence[str]) -> Any:
    for depth, name in enumerate(path, 1):
        document = document[_place(document, name, path[:depth])]
    return document


def _breadth(document: Any, path: Sequence[str]) -> int:
    """How many values the containers on the way hold, which a change copies."""
    held = 0
    for depth, name in enumerate(path, 1):
        held += len(document)
        if depth < len(path):
            document = document[_place(document, name, path[:depth])]
    return held


def _with(document: Any, path: Sequence[str], value: Any, *, is_new: bool) -> Any:
    """A copy of the containers on the way, with ``value`` at its end."""
    if not path:
        return value
    *above, name = path
    container = _at(document, above)
    place = _place(container, name, path, is_new=is_new)
    if isinstance(container, Mapping):
        changed: Any = {**container, place: value}
    elif is_new:
        changed = [*container[:place], value, *container[place:]]
    else:
        changed = [*container[:place], value, *container[place + 1 :]]
    return _with(document, above, changed, is_new=False)


def _without(document: Any, path: Sequence[str]) -> Any:
    if not path:
        return None
    *above, name = path
    container = _at(document, above)
    place = _place(container, name, path)
    if isinstance(container, Mapping):
        left: Any = {key: each for key, each in container.items() if key != place}
    else:
        left = [*container[:place], *container[place + 1 :]]
    return _with(document, above, left, is_new=False)
