"""The words of the doors for one another's: hints are written with commands, but an assistant knows tools and a
program calls over HTTP."""

import re
from collections.abc import Mapping

from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import parameters_of

_COMMAND = re.compile(r"`orcheo ([a-z]+) ([a-z-]+)([^`]*)`")
_ID = re.compile(r"\b[a-z]{2,3}_[0-9A-Za-z]{8,}")
"""What a hint says nowhere else, so it is kept; other words behind a command are for people to fill in."""
_OPTION = re.compile(r"`?--(?:no-)?([a-z]+(?:-[a-z]+)*)`?")
_SHOWN_ONCE = re.compile(
    r" Keep [a-z ]+ safe: it is shown only this once\.|,(?: which is)? shown only this once|; it is shown once"
)
_WHICH_IS_SHOWN = ", which is shown only this once"
_TOOLS: Mapping[tuple[str, ...], str] = {
    operation.command: operation.tool for operation in CATALOGUE.values() if not operation.for_people
}
_ARGUMENTS = {
    option: name
    for operation in CATALOGUE.values()
    for name, (_, shown) in parameters_of(operation.request).items()
    for option in (name.replace("_", "-"), *_OPTION.findall(shown.option or ""))
}
"""Arguments by the words of their options; one that may be repeated is named in the singular: ``--setting``."""
_CALLS: Mapping[tuple[str, ...], str] = {
    operation.command: f"POST /api/operations/{operation.name}" for operation in CATALOGUE.values()
}


def for_assistants(text: str, tools: Mapping[tuple[str, ...], str] = _TOOLS) -> str:
    """``text`` with tools in place of the commands in it, and arguments in place of their options.

    ``tools`` has their names by command. A command that is not among them stays: people can run it.
    """

    def tool(found: "re.Match[str]") -> str:
        name = tools.get((found[1], found[2]))
        if name is None:
            return found[0]
        known = _ID.search(found[3])
        return f"`{name}` with `{known[0]}`" if known else f"`{name}`"

    return _OPTION.sub(_argument, _COMMAND.sub(tool, text))


def for_programs(text: str) -> str:
    """``text`` with calls over HTTP in place of the commands in it, and arguments in place of their options."""
    return for_assistants(text, _CALLS)


def with_secret(text: str, goes: str) -> str:
    """``text`` about an operation whose secret is not shown, with what happens to it in place of the words that it is.

    ``goes`` follows *which*: ``goes into a file``.
    """
    return without_showing(text.replace(_WHICH_IS_SHOWN, f", which {goes}"))


def without_showing(text: str) -> str:
    """``text`` about an operation whose secret is not shown, without the words that say it is."""
    return _SHOWN_ONCE.sub("", text)


def _argument(found: "re.Match[str]") -> str:
    name = _ARGUMENTS.get(found[1])
    return f"`{name}`" if name else found[0]
