"""A server that knows a question before every operation, for a command line at a real terminal."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

QUESTION = "Publish echo? Anyone with its share link can then chat with it."


async def _question(_request: Request) -> JSONResponse:
    return JSONResponse({"question": QUESTION})


app = Starlette(routes=[Route("/api/operations/{name}/question", _question, methods=["POST"])])
