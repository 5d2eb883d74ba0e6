"""Putting values into a store in few words."""

from collections.abc import Callable
from typing import Any

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import AuditEntry
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.items import Item
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.workflow import Workflow
from orcheo_core.ports.unit_of_work import Store, UnitOfWork

Token = PublishToken | ServiceToken | OwnerSession
Value = Workflow | Token | ChatSession | Thread | Item | Turn | Attachment | Feedback | AuditEntry


def stage(change: UnitOfWork, *values: Value) -> UnitOfWork:
    """Stage each value as a new one; gives the unit of work back."""
    put: dict[type, Callable[[Any], None]] = {
        Workflow: change.workflows.add,
        PublishToken: change.publish_tokens.save,
        ServiceToken: change.service_tokens.save,
        OwnerSession: change.owner_sessions.add,
        ChatSession: change.chat_sessions.save,
        Thread: change.threads.add,
        Turn: change.turns.add,
        Attachment: change.attachments.add,
        Feedback: change.feedback.save,
        AuditEntry: change.audit.append,
    }
    for value in values:
        put.get(type(value), change.items.save)(value)
    return change


async def keep(store: Store, *values: Value) -> None:
    """Commit these new values, in this order."""
    await stage(store.begin(), *values).commit()
