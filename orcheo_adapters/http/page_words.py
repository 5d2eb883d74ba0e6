"""The words of the server's own pages in the visitor's language; each language is one file in ``languages/``."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path

from attrs import frozen
from starlette.requests import Request

from orcheo_adapters.http.negotiation import preferred_languages

_FOLDER = Path(__file__).with_name("languages")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_NEAR = {"no": "nb", "nn": "nb", "iw": "he", "in": "id"}
"""Languages that are read with ease by those who ask for another, and former codes."""
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
_PLACE = re.compile(r"\{(\w+)\}")


@frozen(kw_only=True)
class Words:
    """The phrases of one language by key."""

    language: str
    """The language tag of the page, which is the name of the file: ``de``, ``zh-Hant``."""
    phrases: Mapping[str, str]

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``, for the attribute ``dir``."""
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"

    def html(self, key: str, **places: str) -> str:
        """A phrase as HTML; what is put into its ``{places}`` is HTML too, and the caller has escaped it."""
        return _PLACE.sub(lambda place: places[place[1]], escape(self.phrases[key]))


def words_of(request: Request) -> Words:
    """The words that a request asks for with ``Accept-Language``."""
    return words_for(",".join(request.headers.getlist("accept-language")))


def words_for(accept_language: str) -> Words:
    """The most wanted of the languages that there are, else English.

    The header is untrusted: it is only compared with the names of the files.
    """
    books = _books()
    wanted = (_name_of(tag) for tag in preferred_languages(accept_language))
    return next((books[name] for name in wanted if name in books), books["en"])


def _name_of(tag: str) -> str:
    """The file for a language tag: its first part, except that Chinese comes in two scripts, which a region implies."""
    language, *others = tag.split("-")
    if language == "*":
        return "en"
    if language in {"zh", "yue"}:
        is_traditional = language == "yue" or not _TRADITIONAL.isdisjoint(others)
        return "zh-Hans" if "hans" in others or not is_traditional else "zh-Hant"
    return _NEAR.get(language, language)


@lru_cache(1)
def _books() -> Mapping[str, Words]:
    files = {each.stem: each.read_text(encoding="utf-8") for each in _FOLDER.glob("*.json")}
    return {name: Words(language=name, phrases=json.loads(text)) for name, text in files.items()}
