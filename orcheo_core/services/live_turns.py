"""The turns that run in this process right now."""

from collections.abc import Iterator, Sequence

from orcheo_core.domain.component_items import EndingKind
from orcheo_core.domain.run import OUTPUT_LIMIT, RunEvent, TextDelta, UsageReported
from orcheo_core.domain.thread_events import ThreadEvent, TurnTrouble
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.domain.turn_draft import TurnDraft
from orcheo_core.domain.turn_end import TurnEnd
from orcheo_core.ports.runner import Run

INTERRUPTED = TurnTrouble(
    message="The answer was interrupted because the server is restarting. You can try again.", allow_retry=True
)
THREAD_DELETED = TurnTrouble(message="This conversation was deleted.", allow_retry=False)
ENDED_BY_OWNER = TurnTrouble(message="The owner has closed this chat.", allow_retry=False)


class LiveTurn:
    """One running turn: its run, what it has written so far, and why it should stop, if it should."""

    def __init__(self, *, turn: Turn, run: Run, draft: TurnDraft, may_be_silent: bool = False) -> None:
        """Join the parts; nothing has happened yet."""
        self.turn = turn
        self.run = run
        self.draft = draft
        self.stopped_as: TurnStatus | None = None
        self.farewell: TurnTrouble | None = None
        """What followers are told when it was stopped for them, not by them."""
        self.may_be_silent = may_be_silent
        """Whether it may end without anything to see: an action of the page may be carried out without a word."""
        self.end: TurnEnd | None = None
        """How it ended, once it has."""
        self.waits_for_storage = False
        """Whether its end could not be made durable yet."""
        self.is_thread_gone = False
        """Whether its thread was deleted meanwhile, so that there is nothing left to save into."""
        self.is_too_long = False
        """Whether the run was stopped because it said more than the limit."""

    def take(self, run_event: RunEvent) -> Sequence[ThreadEvent]:
        """Write down what the run says; what followers are told of it. At the limit of text the run is stopped."""
        if self.is_too_long:
            return ()
        if isinstance(run_event, TextDelta):
            run_event = self._within_limit(run_event)
        elif isinstance(run_event, UsageReported):
            self.turn = self.turn.with_usage(run_event.usage)
        return self.draft.apply(run_event)

    def take_all(self, batch: Sequence[RunEvent]) -> list[ThreadEvent]:
        """:meth:`take` of each."""
        events: list[ThreadEvent] = []
        for run_event in batch:
            events += self.take(run_event)
        return events

    def _within_limit(self, delta: TextDelta) -> TextDelta:
        room = OUTPUT_LIMIT - self.draft.length
        if len(delta.text) <= room:
            return delta
        self.is_too_long = True
        self.run.stop()
        return TextDelta(delta.text[:room])

    def come_to_end(self) -> TurnEnd:
        """The end of a run that raised nothing."""
        if self.stopped_as is TurnStatus.INTERRUPTED:
            fault = TurnFault("interrupted", "The server stopped during the answer.")
            return TurnEnd(status=self.stopped_as, kind=EndingKind.INTERRUPTED, trouble=self.farewell, fault=fault)
        if self.stopped_as is not None:
            kind = EndingKind.CLOSED if self.farewell else EndingKind.STOPPED
            return TurnEnd(status=self.stopped_as, kind=kind, trouble=self.farewell)
        cut = self.draft.cut
        if cut is None:
            return TurnEnd(status=TurnStatus.COMPLETED, fault=self.draft.fault)
        return TurnEnd(status=TurnStatus.COMPLETED, kind=EndingKind.CUT_OFF, fault=TurnFault(cut.code, cut.reason))

    def stop(self, status: TurnStatus, farewell: TurnTrouble | None = None) -> None:
        """Ask the run to stop; the turn will end with ``status``. The first reason stays."""
        if self.stopped_as is None:
            self.stopped_as, self.farewell = status, farewell
        self.run.stop()


class LiveTurns:
    """Finds running turns by id, by thread or by workflow."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._by_id: dict[str, LiveTurn] = {}
        self.endings = 0
        """How often owners have ended all turns of a workflow. Whoever was admitted before such an ending begins no
        turn after it: between the two there are awaits, in which the ending may come."""
        self._last_ending: dict[str, int] = {}

    def __iter__(self) -> Iterator[LiveTurn]:
        """All of them, as they are at this moment."""
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, live: LiveTurn) -> None:
        """A turn begins to run."""
        self._by_id[live.turn.id] = live

    def discard(self, live: LiveTurn) -> None:
        """A turn is over and durable."""
        self._by_id.pop(live.turn.id, None)

    def stop_turn(self, turn_id: str, status: TurnStatus = TurnStatus.CANCELLED) -> None:
        """Stop this turn if it runs here."""
        if live := self._by_id.get(turn_id):
            live.stop(status)

    def stop_thread(self, thread_id: str) -> None:
        """Stop the running turn of a thread, if any."""
        for live in self:
            if live.turn.thread_id == thread_id:
                live.stop(TurnStatus.CANCELLED)

    def stop_workflow(self, workflow_id: str) -> None:
        """Stop all turns of a workflow: its owner has ended them, those that begin at this moment too."""
        self.endings += 1
        self._last_ending[workflow_id] = self.endings
        for live in self:
            if live.turn.workflow_id == workflow_id:
                live.stop(TurnStatus.CANCELLED, ENDED_BY_OWNER)

    def stop_if_ended_since(self, turn_id: str, endings: int) -> None:
        """Stop this turn if its owner has ended all turns of its workflow since ``endings`` were counted."""
        live = self._by_id.get(turn_id)
        if live is not None and self._last_ending.get(live.turn.workflow_id, 0) > endings:
            live.stop(TurnStatus.CANCELLED, ENDED_BY_OWNER)

    def stop_all(self) -> None:
        """Stop everything: the server shuts down."""
        for live in self:
            live.stop(TurnStatus.INTERRUPTED, INTERRUPTED)
