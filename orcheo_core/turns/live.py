"""The turns that run in this process, and for a while those that just ended: what they said, and who follows them."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from datetime import datetime
from typing import Any

from orcheo_core.domain.budget import shown_bytes
from orcheo_core.domain.component_items import EndingKind
from orcheo_core.domain.run import OUTPUT_LIMIT, RunEvent, TextDelta, ThreadChange, UsageReported
from orcheo_core.domain.thread_events import ItemEvent, ThreadEvent, TurnTrouble
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.domain.turn_end import TurnEnd
from orcheo_core.errors import BudgetExceeded
from orcheo_core.ports.background import Background
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.frame_encoder import FrameEncoder
from orcheo_core.ports.run_thread import RunIsOver, RunThread
from orcheo_core.ports.runner import Run, RunSink, RunTooLong
from orcheo_core.turns.draft import TurnDraft
from orcheo_core.turns.register import Place, Register, Stop, Work, WorkKind
from orcheo_core.turns.relay import Relay, Room

THREAD_DELETED = TurnTrouble(message="This conversation was deleted.", allow_retry=False)
_WHOLE = TurnEnd(status=TurnStatus.COMPLETED)

PIECES_IN_A_ROW = 32
"""After this many a run is asked to let others have their turn: a workflow may never pause by itself."""
PIECE_CHARACTERS = 2_048
"""So much of a widget, an image or of whatever else is not text counts for one more of them: it takes as long."""

MOST_FRAME_BYTES = 64 * 1024 * 1024
"""A turn whose frames have more is stopped like one with too much text: notes, widgets and images count here."""

_TOO_MANY_BYTES = f"The events of the answer have more than {shown_bytes(MOST_FRAME_BYTES)}."

KEPT_ENDED_TURNS = 1_000
KEPT_ENDED_BYTES = 4 * 1024 * 1024
"""Of the frames of ended turns; the newest turn's are kept whatever their size, as it is followed now."""


class Pace:
    """Lets others have their turn while a run is heard that no one follows."""

    def __init__(self, pause: Callable[[], Awaitable[None]]) -> None:
        """``pause`` returns when others have had their turn."""
        self._pause = pause
        self._since_pause = 0

    def took(self, characters: int) -> bool:
        """Whether more may be said at once, after something of this length."""
        self._since_pause += 1 + characters // PIECE_CHARACTERS
        return self._since_pause < PIECES_IN_A_ROW

    async def room(self) -> None:
        """Return when more may be said."""
        self._since_pause = 0
        await self._pause()


