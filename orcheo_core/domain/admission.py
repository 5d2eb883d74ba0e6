"""Admission: whether a visitor may come in, decided without asking anybody.

The order of the rules is the order in which a visitor learns of them: is the chat open, is the publish token live,
is a login needed.
"""

from datetime import datetime

from attrs import frozen

from orcheo_core.domain.chat_session import ChatSession, Way
from orcheo_core.domain.publish_token import PublishToken, TokenEnd
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import (
    ChatSessionEnded,
    ChatUnavailable,
    LoginRequired,
    OrcheoError,
    PublishTokenRevoked,
    PublishTokenRotated,
)


@frozen(kw_only=True)
class Admitted:
    """Come in: to this workflow, under this name, by this way."""

    workflow: Workflow
    subject: Subject
    way: Way


@frozen
class Refused:
    """Not now; ``reason`` is the error that tells the visitor why."""

    reason: OrcheoError


Admission = Admitted | Refused


def admit_by_link(workflow: Workflow | None, subject: Subject) -> Admission:
    """Anybody who has the share link of a public workflow."""
    if workflow is None or workflow.publication is None:
        return Refused(ChatUnavailable())
    if workflow.publication.require_login:
        return Refused(LoginRequired())
    return Admitted(workflow=workflow, subject=subject, way=Way.PAGE)


def admit_by_publish_token(workflow: Workflow | None, token: PublishToken, *, now: datetime) -> Admission:
    """A program or embed that shows a publish token; ``token`` is the record its secret was verified against."""
    over_since = token.over_since(now)
    if over_since is not None:
        ending = PublishTokenRotated if token.end is TokenEnd.ROTATED else PublishTokenRevoked
        return Refused(ending.on(over_since))
    if workflow is None or workflow.publication is None:
        return Refused(ChatUnavailable())
    if workflow.publication.require_login:
        return Refused(LoginRequired())
    return Admitted(workflow=workflow, subject=Subject.program(token.public_id), way=Way.PUBLISH_TOKEN)


def may_renew(workflow: Workflow | None, chat_session: ChatSession, *, now: datetime) -> Refused | None:
    """Why an open chat session gets no new grant, or None when it does.

    A chat session belongs to the publication it was opened under: after unpublish it is not renewed, and publishing
    again does not revive it (design.md §4).
    """
    if not chat_session.is_open(now):
        return Refused(ChatSessionEnded())
    if workflow is None or workflow.publication is None:
        return Refused(ChatUnavailable())
    if workflow.publication.published_at > chat_session.opened_at:
        return Refused(ChatSessionEnded())
    if workflow.publication.require_login:
        return Refused(LoginRequired())
    return None
