"""Execution of workflows."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from attrs import frozen

from orcheo_core.domain.conduct import Conduct
from orcheo_core.domain.json_values import is_larger
from orcheo_core.domain.run import OUTPUT_LIMIT, RunEvent, RunRequest
from orcheo_core.domain.shown_text import JOINERS, cut_to
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.run_thread import RunThread


class RunFailed(Exception):
    """The workflow could not answer, for a reason that its owner can act on.

    ``code`` names the class of failure and stays the same between releases, such as ``endpoint_rate_limited``.
    ``reason`` is a sentence for the owner; visitors never see it. It often quotes strangers, so it is made one line of
    printable text, at most 500 characters. ``visitor_message`` is what the visitor reads instead of the usual
    sentence, and ``allow_retry`` whether they are offered to try again. ``retry_after`` counts seconds until another
    try makes sense.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        *,
        retry_after: int | None = None,
        visitor_message: str | None = None,
        allow_retry: bool = True,
    ) -> None:
        """Fail for this reason."""
        self.code = _one_line(code)
        self.reason = _one_line(reason)
        super().__init__(self.reason)
        self.retry_after = retry_after
        self.visitor_message = _one_line(visitor_message or "") or None
        self.allow_retry = allow_retry


class RunTimedOut(RunFailed):
    """The workflow used up its time."""

    def __init__(self, reason: str) -> None:
        """``reason`` says how much time it had."""
        sentence = "The workflow took too long to answer. You can try again."
        super().__init__("timed_out", reason, visitor_message=sentence)


class RunTooLong(RunFailed):
    """The workflow said more than :data:`~orcheo_core.domain.run.OUTPUT_LIMIT` characters, or than has room."""

    def __init__(self, reason: str = f"The answer has more than {OUTPUT_LIMIT:,} characters.") -> None:
        """The text up to the limit stays; ``reason`` says to the owner which limit it was."""
        super().__init__("too_long", reason, visitor_message="The answer became too long and was cut off here.")


class NothingSaid(RunFailed):
    """The workflow came to its end without an answer; the turn engine finds that out where a runner does not."""

    def __init__(self, reason: str = "The workflow ended without an answer.") -> None:
        """``reason`` says to the owner how it came to its end."""
        super().__init__("no_answer", reason, visitor_message="There was no answer to this message. You can try again.")


_REASON_LENGTH = 500
READ_LENGTH = 8_000
"""Characters that are looked at for it: an error may hold megabytes, and all chats would wait."""
UNREAD = "(its text "
"""What stands for a text that was not read begins so."""
_MOST_READ = 1_000_000
"""Of what an error holds, to be read at all."""
CODE_FAILED = "workflow_error"
"""The code of an error that the owner's code raised."""


def failure_of(error: Exception) -> RunFailed:
    """``error`` as its owner reads it: what was written for them as it is, its type and text otherwise."""
    if isinstance(error, RunFailed):
        return error
    if isinstance(error, InvalidInput):  # the target or a setting was right when the workflow was registered
        return RunFailed(CODE_FAILED, f"The workflow cannot run: {error.detail.removeprefix('target: ')}. {error.hint}")
    return RunFailed(CODE_FAILED, _one_line(f"{type(error).__name__}: {text_of(error)}").removesuffix(":"))


def text_of(error: BaseException, read: Callable[[object], str] = str, *, most: int = READ_LENGTH) -> str:
    """The beginning of what ``read`` makes of an error that others have raised; their class may do anything then.

    An error that holds far too much is not read: that takes seconds for some hundred megabytes, while all chats wait.
    """
    try:
        has_own_text = read is repr or type(error).__str__ is not BaseException.__str__  # as KeyError, which quotes
        is_itself = not has_own_text and len(error.args) == 1 and isinstance(error.args[0], str)
        if not is_itself and is_larger(error.args, _MOST_READ, least=1):
            return f"{UNREAD}has more than {_MOST_READ:,} characters)"
        return read(error)[:most]
    except BaseException as broken:  # noqa: BLE001 - an exit too: a turn that has failed must still come to its end
        return f"{UNREAD}cannot be read: that raised {type(broken).__name__})"


def _one_line(text: str) -> str:
    shown = "".join(each if each.isprintable() or each in JOINERS else " " for each in text.lstrip()[:READ_LENGTH])
    return cut_to(" ".join(shown.split()), _REASON_LENGTH)


