"""Rows and the values they stand for. Times are whole microseconds since 1970 (UTC)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from attrs import asdict

from orcheo_adapters.sqlite import item_bodies
from orcheo_adapters.sqlite.item_bodies import kind_and_body
from orcheo_core.domain.actor import Actor, Channel, Scope
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import Act, AuditEntry, AuditLink
from orcheo_core.domain.chat_session import ChatSession, Way
from orcheo_core.domain.delivery import Delivery
from orcheo_core.domain.feedback import Feedback, FeedbackKind
from orcheo_core.domain.items import Item
from orcheo_core.domain.opaque_token import TokenDigest
from orcheo_core.domain.publish_token import PublishToken, TokenEnd
from orcheo_core.domain.run import Usage
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.spent_id import SpentId
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadSum
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus, TurnSum
from orcheo_core.domain.workflow import Publication, RunnerSpec, Workflow

Row = tuple[Any, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

WORKFLOW_COLUMNS = (
    "id, handle, name, description, owner, runner, created_at, updated_at, revision, published_at, published_by, "
    "require_login, publish_token_id, publish_token_rotated_at, archived_at, time_limit, history_length, "
    "publication_number"
)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _maybe_micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _maybe_moment(micros: int | None) -> datetime | None:
    return None if micros is None else _moment(micros)


def _json(document: object) -> str:
    return orjson.dumps(document).decode()


def workflow_row(workflow: Workflow) -> Row:
    """In the order of :data:`WORKFLOW_COLUMNS`."""
    opened = workflow.publication
    return (
        workflow.id,
        workflow.handle,
        workflow.name,
        workflow.description,
        workflow.owner.name,
        _json(asdict(workflow.runner)),
        to_micros(workflow.created_at),
        to_micros(workflow.updated_at),
        workflow.revision,
        *(_publication_columns(opened) if opened else (None,) * 5),
        _maybe_micros(workflow.archived_at),
        workflow.time_limit,
        workflow.history_length,
        workflow.publication_number,
    )


def _publication_columns(opened: Publication) -> Row:
    return (
        to_micros(opened.published_at),
        opened.published_by.name,
        int(opened.require_login),
        opened.token_id,
        _maybe_micros(opened.rotated_at),
    )


def workflow_of(row: Row) -> Workflow:
    """From :data:`WORKFLOW_COLUMNS`."""
    (*published, archived_at, time_limit, history, publication_number) = row
    (*own, published_at, published_by, require_login, token_id, rotated_at) = published
    id_, handle, name, description, owner, runner, created_at, updated_at, revision = own
    opened = None
    if published_at is not None:
        opened = Publication(
            published_at=_moment(published_at),
            published_by=Actor(published_by),
            require_login=bool(require_login),
            token_id=token_id,
            rotated_at=_maybe_moment(rotated_at),
        )
    return Workflow(
        id=id_,
        handle=handle,
        name=name,
        description=description,
        owner=Actor(owner),
        runner=RunnerSpec(**orjson.loads(runner)),
        created_at=_moment(created_at),
        updated_at=_moment(updated_at),
        publication=opened,
        revision=revision,
        archived_at=_maybe_moment(archived_at),
        time_limit=time_limit,
        history_length=history,
        publication_number=publication_number,
    )


def publish_token_row(token: PublishToken) -> Row:
    """public_id, workflow_id, pepper_id, digest, issued_at, ends_at, end, holder_id, is_final."""
    digest = token.digest
    ends = (_maybe_micros(token.ends_at), token.end)
    return (
        token.public_id,
        token.workflow_id,
        digest.pepper_id,
        digest.value,
        to_micros(token.issued_at),
        *ends,
        token.holder_id,
        int(token.is_final),
    )


def publish_token_of(row: Row) -> PublishToken:
    """From the columns of :func:`publish_token_row`."""
    public_id, workflow_id, pepper_id, digest, issued_at, ends_at, end, holder_id, is_final = row
    return PublishToken(
        public_id=public_id,
        workflow_id=workflow_id,
        digest=TokenDigest(pepper_id=pepper_id, value=digest),
        issued_at=_moment(issued_at),
        ends_at=_maybe_moment(ends_at),
        end=TokenEnd(end) if end else None,
        holder_id=holder_id,
        is_final=bool(is_final),
    )


def service_token_row(token: ServiceToken) -> Row:
    """public_id, pepper_id, digest, owner, scopes, issued_at, label, expires_at, ended_at, last_used_at, is_final."""
    digest = token.digest
    scopes = _json(sorted(token.scopes))
    return (
        token.public_id,
        digest.pepper_id,
        digest.value,
        token.owner.name,
        scopes,
        to_micros(token.issued_at),
        token.label,
        _maybe_micros(token.expires_at),
        _maybe_micros(token.ended_at),
        _maybe_micros(token.last_used_at),
        int(token.is_final),
    )


def service_token_of(row: Row) -> ServiceToken:
    """From the columns of :func:`service_token_row`."""
    public_id, pepper_id, digest, owner, scopes, issued_at, label, *moments, is_final = row
    expires_at, ended_at, last_used_at = map(_maybe_moment, moments)
    return ServiceToken(
        public_id=public_id,
        digest=TokenDigest(pepper_id=pepper_id, value=digest),
        owner=Actor(owner),
        scopes=frozenset(map(Scope, orjson.loads(scopes))),
        issued_at=_moment(issued_at),
        label=label,
        expires_at=expires_at,
        ended_at=ended_at,
        last_used_at=last_used_at,
        is_final=bool(is_final),
    )


def chat_session_row(chat_session: ChatSession) -> Row:
    """id, workflow_id, subject, way, opened_at, expires_at, ended_at, app_user, publication_number."""
    app_user = chat_session.app_user
    return (
        chat_session.id,
        chat_session.workflow_id,
        chat_session.subject.key,
        chat_session.way,
        to_micros(chat_session.opened_at),
        to_micros(chat_session.expires_at),
        _maybe_micros(chat_session.ended_at),
        _json(asdict(app_user)) if app_user else None,
        chat_session.publication_number,
    )


def chat_session_of(row: Row) -> ChatSession:
    """From the columns of :func:`chat_session_row`."""
    id_, workflow_id, subject, way, opened_at, expires_at, ended_at, app_user, publication_number = row
    return ChatSession(
        id=id_,
        workflow_id=workflow_id,
        subject=Subject(subject),
        way=Way(way),
        opened_at=_moment(opened_at),
        expires_at=_moment(expires_at),
        ended_at=_maybe_moment(ended_at),
        app_user=AppUser(**orjson.loads(app_user)) if app_user else None,
        publication_number=publication_number,
    )


def spent_id_of(row: Row) -> SpentId:
    """From the columns purpose, id, at."""
    purpose, id_, at = row
    return SpentId(purpose=purpose, id=id_, at=_moment(at))


def thread_row(thread: Thread) -> Row:
    """id, workflow_id, subject, created_at, updated_at, title, is_titled."""
    times = (to_micros(thread.created_at), to_micros(thread.updated_at))
    return (thread.id, thread.workflow_id, thread.subject.key, *times, thread.title, int(thread.is_titled))


def thread_of(row: Row) -> Thread:
    """From the columns of :func:`thread_row`."""
    id_, workflow_id, subject, created_at, updated_at, title, is_titled = row
    return Thread(
        id=id_,
        workflow_id=workflow_id,
        subject=Subject(subject),
        created_at=_moment(created_at),
        updated_at=_moment(updated_at),
        title=title,
        is_titled=bool(is_titled),
    )


def thread_sum_of(row: Row) -> ThreadSum:
    """From the number of threads and the latest ``updated_at``."""
    count, newest = row
    return ThreadSum(count=count, newest=_maybe_moment(newest))


def item_row(item: Item) -> Row:
    """id, thread_id, turn_id, created_at, kind, body."""
    return (item.id, item.thread_id, item.turn_id, to_micros(item.created_at), *kind_and_body(item))


def item_of(row: Row) -> Item:
    """From the columns of :func:`item_row`."""
    id_, thread_id, turn_id, created_at, kind, body = row
    base = {"id": id_, "thread_id": thread_id, "turn_id": turn_id, "created_at": _moment(created_at)}
    return item_bodies.item_of(kind, body, base)


ATTACHMENT_COLUMNS = "id, workflow_id, thread_id, subject, name, mime_type, size, created_at, is_uploaded"


def attachment_row(attachment: Attachment) -> Row:
    """The values of :data:`ATTACHMENT_COLUMNS`."""
    whose = (attachment.workflow_id, attachment.thread_id, attachment.subject.key)
    what = (attachment.name, attachment.mime_type, attachment.size)
    return (attachment.id, *whose, *what, to_micros(attachment.created_at), int(attachment.is_uploaded))


def attachment_of(row: Row) -> Attachment:
    """From the columns of :func:`attachment_row`."""
    id_, workflow_id, thread_id, subject, name, mime_type, size, created_at, is_uploaded = row
    return Attachment(
        id=id_,
        workflow_id=workflow_id,
        thread_id=thread_id,
        subject=Subject(subject),
        name=name,
        mime_type=mime_type,
        size=size,
        created_at=_moment(created_at),
        is_uploaded=bool(is_uploaded),
    )


def feedback_row(feedback: Feedback) -> Row:
    """thread_id, item_id, kind, given_at."""
    return (feedback.thread_id, feedback.item_id, feedback.kind, to_micros(feedback.given_at))


def feedback_of(row: Row) -> Feedback:
    """From the columns of :func:`feedback_row`."""
    thread_id, item_id, kind, given_at = row
    return Feedback(thread_id=thread_id, item_id=item_id, kind=FeedbackKind(kind), given_at=_moment(given_at))


def delivery_row(delivery: Delivery) -> Row:
    """id, body, created_at, due_at, attempts."""
    times = (to_micros(delivery.created_at), to_micros(delivery.due_at))
    return (delivery.id, delivery.body, *times, delivery.attempts)


def delivery_of(row: Row) -> Delivery:
    """From the columns of :func:`delivery_row`."""
    delivery_id, body, created_at, due_at, attempts = row
    times = {"created_at": _moment(created_at), "due_at": _moment(due_at)}
    return Delivery(id=delivery_id, body=body, attempts=attempts, **times)


def turn_row(turn: Turn) -> Row:
    """The columns of the table ``turns`` in their order."""
    return (
        turn.id,
        turn.workflow_id,
        turn.thread_id,
        turn.subject.key,
        turn.user_item_id,
        turn.answer_id,
        to_micros(turn.started_at),
        turn.status,
        _maybe_micros(turn.ended_at),
        turn.idempotency_key,
        _json(turn.replaces),
        *usage_columns(turn.usage),
        0,
        *fault_columns(turn.fault),
    )


def usage_columns(usage: Usage | None) -> Row:
    """input_tokens, output_tokens."""
    return (None, None) if usage is None else (usage.input_tokens, usage.output_tokens)


def fault_columns(fault: TurnFault | None) -> Row:
    """fault_code, fault_reason."""
    return (None, None) if fault is None else (fault.code, fault.reason)


def turn_of(row: Row) -> Turn:
    """From the columns of :func:`turn_row`."""
    (*row_before, fault_code, fault_reason) = row
    (*own, status, ended_at, key, replaces, input_tokens, output_tokens, _is_indexed) = row_before
    id_, workflow_id, thread_id, subject, user_item_id, answer_id, started_at = own
    return Turn(
        id=id_,
        workflow_id=workflow_id,
        thread_id=thread_id,
        subject=Subject(subject),
        user_item_id=user_item_id,
        answer_id=answer_id,
        started_at=_moment(started_at),
        status=TurnStatus(status),
        ended_at=_maybe_moment(ended_at),
        idempotency_key=key,
        replaces=tuple(orjson.loads(replaces)),
        usage=None if input_tokens is None else Usage(input_tokens=input_tokens, output_tokens=output_tokens),
        fault=None if fault_code is None else TurnFault(fault_code, fault_reason),
    )


def turn_sum_of(sums: Row, failed: Sequence[Row]) -> TurnSum:
    """From the sums of turns, failed ones, visitors and usage, the latest start, and the row of the last failed one."""
    turns, failures, visitors, input_tokens, output_tokens, latest_at = sums
    return TurnSum(
        turns=turns,
        failed=failures,
        visitors=visitors,
        usage=Usage(input_tokens=input_tokens, output_tokens=output_tokens),
        latest_at=_maybe_moment(latest_at),
        latest_failed=turn_of(failed[0]) if failed else None,
    )


def audit_row(entry: AuditEntry) -> Row:
    """id, at, act, actor, channel, workflow_id, note, handle, actor_label."""
    who = (entry.actor.name, entry.channel)
    names = (entry.handle, entry.actor_label)
    return (entry.id, to_micros(entry.at), entry.act, *who, entry.workflow_id, entry.note, *names)


def audit_of(row: Row) -> AuditEntry:
    """From the columns of :func:`audit_row`."""
    id_, at, act, actor, channel, workflow_id, note, handle, actor_label = row
    return AuditEntry(
        id=id_,
        at=_moment(at),
        act=Act(act),
        actor=Actor(actor),
        channel=Channel(channel),
        workflow_id=workflow_id,
        note=note,
        handle=handle,
        actor_label=actor_label,
    )


def audit_link_of(row: Row) -> AuditLink:
    """From number, link and the columns of :func:`audit_row`, which are empty when the entry is gone."""
    number, link, *columns = row
    return AuditLink(number=number, link=link, entry=None if columns[0] is None else audit_of(tuple(columns)))
