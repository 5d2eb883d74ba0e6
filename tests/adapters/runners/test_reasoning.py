"""What a model thinks before its answer, in pieces."""

import pytest

from orcheo_adapters.runners.reasoning import Said, ThinkTags, without_thoughts


def said(*pieces: str) -> list[Said]:
    """What comes of these pieces."""
    tags = ThinkTags()
    return [each for piece in pieces for each in tags.take(piece)] + list(tags.rest())


@pytest.mark.parametrize("blanks", [0, 3, 5_000])
def test_blanks_before_an_answer_are_not_kept_without_end(blanks: int) -> None:
    """Each of them would be looked at again with the next one; a thought behind them is found all the same."""
    assert said(*[" "] * blanks, "Hi") == [("text", " " * min(blanks, 1_000) + "Hi")]
    assert said(*[" "] * blanks, "<th", "ink>a</think>", *["\n"] * blanks, "Hi") == [("thought", "a"), ("text", "Hi")]


def test_blanks_alone_are_nothing() -> None:
    """Before a thought and behind it."""
    assert said(*[" "] * 5_000) == []
    assert said("<think>a</think>", *[" "] * 5_000) == [("thought", "a")]


@pytest.mark.parametrize(
    "pieces",
    [
        ["<THINK>a</THINK>Hi"],
        ["<Th", "ink>a</", "THINK", ">Hi"],
        ["\n<THINKING>a</thinking>\nHi"],
        ["[think]a[/Think]Hi"],
        ["<think >a</think >Hi"],
        ["< think>a< / think >Hi"],
        ["<think", " ", ">a</thin", "k", "\n>", "Hi"],
        ["[ think ]a[ /think]Hi"],
    ],
)
def test_tags_may_be_in_capitals_or_have_blanks(pieces: list[str]) -> None:
    """Wherever they are cut, and whether or not both are."""
    assert said(*pieces) == [("thought", "a"), ("text", "Hi")]


@pytest.mark.parametrize(
    "text",
    [
        "<THINKER>a",
        "<b>THINK</b>",
        "<TH",
        "İ<think>a</think>",
        "<th ink>a",
        f"<{' ' * 40}think>a",
        "< 3",
        "<th\N{LATIN SMALL LETTER DOTLESS I}nk>a</th\N{LATIN SMALL LETTER DOTLESS I}nk>",
        "<TH\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}NK>a",
        "[thin\N{KELVIN SIGN}]a",
    ],
)
def test_what_only_looks_like_a_tag_is_text(text: str) -> None:
    """All of it, in one piece too, and read again."""
    for pieces in (list(text), [text]):
        assert "".join(piece for kind, piece in said(*pieces) if kind == "text") == text
    if "<think>" not in text:
        assert without_thoughts(text) == text


def test_a_closing_tag_of_other_letters_ends_no_thought() -> None:
    """Its dotless ``ı`` is no ``i``."""
    assert said("<think>a</th\N{LATIN SMALL LETTER DOTLESS I}nk>b</think>c") == [
        ("thought", "a</th\N{LATIN SMALL LETTER DOTLESS I}nk>b"),
        ("text", "c"),
    ]
