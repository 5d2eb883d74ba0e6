"""What the Tab key offers for the values of arguments and options; Click itself completes their names."""

from collections.abc import Callable
from typing import Any

import click

from orcheo_cli.context import CliContext
from orcheo_core.errors import OrcheoError
from orcheo_core.operations.operation import Parameter

Completer = Callable[[click.Context, click.Parameter, str], list[Any]]

_WORKFLOWS = ("ref", "workflow")
"""What arguments and options are called that name a workflow."""


def completer(name: str, shown: Parameter) -> Completer | None:
    """Completes one of a fixed set of values, or a workflow's handle; None where anything may be typed."""
    if shown.choices:
        return lambda _context, _parameter, begun: [each for each in shown.choices if each.startswith(begun)]
    return _handles if name in _WORKFLOWS else None


def _handles(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Handles that this machine last heard of: the Tab key waits for no server."""
    known = (context.obj or CliContext()).known
    try:
        handles = [each.workflow["handle"] for each in known().all()]
    except OrcheoError:
        return []
    return [each for each in handles if each.startswith(begun)]
