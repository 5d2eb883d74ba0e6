"""The map of each table."""

from typing import Any

import orjson
from attrs import asdict

from orcheo_adapters.sqlite.item_bodies import item_of, kind_and_body
from orcheo_adapters.sqlite.statements import Row
from orcheo_adapters.sqlite.table import (
    ACTOR,
    FLAG,
    MOMENT,
    PLAIN,
    SUBJECT,
    Column,
    Form,
    Group,
    Table,
    moment_of,
    to_json,
    to_micros,
    word,
)
from orcheo_core.domain.actor import Channel, Scope
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import Act, AuditEntry
from orcheo_core.domain.chat_session import ChatSession, Way
from orcheo_core.domain.delivery import Delivery
from orcheo_core.domain.feedback import Feedback, FeedbackKind
from orcheo_core.domain.host_identity import IdentityKey
from orcheo_core.domain.items import Item
from orcheo_core.domain.look import NO_LOOK, Look, Offer, StarterPrompt
from orcheo_core.domain.opaque_token import TokenDigest
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.domain.publish_token import PublishToken, TokenEnd
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.session_rules import SessionRules
from orcheo_core.domain.spent_id import SpentId
from orcheo_core.domain.threads import NOTHING_SET, Thread, ThreadSettings, ThreadStatus
from orcheo_core.domain.turn import Turn, TurnFault, TurnStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.workflow import Publication, RunnerSpec, Workflow


def _as_json(kind: type[Any]) -> Form:
    """An attrs class as a JSON object."""
    return Form(lambda value: to_json(asdict(value)), lambda text: kind(**orjson.loads(text)))


def _look_text(look: Look) -> str | None:
    return None if look == NO_LOOK else to_json(asdict(look))


def _look_of(text: str) -> Look:
    document = orjson.loads(text)
    prompts = tuple([StarterPrompt(**each) for each in document.pop("prompts")])
    models, tools = (tuple([Offer(**each) for each in document.pop(name)]) for name in ("models", "tools"))
    return Look(**document, prompts=prompts, models=models, tools=tools)


def _settings_text(settings: ThreadSettings) -> str | None:
    return None if settings is NOTHING_SET or settings == NOTHING_SET else to_json(asdict(settings))


def _settings_of(text: str) -> ThreadSettings:
    document = orjson.loads(text)
    domains = document.pop("image_domains")
    return ThreadSettings(
        **document | {"status": ThreadStatus(document["status"])},
        image_domains=None if domains is None else tuple(domains),
    )


def _keys_text(keys: tuple[IdentityKey, ...]) -> str:
    return to_json([(each.id, each.pepper_id, to_micros(each.issued_at), MOMENT.kept(each.ends_at)) for each in keys])


def _keys_of(text: str) -> tuple[IdentityKey, ...]:
    return tuple(
        IdentityKey(id=id_, pepper_id=pepper_id, issued_at=moment_of(issued_at), ends_at=MOMENT.value(ends_at))
        for id_, pepper_id, issued_at, ends_at in orjson.loads(text)
    )


