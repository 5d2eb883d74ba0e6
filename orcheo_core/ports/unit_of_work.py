"""Atomic change.

A unit of work holds nothing open: reads go straight to committed state, writes are collected and land together, or
not at all, in :meth:`UnitOfWork.commit`. What could have changed between read and write is caught there, by the
revision of a workflow and by uniqueness (optimistic locking), so no transaction is ever open across an ``await`` of
something else.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from orcheo_core.domain.budget import Per
from orcheo_core.domain.space import StoreSpace
from orcheo_core.ports.repositories.attachments import AttachmentRepository
from orcheo_core.ports.repositories.audit import AuditRepository
from orcheo_core.ports.repositories.chat_sessions import ChatSessionRepository
from orcheo_core.ports.repositories.deliveries import DeliveryRepository
from orcheo_core.ports.repositories.feedback import FeedbackRepository
from orcheo_core.ports.repositories.items import ItemRepository
from orcheo_core.ports.repositories.owner_sessions import OwnerSessionRepository
from orcheo_core.ports.repositories.publish_tokens import PublishTokenRepository
from orcheo_core.ports.repositories.service_tokens import ServiceTokenRepository
from orcheo_core.ports.repositories.spent_ids import SpentIdRepository
from orcheo_core.ports.repositories.threads import ThreadRepository
from orcheo_core.ports.repositories.turns import TurnRepository
from orcheo_core.ports.repositories.usage import UsageRepository
from orcheo_core.ports.repositories.workflows import WorkflowRepository


class DuplicateTurn(Exception):
    """A turn with this idempotency key exists: the caller should follow that one."""


class UnitOfWork(Protocol):
    """One change of any number of things."""

    workflows: WorkflowRepository
    publish_tokens: PublishTokenRepository
    service_tokens: ServiceTokenRepository
    owner_sessions: OwnerSessionRepository
    chat_sessions: ChatSessionRepository
    threads: ThreadRepository
    items: ItemRepository
    turns: TurnRepository
    usage: UsageRepository
    attachments: AttachmentRepository
    feedback: FeedbackRepository
    spent_ids: SpentIdRepository
    audit: AuditRepository
    deliveries: DeliveryRepository

    @abstractmethod
    def after_commit(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` once the writes are durable, and never if they do not land."""

    @abstractmethod
    async def commit(self, *, must_land: bool = False) -> None:
        """Make all staged writes durable at once, in the order they were staged.

        With ``must_land`` they may use the space that the store keeps back for what an owner must be able to do on a
        full disk. Raises what the repositories name, and :class:`StorageUnavailable`; then nothing was written.
        """


class Store(Protocol):
    """Where everything is kept."""

    @abstractmethod
    def begin(self) -> UnitOfWork:
        """A new unit of work; one that is dropped without commit has done nothing."""

    @abstractmethod
    async def newest_ids(self) -> Sequence[str]:
        """The newest id of each kind that is kept, for ids to begin after them."""

    @abstractmethod
    async def check(self) -> None:
        """Return when the store answers and takes writes; raise :class:`StorageUnavailable` otherwise."""

    @abstractmethod
    def kept_bytes(self, per: Per = Per.SERVER, key: str = "") -> int:
        """How much room all rows take, without what is free between them; 0 where they are not on a disk.

        Of a visitor, a program or a workflow it is an estimate of what their messages and answers take; 0 of an
        address, with which nothing of that is kept.
        """

    @abstractmethod
    async def space(self) -> StoreSpace:
        """How much room everything takes; takes long where there is much."""

    @abstractmethod
    async def tidy(self, *, erase: bool = False) -> None:
        """Do what may wait: keep the search index up, leave no bytes behind of what was removed, give space back.

        With ``erase`` they are gone on return, even those that an earlier process removed.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish what is under way and close."""
