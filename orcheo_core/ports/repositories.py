"""What is kept. Reads are awaited and see committed state; writes are staged until the unit of work commits."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import AuditEntry, AuditFilter, AuditLink
from orcheo_core.domain.budget import Claim
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.delivery import Delivery, DeliverySum
from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.spent_id import SpentId
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter, ThreadSum
from orcheo_core.domain.turn import Turn, TurnSum
from orcheo_core.domain.workflow import Workflow, WorkflowFilter


class WorkflowRepository(Protocol):
    """Workflows, unique by id and by handle."""

    @abstractmethod
    async def find(self, ref: str) -> Workflow | None:
        """The workflow with this id or handle."""

    @abstractmethod
    async def page(self, wanted: WorkflowFilter, query: PageQuery) -> Page[Workflow]:
        """The workflows that a filter wants, in the order of their ids."""

    @abstractmethod
    def add(self, workflow: Workflow) -> None:
        """Stage a new workflow; commit raises :class:`HandleTaken` when its handle is in use."""

    @abstractmethod
    def save(self, workflow: Workflow) -> None:
        """Stage a change; commit raises :class:`ConcurrentChange` unless the stored revision is one less."""

    @abstractmethod
    def remove(self, workflow: Workflow) -> None:
        """Stage a removal with all that belongs to the workflow (publish tokens, chat sessions, threads); the
        audit stays. Commit raises :class:`ConcurrentChange` unless the stored revision is the workflow's own."""

    @abstractmethod
    def check_unchanged(self, workflow: Workflow) -> None:
        """Stage a check: commit raises :class:`ConcurrentChange` unless the workflow is stored as it is here."""

    @abstractmethod
    def check_publication(self, workflow: Workflow) -> None:
        """Stage a check: commit raises :class:`ChatUnavailable` unless the stored publication number is this one."""


class PublishTokenRepository(Protocol):
    """Publish tokens, the current and the former ones, by public id."""

    @abstractmethod
    async def find(self, public_id: str) -> PublishToken | None:
        """The publish token with this public id."""

    @abstractmethod
    async def live(self, workflow_id: str, now: datetime) -> Sequence[PublishToken]:
        """Those of a workflow that open chat sessions at ``now`` (more than one only in a grace period)."""

    @abstractmethod
    async def latest(self, workflow_id: str) -> PublishToken | None:
        """The publish token of a workflow that was issued last, live or not."""

    @abstractmethod
    def save(self, publish_token: PublishToken) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def make_ends_final(self, now: datetime) -> None:
        """Stage that those whose end has come by ``now`` stay ended, whatever a clock says later."""


class ServiceTokenRepository(Protocol):
    """Service tokens by public id."""

    @abstractmethod
    async def find(self, public_id: str) -> ServiceToken | None:
        """The service token with this public id."""

    @abstractmethod
    async def any_besides(self, public_id: str, now: datetime) -> bool:
        """Whether a service token other than the one with this public id is live at ``now``."""

    @abstractmethod
    async def page(self, owner: str | None, query: PageQuery) -> Page[ServiceToken]:
        """An owner's service tokens, former ones too (all owners' without one), in the order of their public ids."""

    @abstractmethod
    def save(self, service_token: ServiceToken) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def used(self, public_id: str, at: datetime) -> None:
        """Stage that it was used at ``at``; nothing happens for an unknown one."""

    @abstractmethod
    def end(self, service_token: ServiceToken, at: datetime, *, is_final: bool) -> None:
        """Stage its end at ``at``; commit raises :class:`ConcurrentChange` when its end was changed in between."""

    @abstractmethod
    def make_ends_final(self, now: datetime) -> None:
        """Stage that those that were ended by ``now`` stay so, whatever a clock says later."""


class ChatSessionRepository(Protocol):
    """Chat sessions by id."""

    @abstractmethod
    async def find(self, chat_session_id: str) -> ChatSession | None:
        """The chat session with this id."""

    @abstractmethod
    def save(self, chat_session: ChatSession) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def check_open(self, chat_session_id: str) -> None:
        """Stage a check: commit raises :class:`ChatSessionEnded` when the chat session has been ended or removed."""

    @abstractmethod
    def end_all(self, workflow_id: str, at: datetime) -> None:
        """Stage the end, at ``at``, of all chat sessions of a workflow that have not ended."""

    @abstractmethod
    def remove_expired(self, before: datetime) -> None:
        """Stage the removal of all chat sessions that expired before ``before``."""


class ThreadRepository(Protocol):
    """Threads by id, and by (workflow, subject)."""

    @abstractmethod
    async def find(self, thread_id: str) -> Thread | None:
        """The thread with this id, whosoever's it is: the caller compares workflow and subject."""

    @abstractmethod
    async def page(self, wanted: ThreadFilter, query: PageQuery) -> Page[Thread]:
        """The threads that a filter wants, in the order of their ids."""

    @abstractmethod
    async def sum_up(self, wanted: ThreadFilter) -> ThreadSum:
        """How many threads a filter without words wants, and the newest moment of them."""

    @abstractmethod
    def add(self, thread: Thread) -> None:
        """Stage a new thread."""

    @abstractmethod
    def save(self, thread: Thread) -> None:
        """Stage a change; commit raises :class:`ConcurrentChange` when the thread was removed in between."""

    @abstractmethod
    def remove(self, thread_id: str, *, untouched_since: datetime | None = None) -> None:
        """Stage a removal with all that belongs to the thread: items, turns, attachments, feedback.

        With ``untouched_since`` it stays, and so does all else, if it was touched since.
        """


