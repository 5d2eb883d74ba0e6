"""What the OpenAPI document says of the routes that carry out no operation of the catalogue."""

from typing import Any

from attrs import frozen

from orcheo_adapters.auth.attachment_tickets import TICKET_HEADER
from orcheo_adapters.http.canvas import CanvasNeedsTls
from orcheo_adapters.http.hosts import HostNotAllowed
from orcheo_adapters.http.mcp import McpNotInstalled
from orcheo_adapters.http.page_events import page_event_body
from orcheo_adapters.http.problems import CrossSiteRequest
from orcheo_adapters.http.share_codes import SHARE_CODES
from orcheo_adapters.wire.body_schemas import chatkit_body, create_session_body, session_body
from orcheo_adapters.wire.json_schema import Schema
from orcheo_core.domain.pages import PAGE_LIMIT
from orcheo_core.errors import (
    ActionFailed,
    ActionNotTaken,
    AttachmentNotFound,
    BudgetExceeded,
    CanvasTicketInvalid,
    ChatSessionEnded,
    ChatSessionNotFound,
    ChatUnavailable,
    ConcurrentChange,
    FeatureDisabled,
    FilesOff,
    GrantExpired,
    GrantInvalid,
    IdentityExpired,
    IdentityInvalid,
    IdentityProviderUnavailable,
    InvalidInput,
    ItemNotFound,
    LoginAttemptExpired,
    LoginAttemptInvalid,
    LoginDenied,
    LoginNotSetUp,
    LoginNotVerified,
    LoginRequired,
    NothingPending,
    NotPublished,
    OrcheoError,
    OwnerNotKnown,
    OwnerSessionEnded,
    OwnerSessionMissing,
    OwnerSessionNotFound,
    PublishTokenInvalid,
    PublishTokenRevoked,
    PublishTokenRotated,
    RateLimited,
    ScopeMissing,
    ServerStopping,
    ServiceTokenInvalid,
    SharedBudgetExceeded,
    StopNotOffered,
    StorageUnavailable,
    TelemetryOff,
    ThreadNotFound,
    TooManyFiles,
    TranscriptionFailed,
    TranscriptionOff,
    TurnInProgress,
    WorkflowNotFound,
)

Json = dict[str, Any]
Errors = tuple[type[OrcheoError], ...]

_TOKENS: Errors = (PublishTokenInvalid, PublishTokenRotated, PublishTokenRevoked)
_GRANTS: Errors = (GrantInvalid, GrantExpired, ChatSessionEnded)
_ADMISSION: Errors = (ChatUnavailable, LoginRequired, RateLimited)
_BUDGETS: Errors = (BudgetExceeded, SharedBudgetExceeded)
_ATTEMPT: Errors = (LoginAttemptInvalid, LoginAttemptExpired)
_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}


