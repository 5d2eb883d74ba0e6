"""Which tools an assistant is offered, and how each is described: in 20 kB all together, as every conversation pays."""

import re
from difflib import get_close_matches
from typing import Any

from attrs import field, frozen
from mcp.types import Tool, ToolAnnotations

from orcheo_adapters.wire.json_schema import Schema, request_schema
from orcheo_core.errors import ForbiddenError, NotFoundError
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import Effect, Operation, parameters_of
from orcheo_core.operations.words import for_assistants, with_secret

AnyOperation = Operation[Any, Any]
CONFIRM = "confirm"
SECRET_TO_FILE = "secret_to_file"  # noqa: S105 - the name of an argument
PAGE = "page"
PUBLISH = "workflows.publish"
"""Of the operations with a secret the one that is of use without it: people need the share link only."""
_INTO_A_FILE = "goes into a file"
_NOT_SHOWN = "is not shown here: `orcheo workflow rotate-token` on the owner's command line shows a new one"
_FILE_OR_SHOWN = "Absolute path of a new file for the secret; shown here if left out."
_SERVICE_TOKENS = "tokens."
_MOST_VALUES = 12


class ToolNotFound(NotFoundError):
    """There is no tool of that name."""

    code = "tool_not_found"
    summary = "There is no tool of this name."
    hint = "List the tools again."


class ToolNotOffered(ForbiddenError):
    """The tool exists, but this MCP server was started without it."""

    code = "tool_not_offered"
    summary = "This tool is not offered here."
    hint = (
        "The owner can use the command line instead, or an orcheo-mcp that offers it: "
        "docs/how-to/publish-from-an-assistant.md names the options."
    )


