"""Numbers as text in the 62 ASCII letters and digits, in an alphabet whose order is ASCII's own.

Because of that order, texts of one length sort as their numbers do.
"""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(ALPHABET)


def encode(number: int, width: int) -> str:
    """``number`` in exactly ``width`` characters; a number too large for them is cut from the left."""
    digits = []
    for _ in range(width):
        number, rest = divmod(number, _BASE)
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits))


def is_base62(text: str) -> bool:
    """Whether ``text`` is one or more characters of the alphabet."""
    return text.isascii() and text.isalnum()
