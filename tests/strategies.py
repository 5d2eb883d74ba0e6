"""Hypothesis strategies for values of the domain, with all that their fields can hold."""

from datetime import UTC, datetime
from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from orcheo_core.domain.actor import Actor, Channel, Scope
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import Act, AuditEntry
from orcheo_core.domain.chat_session import ChatSession, Way
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    Ending,
    EndingKind,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    Notice,
    ProgressNoteItem,
    Step,
    StepItem,
    StepKind,
    StepState,
    WidgetItem,
)
from orcheo_core.domain.feedback import Feedback, FeedbackKind
from orcheo_core.domain.host_identity import IdentityKey
from orcheo_core.domain.items import (
    AnswerPart,
    AssistantItem,
    Citation,
    InferenceOptions,
    Item,
    TagInput,
    TextInput,
    UserItem,
)
from orcheo_core.domain.look import NO_LOOK, Look, Offer, StarterPrompt
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.domain.publish_token import PublishToken, TokenEnd
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import InputStatus, Question, QuestionAnswer, StructuredInputItem
from orcheo_core.domain.threads import NOTHING_SET, Thread, ThreadSettings, ThreadStatus
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.workflow import Publication, Workflow
from tests import samples

moments = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis takes naive bounds and adds the zone
    max_value=datetime(9_000, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
texts = st.text(max_size=40)
maybe_texts = st.none() | texts
names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(texts, json_values, max_size=3)

publications = st.builds(
    Publication,
    published_at=moments,
    published_by=st.builds(Actor, names),
    require_login=st.booleans(),
    token_id=names,
    rotated_at=st.none() | moments,
)
_offers = st.lists(
    st.builds(Offer, id=st.sampled_from(["m", "a/b:free"]), label=names, icon=st.sampled_from([None, "bolt", "globe"])),
    max_size=2,
).map(tuple)
looks = st.just(NO_LOOK) | st.builds(
    Look,
    greeting=names,
    prompts=st.lists(
        st.builds(StarterPrompt, label=names, prompt=names, icon=st.sampled_from([None, "bolt"])), max_size=2
    ).map(tuple),
    placeholder=names,
    disclaimer=names,
    accent=st.sampled_from(["", "#0a7f5a", "#fff"]),
    scheme=st.sampled_from(["auto", "light", "dark"]),
    contact=st.sampled_from(["", "mailto:ada@example.org", "https://example.org/help?a=1"]),
    models=_offers,
    tools=_offers,
)
identity_keys = st.builds(IdentityKey, id=names, pepper_id=names, issued_at=moments, ends_at=st.none() | moments)
workflows: st.SearchStrategy[Workflow] = st.builds(
    evolve,
    st.just(samples.workflow()),
    name=names,
    description=texts,
    created_at=moments,
    updated_at=moments,
    publication=st.none() | publications,
    publication_number=st.integers(0, 1_000),
    archived_at=st.none() | moments,
    time_limit=st.none() | st.integers(1, 86_400),
    history_length=st.none() | st.integers(0, 100),
    identity_keys=st.lists(identity_keys, max_size=2).map(tuple),
    allowed_origins=st.sampled_from([(), ("https://a.example",), ("http://localhost:3000", "https://a.example")]),
    look=looks,
    revision=st.integers(1, 2**40),
)
publish_tokens: st.SearchStrategy[PublishToken] = st.builds(
    evolve,
    st.just(samples.publish_token()),
    issued_at=moments,
    ends_at=st.none() | moments,
    end=st.none() | st.sampled_from(TokenEnd),
    holder_id=names,
)
service_tokens: st.SearchStrategy[ServiceToken] = st.builds(
    evolve,
    st.just(samples.service_token()),
    scopes=st.frozensets(st.sampled_from(Scope)),
    issued_at=moments,
    label=st.sampled_from(["", "CI", "見本"]),
    expires_at=st.none() | moments,
    ended_at=st.none() | moments,
    last_used_at=st.none() | moments,
)
owner_sessions: st.SearchStrategy[OwnerSession] = st.builds(
    evolve,
    st.just(samples.owner_session()),
    issued_at=moments,
    opened_at=st.none() | moments,
    seen_at=st.none() | moments,
    ended_at=st.none() | moments,
    address=st.sampled_from(["", "192.0.2.1", "2001:db8::/64"]),
    user_agent=st.sampled_from(["", "Mozilla/5.0 (X11)", "見本"]),
)
threads: st.SearchStrategy[Thread] = st.builds(
    evolve,
    st.just(samples.thread()),
    created_at=moments,
    updated_at=moments,
    title=maybe_texts,
    is_titled=st.booleans(),
    settings=st.just(NOTHING_SET)
    | st.builds(
        ThreadSettings,
        status=st.sampled_from(ThreadStatus),
        reason=maybe_texts,
        image_domains=st.none() | st.lists(texts, max_size=2).map(tuple),
        metadata=json_objects,
    ),
)
turns: st.SearchStrategy[Turn] = st.builds(
    evolve,
    st.just(samples.turn()),
    started_at=moments,
    status=st.sampled_from(TurnStatus),
    ended_at=st.none() | moments,
    idempotency_key=maybe_texts,
    replaces=st.lists(names, max_size=3).map(tuple),
    usage=st.none() | st.builds(Usage, input_tokens=st.integers(0, 2**62), output_tokens=st.integers(0, 2**62)),
)
sources = st.builds(
    Source,
    title=texts,
    url=maybe_texts,
    filename=maybe_texts,
    entity_id=maybe_texts,
    description=maybe_texts,
    group=maybe_texts,
    icon=maybe_texts,
    interactive=st.booleans(),
    data=json_objects,
    label=maybe_texts,
    inline_label=maybe_texts,
    attribution=maybe_texts,
    timestamp=maybe_texts,
)
citations = st.builds(Citation, source=sources, index=st.none() | st.integers(0, 10_000))
answer_parts = st.builds(AnswerPart, text=texts, citations=st.lists(citations, max_size=3).map(tuple))
tag_inputs = st.builds(TagInput, id=texts, text=texts, data=json_objects, group=maybe_texts, interactive=st.booleans())
attachments: st.SearchStrategy[Attachment] = st.builds(
    evolve,
    st.just(samples.attachment()),
    name=names,
    mime_type=texts,
    size=st.integers(0, 2**40),
    created_at=moments,
    is_uploaded=st.booleans(),
)
user_items: st.SearchStrategy[UserItem] = st.builds(
    evolve,
    st.just(samples.user_item()),
    created_at=moments,
    content=st.lists(st.builds(TextInput, text=texts) | tag_inputs, max_size=3).map(tuple),
    attachments=st.lists(attachments, max_size=2).map(tuple),
    quoted_text=maybe_texts,
    inference_options=st.builds(InferenceOptions, model=maybe_texts, tool_id=maybe_texts),
)
assistant_items: st.SearchStrategy[AssistantItem] = st.builds(
    evolve,
    st.just(samples.assistant_item()),
    created_at=moments,
    content=st.lists(answer_parts, max_size=3).map(tuple),
)
entry: dict[str, Any] = {
    "id": st.just("msg_1"),
    "thread_id": st.just("thr_1"),
    "turn_id": st.just("trn_1"),
    "created_at": moments,
}
"""What every item has."""
steps = st.builds(
    Step,
    kind=st.sampled_from(StepKind),
    title=maybe_texts,
    content=maybe_texts,
    icon=maybe_texts,
    queries=st.lists(texts, max_size=2).map(tuple),
    state=st.sampled_from(StepState),
    sources=st.lists(sources, max_size=2).map(tuple),
    title_query=maybe_texts,
)
questions = st.builds(
    Question,
    id=texts,
    question=texts,
    options=st.lists(texts, max_size=2).map(tuple),
    multiple=st.booleans(),
    description=maybe_texts,
    answer=st.none() | st.builds(QuestionAnswer, values=st.lists(texts, max_size=2).map(tuple), skipped=st.booleans()),
)
component_items = st.one_of(
    st.builds(ClientToolCallItem, **entry, call_id=texts, name=texts, arguments=json_objects, output=json_values),
    st.builds(WidgetItem, **entry, widget=json_objects, copy_text=maybe_texts),
    st.builds(GeneratedImageItem, **entry, url=maybe_texts),
    st.builds(
        ProgressNoteItem,
        **entry,
        steps=st.lists(steps, max_size=3).map(tuple),
        title=maybe_texts,
        icon=maybe_texts,
        duration=st.none() | st.integers(0, 10_000),
    ),
    st.builds(StepItem, **entry, step=steps),
    st.builds(
        EndOfTurnItem,
        **entry,
        ending=st.none() | st.builds(Ending, kind=st.sampled_from(EndingKind), message=maybe_texts),
        notice=st.none() | st.builds(Notice, level=texts, message=texts, title=maybe_texts),
    ),
    st.builds(HiddenItem, **entry, content=json_values),
    st.builds(
        StructuredInputItem,
        **entry,
        questions=st.lists(questions, max_size=2).map(tuple),
        status=st.sampled_from(InputStatus),
    ),
)
items: st.SearchStrategy[Item] = st.one_of(user_items, assistant_items, component_items)
feedback: st.SearchStrategy[Feedback] = st.builds(
    evolve, st.just(samples.feedback()), kind=st.sampled_from(FeedbackKind), given_at=moments
)
chat_sessions: st.SearchStrategy[ChatSession] = st.builds(
    evolve,
    st.just(samples.chat_session()),
    way=st.sampled_from(Way),
    opened_at=moments,
    expires_at=moments,
    ended_at=st.none() | moments,
    app_user=st.none() | st.builds(AppUser, user=names, display_name=maybe_texts, metadata=json_objects),
)
audit_entries: st.SearchStrategy[AuditEntry] = st.builds(
    evolve,
    st.just(samples.audit_entry()),
    at=moments,
    act=st.sampled_from(Act),
    actor=st.builds(Actor, names),
    channel=st.sampled_from(Channel),
    workflow_id=st.none() | names,
    note=texts,
    handle=st.none() | names,
    actor_label=texts,
)
