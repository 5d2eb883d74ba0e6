"""The tables of the memory backend, and writes that can be undone."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import accumulate
from typing import Generic, Protocol, TypeVar

from attrs import Factory, frozen

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import AuditEntry, AuditLink
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.delivery import Delivery
from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.items import Item
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.spent_id import SpentId
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.workflow import Workflow

T = TypeVar("T")


@frozen
class RefusalCount:
    """How often visitors of a workflow were refused with a code on a day."""

    workflow_id: str
    day: date
    code: str
    times: int


Undo = Callable[[], None]


class HasId(Protocol):
    """Whatever has an id that sorts by time."""

    @property
    def id(self) -> str:
        """Its id."""


Entry = TypeVar("Entry", bound=HasId)


class Table(Generic[T]):
    """Values by key."""

    def __init__(self) -> None:
        """An empty table."""
        self.rows: dict[str, T] = {}

    def put(self, key: str, value: T) -> Undo:
        """Insert or replace; returns what takes it back."""
        before = self.rows.get(key)
        self.rows[key] = value
        return lambda: self._restore(key, before)

    def drop(self, key: str) -> Undo:
        """Remove if there; returns what takes it back."""
        before = self.rows.pop(key, None)
        return lambda: self._restore(key, before)

    def _restore(self, key: str, before: T | None) -> None:
        if before is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = before


@frozen
class Tables:
    """All tables."""

    workflows: Table[Workflow] = Factory(Table)
    publish_tokens: Table[PublishToken] = Factory(Table)
    service_tokens: Table[ServiceToken] = Factory(Table)
    owner_sessions: Table[OwnerSession] = Factory(Table)
    chat_sessions: Table[ChatSession] = Factory(Table)
    threads: Table[Thread] = Factory(Table)
    items: Table[Item] = Factory(Table)
    turns: Table[Turn] = Factory(Table)
    attachments: Table[Attachment] = Factory(Table)
    announced_from: Table[str] = Factory(Table)
    """The addresses of unsent attachments, by attachment id."""
    feedback: Table[Feedback] = Factory(Table)
    """By item id: a later judgement takes the place of an earlier one."""
    spent_ids: Table[SpentId] = Factory(Table)
    """By purpose and id."""
    deliveries: Table[Delivery] = Factory(Table)
    refusals: Table[RefusalCount] = Factory(Table)
    """By workflow, day and code."""
    audit: Table[AuditEntry] = Factory(Table)
    audit_links: Table[AuditLink] = Factory(Table)
    """By their numbers, in their order."""


Write = Callable[[Tables], Iterable[Undo]]
"""One staged write: carries itself out and yields what takes each of its steps back."""


def page_of(entries: Iterable[Entry], query: PageQuery) -> Page[Entry]:
    """The page of ``entries``, in any order, that ``query`` asks for."""
    ordered = sorted(entries, key=lambda entry: entry.id, reverse=query.newest_first)
    behind = [entry for entry in ordered if query.is_behind(entry.id)]
    count = min(query.limit, _fitting(behind, query.most_bytes))
    return Page(entries=tuple(behind[:count]), has_more=len(behind) > count)


def _fitting(entries: Sequence[Entry], most_bytes: int | None) -> int:
    """The number of leading entries that fit into this many bytes, at least one."""
    if most_bytes is None:
        return len(entries)
    sizes = accumulate(len(str(entry).encode()) for entry in entries)
    return max(1, sum(size <= most_bytes for size in sizes))
