"""The two halves of what a tool answers, and what it refuses with."""

import json
from typing import Any

from attrs import frozen
from fastmcp import FastMCP
from mcp import Client
from mcp.types import CallToolResult, TextContent


def connect(server: FastMCP[Any], **options: Any) -> Client:
    """The official client, connected with a server in the same process."""
    return Client(server._mcp_server, **options)


@frozen
class Assistant:
    """A client that connects for each call, as its connection has to end in the task in which it began."""

    server: FastMCP[Any]

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Call a tool."""
        async with connect(self.server) as client:
            return await client.call_tool(name, arguments)


def texts_of(answer: CallToolResult) -> list[str]:
    """What a model reads, block by block."""
    blocks = []
    for block in answer.content:
        assert isinstance(block, TextContent)
        blocks.append(block.text)
    return blocks


def text_of(answer: CallToolResult) -> str:
    """What a model reads, where it is one block."""
    (text,) = texts_of(answer)
    return text


def data_of(answer: CallToolResult) -> dict[str, Any]:
    """What a program reads of a result."""
    assert not answer.is_error, texts_of(answer)
    assert isinstance(answer.structured_content, dict)
    return answer.structured_content


def problem_of(answer: CallToolResult) -> dict[str, Any]:
    """The problem that a tool answers with: text alone, as clients check data against the schema of results."""
    assert answer.is_error
    assert answer.structured_content is None
    problem: dict[str, Any] = json.loads(text_of(answer))
    return problem


async def refusal(assistant: Assistant | Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The problem of a call that is refused."""
    return problem_of(await assistant.call_tool(tool, arguments))
