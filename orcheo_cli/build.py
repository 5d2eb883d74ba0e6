"""Commands out of the catalogue."""

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin

import click
from attrs import NOTHING, Attribute

from orcheo_adapters.client.remote import Operations, part_of
from orcheo_adapters.client.values_first import values_first
from orcheo_cli.completion import completer
from orcheo_cli.context import CliContext, json_option
from orcheo_cli.groups import PointingGroup
from orcheo_cli.help_option import HELP_BY_BOTH
from orcheo_cli.layout import clean, one_line
from orcheo_cli.offline import OFFLINE, OFFLINE_HELP, ask_or_hint, last_heard
from orcheo_cli.options import PARAMETERS_FILE, Command, Length, Number, errors_in_options, refused
from orcheo_cli.output import print_json, terminal_width, waiting_told
from orcheo_cli.prompts import confirm
from orcheo_cli.results import print_result
from orcheo_core.domain.durations import PATTERN as DURATION_PATTERN
from orcheo_core.errors import ConfirmationNeeded
from orcheo_core.operations.operation import Operation, Parameter, default_of, parameters_of

_SUBJECTS = {
    "audit": ("audit.AUDIT_OPERATIONS",),
    "keys": ("access.ACCESS_OPERATIONS",),
    "server": ("space.SPACE_OPERATIONS", "telemetry.TELEMETRY_OPERATIONS"),
    "thread": ("threads.THREAD_OPERATIONS",),
    "token": ("tokens.TOKEN_OPERATIONS",),
    "webhook": ("webhook.WEBHOOK_OPERATIONS",),
    "workflow": (
        "workflows.WORKFLOW_OPERATIONS",
        "look.LOOK_OPERATIONS",
        "publishing.PUBLISHING_OPERATIONS",
        "access.ACCESS_OPERATIONS",
    ),
}
"""Where the operations of a group are in ``orcheo_core.operations``: importing the whole catalogue for one command
takes longer than asking the server. A test holds this against the catalogue."""

_REPEATED = "May be repeated."
_MOST_CHOICES = 12
_LENGTHS = {"seconds": "90s, 15m, 1h", "days": "30d"}


def operation_group(name: str, summary: str) -> click.Group:
    """The commands of all operations whose first word is ``name``."""
    group = PointingGroup(name, help=summary, context_settings=HELP_BY_BOTH)
    for operation in _operations(name):
        word, command = operation.command
        if word == name:
            group.add_command(_command(command, operation))
    return group


_BY_POSITION = "_by_position"
"""Behind the name of a parameter that has an option too."""


def _operations(group: str) -> Iterator[Operation[Any, Any]]:
    for subject in _SUBJECTS[group]:
        module, _, constant = subject.partition(".")
        yield from getattr(import_module(f"orcheo_core.operations.{module}"), constant)


def _command(name: str, operation: Operation[Any, Any]) -> click.Command:
    offered = parameters_of(operation.request)
    params = [each for attribute, shown in offered.values() for each in _params(attribute, shown)]
    both_ways = [name for name, (_, shown) in offered.items() if shown.argument and shown.option]
    if operation.asks_at_the_terminal:
        params.append(click.Option(["--yes", "-y"], is_flag=True, help="Do not ask."))
    if operation.name in OFFLINE:
        params.append(click.Option(["--offline"], is_flag=True, help=OFFLINE_HELP))
    if operation.file_option is not None:
        params.append(_file_option(operation.file_option))
    params.append(json_option())

    @click.pass_obj
    def run(context: CliContext, /, **given: Any) -> None:
        yes = given.pop("yes", False)
        offline = given.pop("offline", False)
        given = _with_file(given.pop(PARAMETERS_FILE, None), given)
        for each in both_ways:
            given[each] = _given_once(each, given.pop(f"{each}{_BY_POSITION}"), given[each])
        arguments = {key: value for key, value in given.items() if value is not None}
        as_typed = nullcontext() if context.as_json else errors_in_options()
        with as_typed, values_first(operation.name, arguments):
            if not yes:
                _confirm(operation, arguments, context)
            if offline:
                result = last_heard(operation.name, arguments, context.known())
            else:
                result = _perform(operation, arguments, context)
        _print(result, as_json=context.as_json)

    return Command(
        name,
        callback=run,
        params=params,
        help=_help(operation),
        short_help=operation.summary,
        context_settings=HELP_BY_BOTH,
    )


def _perform(operation: Operation[Any, Any], arguments: dict[str, Any], context: CliContext) -> dict[str, Any]:
    if operation.is_document:
        return _document(operation.name, arguments, context)
    if operation.name in OFFLINE:
        with waiting_told():
            return ask_or_hint(operation.name, arguments, context)
    return _answer(context.connect(), operation.name, arguments)


