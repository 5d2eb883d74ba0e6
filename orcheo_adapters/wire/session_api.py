"""OpenAI's session API on the wire: its requests decoded strictly, its answers encoded as its clients know them.

The types are those of the official clients (``openai.types.beta.chatkit``); the bounds are OpenAI's.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import orjson
from attrs import frozen
from cattrs import Converter

from orcheo_adapters.wire.chatkit_items import AttachmentLinks, Json
from orcheo_adapters.wire.strict import StrictDecoder
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    EndOfTurnItem,
    GeneratedImageItem,
    ProgressNoteItem,
    Step,
    StepItem,
    StepKind,
    WidgetItem,
)
from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation, Item, UserItem
from orcheo_core.domain.pages import DEFAULT_LIMIT, Page
from orcheo_core.domain.session_rules import (
    FILE_MEGABYTES,
    FILES,
    REQUESTS_A_MINUTE,
    SESSION_SECONDS,
    SessionRules,
)
from orcheo_core.domain.structured_input import StructuredInputItem
from orcheo_core.domain.threads import Thread, ThreadSettings, ThreadStatus
from orcheo_core.domain.transcript import kind_of, text_of
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.services.visitors.apps import Span

_KEY_LENGTH = 64


# --- requests -------------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class StateVariables:
    """``state_variables``: names with primitive values."""

    values: dict[str, Any]


@frozen(kw_only=True)
class Switch:
    """``tracing``, ``automatic_thread_titling``."""

    enabled: bool = True


@frozen(kw_only=True)
class WorkflowParam:
    """``workflow``; a version is taken and not used: a workflow here has only one."""

    id: str
    version: str | None = None
    state_variables: StateVariables | None = None
    tracing: Switch | None = None


@frozen(kw_only=True)
class FileUpload:
    """``file_upload``; the size is in megabytes."""

    enabled: bool = False
    max_file_size: int | None = None
    max_files: int | None = None


@frozen(kw_only=True)
class History:
    """``history``."""

    enabled: bool = True
    recent_threads: int | None = None


@frozen(kw_only=True)
class Configuration:
    """``chatkit_configuration``."""

    automatic_thread_titling: Switch | None = None
    file_upload: FileUpload | None = None
    history: History | None = None


@frozen(kw_only=True)
class ExpiresAfter:
    """``expires_after``."""

    anchor: Literal["created_at"]
    seconds: int


@frozen(kw_only=True)
class RateLimits:
    """``rate_limits``."""

    max_requests_per_1_minute: int | None = None


@frozen(kw_only=True)
class CreateSession:
    """The body of ``POST /v1/chatkit/sessions``."""

    user: str
    workflow: WorkflowParam
    chatkit_configuration: Configuration | None = None
    expires_after: ExpiresAfter | None = None
    rate_limits: RateLimits | None = None

    @property
    def app_user(self) -> AppUser:
        """Whom the app names; what it says for the workflow is their metadata."""
        given = self.workflow.state_variables
        return AppUser(user=self.user, metadata=given.values if given else {})

    @property
    def rules(self) -> SessionRules:
        """What it sets, OpenAI's defaults for the rest."""
        configuration = self.chatkit_configuration or Configuration()
        titling = configuration.automatic_thread_titling or Switch()
        files, history = configuration.file_upload or FileUpload(), configuration.history or History()
        limits = self.rate_limits or RateLimits()
        return SessionRules(
            seconds=self.expires_after.seconds if self.expires_after else SESSION_SECONDS,
            requests_a_minute=_or(limits.max_requests_per_1_minute, REQUESTS_A_MINUTE),
            makes_titles=titling.enabled,
            takes_files=files.enabled,
            file_megabytes=_or(files.max_file_size, FILE_MEGABYTES),
            files=_or(files.max_files, FILES),
            shows_history=history.enabled,
            recent_threads=history.recent_threads,
        )


def _or(given: int | None, otherwise: int) -> int:
    return otherwise if given is None else given


_NAMES = {
    "seconds": "expires_after.seconds",
    "requests_a_minute": "rate_limits.max_requests_per_1_minute",
    "file_megabytes": "chatkit_configuration.file_upload.max_file_size",
    "files": "chatkit_configuration.file_upload.max_files",
    "recent_threads": "chatkit_configuration.history.recent_threads",
    "metadata": "workflow.state_variables",
}
"""Where OpenAI's form has what the core names so."""


