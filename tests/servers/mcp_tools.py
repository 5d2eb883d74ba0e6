"""An MCP server over HTTP whose tools behave as their names say."""

import asyncio
import json

from fastmcp import FastMCP
from fastmcp.server.dependencies import get_http_headers

server = FastMCP("tools")


@server.tool
def look_up(order: str) -> str:
    """Find an order."""
    return f"Order {order} was sent."


@server.tool
def fail() -> str:
    """Raise."""
    raise ValueError


@server.tool
def key() -> str:
    """The key that came."""
    return str(get_http_headers(include_all=True).get("authorization"))


@server.tool
def count() -> dict[str, int]:
    """Structured content."""
    return json.loads('{"orders": 7}')  # type: ignore[no-any-return]


@server.tool
async def hang() -> str:
    """Never answers."""
    await asyncio.Event().wait()
    return ""


app = server.http_app(path="/mcp", stateless_http=True)
