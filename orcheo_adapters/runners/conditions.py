"""What a server gives its runners."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from attrs import field, frozen

from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.runners.addresses import NONE_ALLOWED, AllowedAddresses
from orcheo_adapters.runners.task_run import TaskRun, TimeLimits, Work
from orcheo_adapters.system.clock import SystemClock
from orcheo_adapters.system.running import Conducts, Running
from orcheo_core.domain.run import RunRequest
from orcheo_core.ports.clock import Clock

LONGEST_ANSWER = 900
"""Seconds for one answer when the operator sets no other bound."""


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
    conducts: Conducts = field(factory=Conducts)
    """Counts what workflows do to the process."""

    def run_of(self, request: RunRequest, work: Work) -> TaskRun:
        """A run that does ``work``, with the time that it has, known by its workflow."""
        whole = self.time_limit if request.time_limit is None else min(self.time_limit, request.time_limit)
        silence = whole if request.silence_limit is None else request.silence_limit
        running = Running(request.handle or request.spec.target, request.context.workflow_id, self.conducts)
        return TaskRun(work, _limits(whole, silence), running)


@lru_cache(64)
def _limits(whole: float, silence: float) -> TimeLimits:
    return TimeLimits(whole=whole, silence=silence)
