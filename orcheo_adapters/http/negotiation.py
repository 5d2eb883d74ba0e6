"""What a client wants: weights of the ``Accept`` headers (RFC 9110, section 12.4.2 and on)."""

from collections.abc import Container

_CODINGS = ("br", "gzip")
"""From the smallest answer to the largest."""
_LONGEST = 1_000
"""Browsers send fewer than 100 characters of languages."""


def preferred_coding(accept_encoding: str, offered: Container[str]) -> str:
    """The content coding to send: the offered one with the highest weight, the smaller of equals, or ``identity``.

    ``identity`` is what remains, even where a client refuses it: a readable answer serves it better than none.
    """
    wanted = _weights(accept_encoding)
    others = wanted.get("*", 0.0)
    weights = {each: wanted.get(each, others) for each in _CODINGS if each in offered}
    best = max(weights, key=weights.__getitem__, default="identity")
    refused = weights.get(best, 0.0) <= 0 or weights[best] < wanted.get("identity", 0.0)
    return "identity" if refused else best


def wants_page(accept: str) -> bool:
    """Whether a person looks at the answer: ``text/html`` is named, and JSON is not wanted more."""
    wanted = _weights(accept)
    programs = max(wanted.get("application/json", 0.0), wanted.get("application/problem+json", 0.0))
    return wanted.get("text/html", 0.0) > 0 and wanted["text/html"] >= programs


def preferred_languages(accept_language: str) -> list[str]:
    """The language tags in lower case, the most wanted first, without refused ones.

    Of a long header counts what ends within its first 1,000 characters.
    """
    is_long = len(accept_language) > _LONGEST
    weights = _weights(accept_language[:_LONGEST].rpartition(",")[0] if is_long else accept_language)
    return sorted((tag for tag in weights if weights[tag] > 0), key=weights.__getitem__, reverse=True)


def _weights(header: str) -> dict[str, float]:
    return dict(_weight(each) for each in header.split(",") if each.strip())


def _weight(element: str) -> tuple[str, float]:
    """A name and its ``q``, 1 unless given; a ``q`` that is not a number from 0 to 1 counts as 0."""
    name, *parameters = (part.strip().lower() for part in element.split(";"))
    name = name.removeprefix("x-") if name == "x-gzip" else name
    given = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
    try:
        weight = float(given)
    except ValueError:
        return name, 0.0
    return name, weight if 0 <= weight <= 1 else 0.0
