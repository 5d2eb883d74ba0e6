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
        waiting += (each.__cause__ or each.__context__, *inner)
    return list(found.values())
