"""What the HTTP handlers work with."""

from pathlib import Path

from attrs import frozen
from starlette.requests import Request

from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_adapters.http.client_address import ClientAddresses
from orcheo_adapters.http.cross_site import AllowedOrigins
from orcheo_core.operations.services import OwnerServices
from orcheo_core.ports.turn_relay import TurnRelay
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.admitting import Admitting
from orcheo_core.services.chatting import Chatting
from orcheo_core.services.identifiers import Identifiers
from orcheo_core.services.limiting import Limiting
from orcheo_core.services.live_turns import LiveTurns
from orcheo_core.services.owner_access import OwnerAccess


@frozen(kw_only=True)
class HttpParts:
    """The services and ports behind the routes, joined in :mod:`orcheo_adapters.bootstrap`."""

    owner_services: OwnerServices
    owner_access: OwnerAccess
    admitting: Admitting
    chatting: Chatting
    limiting: Limiting
    client_addresses: ClientAddresses
    allowed_origins: AllowedOrigins
    live_turns: LiveTurns
    relay: TurnRelay
    store: Store
    identifiers: Identifiers
    visitor_cookies: VisitorCookies
    secure_cookies: bool
    """Whether visitors come over TLS, so that cookies can have the ``__Host-`` prefix."""
    static_folder: Path
    """Where the built web bundle lies."""


def parts_of(request: Request) -> HttpParts:
    """The parts of the application that got this request."""
    parts: HttpParts = request.app.state.parts
    return parts