def decode_session(document: dict[str, Any]) -> tuple[str, AppUser, SessionRules]:
    """The workflow, the user and the rules of a request; :class:`InvalidInput` names each wrong or unknown field."""
    asked = _DECODER.decode(document, CreateSession)
    try:
        return asked.workflow.id, asked.app_user, asked.rules
    except InvalidInput as error:
        raise InvalidInput(
            *(FieldError(_NAMES.get(each.path, each.path), each.message) for each in error.fields)
        ) from None


def _state_variables(value: object, _converter: Converter) -> StateVariables:
    if not isinstance(value, dict):
        message = "must be an object"
        raise TypeError(message)
    wrong = [FieldError(key[: _KEY_LENGTH + 1], fault) for key, each in value.items() if (fault := _fault(key, each))]
    if wrong:
        raise InvalidInput(*wrong)
    return StateVariables(values=value)


def _fault(key: str, value: object) -> str | None:
    if len(key) > _KEY_LENGTH:
        return f"must have a name of at most {_KEY_LENGTH} characters"
    return None if isinstance(value, str | bool | int | float) else "must be a string, a number, true or false"


_DECODER = StrictDecoder(forbid_extra_keys=True)
_DECODER.register(StateVariables, _state_variables)

_SPAN = ("limit", "order", "after", "before")


def decode_span(query: dict[str, str], *more: str) -> Span:
    """The part of a list that a query string asks for; :class:`InvalidInput` also for a name that is not known."""
    unknown = [FieldError(name, "is not known here") for name in sorted(set(query) - {*_SPAN, *more})]
    if unknown:
        raise InvalidInput(*unknown)
    order, limit = query.get("order", "desc"), query.get("limit", str(DEFAULT_LIMIT))
    if order not in {"asc", "desc"}:
        raise InvalidInput(FieldError("order", "must be one of asc, desc"))
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 10):
        raise InvalidInput(FieldError("limit", "must be a whole number"))
    return Span(limit=int(limit), newest_first=order == "desc", after=query.get("after"), before=query.get("before"))


# --- answers --------------------------------------------------------------------------------------------------------


def session_json(chat_session: ChatSession, now: datetime, client_secret: str = "") -> Json:
    """``ChatSession``; the secret is shown in the answer that opens it, and is empty in any later one."""
    rules, app_user = chat_session.rules or SessionRules(), chat_session.app_user
    was_cut = chat_session.ended_at is not None and chat_session.ended_at < chat_session.expires_at
    status = "cancelled" if was_cut else "active" if chat_session.is_open(now) else "expired"
    return {
        "id": chat_session.id,
        "object": "chatkit.session",
        "client_secret": client_secret,
        "expires_at": _seconds(chat_session.expires_at),
        "workflow": {
            "id": chat_session.workflow_id,
            "version": None,
            "state_variables": dict(app_user.metadata) or None if app_user else None,
            "tracing": {"enabled": False},
        },
        "user": app_user.user if app_user else "",
        "rate_limits": {"max_requests_per_1_minute": rules.requests_a_minute},
        "max_requests_per_1_minute": rules.requests_a_minute,
        "status": status,
        "chatkit_configuration": {
            "automatic_thread_titling": {"enabled": rules.makes_titles},
            "file_upload": {
                "enabled": rules.takes_files,
                "max_file_size": rules.file_megabytes,
                "max_files": rules.files,
            },
            "history": {"enabled": rules.shows_history, "recent_threads": rules.recent_threads},
        },
    }


def thread_json(thread: Thread, holder_id: str) -> Json:
    """``ChatKitThread``."""
    return {
        "id": thread.id,
        "object": "chatkit.thread",
        "created_at": _seconds(thread.created_at),
        "status": _status_json(thread.settings),
        "title": thread.title,
        "user": thread.subject.user_of(holder_id),
    }


def _status_json(settings: ThreadSettings) -> Json:
    if settings.status is ThreadStatus.ACTIVE:
        return {"type": "active"}
    return {"type": settings.status.value, "reason": settings.reason}


def deleted_json(thread_id: str) -> Json:
    """``ThreadDeleteResponse``."""
    return {"id": thread_id, "object": "chatkit.thread.deleted", "deleted": True}


