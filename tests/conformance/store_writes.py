"""Writes for the store machine: of few values, so that they collide.

What never changes about a thing follows from its number: which thread an item is in, which turn has which key.
"""

from datetime import datetime
from typing import Any

from attrs import field, frozen
from hypothesis import strategies as st

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.budget import BUDGETS, UNSENT_FILES, Budget, Claim
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.feedback import Feedback, FeedbackKind
from orcheo_core.domain.items import AnswerPart, Item
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.domain.publish_token import PublishToken, TokenEnd
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.ports.unit_of_work import UnitOfWork
from tests import samples

WORKFLOWS, THREADS, ITEMS, TURNS, OTHERS = range(1, 3), range(1, 4), range(1, 6), range(1, 7), range(1, 4)
HANDLES = ("a", "b")
KEYS = ("k1", "k2", None)
SUBJECTS = (samples.VISITOR, Subject("anon:vis_2"))
OWNERS = (samples.OWNER, Actor("bob"))
MOMENTS = tuple(samples.moment(number) for number in range(3))


@frozen
class Write:
    """One call of a repository's method that stages something."""

    repository: str
    method: str
    values: tuple[Any, ...]
    options: dict[str, Any] = field(factory=dict)

    def stage(self, change: UnitOfWork) -> None:
        """Stage it."""
        getattr(getattr(change, self.repository), self.method)(*self.values, **self.options)


def workflow_of(thread: int) -> int:
    """The number of the workflow that a thread is with."""
    return 1 + thread % len(WORKFLOWS)


def thread_of(number: int) -> int:
    """The number of the thread that an item or a turn is in."""
    return 1 + number % len(THREADS)


def item(number: int, text: str) -> Item:
    """Item ``number``: every third one is hidden."""
    if number % 3 == 0:
        return samples.hidden_item(number, of=thread_of(number), content=text)
    return samples.assistant_item(number, of=thread_of(number), content=(AnswerPart(text=text),))


def turn(number: int) -> Turn:
    """Turn ``number``, running."""
    thread = thread_of(number)
    workflow = f"wf_{workflow_of(thread)}"
    key = KEYS[number % len(KEYS)]
    return samples.turn(number, of=thread, workflow_id=workflow, subject=subject_of(thread), idempotency_key=key)


def subject_of(thread: int) -> Subject:
    """Whose a thread is."""
    return SUBJECTS[thread % len(SUBJECTS)]


def thread(number: int, title: str = "") -> Thread:
    """Thread ``number``."""
    return samples.thread(number, of=workflow_of(number), subject=subject_of(number), title=title)


def publish_token(number: int, ends_at: datetime | None) -> PublishToken:
    """Publish token ``number``, current or former."""
    end = TokenEnd.ROTATED if ends_at else None
    return samples.publish_token(number, of=workflow_of(number), ends_at=ends_at, end=end)


def chat_session(number: int, ended_at: datetime | None = None) -> ChatSession:
    """Chat session ``number``."""
    return samples.chat_session(number, of=workflow_of(number), ended_at=ended_at)


def attachment(number: int, thread_id: str | None) -> Attachment:
    """Attachment ``number``, sent in a thread or not yet."""
    return samples.attachment(number, of=workflow_of(number), thread_id=thread_id)


def feedback(number: int, kind: FeedbackKind = FeedbackKind.POSITIVE) -> Feedback:
    """What the visitor thinks of item ``number``."""
    return samples.feedback(number, of=thread_of(number), kind=kind)


def remove_items(first: int, last: int, only: type[Item] | None) -> Write:
    """Remove the items between two of the first one's thread."""
    return Write("items", "remove", (f"thr_{thread_of(first)}", f"msg_{first}", f"msg_{last}"), {"only": only})


def remove_untouched(number: int, since: datetime) -> Write:
    """Remove thread ``number`` if nothing was said in it since."""
    return Write("threads", "remove", (f"thr_{number}",), {"untouched_since": since})


def end_service_token(number: int, at: datetime, *, is_final: bool) -> Write:
    """End service token ``number``."""
    return Write("service_tokens", "end", (samples.service_token(number), at), {"is_final": is_final})


def _write(repository: str, method: str, *values: st.SearchStrategy[Any]) -> st.SearchStrategy[Write]:
    return st.builds(Write, st.just(repository), st.just(method), st.tuples(*values))


