"""Lengths of time as people write them: 90s, 15m, 1h, 2d."""

import re
from datetime import timedelta

from orcheo_core.errors import FieldError, InvalidInput

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_TEXT = re.compile(r"([0-9]{1,9}) ?([smhd])")
PATTERN = "^[0-9]{1,9} ?[smhd]$"


def parse_duration(path: str, text: str) -> timedelta:
    """The length of time in a text such as ``1h``; :class:`InvalidInput` names ``path`` for any other."""
    found = _TEXT.fullmatch(text.strip().lower())
    if found is None:
        raise InvalidInput(FieldError(path, "must be a number with s, m, h or d, such as 90s, 15m, 1h or 2d"))
    amount, unit = found.groups()
    return timedelta(**{f"{_UNITS[unit]}s": int(amount)})


def in_words(length: timedelta) -> str:
    """``1 hour``, ``90 seconds``: in the largest unit of which it is a whole number."""
    seconds = int(length.total_seconds())
    unit, size = next((unit, size) for unit, size in _SIZES if seconds % size == 0)
    return counted(seconds // size, unit)


_SIZES = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def counted(amount: int, noun: str) -> str:
    """``1 thread``, ``2 threads``."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
