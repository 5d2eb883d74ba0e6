"""Keyset pages: a slice of a list and where the next one begins."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from attrs import field, frozen

from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.errors import FieldError, InvalidInput

PAGE_LIMIT = 100
DEFAULT_LIMIT = 20
PAGE_BYTES = 1024 * 1024
"""About as much is given at a time of a thread: it lies in memory until it is read."""

T = TypeVar("T")
ALL = ("", "~")
"""From an id before all others to one behind them."""


def _check_limit(_query: object, _attribute: object, limit: int) -> None:
    if not 1 <= limit <= PAGE_LIMIT:
        raise InvalidInput(FieldError("limit", f"must be between 1 and {PAGE_LIMIT}"))


def unknown_cursor(noun: str, name: str = "after") -> InvalidInput:
    """The error for a cursor with something that names no such thing as ``noun``."""
    return InvalidInput(
        FieldError(name, f"does not match any {noun} of yours"),
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

    def is_behind(self, entry_id: str) -> bool:
        """Whether the entry with this id comes after the one with the id ``after``."""
        if self.after is None:
            return True
        return entry_id < self.after if self.newest_first else entry_id > self.after


class Identified(Protocol):
    """What pages are made of."""

    @property
    def id(self) -> str:
        """Their order."""


E = TypeVar("E", bound=Identified)


@frozen(kw_only=True)
class Page(Generic[T]):
    """Some entries in order, and whether there are more behind the last of them."""

    entries: tuple[T, ...]
    has_more: bool


def span_of(page: Page[E]) -> tuple[str, str]:
    """The lowest and the highest id of the entries of a page; a span of nothing where there are none."""
    ids = [each.id for each in page.entries]
    return min(ids, default="~"), max(ids, default="")


def page_of(entries: Iterable[E], query: PageQuery) -> Page[E]:
    """The page of ``entries``, in any order, that ``query`` asks for, whatever their bytes."""
    ordered = sorted(entries, key=lambda entry: entry.id, reverse=query.newest_first)
    behind = [entry for entry in ordered if query.is_behind(entry.id)]
    return Page(entries=tuple(behind[: query.limit]), has_more=len(behind) > query.limit)
