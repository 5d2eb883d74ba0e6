"""Chance that comes out the same each time."""

from random import Random

from orcheo_core.ports.entropy import Entropy


class FakeEntropy(Entropy):
    """Bytes from a seeded generator: different from call to call, the same from run to run."""

    def __init__(self, seed: int = 0) -> None:
        """Two with the same seed give the same bytes."""
        self._random = Random(seed)

    def random_bytes(self, count: int) -> bytes:
        """See the port."""
        return self._random.randbytes(count)
