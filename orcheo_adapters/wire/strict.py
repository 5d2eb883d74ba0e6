"""Strict decoding: JSON becomes attrs values exactly or not at all.

cattrs by itself turns ``"false"`` into True and 1.9 into 1; here each scalar must have its JSON type, and errors name
the path of each wrong field.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Literal, TypeVar, get_args, get_origin

import orjson
from attrs import has
from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.cols import is_mapping, is_mutable_sequence, list_structure_factory, mapping_structure_factory
from cattrs.errors import AttributeValidationNote, ForbiddenExtraKeysError, IterableValidationNote

from orcheo_core.domain.json_values import JSON_DEPTH, has_more_values, is_flat
from orcheo_core.errors import FieldError, InvalidInput, MalformedRequest

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_NAMES: dict[type, str] = {str: "a string", int: "a whole number", bool: "true or false"}


_TOO_LARGE = 2**63
"""Whole numbers from here on are read from JSON as if they had a decimal point."""
_MOST_IN_DETAIL = 100
"""Entries of a list or an object that are looked at one by one for what is wrong."""
MOST_VALUES = 20_000
"""In one request: each costs a thousand times what a letter of a text does, and half a megabyte has room for many."""


class StrictDecoder:
    """Decodes without coercing anything; unknown keys are errors, or ignored where a protocol says so.

    Well-formed documents take a quick way; only a wrong one is gone through again for the path of each fault.
    """

    def __init__(self, *, forbid_extra_keys: bool) -> None:
        """Know the scalars, lists and objects of JSON; :meth:`register` adds types of one's own."""
        self._quick = _converter(forbid_extra_keys=forbid_extra_keys, detailed=False)
        self._detailed = _converter(forbid_extra_keys=forbid_extra_keys, detailed=True, quick=self._quick)

    def register(self, cls: Any, structure: Callable[[Any, Converter], Any]) -> None:
        """Decode ``cls`` by ``structure``, which gets the value and the converter for what is inside."""
        for converter in (self._quick, self._detailed):
            converter.register_structure_hook_func(_is(cls), _with(structure, converter))

    def decode(self, document: object, cls: type[T], *, path: str = "") -> T:
        """``document`` as a ``cls``; :class:`InvalidInput` lists every wrong field below ``path``."""
        try:
            return self._quick.structure(document, cls)
        except Exception:  # noqa: BLE001 - whatever is wrong, the detailed way says where
            return self._decode_in_detail(document, cls, path)

    def _decode_in_detail(self, document: object, cls: type[T], path: str) -> T:
        try:
            return self._detailed.structure(document, cls)
        except (ClassValidationError, IterableValidationError) as error:
            raise InvalidInput(*_field_errors(error, path), hint=_only_hint(error)) from None
        except (TypeError, ValueError, AttributeError) as error:
            raise InvalidInput(FieldError(path or "body", _reason(error))) from None


def _is(cls: Any) -> Callable[[Any], bool]:
    return lambda other: bool(other == cls)


def _with(structure: Callable[[Any, Converter], Any], converter: Converter) -> Callable[[Any, Any], Any]:
    return lambda value, _cls: structure(value, converter)


def _converter(*, forbid_extra_keys: bool, detailed: bool, quick: Converter | None = None) -> Converter:
    converter = Converter(forbid_extra_keys=forbid_extra_keys, detailed_validation=detailed)
    for scalar in _NAMES:
        converter.register_structure_hook(scalar, _exactly)
    converter.register_structure_hook(StrEnum, _member)
    converter.register_structure_hook_func(lambda cls: cls == tuple[str, ...], _strings)
    converter.register_structure_hook_func(_is_literal, _one_of)
    converter.register_structure_hook_factory(
        is_mapping,
        lambda cls: _only(
            dict,
            "an object",
            mapping_structure_factory(cls, converter),
            mapping_structure_factory(cls, quick) if quick else None,
        ),
    )
    converter.register_structure_hook_factory(
        is_mutable_sequence,
        lambda cls: _only(
            list,
            "a list",
            list_structure_factory(cls, converter),
            list_structure_factory(cls, quick) if quick else None,
        ),
    )
    converter.register_structure_hook_factory(
        has, lambda cls: _only(dict, "an object", converter.gen_structure_attrs_fromdict(cls))
    )
    return converter


