"""Asking before a public change."""

import shutil
from typing import Any

import click

from orcheo_cli.layout import one_line, paragraph
from orcheo_core.errors import InvalidError

_ANSWER_COLUMNS = len(" [y/N]: y")


class ConfirmationNeeded(InvalidError):
    """Nobody is there to answer the question."""

    code = "confirmation_needed"
    summary = "This needs a confirmation, and there is no terminal to ask on."
    hint = "Add --yes if you mean it."


def confirm(question: str, arguments: dict[str, Any], *, at_terminal: bool) -> None:
    """Ask; raises :class:`ConfirmationNeeded` without a terminal, :class:`click.Abort` for a no."""
    if not at_terminal:
        raise ConfirmationNeeded
    shown = question.format(**{name: one_line(value) for name, value in arguments.items()})
    if not _agreed(paragraph(shown, shutil.get_terminal_size().columns - _ANSWER_COLUMNS)):
        raise click.Abort


def _agreed(question: str) -> bool:
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)  # closes the line that Ctrl-C or Ctrl-D left open
        return False
