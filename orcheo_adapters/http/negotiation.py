"""What a client wants: weights of ``Accept`` and ``Accept-Encoding`` (RFC 9110, section 12.4.2 and on)."""

from collections.abc import Container

_CODINGS = ("br", "gzip")
"""From the smallest answer to the largest."""


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
