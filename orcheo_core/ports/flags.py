"""Feature flags."""

from abc import abstractmethod
from typing import Protocol

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.flags import Flag


class Flags(Protocol):
    """Knows which features are switched on for whom."""

    @abstractmethod
    def is_on(self, flag: Flag, owner: Actor) -> bool:
        """Whether ``flag`` is on for workflows of ``owner``, now; must neither block nor raise."""
