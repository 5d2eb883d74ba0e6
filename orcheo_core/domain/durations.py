"""Lengths of time and moments as people write them: 90s, 15m, 1h, 2d; 2026-11-23, 2026-11-23T14:30."""

import re
from datetime import UTC, datetime, timedelta

from orcheo_core.errors import FieldError, InvalidInput

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_COUNTED = {"seconds": timedelta(seconds=1), "days": timedelta(days=1)}
_TEXT = re.compile(r"([0-9]{1,9}) ?([smhd]?)")
PATTERN = "^[0-9]{1,9} ?[smhd]?$"


def parse_duration(path: str, text: str) -> timedelta:
    """The length of time in a text such as ``1h``; a number alone counts seconds.

    Raises :class:`InvalidInput`, which names ``path``, for any other text.
    """
    found = _TEXT.fullmatch(text.strip().lower())
    if found is None:
        raise InvalidInput(FieldError(path, "must be a length of time, such as 90s, 15m, 1h or 2d"))
    amount, unit = found.groups()
    return timedelta(**{f"{_UNITS[unit or 's']}s": int(amount)})


def count_of(path: str, text: str, unit: str) -> int:
    """How many ``seconds`` or ``days``, as ``unit`` says, a length of time such as ``1h`` has.

    Raises :class:`InvalidInput`, which names ``path``, when it is not a whole number of them.
    """
    count, rest = divmod(parse_duration(path, text), _COUNTED[unit])
    if rest:
        raise InvalidInput(FieldError(path, f"must be a whole number of {unit}"))
    return count


def in_words(length: timedelta) -> str:
    """``1 hour``, ``90 seconds``: in the largest unit of which it is a whole number."""
    seconds = int(length.total_seconds())
    unit, size = next((unit, size) for unit, size in _SIZES if seconds % size == 0)
    return counted(seconds // size, unit)


_SIZES = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def counted(amount: int, noun: str) -> str:
    """``1 thread``, ``2 threads``."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


MOMENT_FORMATS = ("date", "date-time")
"""Formats of JSON Schema whose every text :func:`parse_moment` takes; it takes more."""


def parse_moment(path: str, text: str, *, end_of_day: bool = False) -> datetime:
    """The moment in a text of ISO 8601, in UTC unless it says otherwise; :class:`InvalidInput` names ``path``.

    A date alone means its beginning, or with ``end_of_day`` the beginning of the next day.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        is_date = len(text.strip()) <= len("2026-11-23")
        return (moment + timedelta(days=1) if end_of_day and is_date else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        message = "must be a date or time in ISO 8601, such as 2026-11-23 or 2026-11-23T14:30"
        raise InvalidInput(FieldError(path, message)) from None
