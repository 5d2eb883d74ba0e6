"""The turns that run in this process, and for a while those that just ended: what they said, and who follows them."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from datetime import datetime
from typing import Any

from orcheo_core.domain.component_items import EndingKind
from orcheo_core.domain.run import OUTPUT_LIMIT, RunEvent, TextDelta, UsageReported
from orcheo_core.domain.thread_events import ThreadEvent, TurnTrouble
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.domain.turn_end import TurnEnd
from orcheo_core.ports.background import Background
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.frame_encoder import FrameEncoder
from orcheo_core.ports.runner import Run, RunSink
from orcheo_core.turns.draft import TurnDraft
from orcheo_core.turns.register import Place, Register, Stop, Work, WorkKind

THREAD_DELETED = TurnTrouble(message="This conversation was deleted.", allow_retry=False)
_WHOLE = TurnEnd(status=TurnStatus.COMPLETED)

PIECES_IN_A_ROW = 32
"""After this many a run is asked to let others have their turn: a workflow may never pause by itself."""

MOST_FRAME_BYTES = 64 * 1024 * 1024
"""A turn whose frames have more is stopped like one with too much text: notes, widgets and images count here."""

KEPT_ENDED_TURNS = 1_000
KEPT_ENDED_BYTES = 32 * 1024 * 1024
"""Of the frames of ended turns; the newest turn's are kept whatever their size, as it is followed now."""


class LiveTurn(RunSink):
    """One turn: its run writes into it, connections follow its frames.

    Frame n is thread event n of the turn, encoded when it is sent; resuming counts by these numbers. Text that comes
    before the event loop gets round is one frame. An item that is whole is sent when it is durable; until then
    everything behind it is held back.
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
        may_be_silent: bool = False,
        chat_session_id: str | None = None,
    ) -> None:
        """Nothing has happened yet.

        ``save`` makes what was said durable and tells whether it could, ``finish`` ends the turn.
        """
        self.turn = turn
        self.run = run
        self.draft = draft
        self.frames: list[bytes] = []
        self.frame_bytes = 0
        self.is_over = False
        """Whether no more frames will come."""
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
        self.is_too_long = False
        """Whether the run was stopped because it said more than the limit."""
        self._encoder = encoder
        self._background = background
        self._save = save
        self._finish = finish
        self._followers: dict[Callable[[], None], None] = {}
        self._is_due = False
        self._since_pause = 0

    # --- what the run says ------------------------------------------------------------------------------------------

    def text(self, text: str) -> bool:
        """See the port. At the limit of text the run is stopped."""
        draft = self.draft
        if self.is_too_long or self.is_lost:
            return False
        if draft.length + len(text) > OUTPUT_LIMIT:
            text = text[: OUTPUT_LIMIT - draft.length]
            self.is_too_long = True
            self.run.stop()
        draft.write(text)
        if not self._is_due:
            self._is_due = True
            self._background.soon(self.pass_on)
        self._since_pause += 1
        return self._since_pause < PIECES_IN_A_ROW

    def event(self, event: RunEvent) -> bool:
        """See the port."""
        if isinstance(event, TextDelta):
            return self.text(event.text)
        if self.is_too_long or self.is_lost:
            return False
        if isinstance(event, UsageReported):
            self.turn = self.turn.with_usage(event.usage)
        self.draft.apply(event)
        if not self._is_due:
            self._is_due = True
            self._background.soon(self.pass_on)
        self._since_pause += 1
        return self._since_pause < PIECES_IN_A_ROW and not self.draft.has_news

    async def room(self) -> None:
        """See the port; what is whole becomes durable first."""
        self._since_pause = 0
        if self.draft.has_news and not self.is_lost:
            if await self._save(self):
                self.pass_on()
            else:
                self.is_lost = True
                self.run.stop()
        await self._background.pause()

    def abandoned(self, error: Exception | None) -> None:
        """See the port."""
        self._background.start(self._finish(self, error), name=self.turn.id)

    # --- what followers receive -------------------------------------------------------------------------------------

    def pass_on(self) -> None:
        """Tell the followers what they may know by now, all of them once."""
        self._is_due = False
        if not self.draft.has_news and not self.is_lost and (events := self.draft.take()):
            self.tell(events)

    def tell(self, events: Iterable[ThreadEvent]) -> None:
        """Give these events the next numbers and wake the followers."""
        new = list(map(self._encoder.frame, events))
        self.frames += new
        self.frame_bytes += sum(map(len, new))
        if self.frame_bytes > MOST_FRAME_BYTES and not self.is_over:
            self.is_too_long = True
            self.run.stop()
        for wake in tuple(self._followers):
            wake()

    def end(self, events: Iterable[ThreadEvent]) -> None:
        """Tell the last events."""
        self.is_over = True
        self.tell(events)

    def follow(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever there are new frames, and at the end; it must return at once."""
        self._followers[wake] = None

    def leave(self, wake: Callable[[], None]) -> None:
        """Do not call ``wake`` any more."""
        self._followers.pop(wake, None)

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
    """Finds turns by id; those that run are in the register too."""

    def __init__(self, clock: Clock, register: Register) -> None:
        """Nothing runs yet; ended turns are kept by ``clock``."""
        self._register = register
        self._works: dict[str, Work] = {}
        self._clock = clock
        self._running: dict[str, LiveTurn] = {}
        self._ended: OrderedDict[str, tuple[datetime, LiveTurn, int]] = OrderedDict()
        self._ended_bytes = 0

    def __iter__(self) -> Iterator[LiveTurn]:
        """Those whose end is not durable, as they are at this moment."""
        return iter(tuple(self._running.values()))

    def __len__(self) -> int:
        return len(self._running)

    def find(self, turn_id: str) -> LiveTurn | None:
        """The turn with this id, if its frames can still be followed."""
        ended = self._ended.get(turn_id)
        return ended[1] if ended else self._running.get(turn_id)

    def add(self, live: LiveTurn) -> None:
        """A turn begins to run."""
        self._running[live.turn.id] = live
        place = Place(
            workflow_id=live.turn.workflow_id, thread_id=live.turn.thread_id, chat_session_id=live.chat_session_id
        )
        self._works[live.turn.id] = self._register.begin(WorkKind.TURN, place, live.stop_for)

    def discard(self, live: LiveTurn) -> None:
        """The end of a turn is durable, or there is nothing left to save into."""
        if self._running.pop(live.turn.id, None) is not None:
            self._register.end(self._works.pop(live.turn.id))

    def keep(self, live: LiveTurn) -> None:
        """A turn is over: its frames can be followed for a while."""
        size = live.frame_bytes
        self._ended[live.turn.id] = self._clock.now(), live, size
        self._ended_bytes += size
        while len(self._ended) > KEPT_ENDED_TURNS or (self._ended_bytes > KEPT_ENDED_BYTES and len(self._ended) > 1):
            self._forget_oldest()

    def forget(self, before: datetime) -> None:
        """Forget the frames of turns that ended before this moment."""
        while self._ended and next(iter(self._ended.values()))[0] < before:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, (_, _, size) = self._ended.popitem(last=False)
        self._ended_bytes -= size
