"""The MCP server over the operations of an Orcheo server."""

from importlib.metadata import version

from fastmcp import FastMCP

from orcheo_adapters.remote import Operations
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_mcp.build import OperationTool

_INSTRUCTIONS = (
    "Publish AI workflows as chats with Orcheo. Ask the owner before you publish, unpublish, rotate or remove. "
    "A publish token is shown once: pass secret_to_file to keep it out of the conversation."
)


def create_server(operations: Operations) -> FastMCP:
    """The server with a tool for each operation of the catalogue."""
    tools = [OperationTool.of(operation, operations) for operation in CATALOGUE.values()]
    return FastMCP(name="orcheo", instructions=_INSTRUCTIONS, version=version("orcheo"), tools=tools)
