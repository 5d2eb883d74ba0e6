"""The words of the doors for one another's: hints are written with commands, and an assistant knows tools."""

import re

from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import parameters_of

_COMMAND = re.compile(r"`orcheo ([a-z]+) ([a-z-]+)[^`]*`")
_OPTION = re.compile(r"`?--(?:no-)?([a-z]+(?:-[a-z]+)*)`?")
_TOOLS = {operation.command: operation.tool for operation in CATALOGUE.values()}
_ARGUMENTS = {name for operation in CATALOGUE.values() for name in parameters_of(operation.request)}


def for_assistants(text: str) -> str:
    """``text`` with tools in place of the commands in it, and arguments in place of their options."""
    return _OPTION.sub(_argument, _COMMAND.sub(_tool, text))


def _tool(found: "re.Match[str]") -> str:
    tool = _TOOLS.get((found[1], found[2]))
    return f"`{tool}`" if tool else found[0]


def _argument(found: "re.Match[str]") -> str:
    name = found[1].replace("-", "_")
    return f"`{name}`" if name in _ARGUMENTS else found[0]