_texts = st.sampled_from(["", "one", "two"])
_moments = st.sampled_from(MOMENTS)
_thread_ids = st.sampled_from([None, "thr_1", "thr_3"])
_workflows = st.builds(
    lambda number, handle, revision, owner, archived_at: samples.workflow(
        number, handle=handle, revision=revision, owner=owner, archived_at=archived_at
    ),
    st.sampled_from(WORKFLOWS),
    st.sampled_from(HANDLES),
    st.integers(1, 3),
    st.sampled_from(OWNERS),
    st.none() | _moments,
)
_ended_turns = st.builds(
    lambda number, status, at: turn(number).ended(status, at),
    st.sampled_from(TURNS),
    st.sampled_from([status for status in TurnStatus if status is not TurnStatus.RUNNING]),
    _moments,
)


def owner_session(number: int, opened_at: datetime) -> OwnerSession:
    """Owner session ``number``, in a browser since then."""
    return samples.owner_session(number, opened_at=opened_at, seen_at=opened_at, digest=samples.digest(number + 100))


def remove_owner_sessions(before: datetime, *, tickets_only: bool) -> Write:
    """Remove those from before then."""
    return Write("owner_sessions", "remove_older", (before,), {"tickets_only": tickets_only})


def claims(budget: Budget, key: str, limit: int) -> tuple[Claim, ...]:
    """What an attachment takes under this budget."""
    return (Claim(budget=budget, key=key, amount=1, limit=limit),)


_claims = st.builds(
    claims,
    st.sampled_from([each for each in BUDGETS if each.resource is UNSENT_FILES]),
    st.sampled_from([samples.VISITOR.key, "wf_1", "192.0.2.1"]),
    st.integers(1, 2),
)

WORLD = (
    *[Write("workflows", "add", (samples.workflow(n, handle=HANDLES[n - 1]),)) for n in WORKFLOWS],
    *[Write("threads", "add", (thread(n),)) for n in THREADS],
    *[Write("items", "save", (item(n, "one"),)) for n in ITEMS],
    *[Write("turns", "add", (turn(n),)) for n in TURNS[:3]],
    *[Write("feedback", "save", (feedback(n),)) for n in ITEMS[:3]],
    *[Write("chat_sessions", "save", (chat_session(n),)) for n in OTHERS],
    *[Write("attachments", "add", (attachment(n, "thr_1"),)) for n in OTHERS],
)
"""A little of everything, in an order in which each finds what it belongs to."""

writes = st.one_of(
    _write("workflows", "add", _workflows),
    _write("workflows", "save", _workflows),
    _write("workflows", "remove", _workflows),
    _write("publish_tokens", "save", st.builds(publish_token, st.sampled_from(OTHERS), st.none() | _moments)),
    _write("service_tokens", "save", st.builds(samples.service_token, st.sampled_from(OTHERS))),
    _write("service_tokens", "used", st.sampled_from(["st1", "st2", "st9"]), _moments),
    st.builds(end_service_token, st.sampled_from(OTHERS), _moments, is_final=st.booleans()),
    _write("owner_sessions", "add", st.builds(samples.owner_session, st.sampled_from(OTHERS))),
    _write("owner_sessions", "open", st.builds(owner_session, st.sampled_from(OTHERS), _moments)),
    _write("owner_sessions", "used", st.sampled_from(["os1", "os2", "os9"]), _moments),
    _write("owner_sessions", "end", st.sampled_from(["os1", "os2", "os9"]), _moments),
    st.builds(remove_owner_sessions, _moments, tickets_only=st.booleans()),
    _write("chat_sessions", "save", st.builds(chat_session, st.sampled_from(OTHERS), st.none() | _moments)),
    _write("chat_sessions", "end_all", st.sampled_from(["wf_1", "wf_2"]), _moments),
    _write("threads", "add", st.builds(thread, st.sampled_from(THREADS), _texts)),
    _write("threads", "save", st.builds(thread, st.sampled_from(THREADS), _texts)),
    _write("threads", "remove", st.sampled_from([f"thr_{number}" for number in THREADS])),
    st.builds(remove_untouched, st.sampled_from(THREADS), _moments),
    _write("items", "save", st.builds(item, st.sampled_from(ITEMS), _texts)),
    st.builds(remove_items, st.sampled_from(ITEMS), st.sampled_from(ITEMS), st.none() | st.just(HiddenItem)),
    _write("turns", "add", st.builds(turn, st.sampled_from(TURNS))),
    _write("turns", "save", _ended_turns),
    _write("attachments", "add", st.builds(attachment, st.sampled_from(OTHERS), _thread_ids), _claims),
    _write("attachments", "save", st.builds(attachment, st.sampled_from(OTHERS), _thread_ids)),
    _write("attachments", "remove", st.sampled_from([f"atc_{number}" for number in OTHERS])),
    _write("feedback", "save", st.builds(feedback, st.sampled_from(ITEMS), st.sampled_from(FeedbackKind))),
    _write("audit", "append", st.builds(samples.audit_entry, st.integers(1, 9))),
)
"""Everything that can be staged."""
