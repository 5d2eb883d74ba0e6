"""An OpenAI-compatible endpoint that runs offline, to try the runner ``openai`` with: its model repeats what it hears.

Start it with ``uvicorn examples.openai_endpoint:app --port 9001``.
"""

import json
from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

MODEL = "parrot"


async def chat_completions(request: Request) -> Response:
    """``POST /v1/chat/completions``, streamed."""
    asked = await request.json()
    if asked["model"] != MODEL:
        message = f"There is no model {asked['model']!r} here, only {MODEL!r}."
        return JSONResponse({"error": {"message": message, "type": "invalid_request_error"}}, 404)
    return StreamingResponse(stream(asked["messages"]), media_type="text/event-stream")


def stream(messages: list[dict[str, str]]) -> Iterator[str]:
    """The answer as server-sent events: one for each word, then why it ended and what it cost."""
    words = f"You said: {messages[-1]['content']}".split(" ")
    for position, word in enumerate(words):
        yield _event([_choice({"content": word if position == 0 else f" {word}"})])
    yield _event([_choice({}, finish_reason="stop")])
    heard = sum(len(message["content"].split()) for message in messages)
    used = {"prompt_tokens": heard, "completion_tokens": len(words), "total_tokens": heard + len(words)}
    yield _event([], usage=used)
    yield "data: [DONE]\n\n"


def _choice(delta: dict[str, str], *, finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _event(choices: list[dict[str, Any]], **more: Any) -> str:
    chunk = {"id": "chatcmpl-parrot", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
    return f"data: {json.dumps({**chunk, 'choices': choices, **more})}\n\n"


app = Starlette(routes=[Route("/v1/chat/completions", chat_completions, methods=["POST"])])
