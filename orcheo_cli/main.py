"""The entry point ``orcheo``. Imports late, so that ``--help`` is quick."""

import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from orcheo_cli.groups import PointingGroup
from orcheo_cli.help_option import HELP_BY_BOTH

if TYPE_CHECKING:
    from orcheo_cli.context import CliContext

_OWN_COMMANDS = {
    "serve": ("orcheo_cli.serve:serve", "Run the server until Ctrl-C."),
    "login": ("orcheo_cli.login:login", "Save a service token for a server."),
    "logout": ("orcheo_cli.login:logout", "Remove a saved service token."),
    "canvas": ("orcheo_cli.canvas:canvas", "Open Canvas in the browser."),
    "compact": ("orcheo_cli.compact:compact", "Give unused space back, while no server runs."),
    "doctor": ("orcheo_cli.doctor:doctor", "Check this installation and its server."),
}
GROUPS = {
    "audit": "Read and verify what was done.",
    "keys": "Rotate the keys of the server.",
    "server": "Show disk use and what chat pages report.",
    "thread": "Read, search, export and purge transcripts.",
    "token": "Create, rotate and revoke service tokens.",
    "webhook": "See whether messages reach the webhook.",
    "workflow": "Register, publish and manage workflows.",
}
"""Groups of the catalogue's commands; a test holds this list against the catalogue."""


class _LateGroup(PointingGroup):
    """Knows the names of its commands before it imports them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        return sorted([*_OWN_COMMANDS, *GROUPS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name in _OWN_COMMANDS:
            module, _, name = _OWN_COMMANDS[cmd_name][0].partition(":")
            command: click.Command = getattr(import_module(module), name)
            return command
        if cmd_name in GROUPS:
            from orcheo_cli.build import operation_group

            return operation_group(cmd_name, GROUPS[cmd_name])
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        summaries = {name: summary for name, (_, summary) in _OWN_COMMANDS.items()} | GROUPS
        with formatter.section("Commands"):
            formatter.write_dl([(name, summaries[name]) for name in self.list_commands(ctx)])


def _show_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"orcheo {version('orcheo')}")
        ctx.exit()


@click.group(cls=_LateGroup, context_settings=HELP_BY_BOTH)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.pass_context
def cli(ctx: click.Context, as_json: bool, debug: bool) -> None:
    """Publish AI workflows as chats.

    \b
    orcheo serve                     run the server
    orcheo workflow add --help       register a workflow
    orcheo workflow publish HANDLE   open it as a chat
    """
    from attrs import evolve

    from orcheo_cli.context import CliContext

    ctx.obj = evolve(ctx.obj or CliContext(), as_json=as_json, debug=debug)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the CLI and exit with its code; what the terminal cannot show is shown as ``?``."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    given = sys.argv[1:] if arguments is None else arguments
    code = run(given)
    unwritten = _flush()
    if code == 0 and unwritten is not None:
        from orcheo_cli.reporting import report

        code = report(unwritten, given)
    sys.exit(code)


def _flush() -> OSError | None:
    """Write out what is left; why not, if that fails. Then Python must not try again at its end (exit code 120)."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None


def run(arguments: Sequence[str], context: "CliContext | None" = None) -> int:
    """Run the CLI; the exit code (docs/reference/errors.md)."""
    before = sys.stdout
    try:
        result = cli.main(list(arguments), prog_name="orcheo", obj=context, standalone_mode=False)
    except SystemExit:
        if sys.stdout is before:
            raise
        # Click has put a stand-in into the place of an output that is read no longer.
        from orcheo_cli.exit_codes import READER_GONE

        return READER_GONE
    except (Exception, click.Abort) as error:  # noqa: BLE001 - people see a sentence, --debug shows the rest
        from orcheo_cli.reporting import report

        return report(error, arguments)
    return result if isinstance(result, int) else 0
