"""What the CLI prints: results on standard output, everything else on standard error."""

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click

from orcheo_adapters.client.remote import problem_of
from orcheo_cli.layout import escaped, paragraph
from orcheo_core.errors import OrcheoError


def terminal_width(stream: TextIO | None) -> int | None:
    """The columns of the terminal behind a stream; None when it goes to a file or a pipe, or was closed."""
    return shutil.get_terminal_size().columns if stream is not None and stream.isatty() else None


def print_json(document: dict[str, Any]) -> None:
    """Exactly the result of an operation."""
    click.echo(_json(document, sys.stdout, indent=2))


def print_error(error: OrcheoError, *, as_json: bool) -> None:
    """What happened, why, and what to do next."""
    problem = problem_of(error)
    if as_json:
        click.echo(_json(problem, sys.stderr), err=True)
        return
    _say("Error: ", "red", problem["detail"])
    _say("Hint:  ", "cyan", problem["hint"])
    if "request_id" in problem and error.code == OrcheoError.code:
        _say("Request id: ", "cyan", problem["request_id"])


def note(text: str) -> None:
    """A sentence on standard error that is not an error."""
    click.echo(paragraph(text, terminal_width(sys.stderr)), err=True)


WAITING = "waiting"
"""The name of the thread that says so."""


@contextmanager
def waiting_told(seconds: float = 5.0) -> Iterator[None]:
    """Tell a person at the terminal, after ``seconds`` and again each time twice as late, that nothing is stuck."""
    if terminal_width(sys.stderr) is None:
        yield
        return
    over = threading.Event()

    def tell() -> None:
        waited, pause = 0.0, seconds
        while not over.wait(pause):
            waited += pause
            note(f"Still waiting for the server, {waited:g} s so far. Ctrl-C stops waiting.")
            pause = waited

    teller = threading.Thread(target=tell, daemon=True, name=WAITING)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _say(label: str, colour: str, text: str) -> None:
    click.secho(label, fg=colour, nl=False, err=True)
    click.echo(paragraph(text, terminal_width(sys.stderr), label=label), err=True)


def _json(document: dict[str, Any], stream: TextIO | None, *, indent: int | None = None) -> str:
    """As the stream can show it; None is one that was closed, to which nothing is written."""
    unicode = (getattr(stream, "encoding", None) or "").lower().startswith("utf")
    return escaped(json.dumps(document, indent=indent, ensure_ascii=not unicode))
