"""What a LangGraph graph asks with ``interrupt``, and what of the visitor's words it is resumed with."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.run import RunRequest
from orcheo_core.domain.structured_input import Question, StructuredInputItem

YES = frozenset({"yes", "y", "true", "ok", "okay", "approve", "approved", "accept"})
NO = frozenset({"no", "n", "false", "reject", "rejected", "deny"})
"""Answers of one word, in small letters."""
_BOOLEANS = frozenset({"bool", "boolean", "confirm", "confirmation", "approval"})
_DECISIONS = ("approve", "edit", "reject", "respond")


@frozen(kw_only=True)
class Replies:
    """What a graph is resumed with by the ids of its interrupts, and what has to be asked first."""

    resume: dict[str, Any] = field(factory=dict)
    questions: tuple[Question, ...] = ()


class _AskedAgain(Exception):
    """A decision needs another answer first."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question


def questions_of(interrupts: Iterable[Any]) -> tuple[Question, ...]:
    """The questions of these interrupts: each one its own, or one for each request of LangChain's human in the loop."""
    return tuple(question for each in interrupts for question in _questions(each))


def replies_to(interrupts: Sequence[Any], request: RunRequest) -> Replies:
    """What the visitor answered. A plain message answers the first interrupt; others are asked again by the graph."""
    given = _answers(interrupts, request)
    resume: dict[str, Any] = {}
    again: list[Question] = []
    for each in interrupts:
        asked = _questions(each)
        if not any(question.id in given for question in asked):
            continue
        try:
            resume[each.id] = _reply(each, [given.get(question.id) for question in asked])
        except _AskedAgain as exit_:
            again += [exit_.question if question.id == exit_.question.id else question for question in asked]
    return Replies(questions=tuple(again)) if again else Replies(resume=resume)


def answer_text(item: StructuredInputItem) -> str:
    """The answers as one text, for a graph that does not wait for them any more."""
    return "\n".join(", ".join(each.answer.values) for each in item.questions if each.answer and each.answer.values)


def _answers(interrupts: Sequence[Any], request: RunRequest) -> dict[str, str | None]:
    """By the ids of questions; None for one that was skipped."""
    cause = request.context.cause
    if isinstance(cause, StructuredInputItem):
        given = {each.id: ", ".join(each.answer.values) if each.answer else "" for each in cause.questions}
        return {name: text or None for name, text in given.items()}
    return {each.id: request.text for each in _questions(interrupts[0])}


def _questions(interrupt: Any) -> tuple[Question, ...]:
    value = interrupt.value
    if not _requests(value):
        options = tuple(_options(value))
        return (Question(id=interrupt.id, question=_words_of(value), options=options),)
    return tuple(
        _request_question(f"{interrupt.id}.{index}", each, _allowed(value, each))
        for index, each in enumerate(_requests(value))
    )


def _reply(interrupt: Any, answers: Sequence[str | None]) -> Any:
    value = interrupt.value
    if _requests(value):
        decisions = [
            _decision(f"{interrupt.id}.{index}", each, _allowed(value, each), answer)
            for index, (each, answer) in enumerate(zip(_requests(value), answers, strict=True))
        ]
        return {"decisions": decisions}
    answer = answers[0]
    return answer if answer is None else _chosen(_options(value), answer)


def _chosen(options: Mapping[str, Any], answer: str) -> Any:
    """The option that was meant, as the graph offered it; otherwise the text itself."""
    word = answer.strip().casefold()
    labels = {label.casefold(): offered for label, offered in options.items()}
    if word in labels:
        return labels[word]
    if set(labels.values()) == {True, False} and word in YES | NO:
        return word in YES
    return answer


def _requests(value: Any) -> Sequence[Mapping[str, Any]]:
    """The requests of LangChain's ``HumanInTheLoopMiddleware``; empty for any other question."""
    found = at(value, "action_requests")
    return found if isinstance(found, list | tuple) and all(isinstance(each, Mapping) for each in found) else ()


def _allowed(value: Any, request: Mapping[str, Any]) -> tuple[str, ...]:
    configs = at(value, "review_configs") or ()
    mine = next((each for each in configs if at(each, "action_name") == request.get("name")), None)
    allowed = at(mine, "allowed_decisions") or ()
    return tuple(each for each in _DECISIONS if each in allowed) or ("approve", "reject")


def _request_question(question_id: str, request: Mapping[str, Any], allowed: tuple[str, ...]) -> Question:
    options = tuple(decision.capitalize() for decision in allowed)
    return Question(id=question_id, question=request_words(request), options=options)


def request_words(request: Mapping[str, Any]) -> str:
    """What is asked for, with each argument in a line."""
    name, about = str(request.get("name", "")), str(request.get("description") or "")
    arguments = request.get("args") or request.get("arguments")
    lines = [about.partition("\n\nTool:")[0] or "May this be done?", "", name.replace("_", " ").strip().capitalize()]
    if isinstance(arguments, Mapping):
        lines += [f"- {key}: {each if isinstance(each, str) else _json(each)}" for key, each in arguments.items()]
    return encodable("\n".join(lines).strip())


def _decision(
    question_id: str, request: Mapping[str, Any], allowed: tuple[str, ...], answer: str | None
) -> dict[str, Any]:
    """A decision that the middleware takes; free text is a reason against it, or changed arguments as JSON."""
    word = (answer or "").strip().casefold()
    if word in YES and "approve" in allowed:
        return {"type": "approve"}
    if "edit" in allowed and (arguments := _object(answer or "")) is not None:
        return {"type": "edit", "edited_action": {"name": request.get("name"), "args": arguments}}
    if "edit" in allowed and word == "edit":
        now = _json(request.get("args") or request.get("arguments") or {})
        asked = f"{request_words(request)}\n\nWrite the changed arguments as JSON."
        raise _AskedAgain(Question(id=question_id, question=asked, description=now))
    if "reject" in allowed:
        return {"type": "reject"} | ({"message": answer} if answer and word not in NO else {})
    if "respond" in allowed:
        return {"type": "respond", "message": answer or "No answer was given."}
    raise _AskedAgain(_request_question(question_id, request, allowed))


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _words_of(value: Any) -> str:
    if value is None or value == "":
        return "Your answer is needed to continue."
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Mapping):
        named = (value.get(key) for key in ("question", "message", "text", "description"))
        for text in named:
            if isinstance(text, str) and text:
                return encodable(text)
    return _json(value)


def _options(value: Any) -> dict[str, Any]:
    """The answers that an interrupt offers, by the words that a visitor reads; empty for free text."""
    if not isinstance(value, Mapping):
        return {}
    offered = value.get("options") or value.get("choices")
    if not isinstance(offered, list | tuple):
        kind = str(value.get("type") or at(value, "schema", "type") or "").casefold()
        offered = (True, False) if kind in _BOOLEANS else ()
    return dict(map(_option, offered))


def _option(offered: Any) -> tuple[str, Any]:
    if isinstance(offered, bool):
        return ("Yes" if offered else "No"), offered
    if isinstance(offered, Mapping) and ("label" in offered or "value" in offered):
        return encodable(str(offered.get("label", offered.get("value")))), offered.get("value", offered.get("label"))
    return encodable(str(offered)), offered


def _json(value: Any) -> str:
    return encodable(json.dumps(value, ensure_ascii=False, default=str))
