"""Commands out of the catalogue."""

import shlex
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_origin

import click
from attrs import NOTHING, Attribute

from orcheo_adapters.client.values_first import values_first
from orcheo_cli.completion import completer
from orcheo_cli.context import CliContext, json_option
from orcheo_cli.help_option import HELP_BY_BOTH
from orcheo_cli.layout import one_line
from orcheo_cli.offline import OFFLINE, OFFLINE_HELP, ask_or_hint, last_heard
from orcheo_cli.output import print_json, terminal_width
from orcheo_cli.prompts import confirm
from orcheo_cli.results import print_result
from orcheo_core.errors import ConfirmationNeeded
from orcheo_core.operations.operation import Operation, Parameter, default_of, parameters_of

_SUBJECTS = {
    "audit": ("audit.AUDIT_OPERATIONS",),
    "keys": ("access.ACCESS_OPERATIONS",),
    "server": ("space.SPACE_OPERATIONS",),
    "thread": ("threads.THREAD_OPERATIONS",),
    "token": ("tokens.TOKEN_OPERATIONS",),
    "webhook": ("webhook.WEBHOOK_OPERATIONS",),
    "workflow": ("workflows.WORKFLOW_OPERATIONS", "publishing.PUBLISHING_OPERATIONS", "access.ACCESS_OPERATIONS"),
}
"""Where the operations of a group are in ``orcheo_core.operations``: importing the whole catalogue for one command
takes longer than asking the server. A test holds this against the catalogue."""

_REPEATED = "May be repeated."


def operation_group(name: str, summary: str) -> click.Group:
    """The commands of all operations whose first word is ``name``."""
    group = click.Group(name, help=summary, context_settings=HELP_BY_BOTH)
    for operation in _operations(name):
        word, command = operation.command
        if word == name:
            group.add_command(_command(command, operation))
    return group


def _operations(group: str) -> Iterator[Operation[Any, Any]]:
    for subject in _SUBJECTS[group]:
        module, _, constant = subject.partition(".")
        yield from getattr(import_module(f"orcheo_core.operations.{module}"), constant)


def _command(name: str, operation: Operation[Any, Any]) -> click.Command:
    params = [_param(attribute, shown) for attribute, shown in parameters_of(operation.request).values()]
    if operation.confirmation is not None:
        params.append(click.Option(["--yes", "-y"], is_flag=True, help="Do not ask."))
    if operation.name in OFFLINE:
        params.append(click.Option(["--offline"], is_flag=True, help=OFFLINE_HELP))
    params.append(json_option())

    @click.pass_obj
    def run(context: CliContext, /, **given: Any) -> None:
        yes = given.pop("yes", False)
        offline = given.pop("offline", False)
        arguments = {key: value for key, value in given.items() if value is not None}
        with values_first(operation.name, arguments):
            if not yes and not arguments.get("dry_run"):
                _confirm(operation, arguments, context)
            if offline:
                result = last_heard(operation.name, arguments, context.known())
            elif operation.name in OFFLINE:
                result = ask_or_hint(operation.name, arguments, context)
            else:
                result = context.connect().perform(operation.name, arguments)
        _print(result, as_json=context.as_json)

    return click.Command(
        name,
        callback=run,
        params=params,
        help=_help(operation),
        short_help=operation.summary,
        context_settings=HELP_BY_BOTH,
    )


def _confirm(operation: Operation[Any, Any], arguments: dict[str, Any], context: CliContext) -> None:
    """Ask the operation's question, which the server knows once it has checked that it can be carried out."""
    if operation.question is None:
        return
    if not context.at_terminal():
        raise ConfirmationNeeded
    if question := context.connect().question(operation.name, arguments):
        confirm(one_line(question))


def _print(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    print_result(result)
    if result.get("next_after"):
        _say_more(_next_page(click.get_current_context(), result["next_after"]))


def _say_more(command: str) -> None:
    """On standard error; the command stays whole, on a line of its own where the terminal is narrow."""
    width = terminal_width(sys.stderr)
    said = f"There are more: {command}"
    click.echo(said if width is None or len(said) <= width else f"There are more:\n{command}", err=True)


def _next_page(context: click.Context, after: str) -> str:
    """The command that was given, for the page behind ``after``."""
    words = [context.command_path]
    for param in context.command.params:
        name = param.name or ""
        if name != "after" and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            words += _typed(param, context.params[name])
    return " ".join([*words, "--after", shlex.quote(one_line(after))])


def _typed(param: click.Parameter, value: Any) -> list[str]:
    if isinstance(param, click.Argument):
        return [shlex.quote(value)]
    if isinstance(value, bool):
        return [param.opts[0] if value else param.secondary_opts[0]]
    return [param.opts[0], shlex.quote(str(value))]


def _help(operation: Operation[Any, Any]) -> str:
    """The summary, and what Click does not say: what the arguments mean."""
    shown = parameters_of(operation.request).items()
    arguments = [f"{name.upper()}: {each.help}" for name, (_, each) in shown if each.argument]
    return "\n\n".join((operation.summary, *arguments))


def _param(attribute: "Attribute[Any]", shown: Parameter) -> click.Parameter:
    complete = completer(attribute.name, shown)
    if shown.argument:
        return click.Argument([attribute.name], shell_complete=complete)
    flag = shown.option or f"--{attribute.name.replace('_', '-')}"
    default = default_of(attribute)
    needs = {"required": True} if default is NOTHING else {"default": default}
    if attribute.type in (bool, bool | None):
        switch = f"{flag}/--no-{flag[2:]}" if default is NOTHING and "/" not in flag else flag
        return click.Option([switch, attribute.name], is_flag=True, help=shown.help, **needs)
    if get_origin(attribute.type) is tuple:
        return click.Option(
            [flag, attribute.name],
            multiple=True,
            required=default is NOTHING,
            help=f"{shown.help} {_REPEATED}",
            shell_complete=complete,
        )
    if get_origin(attribute.type) is dict:
        return click.Option(
            [flag, attribute.name],
            multiple=True,
            metavar="NAME=VALUE",
            callback=_pairs,
            help=f"{shown.help} {_REPEATED}",
        )
    kind = click.INT if attribute.type in (int, int | None) else click.STRING
    return click.Option(
        [flag, attribute.name],
        type=kind,
        help=shown.help,
        show_default=default not in (NOTHING, None, ""),
        shell_complete=complete,
        **needs,
    )


def _pairs(_context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(each.partition("=")[::2] for each in given if each.find("=") > 0)
    if len(pairs) != len(given):
        raise click.BadParameter("give each name once, as NAME=VALUE.", param=option)
    return pairs
