"""``orcheo serve``."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orcheo_cli.help_option import HELP_BY_BOTH
from orcheo_cli.layout import paragraph
from orcheo_cli.options import Command, FolderPath, Number
from orcheo_cli.output import terminal_width

if TYPE_CHECKING:
    from orcheo_adapters.settings.server import ServerSettings

_TRIAL = "Trial sign-in is on: anyone on this machine can sign in under any name. Never use it for real visitors."


@click.command(cls=Command, context_settings=HELP_BY_BOTH)
@click.option("--host", help="Address to listen on (ORCHEO_HOST, else 127.0.0.1).")
@click.option(
    "--port",
    type=Number(0, 65_535),
    help="Port to listen on (ORCHEO_PORT, else 8700); 0 for any free one.",
)
@click.option("--data-dir", type=FolderPath(), help="Where everything is kept (ORCHEO_DATA_DIR).")
@click.option(
    "--dev-login",
    is_flag=True,
    help="Let anyone on this machine sign in under any name, to try things out (ORCHEO_DEV_LOGIN).",
)
@click.option(
    "--new-secrets",
    is_flag=True,
    help="Start although the secrets of the database are lost: all tokens then have to be issued again.",
)
def serve(host: str | None, port: int | None, data_dir: Path | None, dev_login: bool, new_secrets: bool) -> None:
    """Run the server until Ctrl-C."""
    with suppress(KeyboardInterrupt):  # before it listens: there is nothing yet that could be left half done
        _run(host, port, data_dir, dev_login=dev_login or None, new_secrets=new_secrets)
    _say_stopped()


def _run(
    host: str | None, port: int | None, data_dir: Path | None, *, dev_login: bool | None, new_secrets: bool
) -> None:
    from orcheo_adapters.server.process import serve as run
    from orcheo_adapters.settings.names import misspelt
    from orcheo_adapters.settings.server import ServerSettings

    for name, meant in misspelt(os.environ):
        _warn(f"{name} is not a setting, and changes nothing. Did you mean {meant}?")
    settings = ServerSettings.load(host=host, port=port, data_dir=data_dir, dev_login=dev_login)
    run(settings, on_ready=lambda url: _say_ready(url, settings), may_have_new_secrets=new_secrets)


def _say_stopped() -> None:
    """The exit status is about the server's work, and not about who reads its log until the end."""
    try:
        if sys.stderr.isatty():
            click.echo(err=True)  # ends the line on which the terminal shows ^C
        click.echo("Orcheo has stopped.", err=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # or Python would fail to write it at its end


def _say_ready(url: str, settings: "ServerSettings") -> None:
    click.echo(f"Orcheo listens on {url}\nIts data is in {settings.data_dir}\nStop it with Ctrl-C.", err=True)
    if settings.dev_login:
        _warn(_TRIAL)


def _warn(sentence: str) -> None:
    click.secho(paragraph(sentence, terminal_width(sys.stderr)), fg="yellow", err=True)
