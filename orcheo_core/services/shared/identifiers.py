"""New ids, strictly increasing: a clock that is set back does not put what comes next before what was there."""

from datetime import datetime, timedelta

from orcheo_core.domain.ids import CHANCE_BYTES, EPOCH, IdKind, compose_ids, moment_of
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.unit_of_work import Store


class Identifiers:
    """Makes ids; two made one after the other sort in that order, even within a microsecond."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        """Draw time and chance from these."""
        self._clock = clock
        self._entropy = entropy
        self._last = 0

    async def begin_after(self, store: Store) -> None:
        """Sort behind all that is kept, which an earlier process may have made by a clock that was ahead."""
        newest = max((moment_of(each) for each in await store.newest_ids()), default=EPOCH)
        self.stay_behind(newest)

    def stay_behind(self, moment: datetime) -> None:
        """Make nothing from now on that would sort before this moment, whatever the clock says."""
        self._last = max(self._last, _microseconds(moment))

    def moment(self) -> datetime:
        """Now, and behind all ids: what came first is told from what came later, also by a clock that was set back."""
        self._last = max(_microseconds(self._clock.now()), self._last + 1)
        return EPOCH + timedelta(microseconds=self._last)

    def new(self, kind: IdKind) -> str:
        """A new id of this kind."""
        return self.several(kind)[0]

    def several(self, *kinds: IdKind) -> list[str]:
        """New ids of these kinds, in this order, from one reading of the clock."""
        first = max(_microseconds(self._clock.now()), self._last + 1)
        self._last = first + len(kinds) - 1
        return compose_ids(kinds, first, self._entropy.random_bytes(CHANCE_BYTES * len(kinds)))


def _microseconds(moment: datetime) -> int:
    passed = moment - EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
