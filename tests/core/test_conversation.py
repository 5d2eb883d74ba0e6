"""The past messages that models and services get."""

from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.run import PastMessage, conversation


def _history(text: str) -> list[PastMessage]:
    """``v1 w1`` and so on; ``w`` alone is an answer without text."""
    return [
        PastMessage(said_by="visitor" if each[0] == "v" else "workflow", text="" if each == "w" else each)
        for each in text.split()
    ]


def _kept(text: str, limit: int = 40) -> str:
    return " ".join(past.text for past in conversation(_history(text), limit=limit))


def test_visitor_messages_without_an_answer_are_left_out() -> None:
    """Answers that failed or were stopped before the first word do not make two messages of one side in a row."""
    assert _kept("v1 w1 v2 v3 w3 v4") == "v1 w1 v3 w3"
    assert _kept("v1 w v2 w2") == "v2 w2"


def test_several_answers_to_one_message_are_joined() -> None:
    """A workflow may answer in several items."""
    assert _kept("v1 w1 w2 v3 w3") == "v1 w1\n\nw2 v3 w3"


def test_the_window_begins_with_the_visitor() -> None:
    """Whatever its length, also when the thread begins with the workflow."""
    assert _kept("v1 w1 v2 w2 v3 w3", limit=3) == "v3 w3"
    assert _kept("w0 v1 w1") == "v1 w1"
    assert _kept("v1 w1", limit=1) == _kept("v1 w1", limit=0) == ""


@given(st.lists(st.builds(PastMessage, said_by=st.sampled_from(["visitor", "workflow"]), text=st.sampled_from("ab"))))
def test_sides_always_alternate(history: list[PastMessage]) -> None:
    """The property that strict chat templates check."""
    kept = conversation(history, limit=10)
    assert [past.said_by for past in kept] == ["visitor", "workflow"] * (len(kept) // 2)
    assert len(kept) <= 10
