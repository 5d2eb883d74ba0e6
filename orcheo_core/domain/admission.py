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
    PublishTokenInvalid,
    PublishTokenRevoked,
    PublishTokenRotated,
)


@frozen(kw_only=True)
class Admitted:
    """Come in: under this name, by this way."""

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
    return Admitted(subject=subject, way=Way.PAGE)


def admit_by_publish_token(workflow: Workflow | None, token: PublishToken | None, *, now: datetime) -> Admission:
    """A program or embed that shows a publish token; ``token`` is the record its secret was verified against."""
    if token is None:
        return Refused(PublishTokenInvalid())
    if not token.is_live(now):
        return Refused(_why_over(token))
    if workflow is None or workflow.publication is None:
        return Refused(ChatUnavailable())
    if workflow.publication.require_login:
        return Refused(LoginRequired())
    return Admitted(subject=Subject.program(token.public_id), way=Way.PUBLISH_TOKEN)


def _why_over(token: PublishToken) -> OrcheoError:
    if token.ends_at is None:
        return PublishTokenInvalid()
    if token.end is TokenEnd.ROTATED:
        return PublishTokenRotated.on(token.ends_at)
    return PublishTokenRevoked.on(token.ends_at)


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
