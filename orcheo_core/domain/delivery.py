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


@frozen(kw_only=True)
class DeliverySum:
    """How many messages wait."""

    waiting: int
    failing: int
    """Those of them whose last attempt failed."""
    attempts: int = 0
    """How many attempts have failed for the one of them with the most."""


@frozen(kw_only=True)
class Outbox:
    """How the webhook is doing."""

    receiver: str
    """Scheme and host of its address: the path of a webhook is often its secret."""
    sum: DeliverySum
    most: int
    """How many may wait; further messages are left out."""
