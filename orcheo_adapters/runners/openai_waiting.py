"""What a thread keeps of a model's answer for the next turn: the response to continue after, and calls that wait."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from orcheo_adapters.runners.agents.approvals import Decision, decision, refuse_late_answer
from orcheo_adapters.runners.endpoint_answers import ToolCall
from orcheo_adapters.runners.openai_settings import OpenAiSettings
from orcheo_adapters.runners.pieces import at
from orcheo_core.domain.run import ContextKept, PastMessage, RunRequest
from orcheo_core.domain.structured_input import StructuredInputItem

Json = dict[str, Any]
_KEPT = "openai"
"""Where the thread keeps it."""


@frozen(kw_only=True)
class Waiting:
    """Calls that the visitor is asked about."""

    approvals: Sequence[Mapping[str, Any]] = ()
    """Calls that the endpoint makes itself (``mcp_approval_request``)."""
    said: Sequence[Json] = ()
    """What the model has to find again before the results: what came before in that turn, and the calls."""
    results: Sequence[Json] = ()
    """Of calls of the same round that needed no approval."""
    calls: Sequence[ToolCall] = ()
    """Those that this server makes."""

    @property
    def ids(self) -> frozenset[str]:
        """What the questions are known by."""
        return frozenset([*(str(each["id"]) for each in self.approvals), *(each.id for each in self.calls)])


@frozen(kw_only=True)
class Memory:
    """What was kept, as far as it still holds."""

    response_id: str | None = None
    waiting: Waiting | None = None
    decisions: Mapping[str, Decision] = field(factory=dict)
    """Of the visitor, by the ids of the calls; empty when no call waits."""
    later: Sequence[PastMessage] = ()
    """What was said since then."""

    @property
    def says_more(self) -> bool:
        """Whether the visitor wrote a message in place of an answer."""
        return any(each.reason and not each.is_approved for each in self.decisions.values())


def memory_of(settings: OpenAiSettings, request: RunRequest) -> Memory:
    """What the thread has kept; raises :class:`RunFailed` for an answer that comes too late.

    A call does not wait any more when something else was said since, or its question was answered before.
    """
    history = request.context.history
    kept, place = _kept(history)
    later = history[place + 1 :]
    waiting = _waiting(kept) if kept.get("api", "responses") == settings.api else None
    if waiting is None or not _waits(waiting, request, later):
        refuse_late_answer(request.context)
        response_id = None if kept.get("waiting") else kept.get("response_id")  # it wants the results of its calls
        return Memory(response_id=response_id if settings.remembers_there else None, later=later)
    return Memory(
        response_id=kept.get("response_id") if settings.remembers_there else None,
        waiting=waiting,
        decisions={each: decision(request, each) for each in waiting.ids},
    )


def to_keep(settings: OpenAiSettings, response_id: str, waiting: Waiting | None) -> ContextKept | None:
    """What the thread keeps of an answer for :func:`memory_of` of the next turn."""
    kept: Json = {"response_id": response_id} if settings.remembers_there and response_id else {}
    if waiting is not None:
        kept["api"] = settings.api
        if waiting.approvals:
            kept["approvals"] = [dict(each) for each in waiting.approvals]
        if waiting.calls:
            calls = [[each.id, each.name, each.arguments] for each in waiting.calls]
            kept["waiting"] = {"said": [*waiting.said], "results": [*waiting.results], "calls": calls}
    return ContextKept({_KEPT: kept}) if kept else None


def _kept(history: Sequence[PastMessage]) -> tuple[Json, int]:
    """What was kept last, and where; -1 for nothing."""
    for place in range(len(history) - 1, -1, -1):
        if isinstance(found := at(history[place].hidden, _KEPT), dict):
            return found, place
    return {}, -1


def _waiting(kept: Json) -> Waiting | None:
    approvals = [each for each in kept.get("approvals") or () if isinstance(at(each, "id"), str)]
    found = kept.get("waiting") or {}
    calls = [ToolCall(*map(str, each)) for each in found.get("calls") or () if len(each) == 3]
    if not (approvals or calls):
        return None
    return Waiting(approvals=approvals, said=found.get("said") or (), results=found.get("results") or (), calls=calls)


def _waits(waiting: Waiting, request: RunRequest, later: Sequence[PastMessage]) -> bool:
    """Whether the visitor can decide now: nothing came after the question, and it was not answered before."""
    asked = [each.item for each in request.context.history if isinstance(each.item, StructuredInputItem)]
    question = next((each for each in reversed(asked) if waiting.ids <= {one.id for one in each.questions}), None)
    if any(each.text and not _is_of_question(later, place) for place, each in enumerate(later)):
        return False
    cause = request.context.cause
    if isinstance(cause, StructuredInputItem):
        is_same = question is None or cause.id == question.id
        return is_same and waiting.ids <= {one.id for one in cause.questions}
    return question is None or question.is_pending


def _is_of_question(later: Sequence[PastMessage], place: int) -> bool:
    """Whether an entry is a question, or the answer to the one before it."""
    return any(isinstance(each.item, StructuredInputItem) for each in later[max(place - 1, 0) : place + 1])
