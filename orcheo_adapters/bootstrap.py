"""The composition root: the only place that joins services with adapters."""

from collections.abc import Callable
from pathlib import Path

from attrs import frozen
from starlette.applications import Starlette

from orcheo_adapters.auth.grants import JwtGrants
from orcheo_adapters.auth.secrets_file import ServerSecrets
from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_adapters.http.app import create_app
from orcheo_adapters.http.client_address import ClientAddresses
from orcheo_adapters.http.cross_site import AllowedOrigins
from orcheo_adapters.http.parts import HttpParts
from orcheo_adapters.memory.rate_limiter import MemoryRateLimiter
from orcheo_adapters.memory.turn_relay import MemoryTurnRelay
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_adapters.settings import ServerSettings
from orcheo_adapters.system.background import AsyncioBackground
from orcheo_adapters.system.clock import SystemClock
from orcheo_adapters.system.entropy import SystemEntropy
from orcheo_adapters.system.telemetry import LoggingTelemetry
from orcheo_core.domain.actor import Actor, Caller, Channel
from orcheo_core.domain.share_link import ShareLinks
from orcheo_core.operations.services import OwnerServices
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.runner import Runners
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.admitting import Admitting
from orcheo_core.services.audit_trail import AuditTrail
from orcheo_core.services.chatting import Chatting
from orcheo_core.services.identifiers import Identifiers
from orcheo_core.services.limiting import Limiting
from orcheo_core.services.live_turns import LiveTurns
from orcheo_core.services.owner_access import OwnerAccess
from orcheo_core.services.publishing import Publishing
from orcheo_core.services.registering import Registering
from orcheo_core.services.turn_engine import TurnEngine

LOCAL_OWNER = Actor("local")
"""The owner that the local owner token of a data folder stands for."""

STATIC_FOLDER = Path(__file__).parent / "http" / "static"
"""Where ``web/`` builds its bundle, in a checkout and in the wheel alike."""


@frozen(kw_only=True)
class Machine:
    """What the services are joined with; the defaults are the real things."""

    clock: Clock
    entropy: Entropy
    runners: Runners
    telemetry: Telemetry

    @classmethod
    def real(cls) -> "Machine":
        """This machine's clock and chance, the runners of this server, telemetry into the log."""
        return cls(clock=SystemClock(), entropy=SystemEntropy(), runners=RunnerRegistry(), telemetry=LoggingTelemetry())


@frozen(kw_only=True)
class Orcheo:
    """Everything joined."""

    parts: HttpParts
    engine: TurnEngine
    background: AsyncioBackground
    app: Starlette


def assemble(
    store: Store,
    secrets: ServerSecrets,
    settings: ServerSettings,
    *,
    machine: Machine | None = None,
    static_folder: Path = STATIC_FOLDER,
) -> Orcheo:
    """Join all services over ``store``."""
    machine = machine or Machine.real()
    clock, entropy = machine.clock, machine.entropy
    identifiers = Identifiers(clock, entropy)
    audit_trail = AuditTrail(clock, identifiers)
    live_turns = LiveTurns()
    background = AsyncioBackground()
    relay = MemoryTurnRelay(clock)
    grants = JwtGrants(secrets.grant_keys, issuer=settings.public_url, clock=clock)
    engine = TurnEngine(
        store=store,
        relay=relay,
        background=background,
        telemetry=machine.telemetry,
        clock=clock,
        live_turns=live_turns,
    )
    parts = HttpParts(
        owner_services=OwnerServices(
            registering=Registering(
                store=store,
                runners=machine.runners,
                clock=clock,
                identifiers=identifiers,
                audit_trail=audit_trail,
                live_turns=live_turns,
            ),
            publishing=Publishing(
                store=store,
                clock=clock,
                entropy=entropy,
                peppers=secrets.peppers,
                audit_trail=audit_trail,
                live_turns=live_turns,
            ),
            share_links=ShareLinks(settings.public_url),
        ),
        owner_access=OwnerAccess(
            store=store, clock=clock, entropy=entropy, peppers=secrets.peppers, audit_trail=audit_trail
        ),
        admitting=Admitting(store=store, clock=clock, grants=grants, peppers=secrets.peppers, identifiers=identifiers),
        chatting=Chatting(
            store=store,
            relay=relay,
            runners=machine.runners,
            clock=clock,
            identifiers=identifiers,
            engine=engine,
            live_turns=live_turns,
        ),
        limiting=Limiting(limiter=MemoryRateLimiter(clock), plan=settings.rate_plan),
        client_addresses=ClientAddresses(settings.trusted_proxies),
        allowed_origins=AllowedOrigins(settings.allowed_origins, settings.public_origin),
        live_turns=live_turns,
        relay=relay,
        store=store,
        identifiers=identifiers,
        visitor_cookies=VisitorCookies(secrets.cookie_keys, clock=clock),
        secure_cookies=settings.behind_tls,
        static_folder=static_folder,
    )
    return Orcheo(parts=parts, engine=engine, background=background, app=create_app(parts))


def local_caller() -> Caller:
    """The local owner with every scope, for what the server itself does on their behalf."""
    return Caller(actor=LOCAL_OWNER, channel=Channel.PYTHON)


def serve(settings: ServerSettings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Run the server until it is told to stop; ``on_ready`` gets its URL once it listens.

    Raises :class:`OrcheoError`: the port is busy, the data folder cannot be written or is in use, the database is of
    a newer schema, and the like.
    """
    from orcheo_adapters.server import run_server

    run_server(settings, assemble, on_ready=on_ready)
