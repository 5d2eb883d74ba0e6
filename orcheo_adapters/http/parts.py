"""What the HTTP handlers work with."""

from pathlib import Path

from attrs import frozen
from starlette.requests import Request

from orcheo_adapters.auth.attachment_tickets import AttachmentTickets
from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_adapters.wire.chatkit_answers import ChatKitEncoder
from orcheo_core.operations.services import OwnerServices
from orcheo_core.ports.transcriber import Transcriber
from orcheo_core.ports.turn_relay import TurnRelay
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.admitting import Admitting
from orcheo_core.services.attaching import Attaching
from orcheo_core.services.chatting import Chatting
from orcheo_core.services.identifiers import Identifiers
from orcheo_core.services.live_turns import LiveTurns
from orcheo_core.services.own_threads import OwnThreads
from orcheo_core.services.owner_access import OwnerAccess


@frozen(kw_only=True)
class HttpParts:
    """The services and ports behind the routes, joined in :mod:`orcheo_adapters.bootstrap`."""

    owner_services: OwnerServices
    owner_access: OwnerAccess
    admitting: Admitting
    chatting: Chatting
    own_threads: OwnThreads
    attaching: Attaching
    transcriber: Transcriber
    encoder: ChatKitEncoder
    attachment_tickets: AttachmentTickets
    live_turns: LiveTurns
    relay: TurnRelay
    store: Store
    identifiers: Identifiers
    visitor_cookies: VisitorCookies
    secure_cookies: bool
    """Whether visitors come over TLS, so that cookies can have the ``__Host-`` prefix."""
    public_url: str
    """Under which visitors reach the server, without a slash at its end."""
    static_folder: Path
    """Where the built web bundle lies."""


def parts_of(request: Request) -> HttpParts:
    """The parts of the application that got this request."""
    parts: HttpParts = request.app.state.parts
    return parts
