"""MCP over streamable HTTP without sessions: each request is served by itself, as any node could."""

from starlette.types import ASGIApp, Receive, Scope, Send

from orcheo_adapters.mcp.offer import Offer
from orcheo_adapters.mcp.questions import Questions
from orcheo_adapters.mcp.server import Perform, QuestionOf, ToolServer


def mcp_app(
    perform: Perform, question: QuestionOf, caller: str, *, questions: Questions, shows_secrets: bool
) -> ASGIApp:
    """What answers one request; who asks, from where and how much was checked before.

    A file would be on the server's machine, so a secret cannot go into one, and service tokens stay out altogether.
    """
    offer = Offer(files=False, shows_secrets=shows_secrets)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        server = ToolServer(perform=perform, question=question, offer=offer, questions=questions, caller=caller).build()
        app = server.http_app(path=scope["path"], stateless_http=True, host_origin_protection=False)
        async with app.lifespan(app):
            await app(dict(scope), receive, send)  # a copy: this application puts itself into it

    return answer
