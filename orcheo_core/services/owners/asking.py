"""An owner asks a workflow of their own and waits for the whole answer."""

from collections.abc import Sequence

from attrs import frozen

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.component_items import EndOfTurnItem
from orcheo_core.domain.items import AssistantItem, Item, Source, TextInput, UserItem
from orcheo_core.domain.pages import PAGE_LIMIT, PageQuery
from orcheo_core.domain.transcript import text_of
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.errors import NoAnswer, ThreadNotFound
from orcheo_core.ports.background import Background
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.visitors.admitting import Admitting, Visit
from orcheo_core.services.visitors.chatting import Chatting, VisitorInput
from orcheo_core.turns.live import LiveTurns


@frozen(kw_only=True)
class Asked:
    """What a workflow answered: all its items of the turn."""

    thread_id: str
    items: Sequence[Item]

    @property
    def text(self) -> str:
        """The answer as text, questions of the workflow included."""
        return "\n\n".join(filter(None, map(text_of, self.items)))

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the answer cites, each once."""
        parts = [part for item in self.items if isinstance(item, AssistantItem) for part in item.content]
        return tuple({repr(each.source): each.source for part in parts for each in part.citations}.values())


class Asking:
    """Asks as an owner does in a chat of their own: under the same rules, in threads of their own."""

    def __init__(
        self,
        *,
        store: Store,
        background: Background,
        live_turns: LiveTurns,
        admitting: Admitting,
        chatting: Chatting,
    ) -> None:
        """Join the ports and services this service needs."""
        self._store = store
        self._background = background
        self._live_turns = live_turns
        self._admitting = admitting
        self._chatting = chatting

    async def ask(self, caller: Caller, ref: str, text: str, thread_id: str | None) -> Asked:
        """Begin a thread, or continue one of the caller's, and wait for as long as the workflow may take.

        Raises :class:`WorkflowNotFound`, :class:`FeatureDisabled`, :class:`ThreadNotFound`, :class:`TurnInProgress`,
        and :class:`NoAnswer` with the reason when the answer did not come to its end.
        """
        grant = await self._admitting.by_owner(caller, ref)
        visit = await self._admitting.visit_by_grant(grant.text)
        said = VisitorInput(content=(TextInput(text=text),))
        if thread_id is None:
            turn = await self._chatting.create_thread(visit, said)
        else:
            turn = await self._continue(visit, thread_id, said)
        live = self._live_turns.find(turn.id)
        while live is not None and not live.is_over:
            await self._background.woken(live.follow, live.leave)
        await self._require_end(turn)
        return Asked(thread_id=turn.thread_id, items=await self._items(turn))

    async def _continue(self, visit: Visit, thread_id: str, said: VisitorInput) -> Turn:
        try:
            return await self._chatting.add_user_item(visit, thread_id, said)
        except ThreadNotFound:
            message = "This workflow has no thread of yours with this id."
            hint = "Only a thread that you began yourself can be continued. Leave the id out to begin a new one."
            raise ThreadNotFound(message, hint=hint) from None

    async def _items(self, turn: Turn) -> list[Item]:
        newest = await self._store.begin().items.page(turn.thread_id, PageQuery(limit=PAGE_LIMIT, newest_first=True))
        return [
            item
            for item in reversed(newest.entries)
            if item.turn_id == turn.id and not isinstance(item, UserItem | EndOfTurnItem)
        ]

    async def _require_end(self, turn: Turn) -> None:
        latest = await self._store.begin().turns.latest(turn.thread_id)
        if latest is None or latest.id != turn.id or latest.status is TurnStatus.COMPLETED:
            return
        reason = latest.fault.reason if latest.fault else f"The answer was {latest.status.value}."
        raise NoAnswer(reason, hint=f"`orcheo thread show {turn.thread_id}` shows what was said so far.")
