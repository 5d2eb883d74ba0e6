"""Who did something, and through which door."""

from enum import StrEnum

from attrs import field, frozen


class Channel(StrEnum):
    """The door an act came through; the audit keeps it."""

    CLI = "cli"
    MCP = "mcp"
    HTTP = "http"
    CANVAS = "canvas"
    PYTHON = "python"


class Scope(StrEnum):
    """One thing a service token may do."""

    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    WORKFLOWS_PUBLISH = "workflows:publish"
    WORKFLOWS_CODE = "workflows:code"
    """Register runners that execute code of the server's own import path."""
    CHATKIT_SESSION = "chatkit:session"
    """Chat with a workflow of one's own, public or not."""
    TRANSCRIPTS_READ = "transcripts:read"
    AUDIT_READ = "audit:read"
    TOKENS_MANAGE = "tokens:manage"
    OPERATOR = "operator"
    """See the workflows, service tokens and audit entries of all owners; issue service tokens for others."""


OWNER_SCOPES = frozenset(Scope) - {Scope.OPERATOR}
"""All that an owner can do with what is their own."""


SERVER_NAME = "orcheo-server"
"""The actor's name for what the server does by itself; no owner may have it."""

_VISITOR = "visitor:"


@frozen
class Actor:
    """Who did an audited act; ``name`` is unique on a server.

    ``str(actor)`` says what it is: ``owner:<name>``, ``visitor:<subject>`` or ``server``. Names of owners have no
    colon, subjects of visitors always have one.
    """

    name: str

    def __str__(self) -> str:
        if self.name == SERVER_NAME:
            return "server"
        if ":" in self.name:
            return f"{_VISITOR}{self.name.removeprefix(_VISITOR)}"
        return f"owner:{self.name}"


def actor_names(text: str) -> frozenset[str]:
    """The names of actors that ``text`` may mean: a name, or an actor as ``str`` writes it."""
    if text == "server":
        return frozenset({SERVER_NAME})
    return frozenset({text, text.removeprefix("owner:"), text.removeprefix(_VISITOR)})


@frozen(kw_only=True)
class Caller:
    """An actor who asks for an operation now: with which scopes, through which channel."""

    actor: Actor
    channel: Channel
    scopes: frozenset[Scope] = OWNER_SCOPES
    label: str = ""
    """What people call the actor or their credential: the label of a service token, a visitor's display name."""
    token_id: str = field(default="", eq=False)
    """The public id of the service token that the caller holds; empty for a caller without one in hand."""

    def may(self, scope: Scope) -> bool:
        """Whether the caller's credential has this scope."""
        return scope in self.scopes

    @property
    def is_operator(self) -> bool:
        """Whether the caller sees what is others'."""
        return self.may(Scope.OPERATOR)
