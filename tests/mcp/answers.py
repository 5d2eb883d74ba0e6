"""The two halves of what a tool answers."""

from typing import Any

from fastmcp.client.client import CallToolResult
from mcp_types import TextContent


def text_of(answer: CallToolResult) -> str:
    """What a model reads."""
    (block,) = answer.content
    assert isinstance(block, TextContent)
    return block.text


def data_of(answer: CallToolResult) -> dict[str, Any]:
    """What a program reads."""
    assert answer.structured_content is not None
    return answer.structured_content
