"""Searches: words that must all be there, without regard to case and accents."""

import unicodedata

from orcheo_core.errors import FieldError, InvalidInput

MAX_WORDS = 10
SEARCHED_CHARACTERS = 100_000
"""Of one item, from its beginning: to index a text takes much longer than to keep it."""
_MOST_SPREAD, _ALWAYS_SPREAD = 4, 1_000
"""Characters that one may become in the mean, and as many more."""


def folded(text: str) -> str:
    """Text as searches compare it: without case and accents (Unicode's full case folding over NFKD).

    A text that would become many times as long is cut: one character can stand for eighteen, of which no language
    writes many, and a message of them would take seconds and megabytes to index.
    """
    spread = unicodedata.normalize("NFKD", text.replace("\0", " "))[: _MOST_SPREAD * len(text) + _ALWAYS_SPREAD]
    bare = "".join(each for each in spread if not unicodedata.combining(each))
    return unicodedata.normalize("NFKC", bare.casefold())


def search_words(text: str) -> tuple[str, ...]:
    """The words of a search, folded; raises :class:`InvalidInput` for no words, or more than ten."""
    words = tuple(dict.fromkeys(folded(text).split()))
    if not 1 <= len(words) <= MAX_WORDS:
        raise InvalidInput(FieldError("search", f"must be 1 to {MAX_WORDS} words"))
    return words