WORKFLOWS = Table(
    "workflows",
    Workflow,
    Group(
        "publication",
        Publication,
        {
            "published_at": Column("published_at", MOMENT),
            "published_by": Column("published_by", ACTOR),
            "require_login": Column("require_login", FLAG),
            "publish_token_id": Column("token_id"),
            "publish_token_rotated_at": Column("rotated_at", MOMENT),
        },
    ),
    id=PLAIN,
    handle=PLAIN,
    name=PLAIN,
    description=PLAIN,
    owner=ACTOR,
    runner=_as_json(RunnerSpec),
    created_at=MOMENT,
    updated_at=MOMENT,
    revision=PLAIN,
    archived_at=MOMENT,
    time_limit=PLAIN,
    history_length=PLAIN,
    publication_number=PLAIN,
    allowed_origins=Form(" ".join, lambda text: tuple(text.split())),
    look=Form(_look_text, _look_of, of_null=NO_LOOK),
    identity_keys=Form(_keys_text, _keys_of),
)
_DIGEST = Group("digest", TokenDigest, {"pepper_id": Column("pepper_id"), "digest": Column("value")})
PUBLISH_TOKENS = Table(
    "publish_tokens",
    PublishToken,
    _DIGEST,
    public_id=PLAIN,
    workflow_id=PLAIN,
    issued_at=MOMENT,
    ends_at=MOMENT,
    end=word(TokenEnd),
    holder_id=PLAIN,
    is_final=FLAG,
)
SERVICE_TOKENS = Table(
    "service_tokens",
    ServiceToken,
    _DIGEST,
    public_id=PLAIN,
    owner=ACTOR,
    scopes=Form(lambda scopes: to_json(sorted(scopes)), lambda text: frozenset(map(Scope, orjson.loads(text)))),
    issued_at=MOMENT,
    label=PLAIN,
    expires_at=MOMENT,
    ended_at=MOMENT,
    last_used_at=MOMENT,
    is_final=FLAG,
)
OWNER_SESSIONS = Table(
    "owner_sessions",
    OwnerSession,
    _DIGEST,
    public_id=PLAIN,
    owner=ACTOR,
    token_id=PLAIN,
    rule=PLAIN,
    issuer=PLAIN,
    sub=PLAIN,
    sid=PLAIN,
    label=PLAIN,
    issued_at=MOMENT,
    opened_at=MOMENT,
    seen_at=MOMENT,
    ended_at=MOMENT,
    address=PLAIN,
    user_agent=PLAIN,
)
CHAT_SESSIONS = Table(
    "chat_sessions",
    ChatSession,
    id=PLAIN,
    workflow_id=PLAIN,
    subject=SUBJECT,
    way=word(Way),
    opened_at=MOMENT,
    expires_at=MOMENT,
    ended_at=MOMENT,
    app_user=_as_json(AppUser),
    publication_number=PLAIN,
    rules=_as_json(SessionRules),
)
THREADS = Table(
    "threads",
    Thread,
    id=PLAIN,
    workflow_id=PLAIN,
    subject=SUBJECT,
    created_at=MOMENT,
    updated_at=MOMENT,
    title=PLAIN,
    is_titled=FLAG,
    settings=Form(_settings_text, _settings_of, of_null=NOTHING_SET),
)


class _Items(Table[Item]):
    """All that no query asks for is in one column, in a form of each kind."""

    _base: Table[Any] = Table("items", dict, id=PLAIN, thread_id=PLAIN, turn_id=PLAIN, created_at=MOMENT)

    def row(self, value: Item) -> Row:
        """See the base class."""
        return (*self._base.row(value), *kind_and_body(value))

    def value(self, row: Row) -> Item:
        """See the base class."""
        *base, kind, body = row
        return item_of(kind, body, self._base.value(tuple(base)))


ITEMS = _Items("items", item_of, id=PLAIN, thread_id=PLAIN, turn_id=PLAIN, created_at=MOMENT, kind=PLAIN, body=PLAIN)
USAGE = Group("usage", Usage, {name: Column(name) for name in ("input_tokens", "output_tokens")})
FAULT = Group("fault", TurnFault, {"fault_code": Column("code"), "fault_reason": Column("reason")})
TURNS = Table(
    "turns",
    Turn,
    USAGE,
    FAULT,
    at_first="is_indexed",
    id=PLAIN,
    workflow_id=PLAIN,
    thread_id=PLAIN,
    subject=SUBJECT,
    user_item_id=PLAIN,
    answer_id=PLAIN,
    started_at=MOMENT,
    status=word(TurnStatus),
    ended_at=MOMENT,
    first_event_at=MOMENT,
    idempotency_key=PLAIN,
    replaces=Form(lambda ids: to_json(ids) if ids else "[]", lambda text: tuple(orjson.loads(text))),
)
ATTACHMENTS = Table(
    "attachments",
    Attachment,
    id=PLAIN,
    workflow_id=PLAIN,
    thread_id=PLAIN,
    subject=SUBJECT,
    name=PLAIN,
    mime_type=PLAIN,
    size=PLAIN,
    created_at=MOMENT,
    is_uploaded=FLAG,
)
FEEDBACK = Table("feedback", Feedback, thread_id=PLAIN, item_id=PLAIN, kind=word(FeedbackKind), given_at=MOMENT)
SPENT_IDS = Table("spent_ids", SpentId, purpose=PLAIN, id=PLAIN, at=MOMENT)
DELIVERIES = Table(
    "webhook_deliveries", Delivery, id=PLAIN, body=PLAIN, created_at=MOMENT, due_at=MOMENT, attempts=PLAIN
)
AUDIT = Table(
    "audit",
    AuditEntry,
    id=PLAIN,
    at=MOMENT,
    act=word(Act),
    actor=ACTOR,
    channel=word(Channel),
    workflow_id=PLAIN,
    note=PLAIN,
    handle=PLAIN,
    actor_label=PLAIN,
)
