"""Chance."""

from abc import abstractmethod
from typing import Protocol


class Entropy(Protocol):
    """A source of unpredictable bytes."""

    @abstractmethod
    def random_bytes(self, count: int) -> bytes:
        """``count`` bytes nobody can foresee (fit for secrets)."""
