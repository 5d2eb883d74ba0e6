"""Admission: whether a visitor may come in, decided without any I/O.

The order of the rules is the order in which a visitor learns of them: is the chat open, is the publish token live,
is a login needed.
"""

from datetime import datetime

from attrs import evolve

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.chat_session import ChatSession, Way
from orcheo_core.domain.host_identity import HostVisitor
from orcheo_core.domain.login import Login
from orcheo_core.domain.publish_token import PublishToken, TokenEnd
from orcheo_core.domain.session_rules import SessionRules
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.values import value
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import (
    ChatSessionEnded,
    ChatUnavailable,
    FieldError,
    InvalidInput,
    LoginRequired,
    OrcheoError,
    PublishTokenRevoked,
    PublishTokenRotated,
)


@value(kw_only=True)
class Admitted:
    """Come in: to this workflow, under this name, by this way."""

    workflow: Workflow
    subject: Subject
    way: Way
    app_user: AppUser | None = None
    rules: SessionRules | None = None


@value
class Refused:
    """Not now; ``reason`` is the error that tells the visitor why."""

    reason: OrcheoError


Admission = Admitted | Refused


def admit_by_link(workflow: Workflow | None, subject: Subject, *, login: Login | None, now: datetime) -> Admission:
    """A visitor with the share link of a public workflow; ``subject`` is who they are without a login."""
    return _admit(workflow, subject, Way.PAGE, login if login and login.is_valid(now) else None)


def admit_by_publish_token(
    workflow: Workflow | None,
    token: PublishToken,
    *,
    login: Login | None,
    now: datetime,
    app_user: AppUser | None = None,
) -> Admission:
    """A program or embed that shows a publish token; ``token`` is the record its secret was verified against.

    The program may name one of its own users, unless a login says already who chats.
    """
    over = why_over(token, now)
    if over is not None:
        return Refused(over)
    valid_login = login if login and login.is_valid(now) else None
    if app_user is None:
        return _admit(workflow, Subject.program(token.holder_id), Way.PUBLISH_TOKEN, valid_login)
    if valid_login is not None:
        return Refused(InvalidInput(FieldError("user", "must be left out when a login cookie identifies the visitor")))
    return _admit_app_user(workflow, token, app_user)


def why_over(token: PublishToken, now: datetime) -> OrcheoError | None:
    """The error that tells the holder of a publish token since when it is over, and why; None while it is live."""
    over_since = token.over_since(now)
    if over_since is None:
        return None
    return (PublishTokenRotated if token.end is TokenEnd.ROTATED else PublishTokenRevoked).on(over_since)


def _admit_app_user(workflow: Workflow | None, token: PublishToken, app_user: AppUser) -> Admission:
    admission = _admit(workflow, Subject.app_user(token.holder_id, app_user.user), Way.PUBLISH_TOKEN, None)
    if isinstance(admission, Admitted):
        return evolve(admission, app_user=app_user)
    if isinstance(admission.reason, LoginRequired):
        return Refused(
            LoginRequired(
                "This workflow requires its visitors to sign in; users named by an app are not accepted.",
                hint="Give them the share link, or ask the owner to stop requiring sign-in.",
            )
        )
    return admission


def admit_host_visitor(workflow: Workflow, visitor: HostVisitor) -> Admission:
    """A visitor of another site, for whom the workflow's identity secret vouches: that is as good as a login."""
    if workflow.publication is None:
        return Refused(ChatUnavailable())
    subject = Subject.of_host(workflow.id, visitor.user.user)
    return Admitted(workflow=workflow, subject=subject, way=Way.HOST, app_user=visitor.user)


def admit_owner(workflow: Workflow, owner: Actor) -> Admission:
    """An owner may always try a workflow of their own; that it is theirs was looked at before."""
    return Admitted(workflow=workflow, subject=Subject.owner(owner), way=Way.OWNER)


def _admit(workflow: Workflow | None, subject: Subject, way: Way, valid_login: Login | None) -> Admission:
    if workflow is None or workflow.publication is None:
        return Refused(ChatUnavailable())
    if workflow.publication.require_login and valid_login is None:
        return Refused(LoginRequired())
    return Admitted(workflow=workflow, subject=valid_login.subject if valid_login else subject, way=way)


def may_renew(
    workflow: Workflow | None, chat_session: ChatSession, *, login: Login | None, now: datetime
) -> Refused | None:
    """Why an open chat session gets no new grant, or None when it does.

    A chat session belongs to the publication it was opened under: after unpublish it is not renewed, and publishing
    again does not revive it. One that another site's word opened
    needs the secret that vouched for it. One that was opened under a login needs that login as long as it lives,
    so no one can continue chatting in the name of a visitor who has signed out.
    """
    if not chat_session.is_open(now) or chat_session.way is Way.OWNER:
        return Refused(ChatSessionEnded())
    if workflow is None or workflow.publication is None:
        return Refused(ChatUnavailable())
    if workflow.publication_number != chat_session.publication_number:
        return Refused(ChatSessionEnded())
    if chat_session.way is Way.HOST:
        is_vouched_for = workflow.vouches_since(chat_session.opened_at, now=now)
        return None if is_vouched_for else Refused(ChatSessionEnded())
    needs_login = workflow.publication.require_login or chat_session.subject.is_logged_in
    if needs_login and not _is_of(login, chat_session.subject, now):
        return Refused(LoginRequired())
    return None


def _is_of(login: Login | None, subject: Subject, now: datetime) -> bool:
    return login is not None and login.is_valid(now) and login.subject == subject
