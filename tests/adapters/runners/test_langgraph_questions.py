"""Requests for approval, in LangChain's form and in LangGraph's of before, and what their answers become."""

from types import SimpleNamespace
from typing import Any

import pytest

from orcheo_adapters.runners.langgraph_questions import Replies, questions_of, replies_to
from orcheo_core.domain.run import RunContext, RunRequest
from orcheo_core.domain.structured_input import Question
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec

CONTEXT = RunContext(
    workflow_id="wf_1", thread_id="thr_1", turn_id="trn_1", subject=Subject("anon:vis_1"), message_id="itm_1"
)
SPEC = RunnerSpec(kind="langgraph", target="agent:graph")
MAIL = {"action": "send_mail", "args": {"to": "ada@example.org", "copies": 2}}
EVERYTHING = {"allow_ignore": True, "allow_respond": True, "allow_edit": True, "allow_accept": True}
CHANGED = {"action": "send_mail", "args": {"to": "b"}}


def older(**config: bool) -> dict[str, Any]:
    """A request as LangGraph's ``HumanInterrupt``."""
    return {"action_request": MAIL, "config": config, "description": "Needs approval"}


def newer(*allowed: str) -> dict[str, Any]:
    """A request as LangChain's middleware asks."""
    request = {"name": "send_mail", "args": MAIL["args"], "description": "Needs approval"}
    configs = [{"action_name": "send_mail", "allowed_decisions": allowed}]
    return {"action_requests": [request], "review_configs": configs}


def put(value: Any) -> tuple[Question, ...]:
    """The questions of one interrupt."""
    return questions_of([SimpleNamespace(id="int_1", value=value)])


def said(value: Any, text: str) -> Replies:
    """What a message becomes."""
    return replies_to([SimpleNamespace(id="int_1", value=value)], RunRequest(spec=SPEC, text=text, context=CONTEXT))


@pytest.mark.parametrize("value", [older(**EVERYTHING), [older(**EVERYTHING)], (older(**EVERYTHING),)])
def test_a_request_of_the_older_form_is_readable(value: Any) -> None:
    """Alone or in a list: its name, each argument in a line, and the decisions that are allowed."""
    (question,) = put(value)
    assert question.question == "Needs approval\n\nSend mail\n- to: ada@example.org\n- copies: 2"
    assert question.options == ("Approve", "Edit", "Reject", "Respond")


def test_each_request_of_the_older_form_allows_its_own() -> None:
    """One that allows nothing can be approved or rejected; one without a name is put all the same."""
    questions = put([older(allow_accept=True), older(allow_respond=True), older(), {"action_request": {}}])
    assert [each.options for each in questions] == [
        ("Approve",),
        ("Respond",),
        ("Approve", "Reject"),
        ("Approve", "Reject"),
    ]
    assert questions[-1].question == "May this be done?"


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("Approve", {"type": "accept", "args": None}),
        ("Reject", {"type": "ignore", "args": None}),
        ("ignore", {"type": "ignore", "args": None}),
        ("Not to Ada", {"type": "response", "args": "Not to Ada"}),
        ('{"to": "b"}', {"type": "edit", "args": CHANGED}),
    ],
)
def test_the_older_form_gets_a_list_of_responses(text: str, response: dict[str, Any]) -> None:
    """As LangGraph's ``HumanResponse`` has them."""
    assert said([older(**EVERYTHING)], text).resume == {"int_1": [response]}
    assert said(older(**EVERYTHING), text).resume == {"int_1": [response]}


def test_a_reason_that_the_older_form_cannot_take_is_a_refusal() -> None:
    """It has no words for a reason."""
    value = [older(allow_accept=True, allow_ignore=True)]
    assert said(value, "Not to Ada").resume == {"int_1": [{"type": "ignore", "args": None}]}


@pytest.mark.parametrize("value", [[older(**EVERYTHING)], newer("approve", "reject", "respond"), newer("respond")])
def test_the_button_for_a_response_asks_for_its_words(value: Any) -> None:
    """The word on it is no answer."""
    replies = said(value, "Respond")
    assert not replies.resume
    (question,) = replies.questions
    assert (question.id, question.options) == ("int_1.0", ())
    assert question.question.endswith("Write your answer.")


@pytest.mark.parametrize(
    ("text", "decision"),
    [("He has moved", {"type": "respond", "message": "He has moved"}), ("No", {"type": "reject"})],
)
def test_a_request_that_takes_a_response_gets_free_text_as_one(text: str, decision: dict[str, Any]) -> None:
    """A no stays a no."""
    assert said(newer("approve", "reject", "respond"), text).resume == {"int_1": {"decisions": [decision]}}


@pytest.mark.parametrize("value", [[], [{}], [1], {"action_request": "mail"}, [older(), {"question": "And?"}]])
def test_another_shape_is_a_question_of_its_own(value: Any) -> None:
    """Nothing is guessed."""
    (question,) = put(value)
    assert question.id == "int_1"
    assert said(value, "Yes").resume == {"int_1": "Yes"}
