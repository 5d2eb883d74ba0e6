"""Text in pieces."""

import pytest

from orcheo_adapters.runners.text import WholeCharacters


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
