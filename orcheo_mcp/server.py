"""The MCP server of this machine: it asks an Orcheo server, and keeps secrets in files of the owner's."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import anyio.to_thread
from attrs import frozen
from fastmcp import FastMCP

from orcheo_adapters.client.remote import Operations
from orcheo_adapters.mcp.offer import AnyOperation, Offer
from orcheo_adapters.mcp.server import PROGRESS_SECONDS, SecretFiles, ToolServer
from orcheo_mcp.broken_lines import serve_standard_streams
from orcheo_mcp.secret_file import SecretFile, default_name, new_secret_file


@frozen
class _Asking:
    """Asks a server from worker threads, as its client waits for each answer.

    A call that the assistant cancels ends at once; what the server does for it continues.
    """

    operations: Operations

    async def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(self.operations.perform, name, arguments, abandon_on_cancel=True)

    async def perform_to_the_end(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """For a result that must be kept, whether the call is cancelled or not."""
        return await anyio.to_thread.run_sync(self.operations.perform, name, arguments)

    async def question(self, name: str, arguments: dict[str, Any]) -> str | None:
        return await anyio.to_thread.run_sync(self.operations.question, name, arguments, abandon_on_cancel=True)


@frozen
class _Files(SecretFiles):
    """New files that only the owner can read; where none is named, in ``folder``."""

    asking: _Asking
    folder: Path | None

    def check(self, operation: AnyOperation, arguments: dict[str, Any], file_name: object) -> None:
        with self._new(operation, arguments, file_name) as file:
            file.path.unlink()

    async def perform(self, operation: AnyOperation, arguments: dict[str, Any], file_name: object) -> dict[str, Any]:
        with self._new(operation, arguments, file_name) as file:
            return file.keep(await self.asking.perform_to_the_end(operation.name, arguments), str(operation.secret))

    def _new(
        self, operation: AnyOperation, arguments: dict[str, Any], file_name: object
    ) -> AbstractContextManager[SecretFile]:
        name = file_name if file_name is not None else default_name(self.folder, operation, arguments)
        return new_secret_file(name)


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
    asking = _Asking(operations)
    return ToolServer(
        perform=asking.perform,
        question=asking.question,
        offer=offer or Offer(),
        files=_Files(asking, secret_folder),
        progress_seconds=progress_seconds,
    ).build()


async def serve(operations: Operations, offer: Offer, secret_folder: Path) -> None:
    """Speak MCP over standard input and output until the input ends and what was asked is answered."""
    server = create_server(operations, offer, secret_folder=secret_folder)
    await serve_standard_streams(server)
