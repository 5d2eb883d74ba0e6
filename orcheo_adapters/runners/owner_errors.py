"""What an owner reads of an error in their workflow: the error, what it came from, and the line of their own code."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from orcheo_adapters.system.own_code import is_own
from orcheo_core.errors import OrcheoError
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.runner import CODE_FAILED, RunFailed, text_of

_CAUSES = 3
_LENGTH = 300
_LOOP_ADVICE = "What it calls needs the server's event loop: make the callable async (async def)."
_OTHER_LOOP_ADVICE = (
    "Something that belongs to one event loop, such as an async client, was used in another one. Make the callable "
    "async (async def) and await the async method in place of its sync form."
)
_SQLITE_ADVICE = (
    "A module is imported in another thread than the one in which its callables run: open the connection inside the "
    "callable, or with check_same_thread=False and a lock."
)
_ADVICE = {
    "no running event loop": _LOOP_ADVICE,
    "no current event loop": _LOOP_ADVICE,
    "different event loop": _OTHER_LOOP_ADVICE,
    "different loop": _OTHER_LOOP_ADVICE,
    "event loop is closed": _OTHER_LOOP_ADVICE,
    "sqlite objects created in a thread": _SQLITE_ADVICE,
}
"""What to do, by words of the error in small letters."""


class told_to_owner:  # noqa: N801 - used like a function
    """Turn what a workflow raises into a :class:`RunFailed` whose reason tells the owner where to look.

    Errors that say so already are left as they are; the traceback stays in the cause. The errors of model clients are
    of the same classes as those of the runner ``openai``, so that visitors read when to try again.
    """

    def __init__(self, clock: Clock) -> None:
        """Count the time to another try from ``clock``."""
        self._clock = clock

    def __enter__(self) -> None:
        """The workflow begins."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """The workflow has ended."""
        if not isinstance(error, Exception) or isinstance(error, RunFailed | OrcheoError):
            return
        known = _of_an_endpoint(error, self._clock)
        if known is None:
            raise RunFailed(code=CODE_FAILED, reason=_reason(error)) from error
        raise RunFailed(
            code=known.code,
            reason=_reason(error),
            retry_after=known.retry_after,
            visitor_message=known.visitor_message,
        ) from error


def _of_an_endpoint(error: Exception, clock: Clock) -> RunFailed | None:
    """What an error means that has the status of a model endpoint's answer, as those of the usual clients have."""
    found = next((each for each in _causes(error) if type(getattr(each, "status_code", None)) is int), None)
    if found is None or not 400 <= (status := getattr(found, "status_code", 0)) < 600:
        return None
    headers = getattr(getattr(found, "response", None), "headers", None)
    body = " ".join(text_of(found).split()).encode("utf-8", "replace")
    try:
        from orcheo_adapters.runners.failures import ErrorAnswer
    except ModuleNotFoundError:  # the base install lacks what reads answers; the error itself is said then
        return None
    answer = ErrorAnswer(
        status=status, headers=headers if isinstance(headers, Mapping) else {}, body=body, now=clock.now()
    )
    return answer.failure()


def _reason(error: Exception) -> str:
    reason = "; because of ".join(map(_line, _causes(error))) + _place(error)
    said = text_of(error).lower()
    return next((f"{reason}. {advice}" for words, advice in _ADVICE.items() if words in said), reason)


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < _CAUSES:
        found.append(cause)
        cause = cause.__cause__
    return found


def _line(error: BaseException) -> str:
    beginning = text_of(error).lstrip()[: 4 * _LENGTH]
    text = " ".join("".join(each if each.isprintable() else " " for each in beginning).split())[:_LENGTH]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _place(error: BaseException) -> str:
    """The last line of the owner's own code that the error came through, or else what it was raised upon.

    Frameworks raise errors of their own where a tool or a model has failed, in tasks that the owner's code is not in.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        if place := _own_line(each.__traceback__):
            return place
        inner = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        waiting += (*inner, each.__cause__, None if each.__suppress_context__ else each.__context__)
    return ""


def _own_line(trace: TracebackType | None) -> str:
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_own(code.co_filename):
            place = f" ({Path(code.co_filename).name}, line {trace.tb_lineno}, in {code.co_name})"
        trace = trace.tb_next
    return place
