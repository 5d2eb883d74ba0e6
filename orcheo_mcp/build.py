"""Tools out of the catalogue."""

import os
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastmcp.tools import Tool
from fastmcp.tools.base import ToolResult
from mcp.types import ToolAnnotations
from pydantic import PrivateAttr

from orcheo_adapters.remote import Operations
from orcheo_adapters.wire.json_schema import request_schema, result_schema
from orcheo_core.errors import OrcheoError
from orcheo_core.operations.operation import Effect, Operation
from orcheo_core.operations.views import PublishResult
from orcheo_mcp import secret_file


class OperationTool(Tool):
    """One operation as a tool; errors carry the same code, detail and hint as everywhere."""

    _operation: Operation[Any, Any] = PrivateAttr()
    _operations: Operations = PrivateAttr()

    @classmethod
    def of(cls, operation: Operation[Any, Any], operations: Operations) -> "OperationTool":
        """The tool of an operation, carried out by ``operations``."""
        tool = cls(
            name=operation.tool,
            description=operation.summary,
            parameters=_parameters(operation),
            output_schema=result_schema(operation.result),
            annotations=ToolAnnotations(
                title=operation.summary,
                read_only_hint=operation.effect is Effect.READ,
                destructive_hint=operation.effect is Effect.DESTRUCTIVE,
                open_world_hint=False,
            ),
        )
        tool._operation = operation
        tool._operations = operations
        return tool

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Carry out the operation."""
        try:
            result = await anyio.to_thread.run_sync(self._perform, dict(arguments))
        except OrcheoError as error:
            return _refusal(error)
        return ToolResult(structured_content=result)

    def _perform(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name = arguments.pop(secret_file.ARGUMENT, None) if issues_secret(self._operation) else None
        if name is None:
            return self._operations.perform(self._operation.name, arguments)
        descriptor = secret_file.open_new(name)
        try:
            result = self._operations.perform(self._operation.name, arguments)
            return secret_file.move_secret(result, descriptor, name)
        except OrcheoError:
            Path(name).expanduser().unlink()
            raise
        finally:
            os.close(descriptor)


def issues_secret(operation: Operation[Any, Any]) -> bool:
    """Whether the operation shows a publish token."""
    return operation.result is PublishResult and operation.name in _ISSUING


_ISSUING = frozenset({"workflows.publish", "workflows.rotate_publish_token"})


def _parameters(operation: Operation[Any, Any]) -> dict[str, Any]:
    schema = request_schema(operation.request)
    if issues_secret(operation):
        schema["properties"][secret_file.ARGUMENT] = secret_file.SCHEMA
    return schema


def _refusal(error: OrcheoError) -> ToolResult:
    said = {"code": error.code, "detail": error.detail, "hint": error.hint}
    text = f"{error.detail} ({error.code}) {error.hint}"
    return ToolResult(content=text, structured_content=said, is_error=True)
