"""Text in pieces."""

import pytest

from orcheo_adapters.runners.answer_pieces import AnswerPieces
from orcheo_adapters.runners.text import MOST_OF_A_PIECE, WholeCharacters, encodable
from orcheo_core.domain.run import TextDelta


def _joined(*pieces: str) -> list[str]:
    characters = WholeCharacters()
    return [*(characters.take(piece) for piece in pieces), characters.rest()]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("Hi \ud83d", "\ude00!"), ["Hi ", "😀!", ""]),
        (("\ud83d", "", "\ude00"), ["", "", "😀", ""]),
        (("\ud83d\ude00\ud83d", "\ude00"), ["😀", "😀", ""]),
        (("a\ud83d", "b"), ["a", "\ufffdb", ""]),
        (("\ud83d", "\ud83d", "\ude00"), ["", "\ufffd", "😀", ""]),
        (("a\ude00b",), ["a\ufffdb", ""]),
        (("end\ud83d",), ["end", "\ufffd"]),
        (("plain", "ä"), ["plain", "ä", ""]),
    ],
)
def test_a_character_that_is_cut_in_half_is_joined(pieces: tuple[str, ...], text: list[str]) -> None:
    """A half without its other half becomes U+FFFD, and nothing is lost around it."""
    assert _joined(*pieces) == text


@pytest.mark.parametrize("piece", ["ä" * 4_000_005, b"\xff" * 4_000_005], ids=["text", "bytes"])
def test_of_a_piece_that_no_answer_takes_only_a_part_is_looked_at(piece: str | bytes) -> None:
    """All chats wait while it is: 16 s for a piece of 20,000,000 characters before."""
    (event,) = AnswerPieces().take(piece)
    assert isinstance(event, TextDelta)
    assert len(event.text) == MOST_OF_A_PIECE


def test_halves_are_replaced_one_by_one() -> None:
    """Characters that two of them make are kept."""
    assert encodable("\ud83d\ud83d\ude00\ude00ä\ufeff\ud83d") == "\ufffd😀\ufffdä\ufeff\ufffd"
