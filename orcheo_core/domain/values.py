"""Values that every turn makes: frozen for the type checker, plain at run time.

A frozen class of attrs sets each field by a call, which takes three times as long as an assignment, and a turn makes
some fifty values. Code that assigns to one does not pass mypy.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import frozen as value
else:
    from functools import partial

    from attrs import define

    value = partial(define, unsafe_hash=True, on_setattr=None)

__all__ = ["value"]