class ItemRepository(Protocol):
    """Items by id, and by thread."""

    @abstractmethod
    async def find(self, thread_id: str, item_id: str) -> Item | None:
        """The item of this thread with this id."""

    @abstractmethod
    async def page(self, thread_id: str, query: PageQuery, *, hidden: bool = False) -> Page[Item]:
        """The items of a thread in the order of their ids; hidden ones only when asked for."""

    @abstractmethod
    def save(self, item: Item) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def remove(self, item_id: str) -> None:
        """Stage a removal; an unknown item is ignored."""


class TurnRepository(Protocol):
    """Turns by id; a thread has at most one that runs."""

    @abstractmethod
    async def latest(self, thread_id: str) -> Turn | None:
        """The turn of this thread that began last."""

    @abstractmethod
    async def find_by_key(self, workflow_id: str, subject: Subject, idempotency_key: str) -> Turn | None:
        """The turn that this subject began with this idempotency key."""

    @abstractmethod
    async def running(self) -> Sequence[Turn]:
        """All turns that are marked as running."""

    @abstractmethod
    async def of_thread(self, thread_id: str, turn_ids: Collection[str]) -> Sequence[Turn]:
        """Those turns of this thread that have one of these ids, oldest first."""

    @abstractmethod
    async def sum_up(self, workflow_id: str, *, since: datetime | None = None) -> TurnSum:
        """The turns of a workflow that began since a moment, all of them when none is given."""

    @abstractmethod
    def add(self, turn: Turn) -> None:
        """Stage a new turn.

        Commit raises :class:`TurnInProgress` when the thread has a running one, and :class:`DuplicateTurn` when the
        idempotency key was used before (which is looked at first).
        """

    @abstractmethod
    def save(self, turn: Turn) -> None:
        """Stage the end of a turn."""


class AttachmentRepository(Protocol):
    """What is known of attachments; their bytes lie elsewhere."""

    @abstractmethod
    async def find(self, attachment_id: str) -> Attachment | None:
        """The attachment with this id, whosoever's it is: the caller compares workflow and subject."""

    @abstractmethod
    async def ids(self, *, workflow_id: str, thread_id: str | None = None) -> Sequence[str]:
        """The ids of all attachments of a workflow, or of one of its threads."""

    @abstractmethod
    async def unsent(self, before: datetime, limit: int) -> Sequence[str]:
        """The ids of attachments that no message has and that were announced before ``before``, oldest first."""

    @abstractmethod
    def add(self, attachment: Attachment, claims: Sequence[Claim] = ()) -> None:
        """Stage a new attachment under budgets of what is not sent yet.

        Commit counts what each holder has and raises :class:`BudgetExceeded` for the first claim without room. The
        address of a claim is kept with the attachment until it is sent.
        """

    @abstractmethod
    def save(self, attachment: Attachment) -> None:
        """Stage a change; commit raises :class:`ConcurrentChange` when it was removed in between."""

    @abstractmethod
    def remove(self, attachment_id: str) -> None:
        """Stage a removal; one that was sent with a message stays, an unknown one is ignored."""


class FeedbackRepository(Protocol):
    """What visitors thought of answers."""

    @abstractmethod
    async def of_thread(self, thread_id: str) -> Sequence[Feedback]:
        """All feedback on items of a thread."""

    @abstractmethod
    def save(self, feedback: Feedback) -> None:
        """Stage an insert or, for the same item, a replacement."""


class SpentIdRepository(Protocol):
    """Used-up ids by purpose: read once at the start of a process, which then knows them by heart."""

    @abstractmethod
    async def of(self, purpose: str) -> Sequence[SpentId]:
        """All used-up ids of a purpose, oldest first."""

    @abstractmethod
    def save(self, spent: SpentId) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def remove_older(self, purpose: str, before: datetime) -> None:
        """Stage the removal of those of a purpose that were used before ``before``."""


class DeliveryRepository(Protocol):
    """Messages to the webhook that wait to be delivered."""

    @abstractmethod
    async def due(self, now: datetime, limit: int, *, unless_beyond: datetime | None = None) -> Sequence[Delivery]:
        """Those whose next attempt is due at ``now``, the longest due first.

        Also those that are due after ``unless_beyond``, which a clock that was ahead has put off.
        """

    @abstractmethod
    async def sum(self) -> DeliverySum:
        """How many wait."""

    @abstractmethod
    def add(self, delivery: Delivery, *, most: int) -> None:
        """Stage a new one; it is left out when ``most`` wait already, or when one with its id does."""

    @abstractmethod
    def put_off(self, delivery: Delivery) -> None:
        """Stage its new count of attempts and its next time; nothing happens for one that is gone."""

    @abstractmethod
    def remove(self, delivery_id: str) -> None:
        """Stage a removal; an unknown one is ignored."""

    @abstractmethod
    def remove_older(self, before: datetime) -> None:
        """Stage the removal of those that were added before ``before``."""


class AuditRepository(Protocol):
    """The audit: append-only, with a hash chain over it in the order in which entries became durable."""

    @abstractmethod
    def append(self, entry: AuditEntry) -> None:
        """Stage an entry; its link (:func:`link_of`) is made when it lands."""

    @abstractmethod
    async def find(self, entry_id: str) -> AuditEntry | None:
        """The entry with this id."""

    @abstractmethod
    async def page(self, query: PageQuery, wanted: AuditFilter = AuditFilter()) -> Page[AuditEntry]:  # noqa: B008 - a value
        """The entries that a filter wants, in the order of their ids."""

    @abstractmethod
    async def chain(self, *, after: int, limit: int) -> Sequence[AuditLink]:
        """Links in the order of their numbers, which begin at 1, behind the one with the number ``after``."""

    @abstractmethod
    async def size(self) -> int:
        """How many entries there are, linked or not."""
