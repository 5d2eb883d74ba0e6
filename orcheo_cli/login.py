"""``orcheo login`` and ``orcheo logout``: keeping a service token for a server."""

import sys
from collections.abc import Callable

import click

from orcheo_adapters.client.credentials import Credentials
from orcheo_adapters.client.remote import Operations, RemoteOperations
from orcheo_adapters.client.settings import ClientSettings, server_url
from orcheo_cli.context import CliContext, json_option
from orcheo_cli.help_option import HELP_BY_BOTH
from orcheo_cli.output import print_json
from orcheo_cli.prompts import StoppedAtQuestion
from orcheo_core.domain.actor import Channel
from orcheo_core.domain.opaque_token import OpaqueToken
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX
from orcheo_core.errors import FieldError, InvalidInput, OrcheoError, ScopeMissing

_LONGEST = 200


def _connect(settings: ClientSettings) -> Operations:
    return RemoteOperations(settings, Channel.CLI)


@click.command(params=[json_option()], context_settings=HELP_BY_BOTH)
@click.pass_obj
def login(context: CliContext) -> None:
    """Save a service token for the server at ORCHEO_URL.

    The command asks for it, or reads it from standard input. Never pass it as an argument, where others can see it.
    """
    url = server_url()
    token = _read_token(at_terminal=context.at_terminal())
    check(_connect(ClientSettings(url=url, service_token=token)))
    credentials = Credentials.locate()
    credentials.keep(url, token)
    _say(context, url, f"The service token for {url} is saved in {credentials.path}.")


@click.command(params=[json_option()], context_settings=HELP_BY_BOTH)
@click.pass_obj
def logout(context: CliContext) -> None:
    """Remove the saved service token for the server at ORCHEO_URL; it stays valid until it is revoked."""
    url = server_url()
    known = Credentials.locate().forget(url)
    _say(
        context,
        url,
        f"The service token for {url} was removed from this machine."
        if known
        else f"No service token was saved for {url}.",
    )


def check(operations: Operations) -> None:
    """Ask the server whether it takes the service token; one that may not list workflows is genuine too."""
    try:
        operations.perform("workflows.list", {"limit": 1})
    except OrcheoError as error:
        if error.code != ScopeMissing.code:
            raise


def _read_token(*, at_terminal: bool, ask: Callable[..., str] = click.prompt) -> str:
    text = _typed(ask) if at_terminal else sys.stdin.readline(_LONGEST)
    token = OpaqueToken.parse(SERVICE_TOKEN_PREFIX, text.strip())
    if token is None:
        wrong = FieldError("service token", f"must be a complete token that begins with {SERVICE_TOKEN_PREFIX}")
        raise InvalidInput(wrong, hint="`orcheo token create` issues one and shows it once.")
    return token.reveal()


def _typed(ask: Callable[..., str]) -> str:
    try:
        return ask("Service token", hide_input=True, err=True)
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise StoppedAtQuestion from None
        raise


def _say(context: CliContext, url: str, message: str) -> None:
    if context.as_json:
        print_json({"url": url, "message": message})
    else:
        click.echo(message)