def json_answer(description: str, schema: Schema) -> Json:
    """A successful answer in JSON."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


@frozen(kw_only=True)
class Description:
    """One route: what it does, which credentials it takes (none of them needed when empty), what it answers."""

    summary: str
    answers: dict[str, Json]
    errors: Errors = ()
    credentials: tuple[str, ...] = ()
    parameters: tuple[Json, ...] = ()
    body: Schema | None = None
    body_type: str = "application/json"


def _query(name: str) -> Json:
    return {"name": name, "in": "query", "schema": _TEXT}


_GRANT_ANSWER = json_answer(
    "A chat grant.",
    _object(
        client_secret=_TEXT,
        expires_in={"type": "integer"},
        expires_at=_TEXT,
        signed_in_as=_TEXT_OR_NULL,
        login_pass=_TEXT_OR_NULL,
    ),
)
_ATTACHMENT = json_answer("The attachment.", {"type": "object"})
_LOGIN_PAGE: Json = {"description": "A page.", "content": {"text/html": {"schema": _TEXT}}}
_PAGE_OR_NONE: dict[str, Json] = {
    "200": {"description": "The page.", "content": {"text/html": {"schema": _TEXT}}},
    "404": {"description": "A page that says that there is no such chat.", "content": {"text/html": {"schema": _TEXT}}},
}
_SIGNED_IN = json_answer(
    "The owner session of this browser.",
    _object(
        owner=_TEXT,
        scopes={"type": "array", "items": _TEXT},
        expires_at=_TEXT,
        idle_ends_at=_TEXT,
        features={"type": "object", "additionalProperties": {"type": "boolean"}},
        csrf={"type": "null"},
        providers={"type": "array", "items": {"type": "object"}},
        telemetry={"type": "boolean"},
    ),
)
_OWNER_SESSIONS = json_answer(
    "The owner sessions, newest first.",
    _object(
        items={
            "type": "array",
            "items": _object(
                id=_TEXT,
                current={"type": "boolean"},
                created_at=_TEXT,
                last_used_at=_TEXT,
                address=_TEXT,
                user_agent=_TEXT,
            ),
        }
    ),
)
_OWNER_SESSION: Errors = (OwnerSessionMissing, OwnerSessionEnded, FeatureDisabled, CrossSiteRequest, RateLimited)
_STREAM: Json = {"text/event-stream": {}}
_NUMBER: Schema = {"type": "string", "pattern": "^[0-9]{1,9}$"}
_FROM_EVENT: tuple[Json, ...] = (
    {"name": "after", "in": "query", "schema": _NUMBER},
    {"name": "Last-Event-ID", "in": "header", "schema": _NUMBER},
)
_FOLLOWED: dict[str, Json] = {
    "200": {"description": "Thread events.", "content": _STREAM},
    "204": {"description": "There is no turn to follow."},
}
_WATCHING: Errors = (*_OWNER_SESSION, ScopeMissing, *_BUDGETS, InvalidInput, ServerStopping)

_APP: Errors = (*_TOKENS, ChatUnavailable, RateLimited)
_INTEGER: Schema = {"type": "integer"}
_SESSION = json_answer(
    "A `chatkit.session`.",
    _object(
        id=_TEXT,
        object={"const": "chatkit.session"},
        client_secret={"type": "string", "description": "A chat grant; empty in every answer but the first."},
        expires_at=_INTEGER,
        workflow={"type": "object"},
        user=_TEXT,
        rate_limits=_object(max_requests_per_1_minute=_INTEGER),
        max_requests_per_1_minute=_INTEGER,
        status={"enum": ["active", "cancelled", "expired"]},
        chatkit_configuration={"type": "object"},
    ),
)
_APP_THREAD = _object(
    id=_TEXT,
    object={"const": "chatkit.thread"},
    created_at=_INTEGER,
    status={"type": "object"},
    title=_TEXT_OR_NULL,
    user=_TEXT,
)
_SPAN = (
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT}},
    {"name": "order", "in": "query", "schema": {"enum": ["asc", "desc"]}},
    {"name": "after", "in": "query", "schema": {"type": "string"}},
    {"name": "before", "in": "query", "schema": {"type": "string"}},
)


def _list_answer(of: Schema) -> Json:
    listed = _object(
        object={"const": "list"},
        data={"type": "array", "items": of},
        first_id=_TEXT_OR_NULL,
        last_id=_TEXT_OR_NULL,
        has_more={"type": "boolean"},
    )
    return json_answer("A page of a list.", listed)


DESCRIPTIONS: dict[tuple[str, str], Description] = {
    ("POST", "/api/chatkit"): Description(
        summary="The ChatKit protocol: a stream of thread events, or JSON.",
        credentials=("chatGrant", "publishToken"),
        body=chatkit_body(),
        answers={
            "200": {
                "description": "Thread events, or the answer to a read.",
                "content": {**_STREAM, "application/json": {"schema": {"type": "object"}}},
            }
        },
        errors=(
            *_TOKENS,
            *_GRANTS,
            *_ADMISSION,
            *_BUDGETS,
            InvalidInput,
            ThreadNotFound,
            ItemNotFound,
            TurnInProgress,
            NothingPending,
            StopNotOffered,
            AttachmentNotFound,
            FilesOff,
            TooManyFiles,
            ActionFailed,
            ActionNotTaken,
            TranscriptionFailed,
            TranscriptionOff,
            ServerStopping,
            StorageUnavailable,
        ),
    ),
    ("POST", "/api/chatkit/attachments"): Description(
        summary="Upload an attachment directly, as field `file` of a form.",
        credentials=("chatGrant", "publishToken"),
        body=_object(file={"type": "string", "format": "binary"}),
        body_type="multipart/form-data",
        answers={"200": _ATTACHMENT},
        errors=(
            *_TOKENS,
            *_GRANTS,
            *_ADMISSION,
            *_BUDGETS,
            FilesOff,
            TooManyFiles,
            InvalidInput,
            StorageUnavailable,
        ),
    ),
    ("POST", "/api/chat/{ref}/session/end"): Description(
        summary="End the chat session of a chat grant for good, and the identity of another site that opened it.",
        credentials=("chatGrant",),
        body={"type": "object", "properties": {"identity": _TEXT_OR_NULL}},
        answers={"204": {"description": "It is over."}},
        errors=(*_GRANTS, RateLimited, InvalidInput, StorageUnavailable),
    ),
    ("PUT", "/api/chatkit/attachments/{attachment_id}"): Description(
        summary="Upload the bytes of an attachment that was announced, with the header from its upload descriptor.",
        parameters=({"name": TICKET_HEADER, "in": "header", "schema": _TEXT},),
        body={"type": "string", "format": "binary"},
        body_type="application/octet-stream",
        answers={"200": _ATTACHMENT},
        errors=(
            AttachmentNotFound,
            ChatSessionEnded,
            ChatUnavailable,
            ConcurrentChange,
            *_BUDGETS,
            InvalidInput,
            StorageUnavailable,
        ),
    ),
    ("GET", "/api/chatkit/attachments/{attachment_id}"): Description(
        summary="The bytes of an attachment, for the holder of its ticket.",
        parameters=({"name": "ticket", "in": "query", "schema": _TEXT},),
        answers={"200": {"description": "The file.", "content": {"*/*": {}}}},
        errors=(AttachmentNotFound,),
    ),
    ("GET", "/api/chatkit/threads/{thread_id}/events"): Description(
        summary="The thread events of the latest turn, from one on.",
        credentials=("chatGrant", "publishToken"),
        parameters=_FROM_EVENT,
        answers=_FOLLOWED,
        errors=(*_TOKENS, *_GRANTS, *_ADMISSION, InvalidInput, ThreadNotFound),
    ),
    ("GET", "/api/chat/{ref}"): Description(
        summary="What the chat page needs before a visitor is admitted.",
        answers={
            "200": json_answer(
                "A public workflow.",
                _object(
                    id=_TEXT,
                    name=_TEXT,
                    require_login={"type": "boolean"},
                    login_url=_TEXT_OR_NULL,
                    login_with=_TEXT_OR_NULL,
                    signed_in_as=_TEXT_OR_NULL,
                    dev_login={"type": "boolean"},
                    message_limit={"type": "integer"},
                    telemetry={"type": "boolean"},
                    look={"type": "object"},
                ),
            )
        },
        errors=(ChatUnavailable, RateLimited),
    ),
    ("POST", "/api/chat/{ref}/session"): Description(
        summary="Open a chat session by share link or publish token, or renew a chat grant.",
        credentials=("publishToken", "chatGrant"),
        body=session_body(),
        answers={"200": _GRANT_ANSWER},
        errors=(
            *_TOKENS,
            *_GRANTS,
            *_ADMISSION,
            IdentityInvalid,
            IdentityExpired,
            InvalidInput,
            SharedBudgetExceeded,
            StorageUnavailable,
        ),
    ),
    ("POST", "/api/telemetry"): Description(
        summary="Count what happened in a page, where the operator has switched it on.",
        body=page_event_body(),
        answers={"204": {"description": "It is counted."}},
        errors=(TelemetryOff, CrossSiteRequest, InvalidInput, RateLimited),
    ),
    ("POST", "/v1/chatkit/sessions"): Description(
        summary="OpenAI's session API: open a chat session for a user of an app.",
        credentials=("publishToken",),
        body=create_session_body(),
        answers={"200": _SESSION},
        errors=(*_APP, InvalidInput, LoginRequired, SharedBudgetExceeded, StorageUnavailable),
    ),
    ("POST", "/v1/chatkit/sessions/{session_id}/cancel"): Description(
        summary="OpenAI's session API: end a chat session at once, with the answer that runs under it.",
        credentials=("publishToken",),
        answers={"200": _SESSION},
        errors=(*_APP, ChatSessionNotFound, StorageUnavailable),
    ),
    ("GET", "/v1/chatkit/threads"): Description(
        summary="OpenAI's session API: the threads of an app's users.",
        credentials=("publishToken",),
        parameters=(*_SPAN, _query("user")),
        answers={"200": _list_answer(_APP_THREAD)},
        errors=(*_APP, InvalidInput),
    ),
    ("GET", "/v1/chatkit/threads/{thread_id}"): Description(
        summary="OpenAI's session API: a thread of one of an app's users.",
        credentials=("publishToken",),
        answers={"200": json_answer("A `chatkit.thread`.", _APP_THREAD)},
        errors=(*_APP, ThreadNotFound),
    ),
    ("DELETE", "/v1/chatkit/threads/{thread_id}"): Description(
        summary="OpenAI's session API: delete a thread of one of an app's users.",
        credentials=("publishToken",),
        answers={
            "200": json_answer(
                "It is deleted.",
                _object(id=_TEXT, object={"const": "chatkit.thread.deleted"}, deleted={"const": True}),
            )
        },
        errors=(*_APP, ThreadNotFound, StorageUnavailable),
    ),
    ("GET", "/v1/chatkit/threads/{thread_id}/items"): Description(
        summary="OpenAI's session API: the items of a thread.",
        credentials=("publishToken",),
        parameters=_SPAN,
        answers={"200": _list_answer({"type": "object"})},
        errors=(*_APP, ThreadNotFound, InvalidInput, *_BUDGETS),
    ),
    ("GET", "/chat/{ref}"): Description(
        summary="The chat page; the same for every workflow.",
        answers=_PAGE_OR_NONE,
    ),
    ("GET", "/embed/{ref}"): Description(
        summary="The chat in a bubble's frame, for pages of the workflow's allowed origins.",
        answers=_PAGE_OR_NONE,
    ),
    ("GET", "/embed/{ref}/sign-in"): Description(
        summary="The window in which a visitor of a bubble signs in.",
        answers=_PAGE_OR_NONE,
    ),
    ("GET", "/auth/login"): Description(
        summary="Redirects to the identity provider, or shows a page to choose one when there are several.",
        parameters=(_query("to"), _query("provider"), _query("purpose")),
        answers={"200": _LOGIN_PAGE, "303": {"description": "The identity provider."}},
        errors=(InvalidInput, LoginNotSetUp, RateLimited, IdentityProviderUnavailable),
    ),
    ("GET", "/auth/callback"): Description(
        summary="Back from the identity provider; sets the login cookie, or that of an owner session.",
        parameters=tuple(_query(name) for name in ("state", "code", "iss", "error")),
        answers={"200": _LOGIN_PAGE, "303": {"description": "Redirects to where the visitor came from."}},
        errors=(
            *_ATTEMPT,
            InvalidInput,
            LoginDenied,
            LoginNotSetUp,
            LoginNotVerified,
            OwnerNotKnown,
            FeatureDisabled,
            RateLimited,
            SharedBudgetExceeded,
            IdentityProviderUnavailable,
            StorageUnavailable,
        ),
    ),
    ("GET", "/auth/trial"): Description(
        summary="The form of the trial sign-in, where the server was started with --dev-login.",
        parameters=(_query("state"),),
        answers={"200": _LOGIN_PAGE},
        errors=(*_ATTEMPT, LoginNotSetUp),
    ),
    ("POST", "/auth/logout"): Description(
        summary="End the login in this browser.",
        body={"type": "object", "properties": {"login_pass": _TEXT_OR_NULL, "workflow_id": _TEXT_OR_NULL}},
        answers={
            "200": json_answer(
                "The visitor is signed out; the page at `next_url` offers to sign out at the identity provider too.",
                _object(next_url={"type": "string"}),
            ),
            "204": {"description": "The visitor is signed out, or was not signed in."},
        },
        errors=(InvalidInput, StorageUnavailable),
    ),
    ("GET", "/auth/signed-out"): Description(
        summary="A page that offers to sign out at the identity provider too.",
        parameters=tuple(_query(name) for name in ("provider", "to")),
        answers={"200": _LOGIN_PAGE},
        errors=(InvalidInput, LoginNotSetUp, IdentityProviderUnavailable),
    ),
    ("POST", "/auth/backchannel-logout/{provider}"): Description(
        summary="For identity providers: logins that have ended there end here (OpenID Connect Back-Channel Logout).",
        body={"type": "object", "properties": {"logout_token": {"type": "string"}}, "required": ["logout_token"]},
        body_type="application/x-www-form-urlencoded",
        answers={"200": {"description": "The logins have ended."}},
        errors=(LoginNotSetUp, RateLimited, IdentityProviderUnavailable, StorageUnavailable),
    ),
    ("GET", "/api/workflows/{ref}/share-link.{form}"): Description(
        summary="The share link of a public workflow as a QR code; `form` is `svg` or `png`.",
        parameters=(
            {"name": "form", "in": "path", "required": True, "schema": {"type": "string", "enum": [*SHARE_CODES]}},
        ),
        credentials=("serviceToken", "ownerSession"),
        answers={
            "200": {
                "description": "The image: dark on light, with a quiet zone.",
                "content": {each: {"schema": {"type": "string"}} for each in SHARE_CODES.values()},
            }
        },
        errors=(*_OWNER_SESSION, ScopeMissing, WorkflowNotFound, NotPublished),
    ),
    ("GET", "/api/canvas/session"): Description(
        summary="Who is signed in to Canvas in this browser, with which scopes, until when.",
        credentials=("ownerSession",),
        answers={"200": _SIGNED_IN},
        errors=_OWNER_SESSION,
    ),
    ("POST", "/api/canvas/session"): Description(
        summary="Sign in to Canvas with the ticket of a one-time address; sets the cookie of the owner session.",
        body=_object(ticket=_TEXT),
        answers={"200": _SIGNED_IN},
        errors=(
            CanvasTicketInvalid,
            OwnerSessionEnded,
            FeatureDisabled,
            CrossSiteRequest,
            CanvasNeedsTls,
            RateLimited,
            InvalidInput,
            StorageUnavailable,
        ),
    ),
    ("DELETE", "/api/canvas/session"): Description(
        summary="Sign out of Canvas.",
        credentials=("ownerSession",),
        answers={"204": {"description": "The owner session is over."}},
        errors=(*_OWNER_SESSION, OwnerSessionNotFound, StorageUnavailable),
    ),
    ("GET", "/api/canvas/sessions"): Description(
        summary="The owner sessions of who is signed in, in all browsers.",
        credentials=("ownerSession",),
        answers={"200": _OWNER_SESSIONS},
        errors=_OWNER_SESSION,
    ),
    ("DELETE", "/api/canvas/sessions/{id}"): Description(
        summary="End one of the owner's own sessions, in whatever browser it is.",
        credentials=("ownerSession",),
        answers={"204": {"description": "The owner session is over."}},
        errors=(*_OWNER_SESSION, OwnerSessionNotFound, StorageUnavailable),
    ),
    ("GET", "/api/canvas/workflows/{ref}/live"): Description(
        summary="In which threads of a workflow turns run, and which have changed, as that happens.",
        credentials=("ownerSession",),
        parameters=(_query("thread"),),
        answers={"200": {"description": "The state first, then each change of it.", "content": _STREAM}},
        errors=(*_WATCHING, WorkflowNotFound, ThreadNotFound),
    ),
    ("GET", "/api/canvas/threads/{id}/events"): Description(
        summary="The thread events of the latest turn, from one on, for the workflow's owner.",
        credentials=("ownerSession",),
        parameters=_FROM_EVENT,
        answers=_FOLLOWED,
        errors=(*_WATCHING, ThreadNotFound),
    ),
    ("GET", "/api/canvas/catalogue"): Description(
        summary="The operations and the kinds of runner, as JSON Schemas with their words, for forms.",
        credentials=("ownerSession",),
        answers={
            "200": json_answer(
                "The catalogue.",
                _object(
                    operations={"type": "array", "items": {"type": "object"}},
                    runners={"type": "array", "items": {"type": "object"}},
                ),
            )
        },
        errors=_OWNER_SESSION,
    ),
    ("POST", "/mcp"): Description(
        summary="MCP over streamable HTTP, without sessions: the operations as tools for an assistant.",
        credentials=("serviceToken",),
        body={"type": "object"},
        answers={
            "200": {
                "description": "A JSON-RPC answer, in a stream or alone.",
                "content": {**_STREAM, "application/json": {"schema": {"type": "object"}}},
            },
            "202": {"description": "The notification was accepted."},
            "400": {"description": "Not an MCP message.", "content": {"application/json": {"schema": {}}}},
            "406": {
                "description": "The client must accept both kinds of answer.",
                "content": {"application/json": {"schema": {}}},
            },
        },
        errors=(ServiceTokenInvalid, HostNotAllowed, CrossSiteRequest, McpNotInstalled, RateLimited),
    ),
    ("GET", "/healthz"): Description(
        summary="Whether the process answers.",
        answers={"200": json_answer("It does.", _object(status={"const": "ok"}))},
    ),
    ("GET", "/readyz"): Description(
        summary="Whether the store answers and takes writes.",
        answers={
            "200": json_answer(
                "It does; `degraded` for a minute after the event loop was blocked for 10 s or more.",
                {
                    "type": "object",
                    "properties": {
                        "status": {"enum": ["ready", "degraded"]},
                        "blocked_seconds": {"type": "number"},
                    },
                    "required": ["status"],
                },
            )
        },
        errors=(StorageUnavailable,),
    ),
    ("GET", "/openapi.json"): Description(
        summary="This document.",
        answers={"200": json_answer("An OpenAPI document.", {"type": "object"})},
    ),
}
"""By method and path, as in the URL table; a test holds the two against each other."""
