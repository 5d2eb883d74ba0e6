"""New ids, strictly increasing within one process."""

from datetime import UTC, datetime, timedelta

from orcheo_core.domain.ids import CHANCE_BYTES, IdKind, compose_id
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Identifiers:
    """Makes ids; two made one after the other sort in that order, even within a microsecond."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        """Draw time and chance from these."""
        self._clock = clock
        self._entropy = entropy
        self._last = 0

    def new(self, kind: IdKind) -> str:
        """A new id of this kind."""
        now = (self._clock.now() - _EPOCH) // _MICROSECOND
        self._last = max(now, self._last + 1)
        return compose_id(kind, microseconds=self._last, chance=self._entropy.random_bytes(CHANCE_BYTES))
