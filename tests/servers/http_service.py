"""A workflow behind HTTP whose paths say how it behaves."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.conformance.long_text import LONG_PIECE, LONG_PIECES
from tests.servers.serving import CLOSED, marks_closed

Json = dict[str, Any]
SSE, LINES = "text/event-stream; charset=utf-8", "application/x-ndjson"
DONE: Json = {"type": "done"}
_A_LINES = b'{"type":"text","text":"a"}\n{"type":"done"}'
_HI_LINES = b'{"type": "text", "text": "hi"}\n{"type": "done"}\n'


def text_event(text: str) -> Json:
    """More text."""
    return {"type": "text", "text": text}


async def _echo(body: Json) -> AsyncIterator[Json]:
    for piece in ("You", " said: ", "", body["text"]):
        yield text_event(piece)
    yield DONE | {"usage": {"input_tokens": 4, "output_tokens": 2}}


async def _reflect(body: Json) -> AsyncIterator[Json]:
    yield text_event(orjson.dumps(body).decode())
    yield DONE


async def _say_events(body: Json) -> AsyncIterator[Json]:
    yield {"type": "progress", "text": "looking", "icon": "search"}
    yield text_event("found")
    yield {"type": "citation", "title": "Tutorial", "filename": "docs/tutorial.md"}
    yield text_event(" it")
    yield DONE


async def _hang(body: Json) -> AsyncIterator[Json]:
    yield text_event("a")
    await asyncio.Event().wait()


async def _hang_silently(body: Json) -> AsyncIterator[Json]:
    await asyncio.Event().wait()
    yield DONE


async def _work_for_ever(body: Json) -> AsyncIterator[Json]:
    while True:
        yield text_event("x")
        await asyncio.sleep(0)


async def _fail(body: Json) -> AsyncIterator[Json]:
    yield {"type": "error", "message": f"cannot answer {body['text']}"}


async def _fail_late(body: Json) -> AsyncIterator[Json]:
    yield text_event("a")
    yield {"type": "error", "message": f"cannot answer {body['text']}"}


async def _end_early(body: Json) -> AsyncIterator[Json]:
    yield text_event("a")


async def _cut_off(body: Json) -> AsyncIterator[Json]:
    yield text_event("a")
    raise ConnectionResetError


async def _be_empty(body: Json) -> AsyncIterator[Json]:
    yield DONE


async def _be_long(body: Json) -> AsyncIterator[Json]:
    for _ in range(LONG_PIECES):
        yield text_event(LONG_PIECE)
    yield DONE


async def _go_on_after_done(body: Json) -> AsyncIterator[Json]:
    yield text_event("whole")
    yield DONE
    await asyncio.Event().wait()


async def _break_after_done(body: Json) -> AsyncIterator[Json]:
    yield text_event("whole")
    yield DONE
    raise ConnectionResetError


async def _cut_in_halves(body: Json) -> AsyncIterator[Json]:
    """Written by hand below, as orjson writes no half of a character."""
    for event in (text_event("Hi \ud83d"), text_event("\ude00!"), {"type": "progress", "text": "\ud83d"}):
        yield event
    yield text_event("\ud83d")
    yield DONE


_EVENTS: dict[str, Callable[[Json], AsyncIterator[Json]]] = {
    "echo": _echo,
    "reflect": _reflect,
    "says-events": _say_events,
    "hangs": _hang,
    "hangs-silently": _hang_silently,
    "works-for-ever": _work_for_ever,
    "fails": _fail,
    "fails-late": _fail_late,
    "ends-early": _end_early,
    "cut-off": _cut_off,
    "empty": _be_empty,
    "long": _be_long,
    "goes-on": _go_on_after_done,
    "halves": _cut_in_halves,
    "breaks-after-done": _break_after_done,
}


async def _as_sse(events: AsyncIterator[Json], text: str) -> AsyncIterator[bytes]:
    with marks_closed(text):
        yield b": hello\n\n"
        async for event in events:
            yield b"event: message\r\nid: 7\r\ndata: " + json.dumps(event).encode() + b"\r\n\r\n"


async def _as_lines(events: AsyncIterator[Json], text: str) -> AsyncIterator[bytes]:
    with marks_closed(text):
        async for event in events:
            yield json.dumps(event).encode() + b"\n\n"


async def stream(request: Request) -> Response:
    """``POST /sse/{behaviour}`` and ``POST /lines/{behaviour}``."""
    body = await request.json()
    if request.path_params["behaviour"] == "hangs-before":
        await asyncio.Event().wait()
    events = _EVENTS[request.path_params["behaviour"]](body)
    if request.url.path.startswith("/sse/"):
        return StreamingResponse(_as_sse(events, body["text"]), media_type=SSE)
    return StreamingResponse(_as_lines(events, body["text"]), media_type=LINES)


async def whole(request: Request) -> Response:
    """``POST /json/{behaviour}``."""
    body = await request.json()
    match request.path_params["behaviour"]:
        case "echo":
            answer: Json = {"text": f"You said: {body['text']}", "usage": {"input_tokens": 4, "output_tokens": 2}}
        case "cites":
            cited = {"title": "Site", "url": "https://example.org/", "description": "A site.", "index": 3}
            answer = {"text": "See.", "citations": [cited]}
        case "long":
            answer = {"text": LONG_PIECE * LONG_PIECES}
        case "cookie":
            answer = {"text": request.headers.get("cookie", "none")}
        case "headers":
            answer = {"text": orjson.dumps(dict(request.headers)).decode()}
        case _:
            answer = {"text": ""}
    return JSONResponse(answer, headers={"set-cookie": "visitor=1; Path=/"})


async def raw(request: Request) -> Response:
    """``POST /raw/{behaviour}``: what is not as described."""
    await request.body()
    behaviour = request.path_params["behaviour"]
    answers: dict[str, Callable[[], Response]] = {
        "status": lambda: PlainTextResponse("broken: hi" + "!" * 1_000, 500),
        "busy": lambda: PlainTextResponse("slow down", 429, {"retry-after": "20"}),
        "half": lambda: Response(rb'{"text": "Hi \ud83d"}', media_type="application/json"),
        "marked-json": lambda: Response(b'\xef\xbb\xbf{"text": "hi"}', media_type="application/json"),
        "marked-lines": lambda: Response(b"\xef\xbb\xbf" + _HI_LINES, media_type=LINES),
        "marked-sse": lambda: Response(b"\xef\xbb\xbfdata: " + _HI_LINES.replace(b"\n", b"\n\ndata: "), media_type=SSE),
        "redirect": lambda: RedirectResponse("/json/echo"),
        "html": lambda: Response("<p>hi", media_type="text/html"),
        "untyped": lambda: Response(b"hi"),
        "empty": lambda: Response(b"", media_type="application/json"),
        "error": lambda: Response(b'{"error": "out of quota"}', media_type="application/json"),
        "error-object": lambda: Response(
            b'{"text": "", "error": {"message": "out of quota"}}', media_type="application/json"
        ),
        "error-empty": lambda: Response(b'{"error": {}}', media_type="application/json"),
        "event-error": lambda: Response(b'{"error": "out of quota"}\n', media_type="application/x-ndjson"),
        "nothing": lambda: Response(b"{}", status_code=500, media_type="application/json"),
        "no-json": lambda: Response(b"{", media_type="application/json"),
        "list": lambda: Response(b"[]", media_type="application/json"),
        "number": lambda: JSONResponse({"text": 7}),
        "event-list": lambda: Response(b"[]\n", media_type=LINES),
        "event-no-json": lambda: Response(b"{\n", media_type=LINES),
        "event-type": lambda: Response(b'{"type": "dance"}\n', media_type=LINES),
        "event-field": lambda: Response(b'{"type": "citation", "title": null}\n', media_type=LINES),
        "event-unended": lambda: Response(b'data: {"type": "done"}\n', media_type=SSE),
        "line-unended": lambda: Response(
            b'{"type":"text","text":"a"}\n{"type":"done"}', media_type="application/jsonl"
        ),
        "long-line": lambda: Response(b"x" * (1024 * 1024 + 1), media_type=LINES),
        "long-event": lambda: StreamingResponse(_lines(b"data:" + b"x" * 60_000 + b"\n", 20), media_type=SSE),
        "many-lines": lambda: StreamingResponse(_lines(b"data:\n" * 10_000, 10_000), media_type=SSE),
        "huge": lambda: StreamingResponse(_lines(b" " * 60_000 + b"\n", 10_000), media_type=LINES),
        "gzip": lambda: Response(
            gzip.compress(b"{}"), headers={"content-encoding": "gzip"}, media_type="application/json"
        ),
    }
    return answers[behaviour]()


async def _lines(line: bytes, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield line
        await asyncio.sleep(0)


def routes() -> Iterable[Route]:
    """The URL table."""
    for path, handler in (("sse", stream), ("lines", stream), ("json", whole), ("raw", raw)):
        yield Route(f"/{path}/{{behaviour}}", handler, methods=["POST"])
    yield CLOSED


app = Starlette(routes=[*routes()])
