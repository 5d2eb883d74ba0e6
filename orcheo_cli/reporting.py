"""How an error ends an invocation: what is printed, and the exit code."""

import errno
import traceback
from collections.abc import Sequence

import click

from orcheo_adapters.installation import how_to_install, is_missing_package
from orcheo_cli.exit_codes import FAILED, INTERRUPTED, READER_GONE, exit_code_of
from orcheo_cli.output import note, print_error
from orcheo_cli.prompts import StoppedAtQuestion
from orcheo_core.errors import InvalidError, OrcheoError


class WrongUsage(InvalidError):
    """The command line itself is wrong; nothing was asked of the server."""

    code = "wrong_usage"
    summary = "The command is not written correctly."
    hint = "See `orcheo --help`."


class NotInstalled(OrcheoError):
    """What was asked for needs an extra of the installation."""

    code = "not_installed"
    summary = "This needs a package that is not installed here."
    hint = f"Install it: {how_to_install('server')}"


class OutputFailed(OrcheoError):
    """The command was carried out, but what it says could not be written where it should go."""

    code = "output_failed"
    summary = "The output could not be written."
    hint = "The command may have taken effect. A lost secret can be rotated."


_NO_EFFECT = "Nothing was changed."
_CHECKS = {
    "ask": "orcheo thread list REF",
    "workflow": "orcheo workflow list",
    "thread": "orcheo thread list REF",
    "token": "orcheo token list",
    "keys": "orcheo audit list",
}
"""What shows whether a command took effect, by its last word or else by its first."""


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Report how the command of these ``arguments`` failed, on standard error; the exit code."""
    as_json, debug = "--json" in arguments, "--debug" in arguments
    if isinstance(error, click.Abort):
        return _stopped(error, arguments)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        return READER_GONE  # the reader has closed the pipe, so there is nowhere to report to
    if debug and not isinstance(error, OrcheoError | click.ClickException):
        traceback.print_exception(error)
    shown = _known(error, arguments)
    print_error(shown, as_json=as_json)
    return exit_code_of(shown)


def _stopped(error: click.Abort, arguments: Sequence[str]) -> int:
    if isinstance(error.__cause__, KeyboardInterrupt):
        note(f"Stopped. {_outcome(arguments)}".rstrip())
        return INTERRUPTED
    note("Nothing was changed.")
    return INTERRUPTED if isinstance(error, StoppedAtQuestion) else FAILED


def _outcome(arguments: Sequence[str]) -> str:
    """What is known of the effect of an operation whose end was not seen; empty for the CLI's own commands."""
    from orcheo_core.operations.catalogue import CATALOGUE
    from orcheo_core.operations.operation import Effect

    words = tuple(each for each in arguments if not each.startswith("-"))
    called = [each for each in CATALOGUE.values() if each.command == words[: len(each.command)]]
    if not called:
        return ""
    if called[0].effect is Effect.READ:
        return _NO_EFFECT
    group, name = called[0].command[0], called[0].command[-1]
    check = _CHECKS.get(name, _CHECKS.get(group))
    return f"The command may have taken effect{f': check with `{check}`' if check else ''}."


def _known(error: BaseException, arguments: Sequence[str]) -> OrcheoError:
    if isinstance(error, OrcheoError):
        return error
    if is_missing_package(error):
        return NotInstalled(f"This needs more than is installed here: {error}.")
    if isinstance(error, click.ClickException):
        command = getattr(getattr(error, "ctx", None), "command_path", "orcheo")
        return WrongUsage(_what_is_wrong(error), hint=f"See `{command} --help`.")
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
        outcome = _outcome(arguments)
        hint = outcome if outcome in {"", _NO_EFFECT} else f"{outcome} A lost secret can be rotated."
        return OutputFailed(f"The output could not be written: {error.strerror}.", hint=hint or None)
    return OrcheoError(f"{type(error).__name__}: {error}", hint="Run it again with --debug and report what it shows.")


def _what_is_wrong(error: click.ClickException) -> str:
    """Click's words, and what may have been meant in one style for options and commands."""
    meant = getattr(error, "possibilities", None)
    if not meant:
        said = error.format_message()
        return said if said.endswith((".", "?", "!")) else f"{said}."
    return f"{error.message} Did you mean {' or '.join(map(repr, meant))}?"
