"""Tool calls that wait for the visitor's approval, as questions; and what of the visitor's words is a yes."""

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from orcheo_adapters.runners.agents.said import arguments_of
from orcheo_adapters.runners.langgraph_questions import NO, YES, request_words
from orcheo_core.domain.run import InputAsked, RunContext, RunRequest
from orcheo_core.domain.structured_input import Question, StructuredInputItem
from orcheo_core.ports.runner import RunFailed

_OPTIONS = ("Approve", "Reject")
_TOO_LATE = "This question cannot be answered any more. Write a message to continue."


@frozen(kw_only=True)
class Decision:
    """What the visitor wants of one tool call."""

    is_approved: bool
    reason: str = ""
    """Why not, in the visitor's words."""


def asked(calls: Sequence[tuple[str, str, Any]]) -> InputAsked:
    """One question for each call: its id, the name of the tool, its arguments."""
    return InputAsked(
        questions=tuple(
            Question(
                id=call_id,
                question=request_words({"name": name, "args": arguments_of(arguments)}),
                options=_OPTIONS,
            )
            for call_id, name, arguments in calls
        )
    )


def decision(request: RunRequest, call_id: str) -> Decision:
    """What the visitor answered about a call: by a button or in words; others than a yes are the reason against it."""
    cause = request.context.cause
    if not isinstance(cause, StructuredInputItem):
        return _decided(request.text)
    answer = next((each.answer for each in cause.questions if each.id == call_id), None)
    return _decided(", ".join(answer.values) if answer else "")


def refuse_late_answer(context: RunContext) -> None:
    """Raise the sentence for an answer to a question that the agent does not wait for any more."""
    if isinstance(context.cause, StructuredInputItem):
        raise too_late("The visitor answered a question that the agent does not wait for any more.")


def too_late(reason: str) -> RunFailed:
    """The agent cannot continue with an answer, for this reason; the next message works."""
    return RunFailed("answer_too_late", reason, visitor_message=_TOO_LATE)


def _decided(text: str) -> Decision:
    word = text.strip().casefold()
    return Decision(is_approved=word in YES, reason="" if word in NO else text.strip())
