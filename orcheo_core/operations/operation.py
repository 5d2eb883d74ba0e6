"""What an operation is."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

from attrs import NOTHING, Attribute, Factory, field, fields, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.errors import OrcheoError
from orcheo_core.operations.services import OwnerServices

Request = TypeVar("Request")
Result = TypeVar("Result")

_PARAMETER = "orcheo.parameter"


class Effect(StrEnum):
    """What an operation does to the world; MCP shows it as annotations, the CLI asks before a public change."""

    READ = "read"
    WRITE = "write"
    DESTRUCTIVE = "destructive"


@frozen(kw_only=True)
class Parameter:
    """How one field of a request is offered; names, types and defaults are the field's own."""

    help: str
    argument: bool = False
    """Whether the CLI takes it by position."""
    option: str | None = None
    """The CLI's option when it is not ``--field-name``."""


def parameter(summary: str, *, argument: bool = False, option: str | None = None, default: Any = NOTHING) -> Any:
    """An attrs field of a request class, with what adapters show of it."""
    described = Parameter(help=summary, argument=argument, option=option)
    start = Factory(lambda: dict(default)) if isinstance(default, dict) else default
    return field(default=start, metadata={_PARAMETER: described})


def parameters_of(request: type) -> dict[str, tuple["Attribute[Any]", Parameter]]:
    """The fields of a request class with their parameters, in order."""
    return {each.name: (each, each.metadata[_PARAMETER]) for each in fields(request)}


def default_of(attribute: "Attribute[Any]") -> Any:
    """The default of a field of a request, ``NOTHING`` when the field is needed."""
    make = getattr(attribute.default, "factory", None)
    return make() if make is not None else attribute.default


@frozen(kw_only=True)
class Operation(Generic[Request, Result]):
    """One thing an owner can ask for."""

    name: str
    """Its name in the catalogue and over HTTP: ``workflows.publish``."""
    command: tuple[str, str]
    """Its two words on the command line: ``("workflow", "publish")``."""
    tool: str
    """Its name as an MCP tool."""
    summary: str
    """One line for help texts."""
    request: type[Request]
    result: type[Result]
    scope: Scope
    effect: Effect
    handle: Callable[[OwnerServices, Caller, Request], Awaitable[Result]]
    errors: tuple[type[OrcheoError], ...] = ()
    """The errors of its own, besides those that any operation may give."""
    secret: str | None = None
    """The field of the result that holds a secret, shown only this once."""
    confirmation: str | None = None
    """The question before a public change, a ``str.format`` text over the request's fields."""
    has_preview: bool = False
    """Whether its request has ``dry_run``, with which nothing is changed, and its result a ``question``: what a door
    asks then in place of the confirmation. Without a question there is nothing to ask."""
