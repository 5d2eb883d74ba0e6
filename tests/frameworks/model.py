"""A model on loopback: chat completions, responses and Anthropic's messages, by rules that tests can foresee.

It answers "You said '…', earlier: […]" with all that it was told before. "weather" and "delete" call the tool of that
name, "slow" takes a while, "calmly" waits between the words, "refuse" is an error. A picture among the parts of the
last message is mentioned.
"""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from attrs import frozen
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Json = dict[str, Any]
_asked: list[Json] = []
"""What the model was asked, and how each answer ended."""
_ids = itertools.count(1)
_PAUSE, _SLOW = 0.01, 0.25
_SLOW_WORDS = 60
_USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
_PARTS = ("text", "input_text", "output_text")


@frozen(kw_only=True)
class Asked:
    """A request, whichever API it came by."""

    messages: list[tuple[str, str]]
    """Role and text."""
    tools: dict[str, Json]
    """The schema of each tool's arguments."""
    shows_picture: bool
    is_streamed: bool

    @property
    def users(self) -> list[str]:
        return [_question(text) for role, text in self.messages if role == "user" and text] or [""]

    @property
    def call(self) -> str | None:
        """The tool to call, unless one has just answered."""
        role, _ = self.messages[-1]
        wanted = [word for word in ("weather", "delete") if word in self.users[-1].lower()]
        named = (name for word in wanted for name in self.tools if word in name)
        found = None if role == "tool" else next(named, None)
        return found or ("final_answer" if "final_answer" in self.tools else None)

    @property
    def arguments(self) -> str:
        """Something for each argument that the tool needs."""
        if self.call == "final_answer":
            return json.dumps({"answer": self.text})
        schema = self.tools[self.call or ""]
        return json.dumps(dict.fromkeys(schema.get("required") or list(schema.get("properties", {}))[:1], "Paris"))

    @property
    def words(self) -> list[str]:
        """The answer in pieces."""
        slow = [f"w{number} " for number in range(_SLOW_WORDS)] if "slow" in self.users[-1] else []
        return [f"{word} " for word in self.text.split(" ")] + slow

    @property
    def text(self) -> str:
        said, (role, last) = self.users[-1], self.messages[-1]
        text = f"You said {said!r}, earlier: {self.users[:-1]}."
        text += f" The tool says {last!r}." if role == "tool" else ""
        text += " I see a picture." if self.shows_picture else ""
        wants_field = "[[ ## answer ## ]]" in "".join(text for _, text in self.messages)
        return f"[[ ## answer ## ]]\n{text}\n\n[[ ## completed ## ]]" if wants_field else text

    @property
    def pause(self) -> float:
        return _SLOW if {"slow", "calmly"} & set(self.users[-1].split()) else _PAUSE


def _question(text: str) -> str:
    """What the visitor says, without what DSPy writes around it, or the runner where a session has ended."""
    found = re.search(r"\[\[ ## question ## \]\]\n(.*?)(?:\n\n|$)", text, re.DOTALL)
    return found[1] if found else text.rpartition("The newest message:\n\n")[2]


