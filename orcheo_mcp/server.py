"""The MCP server of this machine: it asks an Orcheo server, and keeps secrets in files of the owner's."""

from pathlib import Path
from typing import Any

import anyio.to_thread
from attrs import frozen
from fastmcp import FastMCP

from orcheo_adapters.client.remote import Operations
from orcheo_adapters.mcp.offer import AnyOperation, Offer
from orcheo_adapters.mcp.server import PROGRESS_SECONDS, ToolServer
from orcheo_mcp.secret_file import default_name, new_secret_file


@frozen
class _Asking:
    """Asks a server from worker threads, as its client waits for each answer."""

    operations: Operations
    secret_folder: Path | None

    async def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(self.operations.perform, name, arguments)

    async def question(self, name: str, arguments: dict[str, Any]) -> str | None:
        return await anyio.to_thread.run_sync(self.operations.question, name, arguments)

    async def into_file(self, operation: AnyOperation, arguments: dict[str, Any], file_name: object) -> dict[str, Any]:
        secret = str(operation.secret)
        name = file_name if file_name is not None else default_name(self.secret_folder, operation, arguments)
        with new_secret_file(name) as file:
            return file.keep(await self.perform(operation.name, arguments), secret)


def create_server(
    operations: Operations,
    offer: Offer | None = None,
    *,
    secret_folder: Path | None = None,
    progress_seconds: float = PROGRESS_SECONDS,
) -> "FastMCP[Any]":
    """The server with the tools of an offer, all but those for service tokens when nothing is said.

    Secrets for which no file is named go into new files of ``secret_folder``; without one a file has to be named.
    """
    asking = _Asking(operations, secret_folder)
    return ToolServer(
        perform=asking.perform,
        question=asking.question,
        offer=offer or Offer(),
        into_file=asking.into_file,
        progress_seconds=progress_seconds,
    ).build()


async def serve(operations: Operations, offer: Offer, secret_folder: Path) -> None:
    """Speak MCP over standard input and output until the input ends."""
    server = create_server(operations, offer, secret_folder=secret_folder)
    await server.run_stdio_async(show_banner=False, log_level="WARNING")
