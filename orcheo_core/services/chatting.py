"""Chatting: what a visitor can ask for inside a chat; every request is scoped to (workflow, subject)."""

from attrs import field, frozen

from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.items import InferenceOptions, InputPart, Item, UserItem
from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.run import HISTORY_LENGTH, PastMessage, RunContext, RunRequest
from orcheo_core.domain.thread_events import ItemDone, StreamOptions, ThreadCreated, ThreadEvent
from orcheo_core.domain.threads import Thread, title_from
from orcheo_core.domain.turn import Turn
from orcheo_core.errors import ItemNotFound, ServerStopping, ThreadNotFound
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.runner import Runners
from orcheo_core.ports.turn_relay import TurnRelay
from orcheo_core.ports.unit_of_work import DuplicateTurn, Store, UnitOfWork
from orcheo_core.services.admitting import Visit
from orcheo_core.services.identifiers import Identifiers
from orcheo_core.services.live_turns import LiveTurns
from orcheo_core.services.turn_engine import Assignment, TurnEngine


@frozen(kw_only=True)
class VisitorInput:
    """What a visitor sends: the content and, for a repeat that must not count twice, a key of their own."""

    content: tuple[InputPart, ...]
    quoted_text: str | None = None
    inference_options: InferenceOptions = field(factory=InferenceOptions)
    idempotency_key: str | None = None


@frozen(kw_only=True)
class ThreadView:
    """A thread as its subject sees it: its first items and how its latest turn stands."""

    thread: Thread
    items: Page[Item]
    latest_turn: Turn | None = None


