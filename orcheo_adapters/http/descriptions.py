"""What the OpenAPI document says of the routes that carry out no operation of the catalogue."""

from typing import Any

from attrs import frozen

from orcheo_adapters.auth.attachment_tickets import TICKET_HEADER
from orcheo_adapters.http.hosts import HostNotAllowed
from orcheo_adapters.http.mcp import McpNotInstalled
from orcheo_adapters.http.problems import CrossSiteRequest
from orcheo_adapters.wire.chatkit_requests import CHATKIT_TYPES
from orcheo_adapters.wire.json_schema import Schema, input_schema
from orcheo_adapters.wire.session_requests import SessionRequest
from orcheo_core.domain.app_user import USER_LENGTH
from orcheo_core.domain.items import InputPart
from orcheo_core.errors import (
    ActionFailed,
    ActionNotTaken,
    AttachmentNotFound,
    ChatSessionEnded,
    ChatUnavailable,
    GrantExpired,
    GrantInvalid,
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
    OrcheoError,
    PublishTokenInvalid,
    PublishTokenRevoked,
    PublishTokenRotated,
    RateLimited,
    ServerStopping,
    ServiceTokenInvalid,
    StorageUnavailable,
    ThreadNotFound,
    TranscriptionOff,
    TurnInProgress,
)

Json = dict[str, Any]
Errors = tuple[type[OrcheoError], ...]

_TOKENS: Errors = (PublishTokenInvalid, PublishTokenRotated, PublishTokenRevoked)
_GRANTS: Errors = (GrantInvalid, GrantExpired, ChatSessionEnded)
_ADMISSION: Errors = (ChatUnavailable, LoginRequired, RateLimited)
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


def _part(kind: str, **properties: Schema) -> Schema:
    required = ["type", *(name for name in properties if name in {"id", "text"})]
    return {"type": "object", "properties": {"type": {"const": kind}, **properties}, "required": required}


_SPECIAL: dict[Any, Schema] = {
    InputPart: {
        "oneOf": [
            _part("input_text", text=_TEXT),
            _part("input_tag", id=_TEXT, text=_TEXT, data={"type": "object"}),
        ]
    },
    str | None: {"type": ["string", "null"]},
}


def _chatkit_body() -> Schema:
    return {
        "type": "object",
        "required": ["type"],
        "oneOf": [_chatkit_request(kind, cls) for kind, cls in CHATKIT_TYPES.items()],
    }


def _chatkit_request(kind: str, cls: type) -> Schema:
    params = input_schema(cls, _SPECIAL)
    required = ["type", "params"] if params["required"] else ["type"]
    return {
        "type": "object",
        "properties": {
            "type": {"const": kind},
            "params": params,
            "metadata": {"type": "object"},
            "workflow_id": _TEXT,
        },
        "required": required,
    }


def _session_body() -> Schema:
    known = input_schema(SessionRequest, {dict[str, Any] | None: {"type": ["object", "null"]}, **_SPECIAL})
    user = {"type": ["string", "null"], "maxLength": USER_LENGTH}
    return known | {"properties": known["properties"] | {"user": user}, "additionalProperties": False}


_GRANT_ANSWER = json_answer(
    "A chat grant.",
    _object(client_secret=_TEXT, expires_in={"type": "integer"}, expires_at=_TEXT, signed_in_as=_TEXT_OR_NULL),
)
_ATTACHMENT = json_answer("The attachment.", {"type": "object"})
_LOGIN_PAGE: Json = {"description": "A page.", "content": {"text/html": {"schema": _TEXT}}}
_STREAM: Json = {"text/event-stream": {}}
_NUMBER: Schema = {"type": "string", "pattern": "^[0-9]{1,9}$"}

DESCRIPTIONS: dict[tuple[str, str], Description] = {
    ("POST", "/api/chatkit"): Description(
        summary="The ChatKit protocol: a stream of thread events, or JSON.",
        credentials=("chatGrant", "publishToken"),
        body=_chatkit_body(),
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
            InvalidInput,
            ThreadNotFound,
            ItemNotFound,
            TurnInProgress,
            NothingPending,
            AttachmentNotFound,
            ActionFailed,
            ActionNotTaken,
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
        errors=(*_TOKENS, *_GRANTS, *_ADMISSION, InvalidInput, StorageUnavailable),
    ),
    ("PUT", "/api/chatkit/attachments/{attachment_id}"): Description(
        summary="Upload the bytes of an attachment that was announced, with the header from its upload descriptor.",
        parameters=({"name": TICKET_HEADER, "in": "header", "schema": _TEXT},),
        body={"type": "string", "format": "binary"},
        body_type="application/octet-stream",
        answers={"200": _ATTACHMENT},
        errors=(AttachmentNotFound, InvalidInput, StorageUnavailable),
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
        parameters=(
            {"name": "after", "in": "query", "schema": _NUMBER},
            {"name": "Last-Event-ID", "in": "header", "schema": _NUMBER},
        ),
        answers={
            "200": {"description": "Thread events.", "content": _STREAM},
            "204": {"description": "There is no turn to follow."},
        },
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
                    look={"type": "object"},
                ),
            )
        },
        errors=(ChatUnavailable, RateLimited),
    ),
    ("POST", "/api/chat/{ref}/session"): Description(
        summary="Open a chat session by share link or publish token, or renew a chat grant.",
        credentials=("publishToken", "chatGrant"),
        body=_session_body(),
        answers={"200": _GRANT_ANSWER},
        errors=(*_TOKENS, *_GRANTS, *_ADMISSION, InvalidInput, StorageUnavailable),
    ),
    ("GET", "/chat/{ref}"): Description(
        summary="The chat page; the same for every workflow.",
        answers={
            "200": {"description": "The page.", "content": {"text/html": {"schema": _TEXT}}},
            "404": {
                "description": "A page that says that there is no such chat.",
                "content": {"text/html": {"schema": _TEXT}},
            },
        },
    ),
    ("GET", "/auth/login"): Description(
        summary="Redirects to the identity provider, or shows a page to choose one when there are several.",
        parameters=(_query("to"), _query("provider")),
        answers={"200": _LOGIN_PAGE, "303": {"description": "The identity provider."}},
        errors=(InvalidInput, LoginNotSetUp, RateLimited, IdentityProviderUnavailable),
    ),
    ("GET", "/auth/callback"): Description(
        summary="Back from the identity provider; sets the login cookie.",
        parameters=tuple(_query(name) for name in ("state", "code", "iss", "error")),
        answers={"200": _LOGIN_PAGE, "303": {"description": "Redirects to where the visitor came from."}},
        errors=(
            *_ATTEMPT,
            InvalidInput,
            LoginDenied,
            LoginNotSetUp,
            LoginNotVerified,
            RateLimited,
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
        body={"type": "object", "properties": {}},
        answers={
            "200": json_answer(
                "The visitor is signed out; the page at `next_url` offers to sign out at the identity provider too.",
                _object(next_url={"type": "string"}),
            ),
            "204": {"description": "The visitor is signed out, or was not signed in."},
        },
        errors=(StorageUnavailable,),
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