class LiveTurn(RunSink):
    """One turn that runs: its run writes into it, connections follow its relay.

    Text that comes before the event loop gets round is one frame. An item that is whole is sent when it is durable;
    until then everything behind it is held back.
    """

    def __init__(
        self,
        *,
        turn: Turn,
        run: Run,
        draft: TurnDraft,
        encoder: FrameEncoder,
        background: Background,
        save: "Callable[[LiveTurn], Awaitable[bool]]",
        finish: "Callable[[LiveTurn, Exception | None], Coroutine[Any, Any, None]]",
        spoken: "dict[str, LiveTurn]",
        room: Room,
        reach: "Callable[[LiveTurn], RunThread]",
        may_be_silent: bool = False,
        chat_session_id: str | None = None,
        now: Callable[[], datetime],
    ) -> None:
        """Nothing has happened yet; when something is said, it is in ``spoken`` too.

        ``save`` makes what was said durable and tells whether it could, ``finish`` ends the turn, ``reach`` gives a
        run that asks for it the thread.
        """
        self.turn = turn
        self.run = run
        self.draft = draft
        self.relay = Relay(room)
        self.stopped_as: TurnStatus | None = None
        """What it will end as because it was stopped."""
        self.reason: TurnTrouble | None = None
        """Why it was stopped, for its followers, when the visitor did not do it."""
        self.may_be_silent = may_be_silent
        """Whether it may end without anything to see: an action of the page may be carried out without a word."""
        self.chat_session_id = chat_session_id
        self.ended_as: TurnEnd | None = None
        """How it ended, once it has."""
        self.waits_for_storage = False
        """Whether its end could not be made durable yet."""
        self.is_lost = False
        """Whether something that it said could not be saved, which ended it."""
        self.is_unwritable = False
        """Whether what it said could not be saved and never can be."""
        self.is_thread_gone = False
        """Whether its thread was deleted while it ran: there is nothing left to save into."""
        self.excess: RunTooLong | None = None
        """Which limit the run was stopped at, when it said more than it may."""
        self.first_event_at: datetime | None = None
        """When the workflow said something first."""
        self._now = now
        self._encoder = encoder
        self._background = background
        self._soon = background.soon
        self._save = save
        self._spoken = spoken
        self._finish = finish
        self._reach = reach
        self._is_due = False
        self._pieces: list[str] | None = None
        """Those of the answer, as long as text is all that comes: most pieces pass nothing but them."""
        self._since_pause = 0

    # --- what the run says ------------------------------------------------------------------------------------------

    def text(self, text: str) -> bool:
        """See the port. At the limit of text the run is stopped."""
        draft, pieces = self.draft, self._pieces
        length = draft.length + len(text)
        if pieces is not None and length <= OUTPUT_LIMIT:
            pieces.append(text)
            draft.length, draft.unsaved = length, True
            self._since_pause = since = self._since_pause + 1
            return since < PIECES_IN_A_ROW
        if self.excess is not None or self.is_lost:
            return False
        if self.first_event_at is None:
            self.first_event_at = self._now()
        self._pieces = pieces = (draft.answer or draft.begin_answer()).pieces
        if length > OUTPUT_LIMIT:
            length, text = OUTPUT_LIMIT, text[: OUTPUT_LIMIT - draft.length]
            self._stop_at_limit(RunTooLong())
        pieces.append(text)
        draft.length, draft.unsaved = length, True
        if not self._is_due:
            self._is_due = True
            self._spoken[self.turn.id] = self
            self._soon(self.pass_on)
        self._since_pause += 1
        return self._since_pause < PIECES_IN_A_ROW

    def event(self, event: RunEvent | ItemEvent) -> bool:
        """See the port."""
        if isinstance(event, TextDelta):
            return self.text(event.text)
        if self.excess is not None or self.is_lost:
            return False
        self._pieces = None
        if isinstance(event, UsageReported):
            self.turn = self.turn.with_usage(event.usage)
        elif self.first_event_at is None:
            self.first_event_at = self._now()
        self._since_pause += 1 + self.draft.apply(event) // PIECE_CHARACTERS
        if not self._is_due:
            self._is_due = True
            self._spoken[self.turn.id] = self
            self._soon(self.pass_on)
        return self._since_pause < PIECES_IN_A_ROW and not self.draft.has_news

    async def room(self) -> None:
        """See the port; what is whole becomes durable first."""
        self._since_pause = 0
        if self.draft.has_news and not self.is_lost:
            if await self._save(self):
                self.pass_on()
            else:
                self.is_lost, self._pieces = True, None
                self.run.stop()
        await self._background.pause()

    def thread(self) -> RunThread:
        """See the port. A workflow that writes items itself may have nothing to show."""
        self.may_be_silent = True
        return self._reach(self)

    def tell_item(self, event: ItemEvent | ThreadChange) -> bool:
        """The same for what a run says through :meth:`thread`, after a stop too: until the turn has ended."""
        if self.ended_as is not None:
            raise RunIsOver
        return self.event(event)

    def abandoned(self, error: Exception | None) -> None:
        """See the port."""
        self._background.start(self._finish(self, error), name=self.turn.id)

    # --- what followers receive -------------------------------------------------------------------------------------

    def pass_on(self) -> None:
        """Tell the followers what they may know by now, all of them once."""
        self._is_due, self._pieces = False, None
        draft = self.draft
        if draft.unsaved:
            self._spoken[self.turn.id] = self
        if self.is_lost or draft.has_news:
            return
        if draft.untold:
            self.tell(draft.take())
        elif (answer := draft.answer) is not None and answer.told < len(answer.pieces):
            # Text alone, as most that comes: it makes no event, and passes no function that it does not need.
            text, answer.told = "".join(answer.pieces[answer.told :]), len(answer.pieces)
            refusal = self.relay.add([self._encoder.text(answer.item_at_first.id, text)])
            if refusal is not None or self.relay.size > MOST_FRAME_BYTES:
                self._exceed(refusal)

    def tell(self, events: Iterable[ThreadEvent]) -> None:
        """Give the frames of these events to the followers."""
        refusal = self.relay.add(self._encoder.frames(events))
        if refusal is not None or self.relay.size > MOST_FRAME_BYTES:
            self._exceed(refusal)

    def _exceed(self, refusal: BudgetExceeded | None) -> None:
        """Stop the run for its frames, unless it has ended or was stopped for what it said before."""
        if not (self.relay.is_over or self.excess):
            self._stop_at_limit(RunTooLong(f"{refusal.detail} {refusal.hint}" if refusal else _TOO_MANY_BYTES))

    def _stop_at_limit(self, excess: RunTooLong) -> None:
        self.excess, self._pieces = excess, None
        self.run.stop()

    def end(self, events: Iterable[ThreadEvent]) -> None:
        """Tell the last events."""
        self.relay.is_over = True
        self.tell(events)

    # --- its end ----------------------------------------------------------------------------------------------------

    def stop(self, status: TurnStatus, reason: TurnTrouble | None = None) -> None:
        """Ask the run to stop; the turn will end with ``status``. The first reason stays."""
        if self.stopped_as is None:
            self.stopped_as, self.reason = status, reason
        self.run.stop()

    def stop_for(self, why: Stop) -> None:
        """Ask the run to stop for this reason."""
        self.stop(why.status, why.trouble)

    def natural_end(self) -> TurnEnd:
        """The end of a run that raised nothing: it was stopped, or its workflow came to its end."""
        if self.stopped_as is TurnStatus.INTERRUPTED:
            fault = TurnFault("interrupted", "The server stopped during the answer.")
            return TurnEnd(status=self.stopped_as, kind=EndingKind.INTERRUPTED, trouble=self.reason, fault=fault)
        if self.stopped_as is not None:
            kind = EndingKind.CLOSED if self.reason else EndingKind.STOPPED
            return TurnEnd(status=self.stopped_as, kind=kind, trouble=self.reason)
        cut = self.draft.cut
        if cut is None:
            return TurnEnd(status=TurnStatus.COMPLETED, fault=self.draft.fault) if self.draft.fault else _WHOLE
        return TurnEnd(status=TurnStatus.COMPLETED, kind=EndingKind.CUT_OFF, fault=TurnFault(cut.code, cut.reason))


