"""Probe turns: what an owner does to find out whether a workflow answers, before visitors do."""

from attrs import frozen

from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.run import OUTPUT_LIMIT, RunContext, RunEvent, RunRequest, TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import WorkflowCheckFailed
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.runner import Run, RunFailed, Runners, RunSink, RunTimedOut, RunTooLong
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.services.identifiers import Identifiers

PROBE_TEXT = "Hello"
"""What a visitor might say first."""

PROBE_SECONDS = 30.0
"""Time for the whole answer."""

_CAUSES = 3
_CAUSE_LENGTH = 500


@frozen(kw_only=True)
class Probe:
    """A probe turn that was answered."""

    answer: str
    seconds: float


class Probing:
    """Runs workflows without visitors; nothing of it is stored."""

    def __init__(self, *, runners: Runners, clock: Clock, identifiers: Identifiers, telemetry: Telemetry) -> None:
        """Join the ports this service needs."""
        self._runners = runners
        self._clock = clock
        self._identifiers = identifiers
        self._telemetry = telemetry

    async def probe(self, workflow: Workflow) -> Probe:
        """Run one probe turn; :class:`WorkflowCheckFailed` says what is wrong when the workflow does not answer."""
        turn = self._turn(workflow)
        context = RunContext(workflow_id=workflow.id, thread_id=turn.thread_id, turn_id=turn.id, subject=turn.subject)
        request = RunRequest(spec=workflow.runner, text=PROBE_TEXT, context=context, time_limit=PROBE_SECONDS)
        try:
            answer = await _answer(self._runners.get(workflow.runner.kind).run(request))
        except Exception as error:
            self._telemetry.run_failed(turn, error)
            raise WorkflowCheckFailed(_detail(error)) from error
        if not answer.strip():
            raise WorkflowCheckFailed(f"The workflow came to its end without text for an answer to {PROBE_TEXT!r}.")
        return Probe(answer=answer, seconds=(self._clock.now() - turn.started_at).total_seconds())

    def _turn(self, workflow: Workflow) -> Turn:
        """Only so that the log can name it."""
        new = self._identifiers.new
        return Turn(
            id=new(IdKind.TURN),
            workflow_id=workflow.id,
            thread_id=new(IdKind.THREAD),
            subject=Subject(str(workflow.owner)),
            user_item_id=new(IdKind.ITEM),
            answer_id=new(IdKind.ITEM),
            started_at=self._clock.now(),
        )


class _Heard(RunSink):
    """Keeps the text of an answer, up to the limit."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.pieces: list[str] = []
        self.length = 0

    def text(self, text: str) -> bool:
        self.pieces.append(text)
        self.length += len(text)
        if self.length > OUTPUT_LIMIT:
            self._run.stop()
        return False

    def event(self, event: RunEvent) -> bool:
        return self.text(event.text) if isinstance(event, TextDelta) else True

    async def room(self) -> None:
        """There always is."""

    def abandoned(self, error: Exception | None) -> None:
        """The probe does not wait for it either."""


async def _answer(run: Run) -> str:
    heard = _Heard(run)
    await run.execute_apart(heard)
    if heard.length > OUTPUT_LIMIT:
        raise RunTooLong
    return "".join(heard.pieces)


def _detail(error: Exception) -> str:
    if isinstance(error, RunTimedOut):
        return f"The workflow did not finish its answer to {PROBE_TEXT!r} within {PROBE_SECONDS:g} s."
    if isinstance(error, RunTooLong):
        return f"The answer to {PROBE_TEXT!r} is longer than {OUTPUT_LIMIT:,} characters."
    why = error.reason if isinstance(error, RunFailed) else "; because of ".join(_causes(error))
    return f"The workflow failed to answer {PROBE_TEXT!r}: {why}"


def _causes(error: BaseException) -> list[str]:
    """The error and what it came from, each in one line."""
    found: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < _CAUSES:
        text = " ".join(str(cause).split())[:_CAUSE_LENGTH]
        found.append(f"{type(cause).__name__}: {text}" if text else type(cause).__name__)
        cause = cause.__cause__
    return found
