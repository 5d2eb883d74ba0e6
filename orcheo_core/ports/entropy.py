"""Chance."""

from abc import abstractmethod
from typing import Protocol


class Entropy(Protocol):
    """A source of unpredictable bytes."""

    @abstractmethod
    def random_bytes(self, count: int) -> bytes:
        """``count`` unpredictable bytes (fit for secrets)."""
