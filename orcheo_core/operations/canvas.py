"""The operation that lets an owner into Canvas."""

from datetime import datetime

from attrs import field, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.owner_session import CANVAS_TICKET_LIFETIME
from orcheo_core.errors import FeatureDisabled, ServiceTokenNeeded
from orcheo_core.operations.operation import Effect, Operation
from orcheo_core.operations.services import OwnerServices

_SECONDS = int(CANVAS_TICKET_LIFETIME.total_seconds())


@frozen(kw_only=True)
class OpenCanvas:
    """As who asks."""


@frozen(kw_only=True)
class CanvasAddress:
    """A one-time address, whose fragment is a secret; it works once, for ``expires_in`` seconds."""

    address: str | None = field(repr=False)
    expires_in: int
    expires_at: datetime
    message: str


async def _open(services: OwnerServices, caller: Caller, _request: OpenCanvas) -> CanvasAddress:
    ticket = await services.owner_sessions.issue_ticket(caller)
    return CanvasAddress(
        address=services.share_links.of_canvas(ticket.text),
        expires_in=_SECONDS,
        expires_at=ticket.expires_at,
        message=f"Open this address within {_SECONDS} seconds; it works once.",
    )


CANVAS_OPERATIONS = (
    Operation(
        name="canvas.open",
        command=("canvas",),
        summary="Open Canvas, the owner's place in the browser.",
        guide=(
            "Use it to sign in to Canvas as the owner of the service token. Returns a one-time address that works "
            "once, within 60 seconds; the browser that opens it has the scopes of the service token."
        ),
        request=OpenCanvas,
        result=CanvasAddress,
        scope=Scope.WORKFLOWS_READ,
        effect=Effect.WRITE,
        handle=_open,
        errors=(ServiceTokenNeeded, FeatureDisabled),
        secret="address",  # noqa: S106 - the name of a field
        for_people=True,
    ),
)
