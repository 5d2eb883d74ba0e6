"""What is written down of each act that matters: who, what, when, from where; never a secret."""

import json
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from attrs import frozen

from orcheo_core.domain.actor import Actor, Channel


class Act(StrEnum):
    """An audited act."""

    WORKFLOW_ADDED = "workflow.added"
    WORKFLOW_EDITED = "workflow.edited"
    WORKFLOW_REMOVED = "workflow.removed"
    PUBLISHED = "workflow.published"
    UNPUBLISHED = "workflow.unpublished"
    WORKFLOW_ARCHIVED = "workflow.archived"
    WORKFLOW_UNARCHIVED = "workflow.unarchived"
    SESSIONS_ENDED = "chat_sessions.ended"
    CHAT_SESSION_CANCELLED = "chat_session.cancelled"
    """By the app that had opened them for its users; the note counts those of a minute."""
    THREAD_DELETED = "thread.deleted"
    """By the app, on behalf of one of its users."""
    LOGIN_RULE_SET = "workflow.login_rule_set"
    PUBLISH_TOKEN_ROTATED = "publish_token.rotated"  # noqa: S105 - the name of an act, no secret
    IDENTITY_SECRET_ROTATED = "identity_secret.rotated"  # noqa: S105 - the name of an act, no secret
    TRANSCRIPT_EXPORTED = "transcript.exported"
    TRANSCRIPTS_PURGED = "transcripts.purged"
    SERVICE_TOKEN_ISSUED = "service_token.issued"  # noqa: S105 - the name of an act, no secret
    SERVICE_TOKEN_ROTATED = "service_token.rotated"  # noqa: S105 - the name of an act, no secret
    REFUSED = "refused"
    """Requests were refused; the note counts how often, by the code of the refusal."""
    SERVICE_TOKEN_REVOKED = "service_token.revoked"  # noqa: S105 - the name of an act, no secret
    OWNER_SIGNED_IN = "owner_session.began"
    OWNER_SIGNED_OUT = "owner_session.ended"
    GRANT_KEY_ROTATED = "grant_key.rotated"
    LOGGED_IN = "login.began"
    LOGIN_DENIED = "login.denied"
    LOGGED_OUT = "login.ended"


@frozen(kw_only=True)
class AuditEntry:
    """One act; ``note`` says in words what the act's name does not (token ids, never tokens)."""

    id: str
    at: datetime
    act: Act
    actor: Actor
    channel: Channel
    workflow_id: str | None = None
    note: str = ""
    handle: str | None = None
    """The workflow's handle at that moment; entries of earlier releases have none."""
    actor_label: str = ""
    """What people called the actor or their credential, see :attr:`Caller.label`."""


@frozen(kw_only=True)
class AuditFilter:
    """Which entries: by the names of their actors, by workflow (ids and handles), by act, from when until when."""

    actors: frozenset[str] | None = None
    workflows: frozenset[str] | None = None
    act: Act | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Not at this moment any more."""

    def admits(self, entry: AuditEntry) -> bool:
        """Whether it is such an entry."""
        return (
            (self.actors is None or entry.actor.name in self.actors)
            and (self.workflows is None or bool(self.workflows & {entry.workflow_id, entry.handle}))
            and self.act in {None, entry.act}
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


@frozen(kw_only=True)
class AuditLink:
    """One link of the hash chain over all entries; ``entry`` is None when it was deleted by hand."""

    number: int
    link: str
    entry: AuditEntry | None


def body_of(entry: AuditEntry) -> str:
    """The text of an entry that its link is made of: a JSON array of its fields in their order.

    Handle and label are in it when there is one of them, so that the links of earlier releases still hold.
    """
    who = (entry.actor.name, entry.channel.value)
    fields = (entry.id, entry.at.isoformat(), entry.act.value, *who, entry.workflow_id, entry.note)
    names = (entry.handle, entry.actor_label) if entry.handle or entry.actor_label else ()
    return json.dumps((*fields, *names), ensure_ascii=True, separators=(",", ":"))


def link_of(previous: str, body: str) -> str:
    """The link behind ``previous`` (empty for the first): SHA-256 over both, 64 hex digits."""
    return sha256(f"{previous}\n{body}".encode()).hexdigest()