class LiveTurns:
    """Finds turns by id; those that run are in the register too. Of those that ended only the frames are kept."""

    def __init__(self, clock: Clock, register: Register) -> None:
        """Nothing runs yet; ended turns are kept by ``clock``."""
        self._register = register
        self._clock = clock
        self._running: dict[str, tuple[LiveTurn, Work]] = {}
        self.spoken: dict[str, LiveTurn] = {}
        """Those that may have said something that is not durable."""
        self._ended: OrderedDict[str, tuple[datetime, Relay]] = OrderedDict()
        self._ended_bytes = 0

    def __iter__(self) -> Iterator[LiveTurn]:
        """Those whose end is not durable, as they are at this moment."""
        return iter([live for live, _ in self._running.values()])

    def __len__(self) -> int:
        return len(self._running)

    def find(self, turn_id: str) -> Relay | None:
        """The relay of the turn with this id, if its frames can still be followed."""
        if ended := self._ended.get(turn_id):
            return ended[1]
        running = self._running.get(turn_id)
        return running[0].relay if running else None

    def add(self, live: LiveTurn) -> None:
        """A turn begins to run."""
        turn = live.turn
        place = Place(workflow_id=turn.workflow_id, thread_id=turn.thread_id, chat_session_id=live.chat_session_id)
        self._running[turn.id] = live, self._register.begin(WorkKind.TURN, place, live.stop_for)

    def stop(self, turn_id: str, why: Stop) -> None:
        """Ask the run of a turn to stop, if it still runs."""
        if running := self._running.get(turn_id):
            running[0].stop_for(why)

    def discard(self, live: LiveTurn) -> None:
        """The end of a turn is durable, or there is nothing left to save into."""
        self.spoken.pop(live.turn.id, None)
        if running := self._running.pop(live.turn.id, None):
            self._register.end(running[1])
            if live.relay.is_over and live.turn.id not in self._ended:  # its end had to wait for the storage
                live.relay.forget()

    def keep(self, live: LiveTurn) -> None:
        """A turn is over: its frames can be followed for a while."""
        relay = live.relay
        self._ended[live.turn.id] = self._clock.now(), relay
        self._ended_bytes += relay.size
        while len(self._ended) > KEPT_ENDED_TURNS or (self._ended_bytes > KEPT_ENDED_BYTES and len(self._ended) > 1):
            self._forget_oldest()

    def forget(self, before: datetime) -> None:
        """Forget the frames of turns that ended before this moment."""
        while self._ended and next(iter(self._ended.values()))[0] < before:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        turn_id, (_, relay) = self._ended.popitem(last=False)
        self._ended_bytes -= relay.size
        if turn_id not in self._running:
            relay.forget()
