"""How a turn ends: its status, the message for visitors, and the reason for the owner."""

from orcheo_core.domain.component_items import Ending, EndingKind
from orcheo_core.domain.thread_events import TurnTrouble
from orcheo_core.domain.turn import TurnFault, TurnStatus
from orcheo_core.domain.values import value


@value(kw_only=True)
class TurnEnd:
    """The end of a turn; ``kind`` is None when the answer is whole."""

    status: TurnStatus
    kind: EndingKind | None = None
    trouble: TurnTrouble | None = None
    """The message for clients that follow the turn."""
    fault: TurnFault | None = None
    """For the owner only."""

    @property
    def ending(self) -> Ending | None:
        """What the thread remembers of it."""
        if self.kind is None:
            return None
        if self.trouble is None:
            return Ending(kind=self.kind)
        return Ending(
            kind=self.kind,
            message=self.trouble.message,
            allow_retry=self.trouble.allow_retry,
            retry_after=self.trouble.retry_after,
        )
