"""Each agent of the matrix, with its real packages: what it is said to do, it does."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.server_process import eventually
from tests.frameworks.conftest import Published
from tests.frameworks.matrix import LINES, Line
from tests.frameworks.visitor import Answer, Visitor

pytestmark = [pytest.mark.network, pytest.mark.processes]
Publish = Callable[[Line], Published]
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WORD, OTHER_WORD = "plum-4711", "fig-0815"


def lines_that(ability: str) -> pytest.MarkDecorator:
    """All lines that do this."""
    return pytest.mark.parametrize("line", [pytest.param(x, id=x.name) for x in LINES if ability in x.does])


@lines_that("text")
def test_text(published: Publish, line: Line) -> None:
    """A message is answered."""
    answer = published(line).visitor().says("Hello")
    assert_whole(answer)
    assert "You said" in answer.text
    assert "Hello" in answer.text


@lines_that("stream")
def test_stream(published: Publish, line: Line) -> None:
    """The text comes in pieces, as the model writes it."""
    assert published(line).visitor().says("Speak calmly please").deltas >= 3


@lines_that("tool")
def test_tool(published: Publish, line: Line) -> None:
    """The agent calls its tool, and answers with what it says."""
    answer = published(line).visitor().says("What is the weather?")
    assert_whole(answer)
    assert "Sunny in Paris" in answer.text


@lines_that("steps")
def test_steps(published: Publish, line: Line) -> None:
    """The visitor sees that the tool is called."""
    answer = published(line).visitor().says("What is the weather?")
    assert any("weather" in str(each).lower() for each in answer.items("workflow")), answer.events


@lines_that("memory")
def test_memory(published: Publish, line: Line) -> None:
    """The second message finds the first."""
    visitor = published(line).visitor()
    visitor.says(f"My word is {WORD}.")
    answer = visitor.says("Which word?")
    assert_whole(answer)
    assert WORD in answer.text


@lines_that("stop")
def test_stop(published: Publish, line: Line) -> None:
    """The visitor's stop ends the answer, and the model's stream with it; the next message works."""
    workflow = published(line)
    visitor = workflow.visitor()
    text = f"Be slow for {line.name}"
    visitor.says(text, at_first_text=visitor.stops)

    def ends() -> list[object]:
        return [each["end"] for each in workflow.asked() if text in each["users"][-1]]  # type: ignore[index]

    eventually(lambda: "client left" in ends(), "the stream of the model is closed")
    eventually(lambda: None not in ends(), "no further request is open")
    assert_whole(visitor.says("Hello"))


@lines_that("error")
def test_error(published: Publish, line: Line) -> None:
    """An error of the model is a fixed sentence for the visitor, and the next message works."""
    visitor = published(line).visitor()
    answer = visitor.says("Please refuse.")
    assert answer.errors
    assert "refused" not in "".join(answer.errors)
    assert_whole(visitor.says("Hello"))


@lines_that("attachment")
def test_attachment(published: Publish, line: Line) -> None:
    """A picture reaches the model."""
    visitor = published(line).visitor()
    answer = visitor.says("Look", visitor.sends("dot.png", "image/png", PICTURE))
    assert_whole(answer)
    assert "I see a picture" in answer.text


@lines_that("approval")
def test_approval(published: Publish, line: Line) -> None:
    """A call that needs it waits for the visitor: yes carries it out, no does not."""
    for reply, is_done in (("yes", True), ("no", False)):
        visitor = published(line).visitor()
        asked = visitor.says("Please delete Paris.")
        (question,) = asked.items("structured_input")
        answer = reply_to(visitor, question, reply)
        assert_whole(answer)
        assert ("Deleted Paris" in answer.text) is is_done, answer.text


def reply_to(visitor: Visitor, item: dict[str, Any], reply: str) -> Answer:
    """Answer the first question of ``item``: the first option for yes; for no the one that refuses, or the last one."""
    (question, *_rest) = item["inputs"]
    options = [each["value"] for each in question["options"]]
    refused = next((each for each in options if each.casefold() == "reject"), options[-1])
    chosen = options[0] if reply == "yes" else refused
    given = {"status": "answered", "answers": {question["id"]: {"values": [chosen], "skipped": False}}}
    return visitor.asks("threads.add_structured_input", thread_id=visitor.thread_id, item_id=item["id"], input=given)


@lines_that("apart")
def test_apart(published: Publish, line: Line) -> None:
    """Two visitors at once are both answered, and neither gets a word of the other, now or later."""
    workflow = published(line)
    one, other = workflow.visitor(), workflow.visitor()
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(
            lambda each: each[0].says(f"My word is {each[1]}."), ((one, WORD), (other, OTHER_WORD))
        )
    assert_whole(first)
    assert_whole(second)
    assert OTHER_WORD not in first.text
    assert WORD not in second.text
    answers = [each.says("Which word?").text for each in (one, other, workflow.visitor())]
    assert OTHER_WORD not in answers[0]
    assert WORD not in answers[1]
    assert not {WORD, OTHER_WORD} & set(answers[2].split())
    assert WORD not in answers[2]
    assert OTHER_WORD not in answers[2]


def assert_whole(answer: Answer) -> None:
    """It ended without an error, and with text."""
    assert answer.errors == []
    assert answer.text, answer.events
