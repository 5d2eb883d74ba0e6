"""Probe turns: what an owner does to find out whether a workflow answers, before visitors do."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

from attrs import define, frozen

from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AssistantItem, UserItem
from orcheo_core.domain.json_values import rough_size
from orcheo_core.domain.run import (
    OUTPUT_LIMIT,
    ClientToolCalled,
    CutShort,
    EffectCaused,
    FaultNoted,
    ImageShown,
    InputAsked,
    NoticeGiven,
    PastMessage,
    RunContext,
    RunEvent,
    RunRequest,
    TextDelta,
    ThreadChange,
    WidgetShown,
)
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.thread_events import ItemAdded, ItemDone, ItemEvent, ItemReplaced
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.domain.workflow import ANSWER_SECONDS, RunnerSpec, Workflow
from orcheo_core.errors import InvalidInput, WorkflowCheckFailed
from orcheo_core.ports.background import Background
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.run_thread import RunThread
from orcheo_core.ports.runner import (
    CODE_FAILED,
    Run,
    RunFailed,
    Runners,
    RunSink,
    RunTimedOut,
    RunTooLong,
    failure_of,
    text_of,
)
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.shared.removing import forget
from orcheo_core.turns.draft import TurnDraft
from orcheo_core.turns.live import Pace
from orcheo_core.turns.register import Place, Register, WorkKind
from orcheo_core.turns.run_thread import DraftThread

PROBE_TEXT = "Hello"
"""What a visitor might say first."""

_QUICK_SECONDS = 8.0
"""A workflow that answers so soon is also asked by several visitors, which has to fit into what a client waits."""
_NEXT_SECONDS = 12.0

_QUESTION = "Which word did I ask you to remember?"
_SAFE = (
    "Make what keeps the conversation inside the callable, from the history that it is given "
    "(def answer(text, history): …), or keep it by thread. How visitors stay apart is described in "
    "docs/how-to/write-a-workflow.md."
)
_AGAIN = (
    "start the server again, which imports a module only once, and try again; for a workflow in a process of its own "
    "another value of a setting is enough."
)
_CODE_HINT = f"Fix it, {_AGAIN} The server's log has the traceback."
_CHANGE_HINT = f"Fix what the detail names. If that is code of the workflow, {_AGAIN}"
_TIME_HINT = (
    "Try again: a model that had to be loaded may be there now. A longer --time-limit gives the workflow more time."
)
_NEXT_HINT = "Try again: the answer before came in time. The server's log says when something blocks the event loop."
_SHOWN = (WidgetShown, ImageShown, InputAsked, ClientToolCalled, EffectCaused, NoticeGiven)
"""What answers a visitor without any text."""
_NO_TEXT = "(no text, but something to see)"
_MOST_UNREAD = 3
_CAUSES = 3
_CAUSE_LENGTH = 500


@frozen(kw_only=True)
class Probe:
    """A probe turn that was answered."""

    answer: str
    seconds: float
    first_seconds: float
    """Until the first text, or the end when there was none."""
    pieces: int
    """In how many the text came."""
    remembers: bool | None = None
    """Whether the workflow gave back a word that the visitor had said before; None when it was not asked for one."""
    stops: bool | None = None
    """Whether it ended soon after a stop in the middle of its answer; None when it was not stopped."""
    unread: tuple[str, ...] = ()
    """What of its answer could not be read or shown, a sentence each."""
    advice: str | None = None
    """What to write so that it gives back the word, in one line, where that is known; see :meth:`Runner.check`."""

    @property
    def manner(self) -> str:
        """How it answered, for people."""
        pieces = "in one piece" if self.pieces <= 1 else f"in {self.pieces} pieces"
        found = [f"first text after {self.first_seconds:.1f} s", pieces]
        if self.remembers is not None:
            memory = "repeated" if self.remembers else "did not repeat"
            found += [f"{memory} a word that was said before", "two visitors at once stayed apart"]
        if self.stops is not None:
            found.append("stopped when told to" if self.stops else "kept working after a stop")
        return "; ".join([", ".join(found), *self.unread])


@define(kw_only=True, eq=False)
class Probing:
    """Runs workflows without visitors; nothing of it is stored."""

    _runners: Runners
    _clock: Clock
    _identifiers: Identifiers
    _telemetry: Telemetry
    _background: Background
    _register: Register

    async def probe(self, workflow: Workflow) -> Probe:
        """Run one to six probe turns; :class:`WorkflowCheckFailed` says what is wrong when one is not answered.

        A workflow that is code of this server and answers within 8 s is also asked by several visitors: it fails when
        one reads what another said, or when it cannot answer two at once. Then it is asked whether it remembers. One
        that answers in pieces is also stopped once, at its first word.
        """
        threads: list[str] = []
        async with self._register.working(WorkKind.CHECK, Place(workflow_id=workflow.id)):
            try:
                return await self._probe(workflow, threads)
            finally:
                await forget(self._runners, workflow, _each(threads))

    async def _probe(self, workflow: Workflow, threads: list[str]) -> Probe:
        turn = self._turn(workflow, threads)
        answer = await self._ask(workflow, turn, PROBE_TEXT)
        seconds = (self._clock.now() - turn.started_at).total_seconds()
        first = seconds if answer.first_at is None else (answer.first_at - turn.started_at).total_seconds()
        remembers = stops = None
        if self._runners.executes_code(workflow.runner) and seconds <= _QUICK_SECONDS:
            remembers, stops = await self._check_apart(workflow, threads, can_stop=len(answer.pieces) > 1)
        advice = None if remembers else await (await self._runners.ready(workflow.runner.kind)).check(workflow.runner)
        return Probe(
            answer=answer.text_or_note,
            seconds=seconds,
            first_seconds=first,
            pieces=len(answer.pieces),
            remembers=remembers,
            stops=stops,
            unread=tuple(answer.unread),
            advice=advice,
        )

    async def _check_apart(self, workflow: Workflow, threads: list[str], *, can_stop: bool) -> tuple[bool, bool | None]:
        """Whether the workflow remembers what was said in a thread, and whether it stops.

        Raises when another visitor hears of what was said, or when the next message of a thread is not answered.
        """
        word = self._identifiers.new(IdKind.ITEM)[-10:]
        asked = f"Please remember this word: {word}."
        told = self._turn(workflow, threads)
        answer = await self._ask(workflow, told, asked, seconds=_NEXT_SECONDS)
        stopped = await self._check_others(workflow, threads, word, can_stop=can_stop)
        past = (PastMessage(said_by="visitor", text=asked), PastMessage(said_by="workflow", text=answer.joined))
        again = await self._try(workflow, told, _QUESTION, past)
        if isinstance(again, WorkflowCheckFailed):
            detail = f"The workflow answers the first message of a thread, but not the next one. {again.detail}"
            raise WorkflowCheckFailed(detail, hint=again.hint) from again
        return again.has(word), None if stopped is None else stopped.is_over

    async def _check_others(
        self, workflow: Workflow, threads: list[str], word: str, *, can_stop: bool
    ) -> "_Heard | None":
        """What a run said that was stopped at its first word; it may still be at work."""
        asking = [
            self._try(workflow, self._turn(workflow, threads), _QUESTION),
            self._try(workflow, self._turn(workflow, threads), PROBE_TEXT),
        ]
        if can_stop:
            asking.append(self._try(workflow, self._turn(workflow, threads), PROBE_TEXT, is_stopped=True))
        first, second, *stopped = await self._background.together(*asking)
        answers = (first, second)
        if any(isinstance(each, _Heard) and each.has(word) for each in answers):
            raise WorkflowCheckFailed(
                "What one visitor said came back to another: the workflow keeps the conversation in an object that all "
                "visitors share.",
                hint=_SAFE,
            )
        failed = next((each for each in answers if isinstance(each, WorkflowCheckFailed)), None)
        if failed is not None:
            detail = f"The workflow answers one visitor, but not two at the same time. {failed.detail}"
            raise WorkflowCheckFailed(detail, hint=_SAFE) from failed
        return next((each for each in stopped if isinstance(each, _Heard)), None)

    async def _try(
        self,
        workflow: Workflow,
        turn: Turn,
        text: str,
        past: tuple[PastMessage, ...] = (),
        *,
        is_stopped: bool = False,
    ) -> "_Heard | WorkflowCheckFailed":
        try:
            return await self._ask(workflow, turn, text, past, seconds=_NEXT_SECONDS, is_stopped=is_stopped)
        except WorkflowCheckFailed as error:
            return error

    async def _ask(
        self,
        workflow: Workflow,
        turn: Turn,
        text: str,
        past: tuple[PastMessage, ...] = (),
        *,
        seconds: float | None = None,
        is_stopped: bool = False,
    ) -> "_Heard":
        """Run a probe turn, with ``seconds`` for the whole answer; without them it may take as long as a visitor's."""
        context = RunContext(
            workflow_id=workflow.id, thread_id=turn.thread_id, turn_id=turn.id, subject=turn.subject, history=past
        )
        request = RunRequest(
            spec=workflow.runner,
            text=text,
            context=context,
            handle=workflow.handle,
            time_limit=seconds,
            silence_limit=None if seconds is not None else workflow.time_limit or ANSWER_SECONDS,
        )
        try:
            run = (await self._runners.ready(workflow.runner.kind)).run(request)
            pace = Pace(self._background.pause)
            answer = await _answer(_Heard(run, self._draft(turn), self._clock, pace, is_stopped=is_stopped))
        except Exception as error:
            with suppress(Exception):  # the owner reads it here, whatever becomes of the note about it
                self._telemetry.run_failed(turn, error)
            raise WorkflowCheckFailed(
                _detail(error, text, seconds), hint=_hint(error, workflow.runner, seconds)
            ) from error
        if not answer.shows and not answer.joined.strip():
            said = f"The workflow ended without any text in answer to {text!r}."
            raise WorkflowCheckFailed(said, hint=_change_hint(workflow.runner))
        return answer

    def _draft(self, turn: Turn) -> TurnDraft:
        def stamp() -> ItemBase:
            new_id = self._identifiers.new(IdKind.ITEM)
            return ItemBase(id=new_id, thread_id=turn.thread_id, turn_id=turn.id, created_at=self._clock.now())

        thread = Thread(
            id=turn.thread_id,
            workflow_id=turn.workflow_id,
            subject=turn.subject,
            created_at=turn.started_at,
            updated_at=turn.started_at,
        )
        return TurnDraft(thread=thread, stamp=stamp, limits=PartLimits())

    def _turn(self, workflow: Workflow, threads: list[str]) -> Turn:
        """Only so that the log can name it: the owner's in the first of ``threads``, other visitors' in others."""
        new = self._identifiers.new
        thread_id = new(IdKind.THREAD)
        threads.append(thread_id)
        return Turn(
            id=new(IdKind.TURN),
            workflow_id=workflow.id,
            thread_id=thread_id,
            subject=Subject.owner(workflow.owner) if len(threads) == 1 else Subject.anonymous(thread_id),
            user_item_id=new(IdKind.ITEM),
            answer_id=new(IdKind.ITEM),
            started_at=self._clock.now(),
        )