def load_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a request body; an empty body is an empty object. Raises :class:`MalformedRequest`."""
    if not body.strip():
        return {}
    if has_more_values(body, MOST_VALUES):
        raise MalformedRequest(f"The request body has more than {MOST_VALUES:,} values.")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"The request body is not valid JSON: {error}.") from None
    if not isinstance(document, dict):
        raise MalformedRequest("The request body must be one JSON object.")
    if body.count(b"{") + body.count(b"[") > JSON_DEPTH and not is_flat(document):
        raise MalformedRequest(f"The request body is nested more than {JSON_DEPTH} levels deep.")
    return document


def _exactly(value: object, cls: type[T]) -> T:
    if type(value) is not cls:
        is_huge = cls is int and type(value) is float and abs(value) >= _TOO_LARGE
        message = f"must be {_NAMES[cls]}{' of at most 18 digits' if is_huge else ''}"
        raise TypeError(message)
    return value


def _member(value: object, cls: type[E]) -> E:
    if type(value) is not str or value not in cls._value2member_map_:
        message = f"must be one of {', '.join(cls)}"
        raise TypeError(message)
    return cls(value)


def _only(
    container: type[list[Any]] | type[dict[Any, Any]],
    named: str,
    structure: Callable[[Any, Any], Any],
    quick: Callable[[Any, Any], Any] | None = None,
) -> Callable[[Any, Any], Any]:
    """A ``container``; a long one is decoded by ``quick``, where each fault would cost an exception of its own."""

    def checked(value: Any, cls: Any) -> Any:
        if type(value) is not container:
            message = f"must be {named}"
            raise TypeError(message)
        if quick is not None and len(value) > _MOST_IN_DETAIL:
            return _without_detail(quick, value, cls)
        return structure(value, cls)

    return checked


def _without_detail(structure: Callable[[Any, Any], Any], value: object, cls: Any) -> Any:
    try:
        return structure(value, cls)
    except Exception:  # noqa: BLE001 - whatever is wrong with one of them, it is said of all together
        message = f"must have valid entries only; of more than {_MOST_IN_DETAIL} they are not named one by one"
        raise ValueError(message) from None


def _is_literal(cls: Any) -> bool:
    return bool(get_origin(cls) == Literal)


def _one_of(value: object, cls: Any) -> object:
    known = get_args(cls)
    if value not in known:
        message = f"must be one of {', '.join(known)}"
        raise ValueError(message)
    return value


def _strings(value: object, _cls: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        message = "must be a list of strings"
        raise TypeError(message)
    return tuple(value)


def _field_errors(error: BaseException, path: str) -> Iterator[FieldError]:
    if isinstance(error, (ClassValidationError, IterableValidationError)):
        for inner in error.exceptions:
            yield from _field_errors(inner, _extend(path, inner))
    elif isinstance(error, InvalidInput):
        for each in error.fields:
            yield FieldError(_join(path, each.path), each.message)
    elif isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(error.extra_fields):
            yield FieldError(_join(path, key), "is not known here")
    elif isinstance(error, KeyError):
        yield FieldError(_join(path, str(error.args[0])), "is missing")
    else:
        yield FieldError(path or "body", _reason(error))


def _only_hint(error: BaseException) -> str | None:
    """The hint of the one thing that is wrong; several things have none in common."""
    while isinstance(error, (ClassValidationError, IterableValidationError)) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error.hint if isinstance(error, InvalidInput) else None


def _extend(path: str, error: BaseException) -> str:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return path if isinstance(error, KeyError) else _join(path, note.name)
        if isinstance(note, IterableValidationNote):
            return f"{path}[{note.index}]" if isinstance(note.index, int) else _join(path, str(note.index))
    return path


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _reason(error: BaseException) -> str:
    if isinstance(error, (TypeError, ValueError)) and str(error).startswith("must "):
        return str(error)
    return "does not have the expected form"
