"""Answers to broken lines: the MCP library ignores them, and an assistant would wait for ever."""

from typing import Any, Self

from fastmcp import FastMCP
from mcp.server.stdio import stdio_server
from mcp.shared._context_streams import ContextReceiveStream, ContextSendStream
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError
from pydantic import ValidationError

_Heard = SessionMessage | Exception


class _Answered(ContextReceiveStream[_Heard]):
    """The messages that are read, after an error was sent for each broken line."""

    __slots__ = ("_answers",)

    def __init__(self, heard: ContextReceiveStream[_Heard], answers: ContextSendStream[SessionMessage]) -> None:
        super().__init__(heard._inner)  # noqa: SLF001 - another face of the same stream
        self._answers = answers

    async def __aenter__(self) -> Self:
        return self

    async def receive(self) -> _Heard:
        """The next message."""
        while isinstance(heard := await super().receive(), Exception):
            await self._answers.send(SessionMessage(_error_about(heard)))
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
    """Speak MCP over standard input and output until the input ends, and answer broken lines, too."""
    inner = server._mcp_server  # noqa: SLF001 - what FastMCP itself runs, with a reader of its own
    async with server._lifespan_manager(), stdio_server() as (heard, answers):  # noqa: SLF001 - the same
        await inner.run(_Answered(heard, answers), answers, inner.create_initialization_options())
