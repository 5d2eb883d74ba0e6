"""Numbers as text in the 62 ASCII letters and digits, in an alphabet whose order is ASCII's own.

Because of that order, texts of one length sort as their numbers do.
"""

from functools import lru_cache

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(ALPHABET)
_DIGITS = bytes(ord(ALPHABET[each % _BASE]) for each in range(256))
"""A digit for each byte; 8 of the 62 come up five times of 256 instead of four."""
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
"""Two digits at a time: every turn makes several ids."""


def encode(number: int, width: int) -> str:
    """``number`` in exactly ``width`` characters, more than four; a number too large is cut from the left."""
    high, low = divmod(number, len(_PAIRS))
    return _but_for_two(high, width - 2) + _PAIRS[low]


@lru_cache(64)
def _but_for_two(number: int, width: int) -> str:
    """The digits that stay the same for milliseconds when the number is the time in microseconds."""
    high, low = divmod(number, len(_PAIRS))
    return _slowly_changing(high, width - 2) + _PAIRS[low]


@lru_cache(64)
def _slowly_changing(number: int, width: int) -> str:
    """The digits that stay the same for seconds when the number is the time in microseconds."""
    digits = []
    for _ in range(width):
        number, rest = divmod(number, _BASE)
        digits.append(ALPHABET[rest])
    digits.reverse()
    return "".join(digits)


def decode(text: str) -> int:
    """The number that ``text`` stands for; 0 for what is not in the alphabet."""
    number = 0
    for each in text if is_base62(text) else "":
        number = number * _BASE + ALPHABET.index(each)
    return number


def from_chance(chance: bytes) -> str:
    """As many characters as random bytes, with at least 5.67 bits of chance each."""
    return chance.translate(_DIGITS).decode("ascii")


def is_base62(text: str) -> bool:
    """Whether ``text`` is one or more characters of the alphabet."""
    return text.isascii() and text.isalnum()
