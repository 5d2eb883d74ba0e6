"""New ids, strictly increasing within one process."""

from datetime import UTC, datetime

from orcheo_core.domain.ids import CHANCE_BYTES, IdKind, compose_id
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Identifiers:
    """Makes ids; two made one after the other sort in that order, even within a microsecond."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        """Draw time and chance from these."""
        self._clock = clock
        self._entropy = entropy
        self._last = 0

    def new(self, kind: IdKind) -> str:
        """A new id of this kind."""
        return self.several(kind)[0]

    def several(self, *kinds: IdKind) -> list[str]:
        """New ids of these kinds, in this order, from one reading of the clock."""
        passed = self._clock.now() - _EPOCH
        now = (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
        first = max(now, self._last + 1)
        self._last = first + len(kinds) - 1
        chance = self._entropy.random_bytes(CHANCE_BYTES * len(kinds))
        return [
            compose_id(kind, first + place, chance[place * CHANCE_BYTES : (place + 1) * CHANCE_BYTES])
            for place, kind in enumerate(kinds)
        ]
