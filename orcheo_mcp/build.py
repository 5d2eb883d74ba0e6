"""Tools out of the catalogue."""

from typing import Any

import anyio.to_thread
from fastmcp.tools import Tool
from fastmcp.tools.base import ToolResult
from mcp.types import ToolAnnotations
from pydantic import PrivateAttr

from orcheo_adapters.remote import Operations, problem_of
from orcheo_adapters.wire.json_schema import request_schema, result_schema
from orcheo_core.errors import OrcheoError
from orcheo_core.operations.operation import Effect, Operation
from orcheo_mcp.secret_file import ARGUMENT, SCHEMA, new_secret_file


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
        name, secret = self._operation.name, self._operation.secret
        file_name = arguments.pop(ARGUMENT, None) if secret else None
        if secret is None or file_name is None:
            return self._operations.perform(name, arguments)
        with new_secret_file(file_name) as file:
            return file.keep(self._operations.perform(name, arguments), secret)


def _parameters(operation: Operation[Any, Any]) -> dict[str, Any]:
    schema = request_schema(operation.request)
    if operation.secret is not None:
        schema["properties"][ARGUMENT] = SCHEMA
    return schema


def _refusal(error: OrcheoError) -> ToolResult:
    text = f"{error.detail} ({error.code}) {error.hint}"
    return ToolResult(content=text, structured_content=problem_of(error), is_error=True)
