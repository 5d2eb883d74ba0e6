"""MCP over streamable HTTP without sessions: each request is served by itself, as any node could."""

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import ASGIApp, Receive, Scope, Send

from orcheo_adapters.mcp.offer import Offer
from orcheo_adapters.mcp.server import Perform, ToolServer

_OFFER = Offer(files=False)
"""A file would be on the server's machine, so a secret cannot go into one, and service tokens stay out altogether."""


def mcp_app(perform: Perform) -> ASGIApp:
    """What answers one request; who asks, from where and how much was checked before."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        server = ToolServer(perform=perform, offer=_OFFER).build()
        manager = StreamableHTTPSessionManager(server, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    return answer
