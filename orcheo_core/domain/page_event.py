"""What pages report of themselves where the operator wants it: kinds of events in few words, never who or which."""

from datetime import timedelta
from enum import StrEnum

from attrs import frozen

OTHER_CODE = "other"
"""Stands for every code of a failure that is not known."""
ANSWER_BOUNDS = tuple(timedelta(milliseconds=each) for each in (250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000))
"""First answers are counted by the smallest of these that they took no longer than."""


class PagePlace(StrEnum):
    """Where a chat is shown."""

    PAGE = "page"
    BUBBLE = "bubble"
    CANVAS = "canvas"


class PageEventKind(StrEnum):
    """What happened there."""

    OPEN = "open"
    CLOSE = "close"
    ANSWER = "answer"
    """The first answer after the chat was opened."""
    FAILURE = "failure"


@frozen(kw_only=True)
class PageEvent:
    """One event, as it is counted: equal ones share a counter, so each field takes few values."""

    place: PagePlace
    kind: PageEventKind
    code: str | None = None
    """Of a failure: the code of the error, :data:`OTHER_CODE` for one that is not known."""
    within: timedelta | None = None
    """Of an answer: one of :data:`ANSWER_BOUNDS`; None for one that took longer than all of them."""

    @classmethod
    def answer(cls, place: PagePlace, took: timedelta) -> "PageEvent":
        """A first answer that took this long."""
        within = next((bound for bound in ANSWER_BOUNDS if took <= bound), None)
        return cls(place=place, kind=PageEventKind.ANSWER, within=within)
