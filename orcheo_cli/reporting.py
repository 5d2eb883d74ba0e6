"""How an error ends an invocation: what is printed, and the exit code."""

import traceback

import click

from orcheo_cli.exit_codes import FAILED, REFUSED, exit_code_of
from orcheo_cli.output import print_error
from orcheo_core.errors import OrcheoError


def report(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Tell of ``error`` on standard error; the exit code."""
    if isinstance(error, click.Abort):
        click.echo("Nothing was changed.", err=True)
        return REFUSED
    if not isinstance(error, OrcheoError):
        return _unexpected(error, as_json=as_json, debug=debug)
    print_error(error, as_json=as_json)
    return exit_code_of(error)


def _unexpected(error: BaseException, *, as_json: bool, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    shown = OrcheoError(f"{type(error).__name__}: {error}", hint="Run it again with --debug and report what it shows.")
    print_error(shown, as_json=as_json)
    return FAILED