def page_json(page: Page[Any], encode: Callable[[Any], Json]) -> Json:
    """A list, as ``ConversationCursorPage`` reads it."""
    ids = [each.id for each in page.entries]
    return {
        "object": "list",
        "data": [encode(each) for each in page.entries],
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
        "has_more": page.has_more,
    }


def item_json(item: Item, links: AttachmentLinks) -> Json:
    """A thread item: what OpenAI's API has no type for becomes a task that says it in words."""
    base: Json = {
        "id": item.id,
        "object": "chatkit.thread_item",
        "created_at": _seconds(item.created_at),
        "thread_id": item.thread_id,
    }
    if isinstance(item, UserItem):
        return base | _user_fields(item, links)
    return base | _FIELDS[type(item)](item)


def _user_fields(item: UserItem, links: AttachmentLinks) -> Json:
    wished = item.inference_options
    quoted = [{"type": "quoted_text", "text": item.quoted_text}] if item.quoted_text else []
    return {
        "type": "chatkit.user_message",
        "content": [*quoted, *({"type": "input_text", "text": part.text} for part in item.content)],
        "attachments": [_attachment_json(each, links) for each in item.attachments],
        "inference_options": {
            "model": wished.model,
            "tool_choice": {"id": wished.tool_id} if wished.tool_id else None,
        },
    }


def _attachment_json(attachment: Attachment, links: AttachmentLinks) -> Json:
    return {
        "id": attachment.id,
        "type": "image" if attachment.is_image else "file",
        "name": attachment.name,
        "mime_type": attachment.mime_type,
        "preview_url": links.preview(attachment.id) if attachment.is_image else None,
    }


def _assistant_fields(item: AssistantItem) -> Json:
    return {"type": "chatkit.assistant_message", "content": [_part_json(part) for part in item.content]}


def _part_json(part: AnswerPart) -> Json:
    annotations = [shown for each in part.citations if (shown := _annotation_json(each))]
    return {"type": "output_text", "text": part.text, "annotations": annotations}


def _annotation_json(citation: Citation) -> Json | None:
    source = citation.source
    if source.url is not None:
        return {"type": "url", "source": {"type": "url", "url": source.url}}
    if source.entity_id is not None:
        return None  # something of the page's, for which the API has no type
    return {"type": "file", "source": {"type": "file", "filename": source.filename or source.title}}


def _call_fields(item: ClientToolCallItem) -> Json:
    return {
        "type": "chatkit.client_tool_call",
        "call_id": item.call_id,
        "name": item.name,
        "arguments": _text(item.arguments),
        "output": None if item.output is None else _text(item.output),
        "status": "in_progress" if item.is_pending else "completed",
    }


def _note_fields(item: ProgressNoteItem) -> Json:
    return {"type": "chatkit.task_group", "tasks": [_step_json(each) for each in item.steps]}


def _step_json(step: Step) -> Json:
    kind = "thought" if step.kind is StepKind.THOUGHT else "custom"
    return {"type": kind, "heading": step.title, "summary": step.content or ", ".join(step.queries) or None}


def _task(heading: str | None, summary: str | None) -> Json:
    return {"type": "chatkit.task", "task_type": "custom", "heading": heading, "summary": summary}


def _ending_fields(item: EndOfTurnItem) -> Json:
    if item.notice is not None:
        return _task(item.notice.title or "notice", item.notice.message)
    ending = item.ending
    return _task("end_of_turn", (ending.message or ending.kind.value) if ending else None)


def _other_fields(item: StructuredInputItem | GeneratedImageItem) -> Json:
    return _task(kind_of(item), text_of(item) or None)


_FIELDS: dict[type, Callable[[Any], Json]] = {
    AssistantItem: _assistant_fields,
    WidgetItem: lambda item: {"type": "chatkit.widget", "widget": _text(item.widget)},
    ClientToolCallItem: _call_fields,
    ProgressNoteItem: _note_fields,
    StepItem: lambda item: _task(item.step.title, item.step.content),
    EndOfTurnItem: _ending_fields,
    StructuredInputItem: _other_fields,
    GeneratedImageItem: _other_fields,
}


def _text(document: object) -> str:
    return orjson.dumps(document).decode()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
