"""New turns, and what a runner is asked to do for each: the text, its cause, and what was said in the thread."""

import json
from collections.abc import Iterator, Sequence
from functools import partial

from attrs import define

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    Ending,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    WidgetItem,
)
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.items import AssistantItem, InferenceOptions, Item, TagInput, UserItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.run import Cause, PastMessage, RunContext, RunRequest, SentFile
from orcheo_core.domain.structured_input import StructuredInputItem
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.workflow import ANSWER_SECONDS, HISTORY_BYTES, HISTORY_LENGTH
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import UnitOfWork
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.visitors.admitting import Visit

IDS_OF_A_TURN = (IdKind.ITEM, IdKind.TURN, IdKind.ITEM)
"""Of the message that begins it, its own, and of its answer."""


@define(kw_only=True, eq=False)
class RunRequests:
    """Makes turns and the requests to the runner that they begin with."""

    _files: AttachmentFiles
    _clock: Clock
    _identifiers: Identifiers

    def new_turn(
        self,
        visit: Visit,
        thread: Thread,
        item_id: str | None,
        key: str | None,
        *,
        replaces: tuple[str, ...] = (),
        ids: Sequence[str] | None = None,
    ) -> Turn:
        """A turn that begins now and answers this item; a message that is just being sent gets its id here.

        ``ids`` are of the kinds :data:`IDS_OF_A_TURN`, if they were made already.
        """
        new_item_id, turn_id, answer_id = ids or self._identifiers.several(*IDS_OF_A_TURN)
        return Turn(
            id=turn_id,
            workflow_id=visit.workflow.id,
            thread_id=thread.id,
            subject=visit.subject,
            user_item_id=new_item_id if item_id is None else item_id,
            answer_id=answer_id,
            started_at=self._clock.now(),
            idempotency_key=key,
            replaces=replaces,
        )

    async def caused_by(
        self,
        change: UnitOfWork,
        visit: Visit,
        turn: Turn,
        thread: Thread,
        cause: Cause,
        *,
        before: str | None = None,
        waiting: Item | None = None,
    ) -> RunRequest:
        """The request of a turn that no message began; ``before`` and ``waiting`` as for :meth:`history`."""
        history = await self.history(change, visit, turn.thread_id, before=before, waiting=waiting)
        return self.request(visit, turn, thread, text=_text_of(cause), history=history, cause=cause)

    def request(
        self,
        visit: Visit,
        turn: Turn,
        thread: Thread,
        *,
        text: str,
        history: tuple[PastMessage, ...],
        cause: Cause | None = None,
        item: UserItem | None = None,
    ) -> RunRequest:
        """The request of a turn: with the visitor's message, if one began it, or with its cause."""
        look = visit.workflow.look
        wishes = look.granted(item.inference_options) if item else InferenceOptions()
        context = RunContext(
            workflow_id=turn.workflow_id,
            thread_id=turn.thread_id,
            turn_id=turn.id,
            subject=turn.subject,
            app_user=visit.app_user,
            display_name=visit.display_name or (visit.app_user.display_name if visit.app_user else None),
            history=history,
            cause=cause,
            message_id=item.id if item else None,
            attachments=self._files_of(item) if item else (),
            tags=_tags_of(item) if item else (),
            metadata=visit.metadata,
            locale=visit.locale,
            headers=visit.headers,
            quoted_text=item.quoted_text if item else None,
            inference_options=wishes,
            thread_title=thread.title if thread.is_titled else None,
            thread_settings=thread.settings,
        )
        workflow = visit.workflow
        patience = workflow.time_limit or ANSWER_SECONDS
        return RunRequest(
            spec=workflow.runner,
            text=text,
            context=context,
            handle=workflow.handle,
            model=wishes.model if look.models else None,
            silence_limit=patience,
        )

    async def history(
        self,
        change: UnitOfWork,
        visit: Visit,
        thread_id: str,
        *,
        before: str | None = None,
        waiting: Item | None = None,
    ) -> tuple[PastMessage, ...]:
        """What was said and shown in a thread, oldest first, with what the workflow kept there; as much as it wants.

        Where entries are long there are fewer: the newest ones, and one at least whatever its length. ``before``: only
        what is older than the item with this id. ``waiting`` takes the place of the item with its id.
        """
        length = visit.workflow.history_length
        if length == 0:
            return ()
        query = PageQuery(limit=length or HISTORY_LENGTH, newest_first=True, after=before, most_bytes=HISTORY_BYTES)
        page = await change.items.page(thread_id, query, hidden=True)
        items = [waiting if waiting and waiting.id == each.id else each for each in reversed(page.entries)]
        return tuple([past for item in items for past in self._past_messages(item)])

    def _past_messages(self, item: Item) -> Iterator[PastMessage]:
        """What later turns know of an item; of steps and notices nothing."""
        match item:
            case UserItem():
                files, tags = self._files_of(item), _tags_of(item)
                yield PastMessage(said_by="visitor", text=item.text, files=files, tags=tags, id=item.id)
            case AssistantItem():
                yield PastMessage(said_by="workflow", text=item.text, id=item.id)
            case HiddenItem():
                yield PastMessage(said_by="workflow", text="", hidden=item.content)
            case WidgetItem():
                yield PastMessage(said_by="workflow", text=item.copy_text or "", item=item)
            case GeneratedImageItem() | ClientToolCallItem() | EndOfTurnItem(ending=Ending()):
                yield PastMessage(said_by="workflow", text="", item=item)
            case StructuredInputItem():
                yield PastMessage(said_by="workflow", text=item.questions_text, item=item, id=item.id)
                if item.answers_text:
                    yield PastMessage(said_by="visitor", text=item.answers_text, id=f"{item.id}-answers")

    def _files_of(self, item: UserItem) -> tuple[SentFile, ...]:
        return tuple([self._sent_file(each) for each in item.attachments]) if item.attachments else ()

    def _sent_file(self, sent: Attachment) -> SentFile:
        read = partial(self._files.read, sent.id)
        return SentFile(name=sent.name, mime_type=sent.mime_type, size=sent.size, read=read)


def _tags_of(item: UserItem) -> tuple[TagInput, ...]:
    return tuple([each for each in item.content if isinstance(each, TagInput)])


def _text_of(cause: Cause) -> str:
    """What a workflow that takes a text gets: the output of a tool, the answers, and nothing for an action.

    Never what the visitor said last: it would be carried out twice.
    """
    if isinstance(cause, ClientToolCallItem):
        return cause.output if isinstance(cause.output, str) else json.dumps(cause.output, ensure_ascii=False)
    return cause.answers_text if isinstance(cause, StructuredInputItem) else ""
