"""The entry point ``orcheo-mcp``: MCP over standard input and output."""

import argparse
import os
import signal
import sys
import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from orcheo_adapters.client.credentials import Credentials
from orcheo_adapters.client.known_workflows import connect
from orcheo_adapters.client.remote import Operations
from orcheo_adapters.client.values_first import values_first
from orcheo_core.domain.actor import Channel

if TYPE_CHECKING:
    from orcheo_adapters.mcp.offer import Offer

_ABOUT = """Serves Orcheo's operations as MCP tools over standard input and output; an assistant starts it.
It asks the server at ORCHEO_URL with ORCHEO_SERVICE_TOKEN, or this machine's with its local owner token."""
_AT_A_TERMINAL = """orcheo-mcp speaks MCP and is started by an assistant. Ctrl-C stops it.
How to set it up: docs/how-to/publish-from-an-assistant.md
At a terminal use `orcheo`.
"""


class LateOperations(Operations):
    """Finds the server and the credential at each call, so that the assistant may be started before the server."""

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See :class:`Operations`."""
        with values_first(name, arguments):
            return connect(Channel.MCP).perform(name, arguments)

    def question(self, name: str, arguments: dict[str, Any]) -> str | None:
        """See :class:`Operations`."""
        with values_first(name, arguments):
            return connect(Channel.MCP).question(name, arguments)


def main() -> None:
    """Serve until the assistant closes the input."""
    wanted = _parser().parse_args()
    offer = _offer(wanted)
    signal.signal(signal.SIGINT, _stop)
    if sys.stdin.isatty():
        sys.stderr.write(_AT_A_TERMINAL)
    import anyio

    from orcheo_mcp.half_characters import mend_standard_input
    from orcheo_mcp.server import serve

    mend_standard_input()
    anyio.run(serve, LateOperations(), offer, Credentials.locate().secret_folder)
    if threading.active_count() > 1:  # the answer to a cancelled call is still awaited
        os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("orcheo-mcp", description=_ABOUT, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"orcheo-mcp {version('orcheo')}")
    parser.add_argument("--read-only", action="store_true", help="offer only tools that change nothing")
    parser.add_argument("--tools", metavar="A,B,…", help="offer only these tools")
    parser.add_argument(
        "--allow-tokens",
        action="store_true",
        help="show publish tokens in the conversation; offer the tools for service tokens, which go into files only",
    )
    parser.add_argument(
        "--tool-names", choices=("plain", "dotted"), default="plain", help="dotted: workflows.publish and so on"
    )
    return parser


def _offer(wanted: argparse.Namespace) -> "Offer":
    from orcheo_adapters.mcp.offer import Offer
    from orcheo_core.operations.catalogue import CATALOGUE

    names = None if wanted.tools is None else frozenset(filter(None, map(str.strip, wanted.tools.split(","))))
    known = {name for each in CATALOGUE.values() for name in (each.name, each.tool)}
    if unknown := sorted((names or frozenset()) - known):
        _parser().error(f"there is no tool named {unknown[0]}; docs/reference/mcp.md lists them")
    offer = Offer(
        read_only=wanted.read_only,
        names=names,
        tokens=wanted.allow_tokens,
        shows_secrets=wanted.allow_tokens,
        dotted=wanted.tool_names == "dotted",
    )
    if not offer.tools():
        _parser().error(
            "these options leave no tool; --read-only takes away what changes something, and the tools for service "
            "tokens need --allow-tokens"
        )
    return offer


def _stop(_number: int, _frame: object) -> None:
    """End at the first Ctrl-C: the thread that waits for input cannot be called back, so nothing is waited for."""
    os._exit(130)


if __name__ == "__main__":
    main()
