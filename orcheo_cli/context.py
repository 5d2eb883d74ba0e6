"""What one invocation of the CLI works with."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from attrs import evolve, frozen

from orcheo_adapters.client.remote import Operations

if TYPE_CHECKING:
    from orcheo_adapters.client.known_workflows import KnownWorkflows


def _connect() -> Operations:
    from orcheo_adapters.client.known_workflows import connect
    from orcheo_core.domain.actor import Channel

    return connect(Channel.CLI)


def _known() -> "KnownWorkflows":
    from orcheo_adapters.client.known_workflows import KnownWorkflows
    from orcheo_adapters.client.settings import server_url

    return KnownWorkflows.locate(server_url())


def _browse(address: str) -> bool:
    """Open ``address`` in a browser with windows: one in the terminal would not run Canvas."""
    import os
    import webbrowser

    has_windows = sys.platform in {"darwin", "win32"} or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
    return has_windows and webbrowser.open(address)


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


@frozen(kw_only=True)
class CliContext:
    """The global options, how to reach the operations (only when a command needs them), and who is there to ask."""

    as_json: bool = False
    debug: bool = False
    connect: Callable[[], Operations] = _connect
    known: "Callable[[], KnownWorkflows]" = _known
    """What this machine last heard of the server's workflows."""
    at_terminal: Callable[[], bool] = _at_terminal
    browse: Callable[[str], bool] = _browse
    """Opens an address in a browser; whether there is one."""


def json_option() -> click.Option:
    """``--json`` behind the command, where people type it too."""
    return click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        callback=_print_json,
        help="Print the result as JSON and nothing else.",
    )


def _print_json(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.obj = evolve(context.obj, as_json=True)
