"""The whole URL table."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from orcheo_adapters.http import attachments, chat, chatkit, health, login, mcp, openapi, pages, static_files
from orcheo_adapters.http.operations import (
    any_operation,
    body_operation,
    export_operation,
    query_operation,
    question_before,
)

_WORKFLOW = "/api/workflows/{ref}"
Handler = Callable[[Request], Awaitable[ASGIApp]]


def routes() -> list[BaseRoute]:
    """Every route of the server; the visitors' hot paths come first, as matching is linear."""
    return [
        _route("/api/chatkit", chatkit.chatkit, "POST"),
        _route("/api/chatkit/threads/{thread_id}/events", chatkit.follow_thread, "GET"),
        _route("/api/chatkit/attachments", attachments.upload_directly, "POST"),
        _route("/api/chatkit/attachments/{attachment_id}", attachments.upload, "PUT"),
        _route("/api/chatkit/attachments/{attachment_id}", attachments.show, "GET"),
        _route("/api/chat/{ref}", chat.chat_info, "GET"),
        _route("/api/chat/{ref}/session", chat.open_chat_session, "POST"),
        _route("/chat/{ref}", pages.chat_page, "GET"),
        _route("/auth/login", login.begin, "GET"),
        _route("/auth/callback", login.finish, "GET"),
        _route("/auth/logout", login.end, "POST"),
        _route("/auth/signed-out", login.signed_out, "GET"),
        _route("/auth/backchannel-logout/{provider}", login.end_by_provider, "POST"),
        _route("/auth/trial", login.trial_form, "GET"),
        _route("/api/workflows", query_operation("workflows.list"), "GET"),
        _route("/api/workflows", body_operation("workflows.add", status=201), "POST"),
        _route(_WORKFLOW, query_operation("workflows.show"), "GET"),
        _route(_WORKFLOW, body_operation("workflows.edit"), "PATCH"),
        _route(_WORKFLOW, body_operation("workflows.remove"), "DELETE"),
        _route(f"{_WORKFLOW}/check", body_operation("workflows.check"), "POST"),
        _route(f"{_WORKFLOW}/publish", body_operation("workflows.publish"), "POST"),
        _route(f"{_WORKFLOW}/publish/rotate", body_operation("workflows.rotate_publish_token"), "POST"),
        _route(f"{_WORKFLOW}/publish/revoke", body_operation("workflows.unpublish"), "POST"),
        _route(f"{_WORKFLOW}/publish/login", body_operation("workflows.set_login"), "POST"),
        _route(f"{_WORKFLOW}/archive", body_operation("workflows.archive"), "POST"),
        _route(f"{_WORKFLOW}/unarchive", body_operation("workflows.unarchive"), "POST"),
        _route(f"{_WORKFLOW}/ask", body_operation("workflows.ask"), "POST"),
        _route(f"{_WORKFLOW}/chatkit/session", body_operation("workflows.open_chat_session"), "POST"),
        _route(f"{_WORKFLOW}/threads", query_operation("threads.list"), "GET"),
        _route(f"{_WORKFLOW}/threads/purge", body_operation("threads.purge"), "POST"),
        _route("/api/threads/{id}", query_operation("threads.show"), "GET"),
        _route("/api/threads/{id}/export", export_operation("threads.export"), "GET"),
        _route("/api/audit", query_operation("audit.list"), "GET"),
        _route("/api/audit/verify", query_operation("audit.verify"), "GET"),
        _route("/api/audit/export", export_operation("audit.export"), "GET"),
        _route("/api/server/space", query_operation("server.space"), "GET"),
        _route("/api/operations/{name}", any_operation, "POST"),
        _route("/api/operations/{name}/question", question_before, "POST"),
        _route("/mcp", mcp.mcp, "POST"),
        _route("/healthz", health.healthz, "GET"),
        _route("/readyz", health.readyz, "GET"),
        _route("/openapi.json", openapi.openapi_json, "GET"),
        _file("/assets/{name}", static_files.asset),
        _file("/chatkit.js", static_files.chatkit_script),
        _file("/favicon.ico", static_files.icon),
        _file("/apple-touch-icon.png", static_files.icon),
        _file("/", pages.front),
    ]


def _route(path: str, handler: Handler | Any, method: str) -> Route:
    return Route(path, handler, methods=[method])


def _file(path: str, handler: Handler) -> Route:
    """For browsers and their people alone, so the OpenAPI document leaves it out."""
    return Route(path, handler, methods=["GET"], include_in_schema=False)
