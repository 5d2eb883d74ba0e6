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
    scopes: frozenset[Scope] = frozenset(Scope)

    def may(self, scope: Scope) -> bool:
        """Whether the caller's credential has this scope."""
        return scope in self.scopes
