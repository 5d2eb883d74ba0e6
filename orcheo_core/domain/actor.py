"""Who did something, and through which door."""

from enum import StrEnum

from attrs import frozen


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
    """Register runners that execute code of the server's own import path (design.md §7)."""
    CHATKIT_SESSION = "chatkit:session"
    """Chat with a workflow of one's own, public or not."""
    TRANSCRIPTS_READ = "transcripts:read"
    AUDIT_READ = "audit:read"
    TOKENS_MANAGE = "tokens:manage"
    OPERATOR = "operator"
    """See the workflows, service tokens and audit entries of all owners; issue service tokens for others."""


OWNER_SCOPES = frozenset(Scope) - {Scope.OPERATOR}
"""All that an owner can do with what is their own."""


@frozen
class Actor:
    """Whoever did an audited act; ``name`` is unique on a server, ``str(actor)`` is ``owner:<name>``."""

    name: str

    def __str__(self) -> str:
        return f"owner:{self.name}"


@frozen(kw_only=True)
class Caller:
    """An actor who asks for an operation now: with which scopes, through which channel."""

    actor: Actor
    channel: Channel
    scopes: frozenset[Scope] = OWNER_SCOPES

    def may(self, scope: Scope) -> bool:
        """Whether the caller's credential has this scope."""
        return scope in self.scopes

    @property
    def is_operator(self) -> bool:
        """Whether the caller sees what is others'."""
        return self.may(Scope.OPERATOR)