async def _each(thread_ids: list[str]) -> AsyncIterator[str]:
    for thread_id in thread_ids:
        yield thread_id


class _Heard(RunSink):
    """Keeps the text of an answer, and of what else was said, up to the limit."""

    def __init__(self, run: Run, draft: TurnDraft, clock: Clock, pace: Pace, *, is_stopped: bool) -> None:
        self.run = run
        self.is_over = False
        """Whether no part of the workflow is at work any more."""
        self._is_stopped = is_stopped
        """Whether it is to be stopped at its first word."""
        self.unread: list[str] = []
        self._draft = draft
        self._clock = clock
        self._pace = pace
        self.first_at: datetime | None = None
        self.pieces: list[str] = []
        self.length = 0
        self.beside = ""
        self.shows = False

    def text(self, text: str) -> bool:
        self.first_at = self.first_at or self._clock.now()
        self.pieces.append(text)
        self.length += len(text)
        if self.length > OUTPUT_LIMIT or self._is_stopped:
            self.run.stop()
        return False  # at each piece: a probe looks for what a visitor would see of it

    def event(self, event: RunEvent) -> bool:
        if isinstance(event, TextDelta):
            return self.text(event.text)
        characters = self._note(event)
        self.shows = self.shows or isinstance(event, _SHOWN)
        if isinstance(event, FaultNoted | CutShort) and len(self.unread) < _MOST_UNREAD:
            self.unread.append(event.reason)
        return self._pace.took(characters)

    def _note(self, said: object) -> int:
        """Keep what was said besides text, as far as there is room; how many characters it has, or nearly so.

        What is far too large is not looked at to its end: all chats wait.
        """
        room = OUTPUT_LIMIT - len(self.beside)
        characters = rough_size(said, OUTPUT_LIMIT)
        self.beside += repr(said)[:room] if room and characters <= OUTPUT_LIMIT else ""
        return characters

    def end(self) -> None:
        """Nothing of the workflow is at work any more."""
        self.is_over = True

    def thread(self) -> RunThread:
        return DraftThread(draft=self._draft, new_id=self._draft.new_id, say=self._tell)

    def _tell(self, event: ItemEvent | ThreadChange) -> bool:
        characters = self._draft.apply(event)
        item = event.item if isinstance(event, ItemAdded | ItemDone | ItemReplaced) else None
        if item and not isinstance(item, AssistantItem | UserItem):
            characters += self._note(event)
            self.shows = True
        return self._pace.took(characters)

    @property
    def joined(self) -> str:
        written = [each.text for each in self._draft.items(every=True) if isinstance(each, AssistantItem)]
        return "".join(self.pieces + written)

    @property
    def text_or_note(self) -> str:
        return self.joined if self.joined.strip() else _NO_TEXT

    def has(self, word: str) -> bool:
        """Whether it holds ``word``, in whichever letters, anywhere in what visitors see."""
        return word.casefold() in f"{self.joined}{self.beside}".casefold()

    async def room(self) -> None:
        """When others have had their turn."""
        await self._pace.room()

    def abandoned(self, error: Exception | None) -> None:
        """The probe does not wait for it either."""


