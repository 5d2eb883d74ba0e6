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
NO = frozenset({"no", "n", "false", "reject", "rejected", "deny", "ignore"})
"""Answers of one word, in small letters."""
_BOOLEANS = frozenset({"bool", "boolean", "confirm", "confirmation", "approval"})
_DECISIONS = ("approve", "edit", "reject", "respond")
_OLDER_ALLOWED = {"allow_accept": "approve", "allow_edit": "edit", "allow_ignore": "reject", "allow_respond": "respond"}
_OLDER_TYPES = {"approve": "accept", "edit": "edit", "reject": "ignore", "respond": "response"}


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
    """The questions of these interrupts: each one its own, or one for each request of a human in the loop."""
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
    requests = _requests(interrupt.value)
    if not requests:
        options = tuple(_options(interrupt.value))
        return (Question(id=interrupt.id, question=_words_of(interrupt.value), options=options),)
    return tuple(
        _request_question(f"{interrupt.id}.{index}", each, allowed) for index, (each, allowed) in enumerate(requests)
    )


def _reply(interrupt: Any, answers: Sequence[str | None]) -> Any:
    if requests := _requests(interrupt.value):
        decisions = [
            _decision(f"{interrupt.id}.{index}", each, allowed, answer)
            for index, ((each, allowed), answer) in enumerate(zip(requests, answers, strict=True))
        ]
        older = _older_requests(interrupt.value)
        return [_older_decision(each) for each in decisions] if older else {"decisions": decisions}
    answer = answers[0]
    return answer if answer is None else _chosen(_options(interrupt.value), answer)


def _chosen(options: Mapping[str, Any], answer: str) -> Any:
    """The option that was meant, as the graph offered it; otherwise the text itself."""
    word = answer.strip().casefold()
    labels = {label.casefold(): offered for label, offered in options.items()}
    if word in labels:
        return labels[word]
    if set(labels.values()) == {True, False} and word in YES | NO:
        return word in YES
    return answer


def _requests(value: Any) -> list[tuple[Mapping[str, Any], tuple[str, ...]]]:
    """The requests for approval with the decisions that each allows; empty for any other question.

    They come from LangChain's ``HumanInTheLoopMiddleware``, or as LangGraph's ``HumanInterrupt`` of before.
    """
    if older := _older_requests(value):
        return [(_as_request(each), _allowed_by(each)) for each in older]
    found = at(value, "action_requests")
    if not _are_mappings(found):
        return []
    return [(each, _allowed(value, each)) for each in found]


def _older_requests(value: Any) -> list[Mapping[str, Any]]:
    """Each a mapping of ``action_request``, ``config`` and ``description``; alone or in a list."""
    found = [value] if isinstance(value, Mapping) else value
    is_older = _are_mappings(found) and all(isinstance(each.get("action_request"), Mapping) for each in found)
    return list(found) if is_older else []


def _are_mappings(found: Any) -> bool:
    return isinstance(found, list | tuple) and all(isinstance(each, Mapping) for each in found)


def _as_request(older: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = older["action_request"]
    return {"name": asked.get("action"), "args": asked.get("args"), "description": older.get("description")}


def _allowed_by(older: Mapping[str, Any]) -> tuple[str, ...]:
    config = older.get("config")
    return tuple(decision for key, decision in _OLDER_ALLOWED.items() if at(config, key)) or ("approve", "reject")


def _older_decision(decision: Mapping[str, Any]) -> dict[str, Any]:
    """The same as LangGraph's ``HumanResponse``, which takes no reason for a refusal."""
    args: Any = decision.get("message") if decision["type"] == "respond" else None
    if edited := decision.get("edited_action"):
        args = {"action": edited["name"], "args": edited["args"]}
    return {"type": _OLDER_TYPES[decision["type"]], "args": args}


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
    name, about = str(request.get("name") or ""), str(request.get("description") or "")
    arguments = request.get("args") or request.get("arguments")
    lines = [about.partition("\n\nTool:")[0] or "May this be done?", "", name.replace("_", " ").strip().capitalize()]
    if isinstance(arguments, Mapping):
        lines += [f"- {key}: {each if isinstance(each, str) else _json(each)}" for key, each in arguments.items()]
    return encodable("\n".join(lines).strip())


def _decision(
    question_id: str, request: Mapping[str, Any], allowed: tuple[str, ...], answer: str | None
) -> dict[str, Any]:
    """A decision that the middleware takes. Free text is changed arguments as JSON, a response where the request
    takes one, or a reason against it."""
    word = (answer or "").strip().casefold()
    if word in YES and "approve" in allowed:
        return {"type": "approve"}
    if "edit" in allowed and (arguments := _object(answer or "")) is not None:
        return {"type": "edit", "edited_action": {"name": request.get("name"), "args": arguments}}
    if "edit" in allowed and word == "edit":
        now = _json(request.get("args") or request.get("arguments") or {})
        asked = f"{request_words(request)}\n\nWrite the changed arguments as JSON."
        raise _AskedAgain(Question(id=question_id, question=asked, description=now))
    if "respond" in allowed and word == "respond":
        raise _AskedAgain(Question(id=question_id, question=f"{request_words(request)}\n\nWrite your answer."))
    if "reject" in allowed and ("respond" not in allowed or not word or word in NO):
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