def _text(content: Any) -> str:
    """The text of a message's content, in the forms of all three APIs."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    texts = (part.get("text") or _text(part.get("content")) for part in content if isinstance(part, dict))
    return " ".join(text for text in texts if isinstance(text, str) and text)


def _parts(content: Any) -> list[str]:
    return [part.get("type", "") for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _read(kind: str, body: Json) -> Asked:
    given = body["input"] if kind == "responses" else body["messages"]
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else given
    read = [(_role(each), _text(each.get("content") or each.get("output"))) for each in messages]
    tools = [tool.get("function", tool) for tool in body.get("tools") or []]
    last = next((_parts(each.get("content")) for each in reversed(messages) if each.get("role") != "system"), [])
    return Asked(
        messages=read,
        tools={
            tool["name"]: tool.get("parameters") or tool.get("input_schema") or {} for tool in tools if "name" in tool
        },
        shows_picture=any("image" in part for part in last),
        is_streamed=bool(body.get("stream")),
    )


def _role(message: Json) -> str:
    if message.get("type") == "function_call_output" or "tool_result" in _parts(message.get("content")):
        return "tool"
    return str(message.get("role") or message.get("type"))


async def answer(request: Request) -> Response:
    """``POST`` to any of the three."""
    kind = request.url.path.rpartition("/")[2]
    body = await request.json()
    asked = _read(kind, body)
    entry: Json = {"users": asked.users, "roles": [role for role, _ in asked.messages], "end": None, "path": kind}
    _asked.append(entry)
    if "refuse" in asked.users[-1]:
        entry["end"] = "refused"
        return JSONResponse({"error": {"message": "this is refused", "type": "invalid_request_error"}}, 400)
    number = next(_ids)
    form = {"completions": _completion, "responses": _response, "messages": _message}[kind]
    if not asked.is_streamed:
        await asyncio.sleep(asked.pause * len(asked.words))
        entry["end"] = "whole"
        return JSONResponse(form(asked, number))
    stream = {"completions": _completion_stream, "responses": _response_stream, "messages": _message_stream}[kind]
    return StreamingResponse(_paced(stream(asked, number), asked.pause, entry), media_type="text/event-stream")


async def _paced(frames: Iterator[str], pause: float, entry: Json) -> AsyncIterator[str]:
    entry["end"] = "client left"
    for frame in frames:
        yield frame
        await asyncio.sleep(pause)
    entry["end"] = "whole"


def _completion(asked: Asked, number: int) -> Json:
    message: Json = {"role": "assistant", "content": None if asked.call else "".join(asked.words).strip()}
    if asked.call:
        message["tool_calls"] = [_tool_call(asked, number)]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if asked.call else "stop"}
    return _completion_frame("chat.completion", choices=[choice], usage=_USAGE)


def _tool_call(asked: Asked, number: int) -> Json:
    function = {"name": asked.call, "arguments": asked.arguments}
    return {"index": 0, "id": f"call_{number}", "type": "function", "function": function}


def _completion_frame(kind: str, **more: Any) -> Json:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "fake", **more}


def _completion_stream(asked: Asked, number: int) -> Iterator[str]:
    def chunk(delta: Json, finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return f"data: {json.dumps(_completion_frame('chat.completion.chunk', choices=[choice]))}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    if asked.call:
        yield chunk({"tool_calls": [_tool_call(asked, number)]})
    else:
        yield from (chunk({"content": word}) for word in asked.words)
    yield chunk({}, "tool_calls" if asked.call else "stop")
    yield f"data: {json.dumps(_completion_frame('chat.completion.chunk', choices=[], usage=_USAGE))}\n\n"
    yield "data: [DONE]\n\n"


def _output_item(asked: Asked, number: int) -> Json:
    if asked.call:
        called = {"name": asked.call, "arguments": asked.arguments, "call_id": f"call_{number}"}
        return {"id": f"fc_{number}", "type": "function_call", "status": "completed", **called}
    content = [{"type": "output_text", "text": "".join(asked.words), "annotations": []}]
    return {"id": f"m{number}", "type": "message", "role": "assistant", "status": "completed", "content": content}


def _response(asked: Asked, number: int) -> Json:
    return {
        "id": f"r{number}", "object": "response", "created_at": 1, "model": "fake", "status": "completed",
        "output": [_output_item(asked, number)], "parallel_tool_calls": False, "tool_choice": "auto", "tools": [],
        "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
        "usage": {
            "input_tokens": 3, "output_tokens": 2, "total_tokens": 5,
            "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
        },
    }  # fmt: skip


def _response_stream(asked: Asked, number: int) -> Iterator[str]:
    counted = itertools.count()

    def event(kind: str, **more: Any) -> str:
        document = {"type": f"response.{kind}", "sequence_number": next(counted), **more}
        return f"event: {document['type']}\ndata: {json.dumps(document)}\n\n"

    whole, item = _response(asked, number), _output_item(asked, number)
    yield event("created", response={**whole, "status": "in_progress", "output": [], "usage": None})
    if asked.call:
        yield event("output_item.added", output_index=0, item={**item, "arguments": "", "status": "in_progress"})
        at: Json = {"item_id": item["id"], "output_index": 0}
        yield event("function_call_arguments.delta", **at, delta=item["arguments"])
        yield event("function_call_arguments.done", **at, arguments=item["arguments"], name=item["name"])
    else:
        yield event("output_item.added", output_index=0, item={**item, "content": [], "status": "in_progress"})
        part, at = item["content"][0], {"item_id": item["id"], "output_index": 0, "content_index": 0}
        yield event("content_part.added", **at, part={**part, "text": ""})
        yield from (event("output_text.delta", **at, delta=word, logprobs=[]) for word in asked.words)
        yield event("output_text.done", **at, text=part["text"], logprobs=[])
        yield event("content_part.done", **at, part=part)
    yield event("output_item.done", output_index=0, item=item)
    yield event("completed", response=whole)


def _message(asked: Asked, number: int) -> Json:
    block: Json = {"type": "text", "text": "".join(asked.words)}
    if asked.call:
        block = {"type": "tool_use", "id": f"tu_{number}", "name": asked.call, "input": json.loads(asked.arguments)}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "fake", "content": [block],
        "stop_reason": "tool_use" if asked.call else "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }  # fmt: skip


def _message_stream(asked: Asked, number: int) -> Iterator[str]:
    def event(kind: str, **more: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"

    whole = _message(asked, number)
    block = whole["content"][0]
    yield event("message_start", message={**whole, "content": [], "stop_reason": None})
    empty = {**block, "input": {}} if asked.call else {"type": "text", "text": ""}
    yield event("content_block_start", index=0, content_block=empty)
    if asked.call:
        delta = {"type": "input_json_delta", "partial_json": asked.arguments}
        yield event("content_block_delta", index=0, delta=delta)
    else:
        deltas = ({"type": "text_delta", "text": word} for word in asked.words)
        yield from (event("content_block_delta", index=0, delta=delta) for delta in deltas)
    yield event("content_block_stop", index=0)
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield event("message_delta", delta=stop, usage={"output_tokens": 2})
    yield event("message_stop")


async def asked(request: Request) -> Response:
    """``GET /asked``: all that the model was asked, oldest first."""
    return JSONResponse(_asked)


async def models(request: Request) -> Response:
    """``GET /v1/models``: some clients look before they ask."""
    return JSONResponse({"object": "list", "data": [{"id": "fake", "object": "model", "created": 1, "owned_by": "me"}]})


app = Starlette(
    routes=[
        Route("/asked", asked),
        Route("/v1/models", models),
        *(Route(path, answer, methods=["POST"]) for path in ("/v1/chat/completions", "/v1/responses", "/v1/messages")),
    ]
)
