"""A text of a million characters, in pieces."""

LONG_PIECES = 10_000
LONG_PIECE = "ü" * 99 + "\n"
