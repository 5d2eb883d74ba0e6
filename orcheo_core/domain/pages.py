"""Keyset pages: a slice of a list and where the next one begins."""

from typing import Generic, TypeVar

from attrs import field, frozen

from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.errors import FieldError, InvalidInput

PAGE_LIMIT = 100
DEFAULT_LIMIT = 20

T = TypeVar("T")


def _check_limit(_query: object, _attribute: object, limit: int) -> None:
    if not 1 <= limit <= PAGE_LIMIT:
        raise InvalidInput(FieldError("limit", f"must be between 1 and {PAGE_LIMIT}"))


def unknown_cursor(noun: str) -> InvalidInput:
    """The error for ``after`` with something that names no such thing as ``noun``."""
    return InvalidInput(
        FieldError("after", f"does not match any {noun} of yours"),
        hint=f"Give the id of the last {noun} on the previous page, or leave it out for the first page.",
    )


def check_cursor(kind: IdKind, noun: str, query: "PageQuery") -> None:
    """Raise :class:`InvalidInput` for ``after`` that cannot be an id of this kind.

    One that is no longer there will do: the page begins where it would be.
    """
    if query.after is not None and not is_id(kind, query.after):
        raise unknown_cursor(noun)


@frozen(kw_only=True)
class PageQuery:
    """Which page: at most ``limit`` entries behind the entry with id ``after``, oldest or newest first."""

    limit: int = field(default=DEFAULT_LIMIT, validator=_check_limit)
    after: str | None = None
    newest_first: bool = False
    most_bytes: int | None = None
    """Fewer entries are given where together they have more bytes than this, about; one is given whatever it has."""


@frozen(kw_only=True)
class Page(Generic[T]):
    """Some entries in order, and whether there are more behind the last of them."""

    entries: tuple[T, ...]
    has_more: bool
