"""Launching: the steps that every turn begins with, whatever it was that began it."""

from collections.abc import Sequence
from functools import partial

from attrs import frozen

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.items import AssistantItem, InferenceOptions, Item, UserItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.run import (
    ANSWER_SECONDS,
    HISTORY_LENGTH,
    ActionTaken,
    Cause,
    PastMessage,
    RunContext,
    RunRequest,
    SentFile,
)
from orcheo_core.domain.thread_events import StreamOptions, ThreadCreated, ThreadEvent
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.errors import IdempotencyKeyReused, ServerStopping, ThreadNotFound
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.runner import Run, Runner, Runners
from orcheo_core.ports.turn_relay import TurnRelay
from orcheo_core.ports.unit_of_work import DuplicateTurn, Store, UnitOfWork
from orcheo_core.services.admitting import Visit
from orcheo_core.services.identifiers import Identifiers
from orcheo_core.services.live_turns import LiveTurns
from orcheo_core.services.turn_engine import Assignment, TurnEngine


@frozen(kw_only=True)
class Beginning:
    """All that a turn begins with; ``change`` holds what lands together with it."""

    change: UnitOfWork
    visit: Visit
    thread: Thread
    turn: Turn
    text: str
    history: tuple[PastMessage, ...]
    opening: Sequence[ThreadEvent] = (StreamOptions(),)
    """What followers are told before the workflow says anything."""
    cause: Cause | None = None
    """What began the turn, when it was not a message."""
    user_item: UserItem | None = None
    """The message that is answered."""

    @property
    def creates_thread(self) -> bool:
        """Whether the thread begins with this turn."""
        return any(isinstance(each, ThreadCreated) for each in self.opening)


