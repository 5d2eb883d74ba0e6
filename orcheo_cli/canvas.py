"""``orcheo canvas``: sign in to Canvas in the browser."""

import click

from orcheo_cli.context import CliContext, json_option
from orcheo_cli.help_option import HELP_BY_BOTH
from orcheo_cli.options import Command
from orcheo_cli.output import print_json
from orcheo_cli.results import print_result


@click.command(
    cls=Command,
    params=[click.Option(["--no-open"], is_flag=True, help="Print the address and open no browser."), json_option()],
    context_settings=HELP_BY_BOTH,
)
@click.pass_obj
def canvas(context: CliContext, no_open: bool) -> None:
    """Open Canvas, the owner's place in the browser.

    Prints a one-time address, which works once within 60 seconds, and opens it in the browser of this machine. The
    browser is signed in with the scopes of the service token in use. With --json no browser is opened.
    """
    result = context.connect().perform("canvas.open", {})
    if context.as_json:
        print_json(result)
        return
    print_result(result)
    if not no_open and not context.browse(result["address"]):
        click.echo("No browser was found on this machine: open the address where you have one.", err=True)