def _answer(operations: Operations, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    with waiting_told():
        return operations.perform(name, arguments)


def _document(name: str, arguments: dict[str, Any], context: CliContext) -> dict[str, Any]:
    """The last part of a document, with all parts before it printed; as JSON, all parts in one.

    Only the server's parts are waited for aloud: while one is printed, it is the reader of a pager that takes time.
    """
    operations, contents = context.connect(), []
    part = _answer(operations, name, arguments)
    content, after = part_of(part)
    while after is not None:
        if context.as_json:
            contents.append(content)
        else:
            click.echo(clean(content), nl=False)
        part = _answer(operations, name, arguments | {"after": after})
        content, after = part_of(part)
    return part | {"content": "".join([*contents, content])}


def _confirm(operation: Operation[Any, Any], arguments: dict[str, Any], context: CliContext) -> None:
    """Ask the operation's question, which the server knows once it has checked that it can be carried out."""
    if not operation.asks_at_the_terminal:
        return
    if question := context.connect().question(operation.name, arguments):
        if not context.at_terminal():
            raise ConfirmationNeeded(f"{ConfirmationNeeded.summary[:-1]}: {one_line(question)}")
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


def _params(attribute: "Attribute[Any]", shown: Parameter) -> list[click.Parameter]:
    """What is taken by position and by option is two parameters for Click, of which one is given."""
    if not (shown.argument and shown.option):
        return [_param(attribute, shown)]
    name, complete = attribute.name, completer(attribute.name, shown)
    help_ = f"The same as {name.upper()}."
    return [
        click.Argument([f"{name}{_BY_POSITION}"], required=False, metavar=f"[{name.upper()}]", shell_complete=complete),
        click.Option([shown.option, name], help=help_, shell_complete=complete),
    ]


def _given_once(name: str, by_position: str | None, by_option: str | None) -> str:
    if by_position is not None and by_option is not None:
        message = f"{name.upper()} is given twice."
        raise click.UsageError(message)
    given = by_option if by_position is None else by_position
    if given is None:
        message = f"Missing argument '{name.upper()}'."
        raise click.UsageError(message)
    return given


def _param(attribute: "Attribute[Any]", shown: Parameter) -> click.Parameter:
    complete = completer(attribute.name, shown)
    if shown.argument:
        return click.Argument([attribute.name], shell_complete=complete)
    flag = shown.option or f"--{attribute.name.replace('_', '-')}"
    default = default_of(attribute)
    needs = {"required": True} if default is NOTHING else {"default": default}
    if attribute.type in (bool, bool | None):
        switch = f"{flag}/--no-{flag[2:]}" if default is NOTHING and "/" not in flag else flag
        return _Switch([switch, attribute.name], is_flag=True, help=shown.help, **needs)
    if _is_list(attribute.type):
        return click.Option(
            [flag, attribute.name],
            multiple=True,
            required=default is NOTHING,
            callback=None if default is not None else _given_or_none,
            help=f"{_option_help(shown)} {_REPEATED}",
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
    return click.Option(
        [flag, attribute.name],
        type=_kind(attribute, shown),
        metavar="DURATION" if shown.pattern == DURATION_PATTERN else None,
        help=_option_help(shown),
        show_default=default not in (NOTHING, None, ""),
        shell_complete=complete,
        **needs,
    )


def _is_list(kind: Any) -> bool:
    return any(get_origin(each) is tuple for each in (kind, *get_args(kind)))


def _given_or_none(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...] | None:
    """None where the option was not used: an empty list would remove what is there."""
    return given or None


def _kind(attribute: "Attribute[Any]", shown: Parameter) -> click.ParamType[Any]:
    if attribute.type not in (int, int | None):
        return click.STRING
    return Length(shown.counts) if shown.counts else Number()


def _option_help(shown: Parameter) -> str:
    """The parameter's help and, where that leaves them out, its few choices or its bounds; MCP has them in schemas."""
    said = [shown.help]
    if len(shown.choices) <= _MOST_CHOICES and not all(each in shown.help for each in shown.choices):
        said.append(f"One of {', '.join(shown.choices)}.")
    if shown.minimum is not None and f"{shown.minimum} to {shown.maximum}" not in shown.help:
        said.append(f"From {shown.minimum} to {shown.maximum}.")
    if shown.counts:
        said.append(f"With a unit: {_LENGTHS[shown.counts]}.")
    return " ".join(said)


class _Switch(click.Option):
    """A flag whose errors name its other form too, which Click leaves out."""

    def get_error_hint(self, ctx: click.Context | None) -> str:  # noqa: ARG002 - the name is Click's
        """Both forms, as Click writes options that have several names."""
        return " / ".join(f"'{each}'" for each in (*self.opts, *self.secondary_opts))


def _file_option(flag: str) -> click.Option:
    return click.Option(
        [flag, PARAMETERS_FILE],
        metavar="FILE",
        help="TOML file with these options by their names; options given here override it.",
    )


def _with_file(path: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, on top of what a file says; of NAME=VALUE options each name by itself."""
    if path is None:
        return given
    found = _toml(path)
    source = click.get_current_context().get_parameter_source
    typed = {name: value for name, value in given.items() if source(name) is click.core.ParameterSource.COMMANDLINE}
    merged = {
        name: found[name] | value
        for name, value in typed.items()
        if isinstance(value, dict) and isinstance(found.get(name), dict)
    }
    return found | typed | merged


def _toml(path: str) -> dict[str, Any]:
    import tomllib

    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _unusable(path, f"is not TOML: {error}") from None
    found: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return found


def _unusable(path: str, why: str) -> click.UsageError:
    return click.UsageError(f"{shlex.quote(path)} {why}.", click.get_current_context())


def _pairs(_context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(each.partition("=")[::2] for each in given if each.find("=") > 0)
    if len(pairs) != len(given):
        raise refused(option, "must have the form NAME=VALUE, and each name once")
    return pairs
