"""What a server gives its runners."""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen

from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.runners.addresses import NONE_ALLOWED, AllowedAddresses
from orcheo_adapters.system.clock import SystemClock
from orcheo_core.domain.run import RunRequest
from orcheo_core.ports.clock import Clock

LONGEST_ANSWER = 900
"""Seconds for one answer when the operator sets no other bound."""


@frozen(kw_only=True)
class TimeLimits:
    """Seconds that one run has."""

    whole: float
    """From its beginning to its end, whatever it says."""
    silence: float
    """Since it last said anything: text, a step, progress."""


@frozen(kw_only=True)
class Conditions:
    """The same for all workflows of a server; set by its operator."""

    time_limit: float = LONGEST_ANSWER
    """Seconds for one answer that no workflow gets more of."""
    environment: Mapping[str, str] = field(default=MappingProxyType({}), repr=False)
    """Where secrets are looked up that settings name."""
    allowed: AllowedAddresses = NONE_ALLOWED
    """Addresses inside the operator's own network that may be reached nevertheless."""
    outgoing: Outgoing = field(factory=Outgoing)
    clock: Clock = field(factory=SystemClock)

    def time_limits_of(self, request: RunRequest) -> TimeLimits:
        """Seconds that this run has: never more than the operator allows."""
        whole = self.time_limit if request.time_limit is None else min(self.time_limit, request.time_limit)
        return TimeLimits(whole=whole, silence=whole if request.silence_limit is None else request.silence_limit)
