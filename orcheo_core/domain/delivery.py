"""A message to the operator's webhook that waits to be delivered."""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class Delivery:
    """One message; ``id`` is the audit entry's or the turn's, so that receivers can recognise a repeated one."""

    id: str
    body: str
    """The JSON that is sent, the same in each attempt."""
    created_at: datetime
    due_at: datetime
    """When the next attempt is made."""
    attempts: int = 0
    """How many attempts have failed."""
