"""One plain value of each kind; what a value belongs to follows from its number, tests change what they are about."""

from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from orcheo_core.domain.actor import Actor, Channel, Scope
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import Act, AuditEntry
from orcheo_core.domain.chat_session import ChatSession, Way
from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.feedback import Feedback, FeedbackKind
from orcheo_core.domain.items import AnswerPart, AssistantItem, TextInput, UserItem
from orcheo_core.domain.opaque_token import TokenDigest
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.workflow import RunnerSpec, Workflow
from tests.fakes.clock import START

OWNER = Actor("ada")
VISITOR = Subject("anon:vis_1")


def moment(number: int) -> datetime:
    """A moment this many seconds after the start."""
    return START + timedelta(seconds=number)


def workflow(number: int = 1, **changes: Any) -> Workflow:
    """Workflow ``wf_<number>`` with the handle ``flow-<number>``."""
    base = Workflow(
        id=f"wf_{number}",
        handle=f"flow-{number}",
        name=f"Flow {number}",
        owner=OWNER,
        runner=RunnerSpec(kind="python", target="examples.echo:answer"),
        created_at=moment(number),
        updated_at=moment(number),
    )
    return evolve(base, **changes)


def digest(number: int) -> TokenDigest:
    """A digest of nothing in particular."""
    return TokenDigest(pepper_id="p1", value=f"{number:064x}")


def publish_token(number: int = 1, *, of: int = 1, **changes: Any) -> PublishToken:
    """Publish token ``pt<number>`` of workflow ``of``."""
    base = PublishToken(
        public_id=f"pt{number}", workflow_id=f"wf_{of}", digest=digest(number), issued_at=moment(number)
    )
    return evolve(base, **changes)


def service_token(number: int = 1, **changes: Any) -> ServiceToken:
    """Service token ``st<number>`` of the owner."""
    base = ServiceToken(
        public_id=f"st{number}",
        digest=digest(number),
        owner=OWNER,
        scopes=frozenset({Scope.WORKFLOWS_READ, Scope.WORKFLOWS_PUBLISH}),
        issued_at=moment(number),
    )
    return evolve(base, **changes)


def owner_session(number: int = 1, **changes: Any) -> OwnerSession:
    """Owner session ``os<number>`` of the owner, a ticket still."""
    base = OwnerSession(
        public_id=f"os{number}", digest=digest(number), owner=OWNER, token_id="st1", issued_at=moment(number)
    )
    return evolve(base, **changes)


def chat_session(number: int = 1, *, of: int = 1, **changes: Any) -> ChatSession:
    """Chat session ``cs_<number>`` with workflow ``of``."""
    base = ChatSession(
        id=f"cs_{number}",
        workflow_id=f"wf_{of}",
        subject=VISITOR,
        way=Way.PAGE,
        opened_at=moment(number),
        expires_at=moment(number + 3_600),
    )
    return evolve(base, **changes)


def thread(number: int = 1, *, of: int = 1, **changes: Any) -> Thread:
    """Thread ``thr_<number>`` of the visitor with workflow ``of``."""
    base = Thread(
        id=f"thr_{number}",
        workflow_id=f"wf_{of}",
        subject=VISITOR,
        created_at=moment(number),
        updated_at=moment(number),
        title=f"Thread {number}",
    )
    return evolve(base, **changes)


def user_item(number: int = 1, *, of: int = 1, **changes: Any) -> UserItem:
    """Item ``msg_<number>`` in thread ``of``, said by the visitor."""
    base = UserItem(
        id=f"msg_{number}",
        thread_id=f"thr_{of}",
        turn_id="trn_1",
        created_at=moment(number),
        content=(TextInput(text=f"Question {number}"),),
    )
    return evolve(base, **changes)


def assistant_item(number: int = 1, *, of: int = 1, **changes: Any) -> AssistantItem:
    """Item ``msg_<number>`` in thread ``of``, said by the workflow."""
    base = AssistantItem(
        id=f"msg_{number}",
        thread_id=f"thr_{of}",
        turn_id="trn_1",
        created_at=moment(number),
        content=(AnswerPart(text=f"Answer {number}"),),
    )
    return evolve(base, **changes)


def hidden_item(number: int = 1, *, of: int = 1, **changes: Any) -> HiddenItem:
    """Item ``msg_<number>`` in thread ``of``, for the workflow to remember."""
    base = HiddenItem(
        id=f"msg_{number}", thread_id=f"thr_{of}", turn_id="trn_1", created_at=moment(number), content={"n": number}
    )
    return evolve(base, **changes)


def attachment(number: int = 1, *, of: int = 1, **changes: Any) -> Attachment:
    """Attachment ``atc_<number>`` of the visitor with workflow ``of``, announced and in no thread yet."""
    base = Attachment(
        id=f"atc_{number}",
        workflow_id=f"wf_{of}",
        subject=VISITOR,
        name=f"notes-{number}.txt",
        mime_type="text/plain",
        size=number,
        created_at=moment(number),
    )
    return evolve(base, **changes)


def feedback(number: int = 1, *, of: int = 1, **changes: Any) -> Feedback:
    """The visitor liked item ``msg_<number>`` of thread ``of``."""
    base = Feedback(thread_id=f"thr_{of}", item_id=f"msg_{number}", kind=FeedbackKind.POSITIVE, given_at=moment(number))
    return evolve(base, **changes)


def turn(number: int = 1, *, of: int = 1, **changes: Any) -> Turn:
    """Turn ``trn_<number>`` of thread ``of``, running."""
    base = Turn(
        id=f"trn_{number}",
        workflow_id="wf_1",
        thread_id=f"thr_{of}",
        subject=VISITOR,
        user_item_id=f"msg_{number}",
        answer_id=f"msg_{number}a",
        started_at=moment(number),
    )
    return evolve(base, **changes)


def audit_entry(number: int = 1, **changes: Any) -> AuditEntry:
    """Entry ``aud_<number>``: the owner published the first workflow."""
    base = AuditEntry(
        id=f"aud_{number}",
        at=moment(number),
        act=Act.PUBLISHED,
        actor=OWNER,
        channel=Channel.CLI,
        workflow_id="wf_1",
    )
    return evolve(base, **changes)
