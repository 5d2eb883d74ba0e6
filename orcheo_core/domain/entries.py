"""Entries by name, such as the settings of a runner: changed one by one, and removed by an empty value."""

from collections.abc import Mapping

from orcheo_core.errors import FieldError, InvalidInput


def changed_entries(place: str, before: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """``before`` with what ``change`` names; an empty value removes an entry, and keeps the order of the others.

    Raises :class:`InvalidInput` for a name to remove that is not there, by ``place`` and name: a slip of the pen would
    pass for a removal.
    """
    there = f"; there are: {', '.join(before)}" if before else ""
    if missing := [name for name, value in change.items() if not value and name not in before]:
        raise InvalidInput(
            *(FieldError(f"{place}{name}", f"is not set, so it cannot be removed{there}") for name in missing),
            hint="An empty value removes an entry; name one that exists.",
        )
    return {name: value for name, value in {**before, **change}.items() if value}
