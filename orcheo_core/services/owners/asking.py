"""An owner asks a workflow of their own and waits for the whole answer."""

from collections.abc import Sequence

from attrs import define, frozen

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.component_items import ClientToolCallItem, EndOfTurnItem, HiddenItem, ProgressNoteItem
from orcheo_core.domain.items import AssistantItem, Item, TextInput
from orcheo_core.domain.shown_text import readable
from orcheo_core.domain.sources import Source
from orcheo_core.domain.transcript import details_of, kind_of, text_of
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.errors import NoAnswer, ThreadNotFound
from orcheo_core.ports.background import Background
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.turn_items import items_of
from orcheo_core.services.visitors.admitting import Admitting, Visit
from orcheo_core.services.visitors.chatting import Chatting, VisitorInput
from orcheo_core.turns.live import LiveTurns

_ASIDE = (EndOfTurnItem, ProgressNoteItem, HiddenItem)


@frozen(kw_only=True)
class Asked:
    """What a workflow answered: all its items of the turn."""

    thread_id: str
    items: Sequence[Item]
    fault: TurnFault | None = None
    """Why the answer is not whole, or a part of it could not be shown."""

    @property
    def text(self) -> str:
        """The answer as text, with the workflow's questions; what it thought, did or kept for itself is not in it."""
        return "\n\n".join(filter(None, (_said(item) for item in self.items if not isinstance(item, _ASIDE))))

    @property
    def notices(self) -> tuple[str, ...]:
        """What has to be known of the answer: the words beside it, and for its owner why it is not whole."""
        notices = [text_of(item) for item in self.items if isinstance(item, EndOfTurnItem)]
        return tuple(filter(None, (*notices, self.fault.reason if self.fault else "")))

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the answer cites, each once."""
        parts = [part for item in self.items if isinstance(item, AssistantItem) for part in item.content]
        return tuple({repr(each.source): each.source for part in parts for each in part.citations}.values())


def _said(item: Item) -> str:
    """The text of an item; what it cites is apart from it."""
    if isinstance(item, AssistantItem):
        return item.text
    called = "Calls a tool of the page: " if isinstance(item, ClientToolCallItem) else ""
    return called + readable(kind_of(item), text_of(item), details_of(item))


@define(kw_only=True, eq=False)
class Asking:
    """Asks as an owner does in a chat of their own: under the same rules, in threads of their own."""

    _store: Store
    _background: Background
    _live_turns: LiveTurns
    _admitting: Admitting
    _chatting: Chatting

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
        relay = self._live_turns.find(turn.id)
        while relay is not None and not relay.is_over:
            await self._background.woken(relay.follow, relay.leave)
        fault = await self._fault_at_end(turn)
        return Asked(thread_id=turn.thread_id, items=await items_of(self._store.begin(), turn), fault=fault)

    async def _continue(self, visit: Visit, thread_id: str, said: VisitorInput) -> Turn:
        try:
            return await self._chatting.add_user_item(visit, thread_id, said)
        except ThreadNotFound:
            message = "This workflow has no thread of yours with this id."
            hint = "Only a thread that you began yourself can be continued. Leave the id out to begin a new one."
            raise ThreadNotFound(message, hint=hint) from None

    async def _fault_at_end(self, turn: Turn) -> TurnFault | None:
        latest = await self._store.begin().turns.latest(turn.thread_id)
        if latest is None or latest.id != turn.id or latest.status is TurnStatus.COMPLETED:
            return latest.fault if latest is not None and latest.id == turn.id else None
        if latest.status is TurnStatus.RUNNING:  # as far as the store knows
            raise NoAnswer("The answer could not be saved.", hint="`orcheo doctor` says whether the server can save.")
        reason = latest.fault.reason if latest.fault else f"The answer was {latest.status.value}."
        hint = (
            f"`orcheo workflow check` tries it again; `orcheo thread show {turn.thread_id}` shows what was said so far."
        )
        raise NoAnswer(_sentence(reason), hint=hint)


def _sentence(reason: str) -> str:
    """Of what a runner or an exception says."""
    said = reason[:1].upper() + reason[1:]
    if not said.startswith("The "):  # such as the words of an exception
        said = f"The workflow failed: {reason}"
    return said if said.endswith((".", "!", "?")) else f"{said}."
