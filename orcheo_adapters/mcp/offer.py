"""Which tools an assistant is offered, and how each is described: in 20 kB all together, as every conversation pays."""

import re
from typing import Any

from attrs import field, fields, frozen
from mcp.types import Tool, ToolAnnotations

from orcheo_adapters.wire.json_schema import Schema, request_schema
from orcheo_core.errors import ForbiddenError, NotFoundError
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import Effect, Operation
from orcheo_core.operations.words import for_assistants

AnyOperation = Operation[Any, Any]
CONFIRM = "confirm"
SECRET_TO_FILE = "secret_to_file"  # noqa: S105 - the name of an argument
PAGE = "page"
_SERVICE_TOKENS = "tokens."


class ToolNotFound(NotFoundError):
    """There is no tool of that name."""

    code = "tool_not_found"
    summary = "There is no tool of this name."
    hint = "List the tools again."


class ToolNotOffered(ForbiddenError):
    """The tool exists, but this MCP server was started without it."""

    code = "tool_not_offered"
    summary = "This tool is not offered here."
    hint = "The owner can use the command line instead, or start orcheo-mcp with other options."


@frozen(kw_only=True)
class Offer:
    """What one MCP server offers of the catalogue."""

    read_only: bool = False
    """Only what changes nothing."""
    names: frozenset[str] | None = None
    """Only these tools, by either name; None for all."""
    tokens: bool = False
    """Whether service tokens may be managed, which is handing out access."""
    shows_secrets: bool = False
    """Whether publish tokens and chat grants may be in an answer, so in the conversation; service tokens never are."""
    files: bool = True
    """Whether a secret can be written into a file of the owner's machine."""
    dotted: bool = False
    """Whether the names with dots are listed; calls by them always work."""
    _by_name: dict[str, AnyOperation] = field(init=False, repr=False, eq=False)

    @_by_name.default
    def _find_by_name(self) -> dict[str, AnyOperation]:
        every = CATALOGUE.values()
        return {each.tool: each for each in every} | {each.name: each for each in every}

    def find(self, name: str) -> AnyOperation:
        """The operation of a tool, by either of its names; :class:`ToolNotFound`, :class:`ToolNotOffered`."""
        if name not in self._by_name:
            raise ToolNotFound(f"There is no tool named {name!r}.")
        operation = self._by_name[name]
        if not self._has(operation):
            raise ToolNotOffered(f"The tool {name!r} is not offered here.")
        return operation

    def tools(self) -> list[Tool]:
        """The definitions, in the order of the catalogue."""
        return [self._tool(each) for each in CATALOGUE.values() if self._has(each)]

    def _has(self, operation: AnyOperation) -> bool:
        if self.read_only and operation.effect is not Effect.READ:
            return False
        if operation.name.startswith(_SERVICE_TOKENS) and not self.tokens:
            return False
        return self.names is None or bool(self.names & {operation.name, operation.tool})

    def _tool(self, operation: AnyOperation) -> Tool:
        return Tool(
            name=operation.name if self.dotted else operation.tool,
            description=for_assistants(f"{operation.summary} {operation.guide}"),
            input_schema=self.arguments(operation),
            annotations=_annotations(operation),
        )

    def arguments(self, operation: AnyOperation) -> Schema:
        """The schema of a tool's arguments: those of the operation, and those of this door.

        Unknown ones may come along: some clients add theirs.
        """
        schema = request_schema(operation.request)
        properties = {name: _for_assistants(each) for name, each in schema["properties"].items()}
        properties |= {name: dict(each) for name, each in _OF_THE_DOOR.items() if self._takes(operation, name)}
        return {"type": "object", "properties": properties, "required": [*schema["required"]]}

    def _takes(self, operation: AnyOperation, argument: str) -> bool:
        if argument == SECRET_TO_FILE:
            return operation.secret is not None and self.files
        if argument == CONFIRM:
            return operation.confirmation is not None
        return is_document(operation)

    def shows(self, operation: AnyOperation) -> bool:
        """Whether the result of an operation may be shown as it is, with its secret if it has one."""
        return operation.secret is None or (self.shows_secrets and not operation.name.startswith(_SERVICE_TOKENS))


def _annotations(operation: AnyOperation) -> ToolAnnotations:
    """What the tool does to the world, without what the protocol takes for granted anyhow."""
    reads = operation.effect is Effect.READ
    return ToolAnnotations(
        title=re.split("[;:,]", operation.summary)[0].rstrip("."),
        read_only_hint=reads or None,
        destructive_hint=None if reads else operation.effect is Effect.DESTRUCTIVE,
        idempotent_hint=operation.idempotent or None,
        open_world_hint=operation.open_world,
    )


def is_document(operation: AnyOperation) -> bool:
    """Whether the result is one document of any length, which an assistant reads page by page."""
    return "content" in {each.name for each in fields(operation.result)}


def _for_assistants(schema: Schema) -> Schema:
    return schema | {"description": for_assistants(schema["description"])}


_OF_THE_DOOR: dict[str, Schema] = {
    CONFIRM: {"type": "boolean", "description": "True once the owner has agreed."},
    SECRET_TO_FILE: {
        "type": "string",
        "description": "Absolute path of a new file for the secret; if left out, one is chosen.",
    },
    PAGE: {"type": "integer", "minimum": 1, "default": 1, "description": "Which page of the document."},
}
"""Arguments that only this door has."""
