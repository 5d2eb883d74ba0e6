"""Steps of progress notes."""

import pytest

from orcheo_adapters.runners.steps import MOST_STEPS, StepNotes, nested, readable, shortened, words
from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.run import StepNoted

LOADING, DONE = StepState.LOADING, StepState.COMPLETE


def test_a_step_changes_in_place_until_its_note_ends() -> None:
    """What looks the same is not said again; what follows is in another note."""
    notes = StepNotes(detail="names", shows_thoughts=False)
    assert [*notes.note("a", "Look", "where", LOADING), *notes.note("a", "Look", "there", LOADING)] == [
        StepNoted(index=0, step=Step(title="Look", state=LOADING))
    ]
    assert [each.index for each in notes.note("b", "Look", "", LOADING)] == [1]
    assert [each.index for each in notes.note("a", "Look", "", DONE)] == [0]
    assert [*notes.close()] == [StepNoted(index=1, step=Step(title="Look", state=StepState.NONE))]
    assert [each.index for each in notes.note("b", "Look", "", DONE)] == [0]


@pytest.mark.parametrize(("detail", "content"), [("names", None), ("details", "city: Paris")])
def test_details_are_shown_where_the_owner_wants_them(detail: str, content: str | None) -> None:
    """In one line."""
    (noted,) = StepNotes(detail=detail, shows_thoughts=False).note("a", "Look", "city:\nParis", DONE)
    assert noted.step.content == content


def test_a_search_shows_what_is_looked_for() -> None:
    """As a step of that kind."""
    notes = StepNotes(detail="names", shows_thoughts=False)
    (noted,) = notes.note("a", "Search", "", DONE, kind=StepKind.WEB_SEARCH, queries=("x",))
    assert noted.step == Step(kind=StepKind.WEB_SEARCH, title="Search", queries=("x",), state=DONE)


def test_steps_may_be_hidden_and_are_counted() -> None:
    """A workflow may call tools for ever."""
    assert not [*StepNotes(detail="none", shows_thoughts=False).note("a", "Look", "", DONE)]
    notes = StepNotes(detail="names", shows_thoughts=True)
    assert len([each for n in range(MOST_STEPS + 5) for each in notes.note(str(n), "Look", "", DONE)]) == MOST_STEPS
    assert not [*notes.think("Hm"), *notes.end_thought()]


def test_thoughts_are_steps_among_others() -> None:
    """Each is whole when something else follows."""
    notes = StepNotes(detail="none", shows_thoughts=True)
    assert [*notes.think("Let me"), *notes.think(" see.")] == [_thought(0, "Let me", StepState.LOADING)]
    assert [*notes.end_thought()] == [_thought(0, "Let me see.", StepState.COMPLETE)]
    assert [*notes.think("More")] == [_thought(1, "More", StepState.LOADING)]
    assert [*notes.close()] == [_thought(1, "More", StepState.COMPLETE)]
    assert not [*StepNotes(detail="names", shows_thoughts=False).think("Secret")]


def _thought(index: int, text: str, state: StepState) -> StepNoted:
    return StepNoted(index=index, step=Step(kind=StepKind.THOUGHT, content=text, state=state))


def test_names_are_words() -> None:
    """In one line, cut where they are long."""
    assert words("get_the-weather") == "Get the weather"
    assert (nested("Expert", "Look"), nested("", "Look")) == ("Expert › Look", "Look")
    assert shortened("a " * 100, 9) == "a a a a…"
    assert readable("{no JSON") == "{no JSON"
    assert readable('{"city": "Paris", "days": 2}') == readable({"city": "Paris", "days": 2}) == "city: Paris, days: 2"
    assert readable([1, "a"]) == '[1, "a"]'
