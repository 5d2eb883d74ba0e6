"""What the HTTP handlers work with."""

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen
from starlette.requests import Request

from orcheo_adapters.auth.attachment_tickets import AttachmentTickets
from orcheo_adapters.auth.login_cookie import LoginCookies
from orcheo_adapters.auth.login_state import LoginStates
from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_adapters.http.client_address import ClientAddresses
from orcheo_adapters.http.cross_site import AllowedOrigins
from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.hosts import KnownHosts
from orcheo_adapters.system.watchdog import Watchdog
from orcheo_adapters.wire.chatkit_answers import ChatKitEncoder
from orcheo_core.assembly import Core
from orcheo_core.ports.transcriber import Transcriber
from orcheo_core.ports.unit_of_work import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from orcheo_adapters.auth.proof_of_work import ProofsOfWork
    from orcheo_adapters.auth.spent_ids import SpentIds
    from orcheo_adapters.http.mcp import McpApp


@frozen(kw_only=True)
class HttpParts:
    """The core, and the adapters beside it, behind the routes, joined in :mod:`orcheo_adapters.server.assembly`."""

    core: Core
    client_addresses: ClientAddresses
    known_hosts: KnownHosts
    allowed_origins: AllowedOrigins
    heartbeats: Heartbeats
    watchdog: Watchdog
    store: Store
    transcriber: Transcriber
    encoder: ChatKitEncoder
    attachment_tickets: AttachmentTickets
    visitor_cookies: VisitorCookies
    login_cookies: LoginCookies
    login_states: LoginStates
    logout_notices: "SpentIds"
    """Logout tokens of identity providers that were taken already."""
    proofs_of_work: "ProofsOfWork | None"
    """None where no work is ever asked for."""
    spent_proofs: "SpentIds"
    """Solutions that were shown, also those of a time when work was asked for."""
    dev_login: bool
    """Whether the trial sign-in is on, which every page must show."""
    secure_cookies: bool
    """Whether visitors come over TLS, so that cookies can have the ``__Host-`` prefix."""
    public_url: str
    """Under which visitors reach the server, without a slash at its end."""
    load_mcp: "Callable[[], McpApp]"
    """Imports what speaks MCP, which few servers need."""
    static_folder: Path
    """Where the built web bundle lies."""

    @property
    def spent_ids(self) -> "tuple[SpentIds, ...]":
        """What was used up and must stay so after a restart."""
        return self.login_cookies.ended, self.login_states.finished, self.logout_notices, self.spent_proofs


def parts_of(request: Request) -> HttpParts:
    """The parts of the application that got this request."""
    parts: HttpParts = request.scope["app"].state.parts
    return parts
