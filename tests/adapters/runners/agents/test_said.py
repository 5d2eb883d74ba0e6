"""What agents say, as run events."""

from collections import UserList
from dataclasses import dataclass
from typing import Any

import pytest
from attrs import frozen

from orcheo_adapters.runners.agents.said import Said, arguments_of
from orcheo_adapters.runners.agui.options import Options
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import AnswerEnded, RunEvent, StepNoted, TextDelta
from orcheo_core.ports.runner import NothingSaid


def steps(events: list[RunEvent]) -> list[tuple[str | None, str | None, str]]:
    return [(e.step.title, e.step.content, str(e.step.state)) for e in events if isinstance(e, StepNoted)]


def test_halves_of_characters_are_joined_and_the_last_one_is_replaced() -> None:
    """As every runner does."""
    said = Said(Options())
    assert [*said.text("a\ud83d"), *said.text("\ude00"), *said.text("b\ud83d"), *said.rest()] == [
        TextDelta("a"),
        TextDelta("😀"),
        TextDelta("b"),
        TextDelta("\ufffd"),
    ]


def test_a_call_that_is_said_again_shows_more_and_text_ends_the_note() -> None:
    """What was under way there is not drawn as running for ever; a result that comes later is a step again."""
    said = Said(Options(steps="details"))
    events = [
        *said.call("1", "find_it"),
        *said.call("1", "find_it", '{"a": 1}'),
        *said.text("x"),
        *said.result("1", "y"),
    ]
    assert steps(events) == [
        ("Find it", None, "loading"),
        ("Find it", "a: 1", "loading"),
        ("Find it", "a: 1", "none"),
        ("Find it", "a: 1 → y", "complete"),
    ]


def test_a_failed_call_is_not_complete() -> None:
    """Its text is shown where the owner shows results; a result without a call is nothing."""
    said = Said(Options(steps="details"))
    events = [*said.call("1", "", ["a"]), *said.result("1", "broken", has_failed=True), *said.result("2", "b")]
    assert steps(events)[-1] == ("Tool", '["a"] → broken', "none")


def test_what_is_not_json_is_shown_by_its_type() -> None:
    """A list in itself has no end."""
    loop: list[Any] = []
    loop.append(loop)
    assert steps([*Said(Options(steps="details")).call("1", "a", loop)]) == [("A", "list", "loading")]


def test_unknown_counts_are_no_usage() -> None:
    """Frameworks give None, or objects, where they do not know."""
    assert list(Said(Options()).used(None, object())) == []


@frozen
class Place:
    """Of attrs."""

    city: str
    near: list[str]


@dataclass
class Stay:
    """Of the standard library."""

    place: Any
    nights: int | None = None


def test_structured_output_is_readable() -> None:
    """Fields and entries a line each."""
    assert readable("a") == "a"
    assert readable(None) == ""
    assert (
        readable(Stay(Place("Paris", ["Lille", "Reims"]))) == "place:\n  city: Paris\n  near:\n    - Lille\n    - Reims"
    )
    assert readable([1, {"a": {"b": 2}}]) == "- 1\n-\n  a:\n    b: 2"


def test_what_has_no_end_ends() -> None:
    """A list in itself is cut where it is deep enough."""
    loop: list[Any] = []
    loop.append(loop)
    assert len(readable(loop)) < 200


@pytest.mark.parametrize(
    ("given", "parsed"), [('{"a": 1}', {"a": 1}), ("{", "{"), (3, 3), (UserList([1]), UserList([1]))]
)
def test_arguments_are_parsed_where_they_are_json(given: Any, parsed: Any) -> None:
    """Frameworks hand them on as text or as an object."""
    assert arguments_of(given) == parsed


def test_an_agent_that_only_thinks_has_not_answered() -> None:
    """Whether or not visitors see its thoughts; calls of tools and text are more."""
    for shows in (True, False):
        said = Said(Options(shows_reasoning=shows))
        _events = [*said.think("Hm."), *said.rest()]
        with pytest.raises(NothingSaid, match="only what the model thought"):
            said.check_end()
    for more in ("text", "call"):
        said = Said(Options())
        _events = [*said.think("Hm."), *(said.text("Hi") if more == "text" else said.call("1", "a"))]
        said.check_end()
    said = Said(Options())
    _events = [*said.think("\n")]
    said.check_end()


def thoughts_and_texts(events: list[RunEvent]) -> list[tuple[str, str]]:
    """In their order; what a thought said last."""
    found = [
        ("thought", str(each.step.content)) if isinstance(each, StepNoted) else ("text", each.text)
        for each in events
        if isinstance(each, StepNoted | TextDelta)
    ]
    return [each for place, each in enumerate(found) if found[place + 1 : place + 2] != [each]]


def test_a_thought_in_tags_at_the_beginning_of_a_message_is_a_thought() -> None:
    """Cut anywhere, in each message; a tag further on is text, and a thought alone begins no answer."""
    said = Said(Options())
    events = [*said.text("<th"), *said.text("ink>Hm.</th"), *said.text("ink>\n\nHi")]
    assert thoughts_and_texts(events) == [("thought", "Hm."), ("text", "Hi")]
    said.end_message()
    events = [*said.text("<think>So.</think>"), *said.call("1", "look"), *said.text("You <think>"), *said.rest()]
    assert thoughts_and_texts([each for each in events if not is_call(each)]) == [
        ("thought", "So."),
        ("text", "You <think>"),
    ]
    assert events.count(AnswerEnded()) == 1
    said.check_end()


def is_call(event: RunEvent) -> bool:
    return isinstance(event, StepNoted) and event.step.title is not None


def test_a_message_of_a_thought_alone_begins_no_answer() -> None:
    """What follows is the first answer; hidden thoughts are dropped."""
    said = Said(Options(shows_reasoning=False))
    assert [*said.text("<think>Hm.")] == []
    said.end_message()
    assert [*said.text("Hi"), *said.rest()] == [TextDelta("Hi")]


def test_an_answer_in_one_piece_is_said_where_no_text_came() -> None:
    """Not again behind its own pieces, even if these were a thought alone; the opening tag may be in the prompt."""
    said = Said(Options(shows_reasoning=False))
    assert [*said.whole("Hm.\n</think>\nHi"), *said.rest()] == [TextDelta("Hi")]
    said = Said(Options(shows_reasoning=False))
    assert [*said.text("<think>Hm.</think>"), *said.whole("<think>Hm.</think>"), *said.rest()] == []
    with pytest.raises(NothingSaid, match="only what the model thought"):
        said.check_end()