async def _answer(heard: _Heard) -> _Heard:
    await heard.run.execute_apart(heard)
    heard.run.when_over(heard.end)
    if heard.length > OUTPUT_LIMIT:
        raise RunTooLong
    return heard


def _hint(error: Exception, spec: RunnerSpec, seconds: float | None) -> str | None:
    if isinstance(error, RunTimedOut):
        return _TIME_HINT if seconds is None else _NEXT_HINT
    return _CODE_HINT if failure_of(error).code == CODE_FAILED else _change_hint(spec)


def _change_hint(spec: RunnerSpec) -> str | None:
    """What to do where the code of this server may be wrong: who corrects it would see the same again."""
    return None if "://" in spec.target else _CHANGE_HINT


def _detail(error: Exception, text: str, seconds: float | None) -> str:
    if isinstance(error, RunTimedOut):
        within = f"within {seconds:g} s" if seconds is not None else f"in time: {failure_of(error).reason}"
        return f"The workflow did not finish its answer to {text!r} {within}."
    if isinstance(error, RunTooLong):
        return f"The answer to {text!r} is longer than {OUTPUT_LIMIT:,} characters."
    is_told = isinstance(error, RunFailed | InvalidInput)
    why = failure_of(error).reason if is_told else "; because of ".join(_causes(error))
    return f"The workflow failed to answer {text!r}: {why}"


def _causes(error: BaseException) -> list[str]:
    """The error and what it came from, each in one line."""
    found: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < _CAUSES:
        text = " ".join(text_of(cause).split())[:_CAUSE_LENGTH]
        found.append(f"{type(cause).__name__}: {text}" if text else type(cause).__name__)
        cause = cause.__cause__
    return found
