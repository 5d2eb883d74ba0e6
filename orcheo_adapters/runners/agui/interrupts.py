"""What an agent asks by an interrupt, as questions for the visitor, and the answers as AG-UI's ``resume``.

An interrupt says by a JSON Schema which answer it takes: true or false, one of several, text, or an object of these.
One without a schema takes text, or a yes or no when it is about a tool call.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from attrs import field, frozen

from orcheo_adapters.runners.agui.json_state import StateUnusable, measure
from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.structured_input import Question, QuestionAnswer, StructuredInputItem

MOST_INTERRUPTS = 20
_MOST_OPTIONS = 50
_MOST_SCHEMA = 4_000
_LENGTH = 2_000
_APPROVE: dict[str, Any] = {"Approve": True, "Reject": False}
_YES_NO: dict[str, Any] = {"Yes": True, "No": False}
_NUMBERS = {"integer": int, "number": float}
_WORDS_YES = frozenset({"yes", "y", "ok", "okay", "approve", "true"})
_WORDS_NO = frozenset({"no", "n", "reject", "deny", "false"})
_DEFAULT_WORDS = "Your answer is needed to continue."


@frozen(kw_only=True)
class _Ask:
    """One value that an interrupt wants: where it belongs in the answer, and how it is asked for."""

    id: str
    name: str | None
    """The property of the answer; None when the answer is this value."""
    words: str
    options: Mapping[str, Any] = field(factory=dict)
    """The values to choose from, by what the visitor reads; empty for free text."""
    kind: str = "string"

    def question(self) -> Question:
        return Question(id=self.id, question=self.words, options=tuple(self.options))

    def value(self, text: str) -> Any:
        """What was meant; the text itself where nothing else fits."""
        by_word = {label.casefold(): each for label, each in self.options.items()}
        word = text.strip().casefold()
        if word in by_word:
            return by_word[word]
        if set(map(str, by_word.values())) == {"True", "False"}:
            return word in _WORDS_YES
        if self.kind in _NUMBERS:
            with suppress(ValueError):
                return _NUMBERS[self.kind](text)
        return text


def kept(interrupts: Any) -> list[dict[str, Any]]:
    """The interrupts of a run as a thread keeps them: what their questions and answers need, within bounds."""
    given = interrupts if isinstance(interrupts, list | tuple) else []
    return [found for each in given[:MOST_INTERRUPTS] if (found := _kept(each)) is not None]


def questions_of(interrupts: Iterable[Mapping[str, Any]]) -> tuple[Question, ...]:
    """What the visitor is asked."""
    return tuple(ask.question() for each in interrupts for ask in _asks(each))


def resume_of(
    interrupts: Sequence[Mapping[str, Any]], answers: StructuredInputItem | None, text: str
) -> tuple[list[dict[str, Any]], bool]:
    """AG-UI's ``resume`` for these interrupts, and whether ``text`` was taken as an answer.

    Without answers the visitor has written a message: it answers a single question that takes its words, and cancels
    all others.
    """
    if answers is not None:
        given = {each.id: each.answer for each in answers.questions}
        return [_entry(each, {ask.id: _words(given.get(ask.id)) for ask in _asks(each)}) for each in interrupts], True
    asks = [ask for each in interrupts for ask in _asks(each)]
    is_answer = len(asks) == 1 and _takes(asks[0], text)
    said = {asks[0].id: text} if is_answer else {}
    return [_entry(each, said) for each in interrupts], is_answer


def asks_for(interrupts: Iterable[Mapping[str, Any]], answers: StructuredInputItem) -> bool:
    """Whether these are answers to questions of these interrupts."""
    known = {ask.id for each in interrupts for ask in _asks(each)}
    return any(each.id in known for each in answers.questions)


def _takes(ask: _Ask, text: str) -> bool:
    word = text.strip().casefold()
    labels = {each.casefold() for each in ask.options}
    return bool(word) and (not labels or word in labels | _WORDS_YES | _WORDS_NO)


def _words(answer: QuestionAnswer | None) -> str | None:
    return None if answer is None or answer.skipped or not answer.values else ", ".join(answer.values)


def _entry(interrupt: Mapping[str, Any], given: Mapping[str, str | None]) -> dict[str, Any]:
    """One entry of ``resume``; an interrupt that is not answered in full is cancelled."""
    asks = _asks(interrupt)
    values = [ask.value(text) for ask in asks if (text := given.get(ask.id)) is not None]
    if len(values) < len(asks):
        return {"interruptId": interrupt["id"], "status": "cancelled"}
    payload = values[0] if asks[0].name is None else {ask.name: one for ask, one in zip(asks, values, strict=True)}
    return {"interruptId": interrupt["id"], "status": "resolved", "payload": payload}


def _kept(interrupt: Any) -> dict[str, Any] | None:
    if not isinstance(interrupt, Mapping) or not isinstance(interrupt.get("id"), str):
        return None
    found: dict[str, Any] = {"id": interrupt["id"][:200]}
    for name in ("reason", "message", "toolCallId"):
        if isinstance(text := interrupt.get(name), str):
            found[name] = encodable(text[:_LENGTH])
    value = interrupt.get("value")  # servers before 1.0
    if "message" not in found and value is not None:
        found["message"] = _text_of(value)
    found |= {name: interrupt[name] for name in ("isLegacy", "isApproval") if interrupt.get(name) is True}
    if isinstance(value, Mapping) and value.get("type") == "function_approval_request":
        found["isApproval"] = True
    with suppress(StateUnusable):
        schema = interrupt.get("responseSchema")
        if isinstance(schema, Mapping) and measure(schema, most=_MOST_SCHEMA):
            found["responseSchema"] = schema
    return found


def _text_of(value: Any) -> str:
    """What an interrupt of an older server says: text, JSON in text, or JSON."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            if isinstance(decoded := json.loads(value), str | dict):
                value = decoded
    if isinstance(value, Mapping):
        named = (value.get(name) for name in ("question", "message", "text", "description"))
        value = next((each for each in named if isinstance(each, str) and each), value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return encodable(text[:_LENGTH])


def _asks(interrupt: Mapping[str, Any]) -> list[_Ask]:
    words = str(interrupt.get("message") or interrupt.get("reason") or _DEFAULT_WORDS)
    schema = interrupt.get("responseSchema")
    if not isinstance(schema, Mapping):
        is_approval = bool(interrupt.get("isApproval") or interrupt.get("toolCallId"))
        name = "accepted" if interrupt.get("isApproval") else "approved" if is_approval else None
        return [_Ask(id=interrupt["id"], name=name, words=words, options=_APPROVE if is_approval else {})]
    properties = _wanted(schema)
    if not properties:
        return [_ask(interrupt["id"], None, words, schema)]
    if len(properties) == 1:
        ((name, found),) = properties.items()
        return [_ask(interrupt["id"], name, words, found)]
    return [
        _ask(f"{interrupt['id']}#{name}", name, f"{words}\n\n{found.get('title') or name}", found)
        for name, found in properties.items()
    ]


def _wanted(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The properties that an answer needs, or the first one; empty for an answer of another type than object."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    known = {name: each for name, each in properties.items() if isinstance(each, Mapping)}
    required = schema.get("required")
    named = [name for name in required if name in known] if isinstance(required, list) else []
    return {name: known[name] for name in (named or list(known)[:1])[:_MOST_OPTIONS]}


def _ask(question_id: str, name: str | None, words: str, schema: Mapping[str, Any]) -> _Ask:
    kind = schema.get("type")
    offered = schema.get("enum")
    options: dict[str, Any] = {}
    if isinstance(offered, list):
        options = {encodable(_label(each)): each for each in offered[:_MOST_OPTIONS]}
    elif kind == "boolean":
        options = _APPROVE if (name or "").lower().startswith(("approve", "accept", "allow", "confirm")) else _YES_NO
    return _Ask(id=question_id, name=name, words=encodable(words), options=options, kind=str(kind))


def _label(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
