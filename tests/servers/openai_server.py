"""An OpenAI-compatible endpoint whose model names say how it behaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.conformance.long_text import LONG_PIECE, LONG_PIECES
from tests.servers.serving import CLOSED, marks_closed

Json = dict[str, Any]
_tries: dict[str, int] = {}


def frame(document: object) -> bytes:
    """One server-sent event."""
    return b"data: " + (document if isinstance(document, bytes) else orjson.dumps(document)) + b"\n\n"


def chunk(text: str | None = None, *, finish: str | None = None, **more: Any) -> bytes:
    """A ``chat.completion.chunk`` with one choice."""
    delta = {} if text is None else {"content": text}
    return frame(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "test",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            **more,
        }
    )


def usage(prompt: int, completion: int) -> Json:
    """A ``usage`` object."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


END = chunk(finish="stop") + frame(b"[DONE]")


async def _echo(text: str, body: Json) -> AsyncIterator[bytes]:
    yield chunk("") + chunk("You said: ")
    yield chunk(text) + chunk(finish="stop")
    yield frame({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": usage(7, 3)})
    yield frame(b"[DONE]")


async def _reflect(text: str, body: Json) -> AsyncIterator[bytes]:
    """The request itself."""
    yield chunk(orjson.dumps(body).decode()) + END


async def _hang(text: str, body: Json) -> AsyncIterator[bytes]:
    yield chunk("a")
    await asyncio.Event().wait()


async def _hang_silently(text: str, body: Json) -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


async def _work_for_ever(text: str, body: Json) -> AsyncIterator[bytes]:
    while True:
        yield chunk("x")
        await asyncio.sleep(0)


async def _say_error(text: str, body: Json) -> AsyncIterator[bytes]:
    yield chunk("a")
    yield frame({"error": {"message": f"overloaded: {text}", "type": "server_error"}})


async def _cut_off(text: str, body: Json) -> AsyncIterator[bytes]:
    """The connection breaks in the middle of a chunk."""
    yield chunk("a")
    yield b'data: {"id":'
    raise ConnectionResetError


async def _end_early(text: str, body: Json) -> AsyncIterator[bytes]:
    """The stream ends well-formed, but before the answer."""
    yield chunk("a")


async def _be_empty(text: str, body: Json) -> AsyncIterator[bytes]:
    yield END


async def _be_long(text: str, body: Json) -> AsyncIterator[bytes]:
    for _ in range(LONG_PIECES // 100):
        yield chunk(LONG_PIECE) * 100
    yield END


async def _be_huge(text: str, body: Json) -> AsyncIterator[bytes]:
    while True:
        yield b":" + b"x" * 100_000 + b"\n\n"
        await asyncio.sleep(0)


async def _count_up(text: str, body: Json) -> AsyncIterator[bytes]:
    """Some endpoints repeat the usage so far in every chunk."""
    yield chunk("a", usage=usage(5, 1)) + chunk("b", usage=usage(5, 2)) + END


async def _refuse(text: str, body: Json) -> AsyncIterator[bytes]:
    delta = {"index": 0, "delta": {"content": None, "refusal": "I cannot."}, "finish_reason": "stop"}
    yield frame({"id": "1", "object": "chat.completion.chunk", "choices": [delta]}) + frame(b"[DONE]")


async def _surrogates(text: str, body: Json) -> AsyncIterator[bytes]:
    escaped = rb'{"id":"1","choices":[{"index":0,"delta":{"content":"\ud83d\ude00 \ud800"},"finish_reason":"stop"}]}'
    yield frame(escaped)


async def _never_end(text: str, body: Json) -> AsyncIterator[bytes]:
    """Whole, but the connection stays open."""
    yield chunk("whole") + chunk(finish="stop")
    await asyncio.Event().wait()


async def _break_after_the_end(text: str, body: Json) -> AsyncIterator[bytes]:
    yield chunk("whole") + chunk(finish="stop")
    raise ConnectionResetError


async def _think(text: str, body: Json) -> AsyncIterator[bytes]:
    yield chunk("<") + chunk("think>Hm</think>") + chunk("Hello") + END


_STREAMS: dict[str, Callable[[str, Json], AsyncIterator[bytes]]] = {
    "echo": _echo,
    "reflect": _reflect,
    "hangs": _hang,
    "hangs-silently": _hang_silently,
    "works-for-ever": _work_for_ever,
    "says-error": _say_error,
    "cut-off": _cut_off,
    "ends-early": _end_early,
    "empty": _be_empty,
    "long": _be_long,
    "huge": _be_huge,
    "counts-up": _count_up,
    "refuses": _refuse,
    "surrogates": _surrogates,
    "never-ends": _never_end,
    "breaks-after-the-end": _break_after_the_end,
    "thinks": _think,
}


async def completions(request: Request) -> Response:
    """``POST /v1/chat/completions``."""
    body = await request.json()
    model, text = body["model"], _text_of(body["messages"][-1]["content"])
    if model.isdecimal():
        return _error(int(model), f"no: {text}", {"x-should-retry": "false"})
    if model in _ANSWERS:
        return await _ANSWERS[model](text, body, request)
    return StreamingResponse(_marked(_STREAMS[model](text, body), text), media_type="text/event-stream")


def _text_of(content: str | list[Json]) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _stream(stream: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(stream, media_type="text/event-stream")


async def _headers(text: str, body: Json, request: Request) -> Response:
    sent = {**request.headers, "query": str(request.url.query)}
    return _stream(_reflect(text, sent))


async def _redirect(text: str, body: Json, request: Request) -> Response:
    return RedirectResponse("/v1/elsewhere")


async def _recover(text: str, body: Json, request: Request) -> Response:
    if _count(text) == 1:
        return _error(429, "slow down", {"retry-after-ms": "1"})
    return _stream(_echo(text, body))


async def _be_busy(text: str, body: Json, request: Request) -> Response:
    return _error(429, f"slow down, {_count(text)}", {"retry-after": "20"})


async def _want_plain(text: str, body: Json, request: Request) -> Response:
    """Refuses fields that not all endpoints know."""
    if "stream_options" in body:
        return JSONResponse({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs"}]}, 422)
    if "max_tokens" in body:
        return _error(400, "Unsupported parameter: use max_completion_tokens", {})
    return _stream(_reflect(text, body | {"asked": _count(text)}))


async def _refuse_unnamed(text: str, body: Json, request: Request) -> Response:
    return _error(400, "bad request", {}) if "stream_options" in body else _stream(_echo(text, body))


async def _refuse_system(text: str, body: Json, request: Request) -> Response:
    """As the template of Gemma does."""
    if body["messages"][0]["role"] == "system":
        return _error(400, "System role not supported", {})
    return _stream(_reflect(text, body))


async def _refuse_texts(text: str, body: Json, request: Request) -> Response:
    if text == "fine":
        return _stream(_echo(text, body))
    return _error(400, f"refused {_count(text)} times", {})


async def _be_cold(text: str, body: Json, request: Request) -> Response:
    _count(text)
    await asyncio.Event().wait()
    return Response()


async def _asked(text: str, body: Json, request: Request) -> Response:
    """How often ``text`` was asked before."""
    return _stream(_reflect(text, {"asked": _tries.get(text, 0)}))


async def _whole(text: str, body: Json, request: Request) -> Response:
    choices = [{"index": 0, "message": {"role": "assistant", "content": "Whole"}, "finish_reason": "stop"}]
    return JSONResponse({"id": "1", "object": "chat.completion", "choices": choices, "usage": usage(7, 3)}, 201)


async def _login_page(text: str, body: Json, request: Request) -> Response:
    return HTMLResponse("<html><p>Sign in")


async def _connection(text: str, body: Json, request: Request) -> Response:
    """The client's port, which tells connections apart, and the cookie that came."""
    assert request.client is not None
    answer = _stream(_reflect(text, {"port": request.client.port, "cookie": request.headers.get("cookie")}))
    answer.set_cookie("visitor", "1")
    return answer


def _count(text: str) -> int:
    _tries[text] = _tries.get(text, 0) + 1
    return _tries[text]


_ANSWERS: dict[str, Callable[[str, Json, Request], Awaitable[Response]]] = {
    "headers": _headers,
    "redirects": _redirect,
    "recovers": _recover,
    "busy": _be_busy,
    "wants-plain": _want_plain,
    "refuses-unnamed": _refuse_unnamed,
    "refuses-texts": _refuse_texts,
    "refuses-system": _refuse_system,
    "cold": _be_cold,
    "asked": _asked,
    "whole": _whole,
    "login-page": _login_page,
    "connection": _connection,
}


async def _marked(stream: AsyncIterator[bytes], text: str) -> AsyncIterator[bytes]:
    with marks_closed(text):
        async for part in stream:
            yield part


def _error(status: int, message: str, headers: dict[str, str]) -> Response:
    return JSONResponse({"error": {"message": message, "type": "test"}}, status, headers)


_TRANSCRIPTIONS: dict[str, Response] = {
    "refuses": JSONResponse({"error": {"message": "no such\nmodel"}}, 404),
    "no-text": JSONResponse(["text"]),
    "no-json": Response("text"),
    "nested": Response(b'{"text":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "half-character": Response(b'{"text": "half \\ud83d"}'),
    "unknown-charset": Response(b"no", 500, {"content-type": "text/plain; charset=nothing-\xe9"}),
    "slow-charset": Response(b"a" * 10_000 + b"-a", 500, {"content-type": "text/plain; charset=punycode"}),
    "many-values": JSONResponse({"text": "a", "segments": [0] * 200_001}),
    "endless": JSONResponse({"text": "word " * 300_000}),
}
"""What models of these names answer to a recording."""


async def transcriptions(request: Request) -> Response:
    """``POST /v1/audio/transcriptions``: says what it was sent, or does what the model's name says."""
    async with request.form() as form:
        file, model = form["file"], str(form["model"])
        assert isinstance(file, UploadFile)
        heard = f"{file.filename} {file.content_type} {model} {request.headers.get('authorization')}"
        has_sound = len(await file.read()) > 0
    if model == "hangs":
        await asyncio.Event().wait()
    if model == "speaks":
        return JSONResponse({"text": " A table for two, please. " if has_sound else ""})
    return _TRANSCRIPTIONS.get(model) or JSONResponse({"text": heard})


def event(kind: str, **more: Any) -> bytes:
    """One event of the Responses API."""
    return frame({"type": f"response.{kind}", **more})


async def _call_tools(text: str, body: Json) -> AsyncIterator[bytes]:
    """Calls a tool, as the visitor says (`NAME JSON`), until there is a result; then says all that came after."""
    messages = body["messages"]
    if messages[-1]["role"] == "tool" and "for-ever" not in str(messages):
        yield chunk(orjson.dumps({"messages": messages, "tools": body["tools"]}).decode()) + END
        return
    asked = next(each["content"] for each in reversed(messages) if each["role"] == "user")
    name, _, arguments = asked.partition(" ")
    half = len(arguments) // 2
    for piece in (
        {"id": "call_1", "function": {"name": name, "arguments": arguments[:half]}},
        {"function": {"arguments": arguments[half:]}},
    ):
        yield frame({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **piece}]}}]})
    yield chunk(finish="tool_calls") + frame(b"[DONE]")


_STREAMS["calls-tools"] = _call_tools


async def responses(request: Request) -> Response:
    """``POST /v1/responses``: says the request itself, or does what the model's name says."""
    body = await request.json()
    model = body["model"]
    if model == "forgets" and "previous_response_id" in body:
        code = "previous_response_not_found"
        return JSONResponse({"error": {"message": "Previous response not found", "code": code}}, 400)
    if model == "keeps-thoughts" and "summary" in body.get("reasoning", {}):
        return _error(400, "Your organization must be verified to generate reasoning summaries", {})
    if model == "stores-nothing" and "store" in body:
        return _error(400, "Unknown parameter: 'store'", {})
    if model == "refuses":
        return _error(400, "no", {})
    return _stream(_respond(body))


async def _respond(body: Json) -> AsyncIterator[bytes]:
    said = {**body, "said": _count(body["model"])}
    output: list[Json] = []
    if body["model"] == "calls-tools" and "function_call_output" not in str(body["input"]):
        name, _, arguments = body["input"][-1]["content"].partition(" ")
        call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name, "arguments": arguments}
        output = [{"type": "reasoning", "id": "rs_1", "summary": []}, call]
    elif body["model"] == "wants-approval" and "mcp_approval_response" not in str(body["input"]):
        output = [{"type": "mcp_approval_request", "id": "mcpr_1", "name": "send_mail", "arguments": "{}"}]
    else:
        yield event("output_text.delta", item_id="m", content_index=0, delta=orjson.dumps(said).decode())
    yield event("completed", response={"id": "resp_2", "status": "completed", "output": output})


app = Starlette(
    routes=[
        Route("/v1/responses", responses, methods=["POST"]),
        Route("/v1/chat/completions", completions, methods=["POST"]),
        Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
        CLOSED,
    ]
)
