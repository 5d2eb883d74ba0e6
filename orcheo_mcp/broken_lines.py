"""What the MCP library leaves out at standard input: errors for broken lines, and answers that come after its end."""

from typing import Any, Self

import anyio
from attrs import define, field
from fastmcp import FastMCP
from mcp.server.stdio import stdio_server
from mcp.shared._context_streams import ContextReceiveStream, ContextSendStream
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

_Heard = SessionMessage | Exception
_LAST_ANSWERS_SECONDS = 60
"""How long calls may take that were under way when the input ended."""


@define
class _Calls:
    """The calls that are not answered yet, and the questions to the client that it has not answered."""

    _open: set[object] = field(factory=set)
    _questions: set[object] = field(factory=set)
    _less: anyio.Event = field(factory=anyio.Event)

    def heard(self, message: object) -> None:
        """Note what came in."""
        match message:
            case JSONRPCRequest():
                self._open.add(message.id)
            case JSONRPCNotification(method="notifications/cancelled"):  # gets no answer
                self._open.discard((message.params or {}).get("requestId"))
            case JSONRPCResponse() | JSONRPCError():
                self._questions.discard(message.id)

    def sent(self, message: object) -> None:
        """Note what went out."""
        match message:
            case JSONRPCRequest():
                self._questions.add(message.id)
            case JSONRPCResponse() | JSONRPCError():
                self._open.discard(message.id)
        self._less.set()

    async def ended(self) -> None:
        """Wait for the answers to all calls but those that wait for the client: it cannot answer any more."""
        with anyio.move_on_after(_LAST_ANSWERS_SECONDS):
            while len(self._open) > len(self._questions):
                self._less = anyio.Event()
                await self._less.wait()


class _Noted(ContextSendStream[SessionMessage]):
    """The messages that are sent, each noted when it has gone out."""

    __slots__ = ("_calls",)

    def __init__(self, answers: ContextSendStream[SessionMessage], calls: _Calls) -> None:
        super().__init__(answers._inner)  # noqa: SLF001 - another face of the same stream
        self._calls = calls

    async def __aenter__(self) -> Self:
        return self

    async def send(self, item: SessionMessage) -> None:
        """Send one message."""
        await super().send(item)
        self._calls.sent(item.message)


class _Answered(ContextReceiveStream[_Heard]):
    """The messages that are read, after an error was sent for each broken line; they end when all are answered."""

    __slots__ = ("_answers", "_calls")

    def __init__(self, heard: ContextReceiveStream[_Heard], answers: _Noted, calls: _Calls) -> None:
        super().__init__(heard._inner)  # noqa: SLF001 - another face of the same stream
        self._answers = answers
        self._calls = calls

    async def __aenter__(self) -> Self:
        return self

    async def receive(self) -> _Heard:
        """The next message."""
        try:
            while isinstance(heard := await super().receive(), Exception):
                await self._answers.send(SessionMessage(_error_about(heard)))
        except anyio.EndOfStream:
            await self._calls.ended()
            raise
        self._calls.heard(heard.message)
        return heard


def _error_about(wrong: Exception) -> JSONRPCError:
    """What JSON-RPC 2.0 answers where the id of the request is not known."""
    found = wrong.errors(include_url=False)[0] if isinstance(wrong, ValidationError) else None
    if found is not None and found["type"] == "json_invalid":
        about = ErrorData(code=PARSE_ERROR, message=f"Parse error: {found['msg']}. Send one JSON message a line.")
    else:
        about = ErrorData(code=INVALID_REQUEST, message="Invalid request: this line is not a message of JSON-RPC 2.0.")
    return JSONRPCError(jsonrpc="2.0", id=None, error=about)


async def serve_standard_streams(server: "FastMCP[Any]") -> None:
    """Speak MCP over standard input and output until the input ends and all that was asked is answered."""
    inner = server._mcp_server  # noqa: SLF001 - what FastMCP itself runs, with a reader of its own
    async with server._lifespan_manager(), stdio_server() as (heard, answers):  # noqa: SLF001 - the same
        calls = _Calls()
        noted = _Noted(answers, calls)
        await inner.run(_Answered(heard, noted, calls), noted, inner.create_initialization_options())
