"""What every entry of a thread has."""

from datetime import datetime

from orcheo_core.domain.values import value


@value(kw_only=True)
class ItemBase:
    """An entry of a thread: which, in which thread, out of which turn, since when."""

    id: str
    thread_id: str
    turn_id: str
    created_at: datetime