class SecretNotShown(ForbiddenError):
    """A secret would be in the conversation or lost, so none was issued."""

    code = "secret_not_shown"
    summary = "This would issue a secret, and secrets are not shown in a conversation. Nothing was changed."
    hint = (
        "The owner can do it on the command line, or with orcheo-mcp on their own machine, which writes secrets into "
        "files. An operator can allow secrets in conversations with ORCHEO_MCP_SHOW_SECRETS."
    )


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
    _by_command: dict[tuple[str, ...], str] = field(init=False, repr=False, eq=False)

    @_by_name.default
    def _find_by_name(self) -> dict[str, AnyOperation]:
        every = CATALOGUE.values()
        return {each.tool: each for each in every} | {each.name: each for each in every}

    @_by_command.default
    def _find_by_command(self) -> dict[tuple[str, ...], str]:
        return {each.command: self._name(each) for each in CATALOGUE.values() if self._has(each)}

    def name_of(self, command: tuple[str, ...]) -> str | None:
        """The name that the tool for a command has here; None where there is none."""
        return self._by_command.get(command)

    def say(self, text: str) -> str:
        """``text`` with the names that these tools have here; commands without a tool here stay commands."""
        return for_assistants(text, self._by_command)

    def find(self, name: str) -> AnyOperation:
        """The operation of a tool, by either of its names.

        Raises :class:`ToolNotFound`, :class:`ToolNotOffered` and :class:`SecretNotShown`.
        """
        if name not in self._by_name:
            raise ToolNotFound(f"There is no tool named {name!r}.", hint=self._near(name))
        operation = self._by_name[name]
        if not self._has(operation):
            if self._is_wanted(operation):
                raise SecretNotShown(
                    hint=f"{SecretNotShown.hint} The command is `orcheo {' '.join(operation.command)}`."
                )
            raise ToolNotOffered(f"The tool {name!r} is not offered here.")
        return operation

    def _near(self, name: str) -> str | None:
        """A hint at the tool that was probably meant: the same words in another order or number.

        Most tools are about workflows, so ``publish`` is ``workflows_publish``. A tool whose name is spelt nearly so is
        named only where it changes nothing: an assistant that wants to read is not sent to one that does.
        """
        offered = {_words(each.tool): each for each in CATALOGUE.values() if self._has(each)}
        said = _words(name)
        meant = offered.get(said) or offered.get(_words(f"workflow {name}"))
        if meant is None:
            near = [offered[each] for each in get_close_matches(said, offered, n=1, cutoff=0.85)]
            meant = next((each for each in near if each.effect is Effect.READ), None)
        return f"Did you mean `{self._name(meant)}`?" if meant else None

    def _name(self, operation: AnyOperation) -> str:
        return operation.name if self.dotted else operation.tool

    def tools(self) -> list[Tool]:
        """The definitions, in the order of the catalogue."""
        return [self._tool(each) for each in CATALOGUE.values() if self._has(each)]

    def _has(self, operation: AnyOperation) -> bool:
        return self._is_wanted(operation) and (self.files or self.shows(operation) or operation.name == PUBLISH)

    def _is_wanted(self, operation: AnyOperation) -> bool:
        """Whether it would be offered if there were a place for its secret."""
        if operation.for_people:
            return False
        if self.read_only and operation.effect is not Effect.READ:
            return False
        if operation.name.startswith(_SERVICE_TOKENS) and not self.tokens:
            return False
        return self.names is None or bool(self.names & {operation.name, operation.tool})

    def _tool(self, operation: AnyOperation) -> Tool:
        return Tool(
            name=self._name(operation),
            description=self.say(self._description(operation)),
            input_schema=self._listed(operation),
            annotations=_annotations(operation),
        )

    def _description(self, operation: AnyOperation) -> str:
        whole = f"{operation.summary} {operation.guide}"
        if self.shows(operation):
            return whole
        return with_secret(whole, _INTO_A_FILE if self.files else _NOT_SHOWN)

    def _listed(self, operation: AnyOperation) -> Schema:
        """The arguments, each in one form: another may come, but an assistant does not have to choose."""
        schema, offered = self.arguments(operation), parameters_of(operation.request)
        twice = {name for name, (_, shown) in offered.items() if shown.form_of is not None}
        return schema | {"properties": {name: each for name, each in schema["properties"].items() if name not in twice}}

    def arguments(self, operation: AnyOperation) -> Schema:
        """The schema of all arguments that a tool takes: those of the operation, and those of this door.

        Unknown ones may come along: some clients add theirs.
        """
        schema = request_schema(operation.request)
        left_out = {"after"} if operation.is_document else set()  # its pages have numbers
        properties = {name: self._property(each) for name, each in schema["properties"].items() if name not in left_out}
        properties |= {
            name: self._of_the_door(operation, name) for name in _OF_THE_DOOR if self._takes(operation, name)
        }
        required = {"required": [*schema["required"]]} if schema["required"] else {}
        return {"type": "object", "properties": properties} | required

    def _of_the_door(self, operation: AnyOperation, name: str) -> Schema:
        shown = {"description": _FILE_OR_SHOWN} if name == SECRET_TO_FILE and self.shows(operation) else {}
        return _OF_THE_DOOR[name] | shown

    def _property(self, schema: Schema) -> Schema:
        """With tools for commands, and without what says nothing: an optional list is empty if left out.

        Nor with patterns and formats: the descriptions say the same in words, and the server checks. Nor with a list
        of values that is longer than all the rest: the error for any other value has it.
        """
        said = schema | {"description": self.say(schema["description"])}
        left_out = {"pattern", "anyOf"} | (set() if len(schema.get("enum", ())) <= _MOST_VALUES else {"enum"})
        return {name: each for name, each in said.items() if name not in left_out and (name != "default" or each)}

    def _takes(self, operation: AnyOperation, argument: str) -> bool:
        if argument == SECRET_TO_FILE:
            return operation.secret is not None and self.files
        if argument == CONFIRM:
            return operation.confirmation is not None
        return operation.is_document

    def shows(self, operation: AnyOperation) -> bool:
        """Whether the result of an operation may be shown as it is, with its secret if it has one."""
        return operation.secret is None or (self.shows_secrets and not operation.name.startswith(_SERVICE_TOKENS))


def _annotations(operation: AnyOperation) -> ToolAnnotations:
    """What the tool does to the world, without what the protocol takes for granted anyhow."""
    reads = operation.effect is Effect.READ
    return ToolAnnotations(
        title=operation.title,
        read_only_hint=reads or None,
        destructive_hint=None if reads else operation.effect is Effect.DESTRUCTIVE,
        idempotent_hint=operation.idempotent or None,
        open_world_hint=operation.open_world,
    )


_OF_THE_DOOR: dict[str, Schema] = {
    CONFIRM: {"type": "boolean", "description": "The owner has agreed."},
    SECRET_TO_FILE: {
        "type": "string",
        "description": "Absolute path of a new file for the secret; chosen if left out.",
    },
    PAGE: {"type": "integer", "minimum": 1, "default": 1, "description": "Which page of the document."},
}
"""Arguments that only this door has."""


def _words(name: str) -> str:
    return " ".join(sorted(each.lower().rstrip("s") for each in re.findall("[A-Z]?[a-z]+", name)))
