"""The entry point ``orcheo-mcp``: MCP over standard input and output."""

import sys
from importlib.metadata import version
from typing import Any

from orcheo_adapters.known_workflows import connect
from orcheo_adapters.remote import Operations
from orcheo_core.domain.actor import Channel

_HELP = """Usage: orcheo-mcp [--version | --help]

Serves Orcheo's operations as MCP tools over standard input and output; an assistant starts it.
It asks the server at ORCHEO_URL with ORCHEO_SERVICE_TOKEN, or this machine's with its local owner token.
"""


class LateOperations(Operations):
    """Finds the server and the credential at each call, so that the assistant may be started before the server."""

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See :class:`Operations`."""
        return connect(Channel.MCP).perform(name, arguments)


def main() -> None:
    """Serve until the assistant closes the input."""
    wanted = sys.argv[1:]
    if wanted == ["--version"]:
        sys.stdout.write(f"orcheo-mcp {version('orcheo')}\n")
    elif wanted in (["-h"], ["--help"]):
        sys.stdout.write(_HELP)
    elif wanted:
        sys.stderr.write(_HELP)
        sys.exit(2)
    else:
        from orcheo_mcp.server import create_server

        create_server(LateOperations()).run(transport="stdio", show_banner=False)


if __name__ == "__main__":
    main()