class Chatting:
    """Begins turns and reads threads."""

    def __init__(
        self,
        *,
        store: Store,
        relay: TurnRelay,
        runners: Runners,
        clock: Clock,
        identifiers: Identifiers,
        engine: TurnEngine,
        live_turns: LiveTurns,
    ) -> None:
        """Join the ports this service needs."""
        self._store = store
        self._relay = relay
        self._runners = runners
        self._clock = clock
        self._identifiers = identifiers
        self._engine = engine
        self._live_turns = live_turns
        self._stopping = False

    async def create_thread(self, visit: Visit, said: VisitorInput) -> Turn:
        """Begin a thread with a first turn; follow the turn through the relay.

        A repeated idempotency key returns the first turn. Raises :class:`ServerStopping`, :class:`StorageUnavailable`.
        """
        now = self._clock.now()
        thread = Thread(
            id=self._identifiers.new(IdKind.THREAD),
            workflow_id=visit.workflow.id,
            subject=visit.subject,
            created_at=now,
            updated_at=now,
            title=title_from("".join(part.text for part in said.content)),
        )
        return await self._begin(visit, thread, said, [ThreadCreated(thread)], history=())

    async def add_user_item(self, visit: Visit, thread_id: str, said: VisitorInput) -> Turn:
        """Begin the next turn of a thread.

        Raises :class:`ThreadNotFound` and :class:`TurnInProgress`, besides what :meth:`create_thread` raises.
        """
        change = self._store.begin()
        thread = await self._own_thread(change, visit, thread_id)
        history = await self._history(change, thread_id)
        return await self._begin(visit, thread.touched(self._clock.now()), said, [], history=history)

    async def retry(self, visit: Visit, thread_id: str, item_id: str, *, idempotency_key: str | None = None) -> Turn:
        """Answer a user item again; what came after it goes when the new answer is durable.

        Raises :class:`ThreadNotFound`, :class:`ItemNotFound`, :class:`TurnInProgress`.
        """
        change = self._store.begin()
        thread = await self._own_thread(change, visit, thread_id)
        item = await change.items.find(thread_id, item_id)
        if not isinstance(item, UserItem):
            raise ItemNotFound("The thread has no visitor's item with this id to answer again.")
        replaces = await self._ids_after(change, thread_id, item_id)
        history = await self._history(change, thread_id, before=item_id)
        turn = self._new_turn(visit, thread_id, item_id, replaces=replaces, idempotency_key=idempotency_key)
        change.threads.save(thread.touched(self._clock.now()))
        change.turns.add(turn)
        return await self._launch(change, turn, visit, item.text, [], history)

    async def cancel(self, visit: Visit, thread_id: str) -> None:
        """Stop the running turn of a thread, if any; what it has said so far stays."""
        await self._own_thread(self._store.begin(), visit, thread_id)
        self._live_turns.stop_thread(thread_id)

    async def read_thread(self, visit: Visit, thread_id: str) -> ThreadView:
        """A thread with its first items, oldest first."""
        change = self._store.begin()
        thread = await self._own_thread(change, visit, thread_id)
        items = await change.items.page(thread_id, PageQuery())
        return ThreadView(thread=thread, items=items, latest_turn=await change.turns.latest(thread_id))

    async def threads(self, visit: Visit, query: PageQuery) -> Page[Thread]:
        """The subject's own threads with this workflow."""
        return await self._store.begin().threads.page(visit.workflow.id, visit.subject, query)

    async def items(self, visit: Visit, thread_id: str, query: PageQuery) -> Page[Item]:
        """A page of the items of a thread."""
        change = self._store.begin()
        await self._own_thread(change, visit, thread_id)
        return await change.items.page(thread_id, query)

    async def followable_turn(self, visit: Visit, thread_id: str) -> str | None:
        """The id of the thread's latest turn when its events can still be followed."""
        change = self._store.begin()
        await self._own_thread(change, visit, thread_id)
        turn = await change.turns.latest(thread_id)
        return turn.id if turn and self._relay.knows(turn.id) else None

    def stop(self) -> None:
        """The server shuts down: no new turn, and the running ones are interrupted."""
        self._stopping = True
        self._live_turns.stop_all()

    async def _begin(
        self,
        visit: Visit,
        thread: Thread,
        said: VisitorInput,
        opening: list[ThreadEvent],
        *,
        history: tuple[PastMessage, ...],
    ) -> Turn:
        item_id = self._identifiers.new(IdKind.ITEM)
        turn = self._new_turn(visit, thread.id, item_id, idempotency_key=said.idempotency_key)
        item = UserItem(
            id=item_id,
            thread_id=thread.id,
            turn_id=turn.id,
            created_at=turn.started_at,
            content=said.content,
            quoted_text=said.quoted_text,
            inference_options=said.inference_options,
        )
        change = self._store.begin()
        change.threads.save(thread)
        change.turns.add(turn)
        change.items.save(item)
        return await self._launch(change, turn, visit, item.text, [*opening, ItemDone(item)], history)

    async def _launch(
        self,
        change: UnitOfWork,
        turn: Turn,
        visit: Visit,
        text: str,
        opening: list[ThreadEvent],
        history: tuple[PastMessage, ...],
    ) -> Turn:
        if self._stopping:
            raise ServerStopping
        runner = self._runners.get(visit.workflow.runner.kind)
        try:
            await change.commit()
        except DuplicateTurn:
            return await self._first_turn(visit, turn)
        self._relay.open(turn.id)
        await self._relay.append(turn.id, [*opening, StreamOptions(allow_cancel=True)])
        context = RunContext(
            workflow_id=turn.workflow_id,
            thread_id=turn.thread_id,
            turn_id=turn.id,
            subject=turn.subject,
            history=history,
        )
        request = RunRequest(spec=visit.workflow.runner, text=text, context=context)
        self._engine.start(Assignment(turn=turn, runner=runner, request=request))
        return turn

    async def _first_turn(self, visit: Visit, repeated: Turn) -> Turn:
        key = repeated.idempotency_key or ""
        first = await self._store.begin().turns.find_by_key(visit.workflow.id, visit.subject, key)
        if first is None:
            raise ThreadNotFound
        return first

    def _new_turn(
        self,
        visit: Visit,
        thread_id: str,
        user_item_id: str,
        *,
        idempotency_key: str | None = None,
        replaces: tuple[str, ...] = (),
    ) -> Turn:
        return Turn(
            id=self._identifiers.new(IdKind.TURN),
            workflow_id=visit.workflow.id,
            thread_id=thread_id,
            subject=visit.subject,
            user_item_id=user_item_id,
            answer_id=self._identifiers.new(IdKind.ITEM),
            started_at=self._clock.now(),
            idempotency_key=idempotency_key,
            replaces=replaces,
        )

    @staticmethod
    async def _own_thread(change: UnitOfWork, visit: Visit, thread_id: str) -> Thread:
        thread = await change.threads.find(thread_id)
        if thread is None or (thread.workflow_id, thread.subject) != (visit.workflow.id, visit.subject):
            raise ThreadNotFound
        return thread

    @staticmethod
    async def _history(change: UnitOfWork, thread_id: str, *, before: str | None = None) -> tuple[PastMessage, ...]:
        query = PageQuery(limit=HISTORY_LENGTH, newest_first=True, after=before)
        page = await change.items.page(thread_id, query)
        return tuple(_past_message(item) for item in reversed(page.entries))

    @staticmethod
    async def _ids_after(change: UnitOfWork, thread_id: str, item_id: str) -> tuple[str, ...]:
        found: list[str] = []
        query = PageQuery(limit=100, after=item_id)
        while True:
            page = await change.items.page(thread_id, query)
            found += [item.id for item in page.entries]
            if not page.has_more:
                return tuple(found)
            query = PageQuery(limit=100, after=found[-1])


def _past_message(item: Item) -> PastMessage:
    return PastMessage(said_by="visitor" if isinstance(item, UserItem) else "workflow", text=item.text)
