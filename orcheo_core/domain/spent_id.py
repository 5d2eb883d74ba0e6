"""Ids that are used up: ended logins, login attempts that came back, proofs of work that were shown."""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class SpentId:
    """An id that must not be taken again, with what it was for and the moment of its last use."""

    purpose: str
    id: str
    at: datetime
