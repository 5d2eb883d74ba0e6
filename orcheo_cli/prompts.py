"""Asking before a public change."""

import shutil
import sys

import click

from orcheo_cli.layout import paragraph

_ANSWER_COLUMNS = len(" [y/N]: y")
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}


class StoppedAtQuestion(click.Abort):
    """Ctrl-C, before anything was asked of the server."""


def confirm(question: str) -> None:
    """Ask; raises :class:`click.Abort` for a no, :class:`StoppedAtQuestion`."""
    question = paragraph(question, shutil.get_terminal_size().columns - _ANSWER_COLUMNS)
    while (answer := _answer(question)) is None:
        click.echo("Please answer y (yes) or n (no).", err=True)
    if not answer:
        raise click.Abort


def _answer(question: str) -> bool | None:
    """Whether they agree; None for what is neither yes nor no. The end of the input is a no."""
    try:
        click.echo(f"{question} [y/N]: ", nl=False, err=True)
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        click.echo(err=True)  # closes the line that Ctrl-C left open
        raise StoppedAtQuestion from None
    if not line:
        click.echo(err=True)
    return _ANSWERS.get(line.strip().lower())
