"""Asking before a public change."""

import sys
from typing import Any

import click

from orcheo_core.errors import InvalidError


class ConfirmationNeeded(InvalidError):
    """Nobody is there to answer the question."""

    code = "confirmation_needed"
    summary = "This needs a confirmation, and there is no terminal to ask on."
    hint = "Add --yes if you mean it."


def confirm(question: str, arguments: dict[str, Any], *, yes: bool) -> None:
    """Ask unless ``yes``; raises :class:`ConfirmationNeeded` without a terminal, :class:`click.Abort` for a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfirmationNeeded
    click.confirm(question.format(**arguments), abort=True, err=True)
