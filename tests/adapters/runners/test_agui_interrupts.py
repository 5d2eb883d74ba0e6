"""Interrupts as questions, and answers as AG-UI's ``resume``."""

from typing import Any

import pytest
from attrs import evolve

from orcheo_adapters.runners.agui.interrupts import kept, questions_of, resume_of
from orcheo_core.domain.structured_input import Question, QuestionAnswer, StructuredInputItem
from tests.fakes.clock import START

APPROVAL = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}, "reason": {"type": "string"}},
    "required": ["approved"],
}


def interrupt(schema: Any = None, **fields: Any) -> dict[str, Any]:
    """One as a server sends it."""
    return {
        "id": "i1",
        "reason": "input",
        "message": "Well?",
        **({"responseSchema": schema} if schema else {}),
        **fields,
    }


def answered(*interrupts: dict[str, Any], **answers: str | None) -> list[dict[str, Any]]:
    """What is sent back when the visitor answers by question id (``_`` for ``#``), or skips with None."""
    found = kept(list(interrupts))
    questions = [
        evolve(each, answer=QuestionAnswer(values=(text,)) if text is not None else QuestionAnswer(skipped=True))
        if (text := answers.get(each.id.replace("#", "_"), "")) != ""
        else each
        for each in questions_of(found)
    ]
    item = StructuredInputItem(
        id="itm_1", thread_id="thr_1", turn_id="trn_1", created_at=START, questions=tuple(questions)
    )
    resume, is_answer = resume_of(found, item, "")
    assert is_answer
    return resume


@pytest.mark.parametrize(
    ("asked", "options", "said", "payload"),
    [
        (interrupt(), (), "blue", "blue"),
        (interrupt(APPROVAL), ("Approve", "Reject"), "Approve", {"approved": True}),
        (interrupt(APPROVAL), ("Approve", "Reject"), "Reject", {"approved": False}),
        (interrupt(APPROVAL), ("Approve", "Reject"), "yes", {"approved": True}),
        (interrupt(APPROVAL), ("Approve", "Reject"), "what?", {"approved": False}),
        (interrupt(toolCallId="c1"), ("Approve", "Reject"), "Approve", {"approved": True}),
        (interrupt({"type": "boolean"}), ("Yes", "No"), "No", False),
        (interrupt({"type": "string"}), (), "free words", "free words"),
        (interrupt({"type": "integer"}), (), "7", 7),
        (interrupt({"type": "number"}), (), "2.5", 2.5),
        (interrupt({"type": "number"}), (), "many", "many"),
        (interrupt({"enum": ["S", "M", 3, True]}), ("S", "M", "3", "Yes"), "3", 3),
        (interrupt({"type": "object", "properties": {"size": {"enum": ["S"]}}}), ("S",), "S", {"size": "S"}),
        (interrupt({"type": "object"}), (), "words", "words"),
        (interrupt({"type": "object", "properties": {"x": 1}}), (), "words", "words"),
        (
            {"id": "i1", "value": {"type": "function_approval_request"}},
            ("Approve", "Reject"),
            "Approve",
            {"accepted": True},
        ),
    ],
)
def test_an_answer_has_the_form_that_was_asked_for(
    asked: dict[str, Any], options: tuple[str, ...], said: str, payload: Any
) -> None:
    """By the schema; without one it is text, or a yes or no about a tool call. Unclear words do not approve."""
    (question,) = questions_of(kept([asked]))
    assert question.options == options
    assert answered(asked, i1=said) == [{"interruptId": "i1", "status": "resolved", "payload": payload}]


def test_an_object_of_several_values_is_several_questions() -> None:
    """All of them are needed: one that is skipped cancels the interrupt."""
    schema = {
        "type": "object",
        "properties": {"city": {"title": "Which city?"}, "days": {"type": "integer"}, "note": {}},
        "required": ["city", "days"],
    }
    assert [(each.id, each.question) for each in questions_of(kept([interrupt(schema)]))] == [
        ("i1#city", "Well?\n\nWhich city?"),
        ("i1#days", "Well?\n\ndays"),
    ]
    assert answered(interrupt(schema), i1_city="Rome", i1_days="3") == [
        {"interruptId": "i1", "status": "resolved", "payload": {"city": "Rome", "days": 3}}
    ]
    assert answered(interrupt(schema), i1_city="Rome", i1_days=None) == [{"interruptId": "i1", "status": "cancelled"}]


@pytest.mark.parametrize(
    ("asked", "said", "status"),
    [
        ([interrupt()], "blue", "resolved"),
        ([interrupt(APPROVAL)], "Yes", "resolved"),
        ([interrupt(APPROVAL)], "Wait, tell me more", "cancelled"),
        ([interrupt(), interrupt(id="i2")], "blue", "cancelled"),
        ([interrupt()], " ", "cancelled"),
    ],
)
def test_a_message_answers_one_question_that_takes_its_words(asked: list[Any], said: str, status: str) -> None:
    """Otherwise the agent learns that its questions were left, and gets the message."""
    resume, is_answer = resume_of(kept(asked), None, said)
    assert {each["status"] for each in resume} == {status}
    assert is_answer is (status == "resolved")


def test_what_is_kept_of_interrupts_is_bounded() -> None:
    """Number, lengths, schemas; anything else is left out."""
    huge = interrupt({"enum": ["x" * 10_000]}, message="y" * 10_000)
    (found,) = kept([huge, "nonsense", {"reason": "no id"}])
    assert "responseSchema" not in found
    assert len(found["message"]) == 2_000
    assert kept("nonsense") == []
    assert len(kept([interrupt()] * 100)) == 20


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("plain", "plain"),
        ('{"message": "Sure?"}', "Sure?"),
        ({"text": "Hm"}, "Hm"),
        ({"x": 1}, '{"x": 1}'),
        ([1], "[1]"),
        ("{broken", "{broken"),
    ],
)
def test_what_old_servers_ask_is_found(value: Any, words: str) -> None:
    """In text, in JSON, or in JSON in text."""
    assert questions_of(kept([{"id": "i", "value": value}])) == (Question(id="i", question=words),)
