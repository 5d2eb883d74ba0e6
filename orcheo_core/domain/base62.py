"""Numbers as text in the 62 ASCII letters and digits, in an alphabet whose order is ASCII's own.

Because of that order, texts of one length sort as their numbers do.
"""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(ALPHABET)
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
"""Two digits at a time: every turn makes several ids."""


def encode(number: int, width: int) -> str:
    """``number`` in exactly ``width`` characters; a number too large for them is cut from the left."""
    pairs = []
    for _ in range((width + 1) // 2):
        number, rest = divmod(number, _BASE * _BASE)
        pairs.append(_PAIRS[rest])
    pairs.reverse()
    return "".join(pairs)[-width:]


def from_chance(chance: bytes) -> str:
    """As many characters as random bytes, an even number of them, with at least 5.9 bits of chance each."""
    return "".join([_PAIRS[int.from_bytes(chance[at : at + 2]) % len(_PAIRS)] for at in range(0, len(chance), 2)])


def is_base62(text: str) -> bool:
    """Whether ``text`` is one or more characters of the alphabet."""
    return text.isascii() and text.isalnum()