class TurnLauncher:
    """Makes the beginning of a turn durable, then starts its run."""

    def __init__(
        self,
        *,
        store: Store,
        relay: TurnRelay,
        runners: Runners,
        files: AttachmentFiles,
        clock: Clock,
        identifiers: Identifiers,
        engine: TurnEngine,
        live_turns: LiveTurns,
    ) -> None:
        """Join the ports this service needs."""
        self._store = store
        self._relay = relay
        self._runners = runners
        self._files = files
        self._clock = clock
        self._identifiers = identifiers
        self._engine = engine
        self._live_turns = live_turns
        self._stopping = False

    def stop(self) -> None:
        """The server shuts down: no new turn."""
        self._stopping = True

    def new_turn(
        self,
        visit: Visit,
        thread: Thread,
        user_item_id: str,
        *,
        idempotency_key: str | None = None,
        replaces: tuple[str, ...] = (),
    ) -> Turn:
        """A turn that has not begun."""
        return Turn(
            id=self._identifiers.new(IdKind.TURN),
            workflow_id=visit.workflow.id,
            thread_id=thread.id,
            subject=visit.subject,
            user_item_id=user_item_id,
            answer_id=self._identifiers.new(IdKind.ITEM),
            started_at=self._clock.now(),
            idempotency_key=idempotency_key,
            replaces=replaces,
        )

    async def begun(self, visit: Visit, idempotency_key: str | None, *, thread_id: str) -> Turn | None:
        """The turn that this visitor began in this thread with this key; what it needed then need not hold any more.

        Raises :class:`IdempotencyKeyReused` for a key of another thread.
        """
        if idempotency_key is None:
            return None
        turns = self._store.begin().turns
        first = await turns.find_by_key(visit.workflow.id, visit.subject, idempotency_key)
        if first is not None and first.thread_id != thread_id:
            raise IdempotencyKeyReused
        return first

    async def launch(self, beginning: Beginning) -> Turn:
        """Commit the beginning and start the run; a repeated idempotency key gives the first turn instead.

        Raises :class:`TurnInProgress`, :class:`ServerStopping`, :class:`StorageUnavailable`; then nothing has begun.
        """
        if self._stopping:
            raise ServerStopping
        runner = self._runner(beginning)
        turn = beginning.turn
        self._stage(beginning)
        try:
            await beginning.change.commit()
        except DuplicateTurn:
            return await self._first_with_key(beginning)
        self._relay.open(turn.id)
        await self._relay.append(turn.id, beginning.opening)
        acted_upon = beginning.cause.widget if isinstance(beginning.cause, ActionTaken) else None
        request = self._request(beginning)
        self._engine.start(
            Assignment(turn=turn, thread=beginning.thread, runner=runner, request=request, acted_upon=acted_upon)
        )
        self._live_turns.stop_if_ended_since(turn.id, beginning.visit.endings)
        return turn

    async def _first_with_key(self, beginning: Beginning) -> Turn:
        """The turn that a repeated request began; the same key with another message is no repetition."""
        change, visit, key = self._store.begin(), beginning.visit, beginning.turn.idempotency_key
        first = await change.turns.find_by_key(visit.workflow.id, visit.subject, key) if key else None
        if first is None:
            raise ThreadNotFound
        is_elsewhere = first.thread_id != beginning.thread.id and not beginning.creates_thread
        if is_elsewhere or await self._says_otherwise(change, beginning, first):
            raise IdempotencyKeyReused
        return first

    @staticmethod
    async def _says_otherwise(change: UnitOfWork, beginning: Beginning, first: Turn) -> bool:
        if beginning.user_item is None:
            return False
        said = await change.items.find(first.thread_id, first.user_item_id)
        return not isinstance(said, UserItem) or said.text != beginning.user_item.text

    async def takes_actions(self, visit: Visit) -> bool:
        """Whether the workflow can be told of an action; see :meth:`Runner.takes_actions`."""
        spec = visit.workflow.runner
        return await self._runners.get(spec.kind).takes_actions(spec)

    def run_apart(self, beginning: Beginning) -> Run:
        """A run without a turn: nothing is committed, nobody follows."""
        return self._runner(beginning).run(self._request(beginning))

    @staticmethod
    async def history(
        change: UnitOfWork, visit: Visit, thread_id: str, *, before: str | None = None
    ) -> tuple[PastMessage, ...]:
        """What was said in a thread, oldest first, with what the workflow kept there; as much as it wants."""
        length = visit.workflow.history_length
        if length == 0:
            return ()
        query = PageQuery(limit=length or HISTORY_LENGTH, newest_first=True, after=before)
        page = await change.items.page(thread_id, query, hidden=True)
        return tuple(past for item in reversed(page.entries) if (past := _past_message(item)))

    @staticmethod
    def _stage(beginning: Beginning) -> None:
        change, item = beginning.change, beginning.user_item
        (change.threads.add if beginning.creates_thread else change.threads.save)(beginning.thread)
        change.turns.add(beginning.turn)
        if item is not None and item.turn_id == beginning.turn.id:
            change.items.save(item)
            for attachment in item.attachments:
                change.attachments.save(attachment)

    def _request(self, beginning: Beginning) -> RunRequest:
        turn, item = beginning.turn, beginning.user_item
        context = RunContext(
            workflow_id=turn.workflow_id,
            thread_id=turn.thread_id,
            turn_id=turn.id,
            subject=turn.subject,
            app_user=beginning.visit.app_user,
            history=beginning.history,
            cause=beginning.cause,
            message_id=item.id if item else None,
            attachments=tuple(map(self._sent_file, item.attachments)) if item else (),
            quoted_text=item.quoted_text if item else None,
            inference_options=item.inference_options if item else InferenceOptions(),
        )
        workflow = beginning.visit.workflow
        time_limit = workflow.time_limit or ANSWER_SECONDS
        return RunRequest(spec=workflow.runner, text=beginning.text, context=context, time_limit=time_limit)

    def _sent_file(self, sent: Attachment) -> SentFile:
        read = partial(self._files.read, sent.id)
        return SentFile(name=sent.name, mime_type=sent.mime_type, size=sent.size, read=read)

    def _runner(self, beginning: Beginning) -> Runner:
        return self._runners.get(beginning.visit.workflow.runner.kind)


def _past_message(item: Item) -> PastMessage | None:
    if isinstance(item, UserItem):
        return PastMessage(said_by="visitor", text=item.text)
    if isinstance(item, AssistantItem):
        return PastMessage(said_by="workflow", text=item.text)
    return PastMessage(said_by="workflow", text="", hidden=item.content) if isinstance(item, HiddenItem) else None
