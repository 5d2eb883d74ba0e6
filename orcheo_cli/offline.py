"""``--offline``: what this machine last heard of the server's workflows, without asking the server."""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from orcheo_cli.context import CliContext
from orcheo_cli.layout import moment
from orcheo_cli.output import note, terminal_width
from orcheo_core.errors import OrcheoError

if TYPE_CHECKING:
    from orcheo_adapters.client.known_workflows import KnownWorkflow, KnownWorkflows

OFFLINE = frozenset({"workflows.list", "workflows.show"})
"""The operations that have an answer without the server."""

OFFLINE_HELP = "Show what the server last said, without asking it."
_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def last_heard(name: str, arguments: dict[str, Any], known: "KnownWorkflows") -> dict[str, Any]:
    """An answer of the same shape as the server's, with ``as_of``: when the oldest of it was heard."""
    if name == "workflows.show":
        one = known.find(arguments["ref"])
        _say_age([one], known)
        return one.workflow | {"as_of": one.at.isoformat()}
    source = click.get_current_context().get_parameter_source
    if any(source(option) is not ParameterSource.DEFAULT for option in arguments):
        message = "--offline shows everything that this machine has saved; it takes no other option."
        raise click.UsageError(message, click.get_current_context())
    heard = known.all()
    _say_age(heard, known)
    oldest = min(each.at for each in heard)
    return {"workflows": [each.workflow for each in heard], "next_after": None, "as_of": oldest.isoformat()}


def ask_or_hint(name: str, arguments: dict[str, Any], context: CliContext) -> dict[str, Any]:
    """The server's answer; when it does not answer, the hint also names ``--offline``."""
    from orcheo_adapters.client.remote import ServerUnreachable

    try:
        return context.connect().perform(name, arguments)
    except ServerUnreachable as error:
        if not _is_known(context):
            raise
        raise ServerUnreachable(error.detail, hint=f"{error.hint} --offline shows the last known state.") from None


def _is_known(context: CliContext) -> bool:
    try:
        return bool(context.known().all())
    except OrcheoError:
        return False


def _say_age(heard: "list[KnownWorkflow]", known: "KnownWorkflows") -> None:
    """On standard error, so that standard output has the same lines as from the server."""
    moments = [each.at for each in heard]
    when = _ages(known.now() - max(moments), known.now() - min(moments))
    oldest = moment(min(moments).isoformat(), local=terminal_width(sys.stderr) is not None)
    note(f"The server was not asked. This is what {known.server} said {when}, as of {oldest}. It may have changed.")


def _ages(newest: timedelta, oldest: timedelta) -> str:
    """``2 to 3 minutes ago``, ``5 minutes to 3 days ago``; one age where both are the same in words."""
    (least, small), (most, large) = _counted(newest), _counted(oldest)
    if most == 0:
        return "just now"
    last = f"{most} {large}{'' if most == 1 else 's'} ago"
    if (least, small) == (most, large):
        return last
    if least == 0:
        return f"up to {last}"
    return f"{least}{'' if small == large else f' {small}' if least == 1 else f' {small}s'} to {last}"


def _counted(age: timedelta) -> tuple[int, str]:
    """How many of the largest unit that fits; zero minutes for less than one."""
    for name, unit in _UNITS:
        if count := age // unit:
            return count, name
    return 0, _UNITS[-1][0]
