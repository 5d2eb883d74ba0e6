"""What an operation is."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, Generic, TypeVar

from attrs import NOTHING, Attribute, Factory, field, fields, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.errors import FieldError, OrcheoError
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
    choices: tuple[str, ...] = ()
    """All values that are taken, of the field or of each entry of a list."""
    minimum: int | None = None
    maximum: int | None = None
    longest: int | None = None
    """The most characters of a text."""
    pattern: str | None = None
    """A regular expression that every text that is taken matches, in the words that Python and JSON Schema share."""
    formats: tuple[str, ...] = ()
    """Of a text, those of JSON Schema that are taken, of which each value has one: ``date``, ``date-time``."""
    counts: str | None = None
    """Of a whole number that is a length of time: what it counts, ``seconds`` or ``days``. The CLI takes ``1h`` too."""
    form_of: str | None = None
    """The parameter that says the same in another form; MCP lists that one only, and takes both."""
    checked: bool = True
    """Whether :func:`broken_rules` checks choices and bounds; if not, the handler does, as it knows more."""

    def broken_by(self, path: str, value: Any) -> Iterator[FieldError]:
        """What is wrong with a value, list entries one by one."""
        if isinstance(value, tuple):
            for at, each in enumerate(value):
                yield from self.broken_by(f"{path}[{at}]", each)
        elif value is None:
            return
        elif self.choices and value not in self.choices:
            yield FieldError(path, f"must be one of {', '.join(self.choices)}")
        elif not self._is_within(value):
            unit = f" {self.counts}" if self.counts else ""
            yield FieldError(path, f"must be between {self.minimum} and {self.maximum}{unit}")

    def _is_within(self, value: Any) -> bool:
        return self.minimum is None or self.maximum is None or self.minimum <= value <= self.maximum


def parameter(
    summary: str,
    *,
    argument: bool = False,
    option: str | None = None,
    default: Any = NOTHING,
    choices: Iterable[str] = (),
    minimum: int | None = None,
    maximum: int | None = None,
    longest: int | None = None,
    pattern: str | None = None,
    formats: tuple[str, ...] = (),
    counts: str | None = None,
    form_of: str | None = None,
    checked: bool = True,
) -> Any:
    """An attrs field of a request class, with what adapters show of it and the rules for its values.

    The rules are in every schema: of MCP tools and of the OpenAPI document. Bounds come in pairs.
    """
    described = Parameter(
        help=summary,
        argument=argument,
        option=option,
        choices=tuple(map(str, choices)),
        minimum=minimum,
        maximum=maximum,
        longest=longest,
        pattern=pattern,
        formats=formats,
        counts=counts,
        form_of=form_of,
        checked=checked,
    )
    start = Factory(lambda: dict(default)) if isinstance(default, dict) else default
    return field(default=start, metadata={_PARAMETER: described})


def parameters_of(request: type) -> dict[str, tuple["Attribute[Any]", Parameter]]:
    """The fields of a request class with their parameters, in order."""
    return {each.name: (each, each.metadata[_PARAMETER]) for each in fields(request)}


def broken_rules(request: Any) -> list[FieldError]:
    """Each value of a request that is not among the choices or is out of bounds."""
    return [
        wrong
        for name, (_, shown) in parameters_of(type(request)).items()
        if shown.checked
        for wrong in shown.broken_by(name, getattr(request, name))
    ]


VISIBLE = r"\S"
"""The pattern of a text that is not all blank."""


def tool_name(name: str) -> str:
    """The name of an operation as an MCP tool, which every assistant takes: letters, digits and underscores.

    ``workflows.publish`` is ``workflows_publish``. What is said in any conversation begins with its verb, as people
    say it: ``list_workflows``, ``show_workflow``, ``ask_workflow``.
    """
    noun, _, verb = name.partition(".")
    if verb == "list":
        return f"list_{noun}"
    if verb in {"show", "ask"}:
        return f"{verb}_{noun.removesuffix('s')}"
    return f"{noun}_{verb}"


def default_of(attribute: "Attribute[Any]") -> Any:
    """The default of a field of a request, ``NOTHING`` when the field is needed."""
    make = getattr(attribute.default, "factory", None)
    return make() if make is not None else attribute.default


@frozen(kw_only=True)
class Operation(Generic[Request, Result]):
    """One thing an owner can ask for."""

    name: str
    """Its name in the catalogue and over HTTP: ``workflows.publish``."""
    command: tuple[str, ...]
    """Its words on the command line: ``("workflow", "publish")``."""
    summary: str
    """One line for help texts."""
    guide: str
    """When to use it, what comes first and what comes back. Other operations are named by their commands:
    ``orcheo workflow list`` in backticks."""
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
    """The question before a public change in general; ``question`` asks it about what is really there."""
    question: Callable[[OwnerServices, Caller, Request], Awaitable[str | None]] | None = None
    """What to ask before this very call, None for nothing. It refuses what ``handle`` would refuse and changes nothing,
    so that no one is asked about something that cannot be done."""
    asks_assistants_only: bool = False
    """Whether the question is for MCP alone, as a person who types the command has said all of it."""
    for_people: bool = False
    """Whether it is for a person at a browser or a terminal, so that no assistant is offered it."""
    open_world: bool = False
    """Whether it reaches beyond the owner and the server: it runs what the owner connected, or lets others in."""
    idempotent: bool = False
    """Whether a second call with the same arguments changes nothing more."""
    file_option: str | None = None
    """The CLI's option for a TOML file that holds parameters by their names; options override it."""
    strangers: tuple[str, ...] = ()
    """Where the result holds text that visitors, their programs or a workflow wrote, such as ``items[].text``."""

    @property
    def title(self) -> str:
        """What people read over it: ``Workflow: publish``."""
        return ": ".join(self.command).replace("-", " ").capitalize()

    @property
    def asks_at_the_terminal(self) -> bool:
        """Whether the command may ask before it acts."""
        return self.confirmation is not None and not self.asks_assistants_only

    @property
    def is_document(self) -> bool:
        """Whether the result is a part of one document of any length: ``next_after`` begins the next part."""
        return {"content", "next_after"} <= set(self.result.__annotations__)

    @property
    def tool(self) -> str:
        """Its name as an MCP tool."""
        return tool_name(self.name)
