"""The whole URL table."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from orcheo_adapters.http import health, pages
from orcheo_adapters.http.attachments import Previews, Uploads
from orcheo_adapters.http.canvas import CanvasCatalogue, CanvasSessions
from orcheo_adapters.http.chat import ChatInfo, ChatSessions
from orcheo_adapters.http.chatkit import ChatKitDoor
from orcheo_adapters.http.cross_site import AllowedOrigins
from orcheo_adapters.http.live import LiveViews
from orcheo_adapters.http.login import SignInPages
from orcheo_adapters.http.mcp import McpEndpoint
from orcheo_adapters.http.openapi import OpenApi
from orcheo_adapters.http.operations import OwnerApi
from orcheo_adapters.http.page_events import PageEvents
from orcheo_adapters.http.problems import MCP, OPENAI
from orcheo_adapters.http.session_api import SessionApi
from orcheo_adapters.http.share_codes import ShareCodes
from orcheo_adapters.http.static_files import StaticFiles

_WORKFLOW = "/api/workflows/{ref}"
Handler = Callable[[Request], Awaitable[ASGIApp]]


def routes(
    *,
    chatkit: ChatKitDoor,
    uploads: Uploads,
    previews: Previews,
    chat_info: ChatInfo,
    chat_sessions: ChatSessions,
    page_events: PageEvents,
    chat_pages: pages.ChatPages,
    sign_in: SignInPages,
    session_api: SessionApi,
    owners: OwnerApi,
    share_codes: ShareCodes,
    canvas_sessions: CanvasSessions,
    canvas_catalogue: CanvasCatalogue,
    live_views: LiveViews,
    canvas_page: pages.CanvasPage,
    mcp: McpEndpoint,
    readiness: health.Readiness,
    files: StaticFiles,
    allowed: AllowedOrigins,
) -> list[BaseRoute]:
    """Every route of the server; the visitors' hot paths come first, as matching is linear."""
    return [
        _route("/api/chatkit", chatkit.answer, "POST"),
        _route("/api/chatkit/threads/{thread_id}/events", chatkit.follow, "GET"),
        _route("/api/chatkit/attachments", uploads.upload_directly, "POST"),
        _route("/api/chatkit/attachments/{attachment_id}", uploads.upload, "PUT"),
        _route("/api/chatkit/attachments/{attachment_id}", previews.show, "GET"),
        _route("/api/chat/{ref}", chat_info.answer, "GET"),
        _route("/api/chat/{ref}/session", allowed.required(chat_sessions.open), "POST"),
        _route("/api/chat/{ref}/session/end", allowed.required(chat_sessions.end), "POST"),
        _route("/api/telemetry", allowed.required(page_events.take), "POST"),
        _route("/chat/{ref}", chat_pages.chat_page, "GET"),
        _route("/embed/{ref}", chat_pages.frame_page, "GET"),
        _route("/embed/{ref}/sign-in", chat_pages.frame_sign_in, "GET"),
        _route("/auth/login", sign_in.begin, "GET"),
        _route("/auth/callback", sign_in.finish, "GET"),
        _route("/auth/logout", allowed.required(sign_in.end), "POST"),
        _route("/auth/signed-out", sign_in.signed_out, "GET"),
        _route("/auth/backchannel-logout/{provider}", sign_in.end_by_provider, "POST"),
        _route("/auth/trial", sign_in.trial_form, "GET"),
        _route(f"{OPENAI}chatkit/sessions", session_api.open_session, "POST"),
        _route(f"{OPENAI}chatkit/sessions/{{session_id}}/cancel", session_api.cancel_session, "POST"),
        _route(f"{OPENAI}chatkit/threads", session_api.list_threads, "GET"),
        _route(f"{OPENAI}chatkit/threads/{{thread_id}}", session_api.show_thread, "GET"),
        _route(f"{OPENAI}chatkit/threads/{{thread_id}}", session_api.delete_thread, "DELETE"),
        _route(f"{OPENAI}chatkit/threads/{{thread_id}}/items", session_api.list_items, "GET"),
        _route("/api/workflows", owners.by_query("workflows.list"), "GET"),
        _route("/api/workflows", owners.by_body("workflows.add", status=201), "POST"),
        _route(_WORKFLOW, owners.by_query("workflows.show"), "GET"),
        _route(_WORKFLOW, owners.by_body("workflows.edit"), "PATCH"),
        _route(_WORKFLOW, owners.by_body("workflows.remove"), "DELETE"),
        _route(f"{_WORKFLOW}/check", owners.by_body("workflows.check"), "POST"),
        _route(f"{_WORKFLOW}/publish", owners.by_body("workflows.publish"), "POST"),
        _route(f"{_WORKFLOW}/publish/rotate", owners.by_body("workflows.rotate_publish_token"), "POST"),
        _route(f"{_WORKFLOW}/identity-secret", owners.by_body("workflows.rotate_identity_secret"), "POST"),
        _route(f"{_WORKFLOW}/publish/revoke", owners.by_body("workflows.unpublish"), "POST"),
        _route(f"{_WORKFLOW}/publish/login", owners.by_body("workflows.set_login"), "POST"),
        _route(f"{_WORKFLOW}/look", owners.by_body("workflows.set_look"), "POST"),
        _route(f"{_WORKFLOW}/archive", owners.by_body("workflows.archive"), "POST"),
        _route(f"{_WORKFLOW}/unarchive", owners.by_body("workflows.unarchive"), "POST"),
        _route(f"{_WORKFLOW}/ask", owners.by_body("workflows.ask"), "POST"),
        _route(f"{_WORKFLOW}/chatkit/session", owners.by_body("workflows.open_chat_session", in_browser=True), "POST"),
        _route(f"{_WORKFLOW}/share-link.{{form}}", share_codes.answer, "GET"),
        _route(f"{_WORKFLOW}/threads", owners.by_query("threads.list"), "GET"),
        _route(f"{_WORKFLOW}/threads/purge", owners.by_body("threads.purge"), "POST"),
        _route("/api/threads/{id}", owners.by_query("threads.show"), "GET"),
        _route("/api/threads/{id}/export", owners.by_export("threads.export"), "GET"),
        _route("/api/audit", owners.by_query("audit.list"), "GET"),
        _route("/api/audit/verify", owners.by_query("audit.verify"), "GET"),
        _route("/api/audit/export", owners.by_export("audit.export"), "GET"),
        _route("/api/server/space", owners.by_query("server.space"), "GET"),
        _route("/api/server/telemetry", owners.by_query("server.telemetry"), "GET"),
        _route("/api/operations/{name}", owners.any_operation, "POST"),
        _route("/api/operations/{name}/question", owners.question_before, "POST"),
        _route("/api/canvas/session", canvas_sessions.show, "GET"),
        _route("/api/canvas/session", canvas_sessions.open, "POST"),
        _route("/api/canvas/session", canvas_sessions.end, "DELETE"),
        _route("/api/canvas/sessions", canvas_sessions.show_all, "GET"),
        _route("/api/canvas/sessions/{id}", canvas_sessions.end_one, "DELETE"),
        _route("/api/canvas/catalogue", canvas_catalogue.answer, "GET"),
        _route("/api/canvas/workflows/{ref}/live", live_views.watch, "GET"),
        _route("/api/canvas/threads/{id}/events", live_views.follow, "GET"),
        _route(MCP, allowed.required(mcp.answer), "POST"),
        _route("/healthz", health.healthz, "GET"),
        _route("/readyz", readiness.readyz, "GET"),
        _route("/openapi.json", OpenApi().answer, "GET"),
        _file("/canvas", canvas_page.answer),
        _file("/canvas/{view:path}", canvas_page.answer),
        _file("/assets/{name}", files.asset),
        _file("/chatkit.js", files.chatkit_script),
        _file("/embed.js", files.embed_script),
        _file("/favicon.ico", files.icon),
        _file("/apple-touch-icon.png", files.icon),
        _file("/robots.txt", pages.robots),
        _file("/", pages.front),
    ]


def _route(path: str, handler: Handler, method: str) -> Route:
    return Route(path, handler, methods=[method])


def _file(path: str, handler: Handler) -> Route:
    """For browsers and their people alone, so the OpenAPI document leaves it out."""
    return Route(path, handler, methods=["GET"], include_in_schema=False)
