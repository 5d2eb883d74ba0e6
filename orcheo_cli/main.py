"""The entry point ``orcheo``. Imports late, so that ``--help`` is quick."""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

import click

from orcheo_cli.build import add_operations
from orcheo_cli.context import CliContext
from orcheo_cli.exit_codes import FAILED, REFUSED, exit_code_of
from orcheo_cli.output import print_error
from orcheo_core.errors import OrcheoError
from orcheo_core.operations.catalogue import CATALOGUE

_OWN_COMMANDS = {
    "serve": ("orcheo_cli.serve", "serve", "Run the server until Ctrl-C."),
    "doctor": ("orcheo_cli.doctor", "doctor", "Check this installation and its server."),
}


class _LateGroup(click.Group):
    """Knows the names of some commands before it imports them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_OWN_COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _OWN_COMMANDS:
            module, name, _ = _OWN_COMMANDS[cmd_name]
            command: click.Command = getattr(import_module(module), name)
            return command
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        summaries = {name: help_text for name, (_, _, help_text) in _OWN_COMMANDS.items()}
        summaries |= {name: command.get_short_help_str(80) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl([(name, summaries[name]) for name in self.list_commands(ctx)])


@click.group(cls=_LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("orcheo"), "--version", prog_name="orcheo")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.pass_context
def cli(ctx: click.Context, as_json: bool, debug: bool) -> None:
    """Publish AI workflows as chats.

    \b
    orcheo serve                                    run the server
    orcheo workflow add NAME --runner python --target module:callable
    orcheo workflow publish NAME                    get a share link and a publish token
    """
    given: CliContext = ctx.obj or CliContext()
    ctx.obj = CliContext(as_json=as_json, debug=debug, connect=given.connect)


add_operations(cli, CATALOGUE)


def main(arguments: Sequence[str] | None = None, context: CliContext | None = None) -> None:
    """Run the CLI and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments, context or CliContext()))


def run(arguments: Sequence[str], context: CliContext) -> int:
    """Run the CLI; the exit code (docs/reference/errors.md)."""
    as_json = "--json" in arguments
    try:
        result = cli.main(list(arguments), prog_name="orcheo", obj=context, standalone_mode=False)
    except click.exceptions.Exit as wanted:
        return wanted.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("Nothing was changed.", err=True)
        return REFUSED
    except OrcheoError as error:
        print_error(error, as_json=as_json)
        return exit_code_of(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - people see a sentence, --debug shows the rest
        return _unexpected(error, as_json=as_json, debug="--debug" in arguments)
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception, *, as_json: bool, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    shown = OrcheoError(f"{type(error).__name__}: {error}", hint="Run it again with --debug and report what it shows.")
    print_error(shown, as_json=as_json)
    return FAILED