class RunSink(Protocol):
    """What a run writes its answer into; only from the event loop.

    Both methods that write return whether the run may continue at once. False asks it to await :meth:`room` before it
    says more, so that others get their turn.
    """

    @abstractmethod
    def text(self, text: str) -> bool:
        """More text of the answer, not empty."""

    @abstractmethod
    def event(self, event: RunEvent) -> bool:
        """Anything that a run may say."""

    @abstractmethod
    async def room(self) -> None:
        """Return when the run may say more."""

    def thread(self) -> RunThread | None:
        """The thread of the run, to be asked for once; None where it cannot be reached, as from another process."""
        return None

    @abstractmethod
    def abandoned(self, error: Exception | None) -> None:
        """The workflow does not end although it was stopped, so continue without it.

        ``error`` is what :meth:`Run.execute` would have raised.
        """


class Run(Protocol):
    """One execution under way."""

    @abstractmethod
    async def execute(self, sink: RunSink) -> None:
        """Carry out the workflow, once; return when it is done or stopped.

        Raises whatever the workflow raises, and :class:`RunTimedOut`. After :meth:`stop` it just returns, soon. The
        sink hears nothing after the stop or the return.
        """

    @abstractmethod
    async def execute_apart(self, sink: RunSink) -> None:
        """The same for a caller that has to wait: it returns even if the workflow is abandoned."""

    @abstractmethod
    def stop(self) -> None:
        """Ask the workflow to stop; may be called at any time and more than once."""

    @abstractmethod
    def when_over(self, call: Callable[[], None]) -> None:
        """Call this, on the event loop, when no part of the workflow is at work any more: at once if that is so now.

        A thread cannot be stopped from outside, so it may still work long after :meth:`execute` has returned.
        """


class Runner(Protocol):
    """Executes workflows of one kind."""

    @abstractmethod
    async def check(self, spec: RunnerSpec) -> str | None:
        """Raise :class:`InvalidInput` (path ``target``) when this cannot be executed here.

        What can be executed may still lack something that its owner should know: return that in one line, with what
        to write, such as the parameter that gets the earlier messages; None when there is nothing to say.

        Code may have to be imported for that, which can take seconds; other work continues in that time.
        """

    @abstractmethod
    def run(self, request: RunRequest) -> Run:
        """Prepare an execution; nothing happens before it is executed."""

    async def takes_actions(self, spec: RunnerSpec) -> bool:  # noqa: ARG002 - for those that look
        """Whether this workflow learns what began a turn, so that it can carry out an action of the page.

        A workflow that knows texts only must not be run for an action: it would answer something that was not said.
        """
        return False

    async def takes_feedback(self, spec: RunnerSpec) -> bool:  # noqa: ARG002 - for those that look
        """Whether this workflow is run when a visitor judges an answer, with what was judged as the cause."""
        return False

    async def takes_recordings(self, spec: RunnerSpec) -> bool:  # noqa: ARG002 - for those that look
        """Whether this workflow writes down what a visitor says aloud, with the recording as the cause."""
        return False

    async def forget(self, spec: RunnerSpec, thread_ids: AsyncIterator[str]) -> None:  # noqa: ARG002 - most keep nothing
        """Delete what the workflow itself keeps of these threads; a runner without such a memory reads no ids."""
        return

    async def close(self) -> None:
        """Release what is kept between runs, such as open connections; no run follows."""
        return


@frozen
class FoundKind:
    """The kind of runner that a target is for."""

    kind: str
    why: str
    """What was seen of the target, as the end of a sentence: ``'agent' is a graph``."""


class Runners(Protocol):
    """The runners of this server by kind."""

    @abstractmethod
    async def find(self, target: str) -> FoundKind:
        """The kind of runner for ``target``; :class:`InvalidInput` (path ``target``) when none is for it.

        A target other than an address is imported for that, so only who may register code may ask for it.
        """

    @abstractmethod
    def get(self, kind: str) -> Runner:
        """The runner of this kind; :class:`InvalidInput` (path ``runner``) when there is none."""

    async def ready(self, kind: str) -> Runner:
        """The same; what it needs may have to be imported first, and other work continues in that time."""
        return self.get(kind)

    @abstractmethod
    def executes_code(self, spec: RunnerSpec) -> bool:
        """Whether such a workflow is code of this server, so that registering it needs ``workflows:code``."""

    def conduct(self, workflow_id: str) -> Conduct:  # noqa: ARG002 - for those that look
        """How a workflow has behaved towards the process since the start."""
        return Conduct()

    @abstractmethod
    async def close(self) -> None:
        """Close every runner that was used."""
