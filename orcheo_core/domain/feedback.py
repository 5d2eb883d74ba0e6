"""Feedback: what a visitor thought of an answer."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

MOST_AT_ONCE = 100
"""Items that one request may judge: each is looked up, and a turn rarely says more."""


class FeedbackKind(StrEnum):
    """Thumbs up or down."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


@frozen(kw_only=True)
class Feedback:
    """One judgement of one item; a later one of the same item takes its place."""

    thread_id: str
    item_id: str
    kind: FeedbackKind
    given_at: datetime
