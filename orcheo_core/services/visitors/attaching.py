"""Attaching: files on their way from a visitor's disk into a message."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from orcheo_core.domain.attachments import MOST_IN_A_MESSAGE, Attachment, AttachmentRules
from orcheo_core.domain.budget import KEPT_BYTES, UNSENT_BYTES, UNSENT_FILES, BudgetPlan
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.pages import PAGE_LIMIT
from orcheo_core.errors import (
    AttachmentNotFound,
    ChatSessionEnded,
    ChatUnavailable,
    ConcurrentChange,
    FieldError,
    InvalidInput,
)
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.rate_limiter import RateLimiter
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.shared.closing import Closing
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.visitors.admitting import Leave, Visit
from orcheo_core.turns.register import Place, Register, WorkKind

_SENT = "The attachment was sent with a message, so it stays as long as its thread."
_ELSEWHERE = "The attachment was sent in another thread."


async def find_sendable(change: UnitOfWork, visit: Visit, ids: Sequence[str], thread_id: str) -> list[Attachment]:
    """The visitor's uploaded attachments with these ids, each once, none of them in another thread.

    Raises :class:`InvalidInput` for too many: each is looked up, and the message has a copy of all that is known of it.
    """
    each_once = dict.fromkeys(ids)
    if len(each_once) > MOST_IN_A_MESSAGE:
        raise InvalidInput(FieldError("input.attachments", f"must be at most {MOST_IN_A_MESSAGE} attachments"))
    return [await _sendable(change, visit, each, thread_id) for each in each_once]


async def _sendable(change: UnitOfWork, visit: Visit, attachment_id: str, thread_id: str) -> Attachment:
    found = await change.attachments.find(attachment_id)
    if found is None or not _belongs(found, visit):
        raise AttachmentNotFound
    if found.thread_id not in {None, thread_id}:
        raise AttachmentNotFound(_ELSEWHERE, hint="Upload the file again to send it in this thread.")
    if not found.is_uploaded:
        raise AttachmentNotFound("The attachment was announced, but its bytes were never uploaded.")
    return found


def _belongs(attachment: Attachment, visit: Visit) -> bool:
    return (attachment.workflow_id, attachment.subject) == (visit.workflow.id, visit.subject)


class Attaching:
    """Announces, receives, shows and removes attachments."""

    def __init__(
        self,
        *,
        store: Store,
        files: AttachmentFiles,
        clock: Clock,
        identifiers: Identifiers,
        rules: AttachmentRules,
        budgets: BudgetPlan,
        register: Register,
        closing: Closing,
        limiter: RateLimiter,
    ) -> None:
        """Join the ports this service needs."""
        self._store = store
        self._files = files
        self._clock = clock
        self._identifiers = identifiers
        self.rules = rules
        self._budgets = budgets
        self._register = register
        self._closing = closing
        self._limiter = limiter
        self._arriving: set[str] = set()

    async def announce(self, visit: Visit, *, name: str, size: int, mime_type: str) -> Attachment:
        """A new attachment that waits for its bytes.

        Raises :class:`InvalidInput` for a type or size not allowed, :class:`BudgetExceeded`, and by the rules of the
        chat session :class:`FilesOff`, :class:`TooManyFiles`.
        """
        self.rules.check(size=size, mime_type=mime_type)
        await self._check_session(visit, size)
        attachment = Attachment(
            id=self._identifiers.new(IdKind.ATTACHMENT),
            workflow_id=visit.workflow.id,
            subject=visit.subject,
            name=name,
            mime_type=mime_type,
            size=size,
            created_at=self._clock.now(),
        )
        change = self._store.begin()
        claims = self._budgets.claims(UNSENT_FILES, 1, visit.holders)
        claims += self._budgets.claims(UNSENT_BYTES, size, visit.holders)
        claims += self._budgets.claims(KEPT_BYTES, size, visit.holders)
        visit.bind(change)
        change.attachments.add(attachment, claims)
        await change.commit()
        return attachment

    async def _check_session(self, visit: Visit, size: int) -> None:
        """What the app that opened the chat session has set; a file that is announced counts, whatever comes of it."""
        if visit.rules is None or visit.chat_session_id is None:
            return
        visit.rules.check_file(size)
        if await self._limiter.take([visit.rules.file(visit.chat_session_id)]) is not None:
            raise visit.rules.too_many_files

    async def receive(self, attachment_id: str, chunks: AsyncIterator[bytes], leave: Leave) -> Attachment:
        """Take the bytes of an announced attachment, once, and from one request at a time.

        The caller has already been authorized, and ``leave`` is that of the visit that announced it. Raises
        :class:`AttachmentNotFound`, :class:`ConcurrentChange` while another request sends them,
        :class:`ChatSessionEnded` or :class:`ChatUnavailable` after the end of the visit, and what
        :meth:`AttachmentFiles.write` raises.
        """
        workflow_id = (await self.find(attachment_id)).workflow_id
        place = Place(workflow_id=workflow_id, chat_session_id=leave.chat_session_id)
        async with self._register.working(WorkKind.UPLOAD, place):
            change = await self._under(leave, workflow_id)
            await change.commit()  # or it would begin after an end
            return await self._receive(attachment_id, chunks, leave)

    async def _receive(self, attachment_id: str, chunks: AsyncIterator[bytes], leave: Leave) -> Attachment:
        attachment = await self.find(attachment_id)
        if attachment.is_uploaded:
            raise AttachmentNotFound("The attachment has already been uploaded.")
        if attachment_id in self._arriving:  # two would write into one file, which counts once
            raise ConcurrentChange("Another request is uploading this attachment.")
        self._arriving.add(attachment_id)
        try:
            await self._files.write(attachment_id, chunks, size=attachment.size)
        finally:
            self._arriving.discard(attachment_id)
        attachment = attachment.uploaded()
        try:
            change = await self._under(leave, attachment.workflow_id)
            change.attachments.save(attachment)
            await change.commit()
        except ConcurrentChange:  # it was removed while its bytes came
            await self._files.remove([attachment_id])
            raise AttachmentNotFound from None
        except (ChatSessionEnded, ChatUnavailable):
            await self._files.remove([attachment_id])
            raise
        return attachment

    async def _under(self, leave: Leave, workflow_id: str) -> UnitOfWork:
        """A change that lands only before the end of the visit."""
        if self._closing.holds(workflow_id):
            raise ChatSessionEnded
        change = self._store.begin()
        await leave.bind(change, workflow_id)
        return change

    def pieces(self, attachment_id: str) -> AsyncIterator[bytes]:
        """The bytes of an attachment, see :meth:`AttachmentFiles.pieces`; the caller has already been authorized."""
        return self._files.pieces(attachment_id)

    async def remove(self, visit: Visit, attachment_id: str) -> None:
        """Forget an attachment that was not sent yet; one that was belongs to its thread and stays."""
        change = self._store.begin()
        found = await change.attachments.find(attachment_id)
        if found is None or not _belongs(found, visit):
            raise AttachmentNotFound
        if found.thread_id is not None:
            raise AttachmentNotFound(_SENT, hint="Delete the thread to delete the file.")
        await self._drop([attachment_id])

    async def remove_unsent(self, before: datetime) -> int:
        """Delete what was announced before ``before`` and never sent, with its bytes; how many there were."""
        removed = 0
        while found := await self._store.begin().attachments.unsent(before, PAGE_LIMIT):
            await self._drop(found, must_land=True)  # on a full disk this is what makes room
            removed += len(found)
        return removed

    async def _drop(self, ids: Sequence[str], *, must_land: bool = False) -> None:
        """Delete those that have not been sent by now; a crash after the commit leaves bytes for :meth:`sweep`."""
        change = self._store.begin()
        for each in ids:
            change.attachments.remove(each)
        await change.commit(must_land=must_land)
        await self._files.remove([each for each in ids if await change.attachments.find(each) is None])

    async def sweep(self) -> int:
        """Forget bytes that no attachment has any more (a crash came between row and file); how many."""
        change = self._store.begin()
        orphans = [each for each in self._files.ids() if await change.attachments.find(each) is None]
        await self._files.remove(orphans)
        return len(orphans)

    async def find(self, attachment_id: str) -> Attachment:
        """The attachment with this id, whosoever's it is; raises :class:`AttachmentNotFound`."""
        found = await self._store.begin().attachments.find(attachment_id)
        if found is None:
            raise AttachmentNotFound
        return found
