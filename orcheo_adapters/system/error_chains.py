"""What an error came from, as far as people read it."""

MOST_ERRORS = 20
"""Errors of one chain or group that are written."""


def chain_of(error: BaseException) -> list[BaseException]:
    """The error, what it came from, and what it is a group of; not more of them than are written."""
    found: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [error]
    while waiting and len(found) < MOST_ERRORS:
        each = waiting.pop(0)
        if each is None or id(each) in found:
            continue
        found[id(each)] = each
        inner = each.exceptions[:MOST_ERRORS] if isinstance(each, BaseExceptionGroup) else ()
        waiting += (_came_from(each), *inner)
    return list(found.values())


def _came_from(error: BaseException) -> BaseException | None:
    """The error that another is shown with; without a look at its truth, which is code of its class."""
    if error.__cause__ is None and not error.__suppress_context__:
        return error.__context__
    return error.__cause__
