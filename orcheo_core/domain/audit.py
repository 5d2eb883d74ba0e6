"""What is written down of each act that matters: who, what, when, from where; never a secret."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from orcheo_core.domain.actor import Actor, Channel


class Act(StrEnum):
    """An audited act."""

    WORKFLOW_ADDED = "workflow.added"
    WORKFLOW_EDITED = "workflow.edited"
    WORKFLOW_REMOVED = "workflow.removed"
    PUBLISHED = "workflow.published"
    UNPUBLISHED = "workflow.unpublished"
    LOGIN_RULE_SET = "workflow.login_rule_set"
    PUBLISH_TOKEN_ROTATED = "publish_token.rotated"  # noqa: S105 - the name of an act, no secret
    SERVICE_TOKEN_ISSUED = "service_token.issued"  # noqa: S105 - the name of an act, no secret
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
