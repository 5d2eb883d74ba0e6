"""The only place that joins services with adapters."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen
from starlette.routing import BaseRoute

from orcheo_adapters.auth.attachment_tickets import AttachmentTickets, TicketUse
from orcheo_adapters.auth.dev_login import DEV_LOGIN_ISSUER, DevIdentityProvider
from orcheo_adapters.auth.grants import GrantKey, JwtGrants
from orcheo_adapters.auth.host_identities import JwtHostIdentities
from orcheo_adapters.auth.login_cookie import LoginCookies
from orcheo_adapters.auth.login_state import LoginStates
from orcheo_adapters.auth.oidc.registration import is_secure_url
from orcheo_adapters.auth.secrets_file import ServerSecrets, save_grant_keys
from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_adapters.http.app import create_app
from orcheo_adapters.http.attachments import Previews, Uploads, upload_descriptor
from orcheo_adapters.http.callers import Callers
from orcheo_adapters.http.canvas import CanvasCatalogue, CanvasSessions
from orcheo_adapters.http.chat import ChatInfo, ChatSessions
from orcheo_adapters.http.chatkit import ChatKitDoor
from orcheo_adapters.http.client_address import THIS_MACHINE, ClientAddresses
from orcheo_adapters.http.cookies import Cookies
from orcheo_adapters.http.cross_site import AllowedOrigins
from orcheo_adapters.http.front_door import UPLOAD_SLACK, FrontDoor
from orcheo_adapters.http.health import Readiness
from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.hosts import KnownHosts
from orcheo_adapters.http.live import LiveViews
from orcheo_adapters.http.login import SignInPages
from orcheo_adapters.http.mcp import McpEndpoint
from orcheo_adapters.http.operations import OwnerApi
from orcheo_adapters.http.pace import Pace
from orcheo_adapters.http.page_events import PageEvents
from orcheo_adapters.http.pages import CanvasPage, ChatPages
from orcheo_adapters.http.problems import ErrorAnswers
from orcheo_adapters.http.routes import routes
from orcheo_adapters.http.security_headers import SecurityHeaders
from orcheo_adapters.http.session_api import SessionApi
from orcheo_adapters.http.share_codes import ShareCodes
from orcheo_adapters.http.static_files import StaticFiles
from orcheo_adapters.http.visits import Visits
from orcheo_adapters.mcp.questions import Questions
from orcheo_adapters.memory.rate_limiter import MemoryRateLimiter
from orcheo_adapters.runners.registry import RunnerRegistry, kind_forms
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.system.attachment_files import LocalAttachmentFiles
from orcheo_adapters.system.background import AsyncioBackground
from orcheo_adapters.system.clock import SystemClock
from orcheo_adapters.system.entropy import SystemEntropy
from orcheo_adapters.system.telemetry import LoggingTelemetry
from orcheo_adapters.system.transcriber import NullTranscriber
from orcheo_adapters.system.watchdog import Watchdog
from orcheo_adapters.wire.chatkit_answers import ChatKitEncoder
from orcheo_adapters.wire.chatkit_items import AttachmentLinks
from orcheo_core.assembly import Core, Ports, assemble_core
from orcheo_core.domain.budget import Holders
from orcheo_core.domain.keeping import CHALLENGE_LIFETIME
from orcheo_core.domain.login import LOGOUT_NOTICE_LIFETIME
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.flags import Flags
from orcheo_core.ports.identity import IdentityProvider
from orcheo_core.ports.notices import NullNotices
from orcheo_core.ports.runner import Runners
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.ports.transcriber import Transcriber
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.identifiers import Identifiers

if TYPE_CHECKING:
    from orcheo_adapters.auth.oidc.http import ProviderHttp
    from orcheo_adapters.auth.proof_of_work import ProofsOfWork
    from orcheo_adapters.http.mcp import McpApp
    from orcheo_adapters.webhook import Webhook

STATIC_FOLDER = Path(__file__).parent.parent / "http" / "static"
"""Where ``web/`` builds its bundle, in a checkout and in the wheel alike."""


@frozen(kw_only=True)
class Machine:
    """What the services are joined with; the defaults are the real things."""

    clock: Clock
    entropy: Entropy
    runners: Runners
    telemetry: Telemetry
    files: AttachmentFiles
    transcriber: Transcriber = field(factory=NullTranscriber)
    keep_grant_keys: Callable[[tuple[GrantKey, ...]], None] | None = None
    """Makes rotated keys durable."""
    provider_http: "ProviderHttp | None" = None
    """How identity providers are asked; over the network when nothing is said."""

    @classmethod
    def real(cls, settings: ServerSettings) -> "Machine":
        """This machine's clock, chance and files, the runners of this server, telemetry into the log."""
        return cls(
            clock=SystemClock(),
            entropy=SystemEntropy(),
            runners=RunnerRegistry(settings.runner_conditions),
            telemetry=LoggingTelemetry(),
            files=LocalAttachmentFiles(settings.data_dir / "attachments"),
            keep_grant_keys=partial(save_grant_keys, settings.data_dir),
            transcriber=_transcriber(settings),
        )


@frozen(kw_only=True)
class Orcheo:
    """Everything joined."""

    core: Core
    store: Store
    runners: Runners
    background: AsyncioBackground
    watchdog: Watchdog
    spent_ids: tuple[SpentIds, ...]
    """What was used up and must stay so after a restart."""
    forget: tuple[Callable[[], None], ...]
    """What drops all that was only kept to be quicker."""
    webhook: "Webhook | None"
    security_headers: SecurityHeaders
    routes: list[BaseRoute]
    app: FrontDoor


def assemble(
    store: Store,
    secrets: ServerSecrets,
    settings: ServerSettings,
    *,
    machine: Machine | None = None,
    static_folder: Path = STATIC_FOLDER,
) -> Orcheo:
    """Join the core and the adapters around it over ``store``."""
    machine = machine or Machine.real(settings)
    clock = machine.clock
    background = AsyncioBackground()
    webhook = _webhook(settings, machine, store)
    notices = SpentIds("logout-notice", LOGOUT_NOTICE_LIFETIME, clock=clock, store=store)
    host_identities = JwtHostIdentities(secrets.peppers, clock=clock, store=store)
    tickets = AttachmentTickets(secrets.cookie_keys, clock=clock)
    links = _attachment_links(settings, tickets)
    encoder = ChatKitEncoder(links)
    grants = JwtGrants(
        secrets.grant_keys,
        issuer=settings.public_url,
        clock=clock,
        random_bytes=machine.entropy.random_bytes,
        keep=machine.keep_grant_keys,
    )
    limiter = MemoryRateLimiter(clock)
    core = assemble_core(
        Ports(
            store=store,
            encoder=encoder,
            background=background,
            runners=machine.runners,
            files=machine.files,
            grants=grants,
            host_identities=host_identities,
            clock=clock,
            entropy=machine.entropy,
            telemetry=machine.telemetry,
            peppers=secrets.peppers,
            public_url=settings.public_url,
            limiter=limiter,
            rate_plan=settings.rate_plan,
            budgets=settings.budgets,
            attachment_rules=settings.attachment_rules,
            identity_providers=_identity_providers(settings, machine, notices),
            owner_rules=settings.owner_rules,
            flags=_flags(settings),
            takes_page_events=settings.telemetry,
            notices=webhook or NullNotices(),
            part_limits=settings.part_limits,
            longest_answer=int(settings.runner_conditions.time_limit),
        )
    )
    logins = LoginCookies(
        secrets.cookie_keys, issuers=_issuers(settings), clock=clock, store=store, identifiers=core.identifiers
    )
    login_states = LoginStates(
        secrets.cookie_keys, clock=clock, entropy=machine.entropy, identifiers=core.identifiers, store=store
    )
    spent_proofs = SpentIds("proof-of-work", CHALLENGE_LIFETIME, clock=clock, store=store, identifiers=core.identifiers)
    watchdog = Watchdog()
    cookies = Cookies(
        logins=logins, visitors=VisitorCookies(secrets.cookie_keys, clock=clock), secure=settings.behind_tls
    )
    visits = Visits(core.admitting, core.limiting, cookies)
    allowed = AllowedOrigins(settings.allowed_origins, settings.public_origin)
    heartbeats = Heartbeats()
    chatkit = ChatKitDoor(
        core,
        visits=visits,
        encoder=encoder,
        heartbeats=heartbeats,
        transcriber=machine.transcriber,
        describe_upload=partial(upload_descriptor, tickets, settings.public_url),
    )
    callers = Callers(
        access=core.owner_access,
        sessions=core.owner_sessions,
        limiting=core.limiting,
        cookies=cookies,
        own=AllowedOrigins(own=settings.public_origin),
    )
    canvas_sessions = CanvasSessions(
        callers=callers,
        sessions=core.owner_sessions,
        limiting=core.limiting,
        cookies=cookies,
        logins=core.owner_logins,
        is_secure=is_secure_url(settings.public_url),
        telemetry=settings.telemetry,
    )
    owners = OwnerApi(core.owner_services, callers)
    load_mcp = partial(_load_mcp, questions=Questions(), shows_secrets=settings.mcp_shows_secrets)
    table = routes(
        chatkit=chatkit,
        uploads=Uploads(
            attaching=core.attaching, holding=core.holding, visits=visits, tickets=tickets, encoder=encoder
        ),
        previews=Previews(attaching=core.attaching, holding=core.holding, limiting=core.limiting, tickets=tickets),
        chat_info=ChatInfo(
            admitting=core.admitting,
            limiting=core.limiting,
            signing_in=core.signing_in,
            cookies=cookies,
            dev_login=settings.dev_login,
            contact=settings.contact,
            dictation=settings.transcription is not None,
            telemetry=settings.telemetry,
            engine=core.engine,
        ),
        chat_sessions=ChatSessions(
            admitting=core.admitting,
            limiting=core.limiting,
            register=core.register,
            cookies=cookies,
            identifiers=core.identifiers,
            proofs_of_work=_proofs_of_work(settings, secrets, clock, core.identifiers, spent_proofs),
        ),
        page_events=PageEvents(reports=core.page_reports, limiting=core.limiting),
        chat_pages=ChatPages(admitting=core.admitting, folder=static_folder, contact=settings.contact),
        sign_in=SignInPages(
            signing_in=core.signing_in,
            limiting=core.limiting,
            states=login_states,
            cookies=cookies,
            owner_logins=core.owner_logins,
            canvas=canvas_sessions,
            dev_login=settings.dev_login,
        ),
        session_api=SessionApi(
            apps=core.apps, limiting=core.limiting, holding=core.holding, visits=visits, links=links
        ),
        owners=owners,
        share_codes=ShareCodes(
            callers=callers,
            registering=core.registering,
            share_links=core.owner_services.share_links,
        ),
        canvas_sessions=canvas_sessions,
        canvas_catalogue=CanvasCatalogue(callers=callers, runners=kind_forms),
        live_views=LiveViews(
            callers=callers, watching=core.watching, register=core.register, holding=core.holding, heartbeats=heartbeats
        ),
        canvas_page=CanvasPage(static_folder),
        mcp=McpEndpoint(owners, core.tally, load_mcp),
        readiness=Readiness(store, watchdog),
        files=StaticFiles(static_folder),
        allowed=allowed,
    )
    errors = ErrorAnswers(core.tally)
    security_headers = SecurityHeaders(over_tls=settings.behind_tls)
    front_door = FrontDoor(
        create_app(table, errors),
        chat=chatkit,
        hosts=KnownHosts(settings.host_names),
        allowed=allowed,
        security_headers=security_headers,
        errors=errors,
        upload_limit=core.attaching.rules.max_size + UPLOAD_SLACK,
        addresses=ClientAddresses(settings.trusted_proxies),
        pace=Pace(settings.pace, exempt=THIS_MACHINE),
        holding=core.holding,
    )
    return Orcheo(
        core=core,
        store=store,
        runners=machine.runners,
        background=background,
        watchdog=watchdog,
        spent_ids=(logins.ended, login_states.finished, notices, spent_proofs, host_identities.ended),
        forget=(core.holding.forget, core.limiting.forget, Holders.forget, grants.forget, limiter.forget),
        webhook=webhook,
        security_headers=security_headers,
        routes=table,
        app=front_door,
    )


def _identity_providers(settings: ServerSettings, machine: Machine, notices: SpentIds) -> tuple[IdentityProvider, ...]:
    trial = (DevIdentityProvider(f"{settings.public_url}/auth/trial"),) if settings.dev_login else ()
    if not settings.identity_providers:
        return trial
    from orcheo_adapters.auth.oidc.http import ProviderHttp
    from orcheo_adapters.auth.oidc.provider import OidcProvider

    http, redirect_uri = (
        machine.provider_http or ProviderHttp(outgoing=settings.runner_conditions.outgoing),
        f"{settings.public_url}/auth/callback",
    )
    registered = (
        OidcProvider(each, redirect_uri=redirect_uri, http=http, clock=machine.clock, notices=notices)
        for each in settings.identity_providers
    )
    return (*registered, *trial)


def _proofs_of_work(
    settings: ServerSettings, secrets: ServerSecrets, clock: Clock, identifiers: Identifiers, spent: SpentIds
) -> "ProofsOfWork | None":
    if settings.rate_plan.effortless_sessions_by_workflow is None:
        return None
    from orcheo_adapters.auth.proof_of_work import ProofsOfWork

    return ProofsOfWork(secrets.cookie_keys, clock=clock, identifiers=identifiers, spent=spent)


def _webhook(settings: ServerSettings, machine: Machine, store: Store) -> "Webhook | None":
    if settings.webhook is None:
        return None
    from orcheo_adapters.runners.guarded_http import GuardedHttp
    from orcheo_adapters.webhook import Webhook

    conditions = settings.runner_conditions
    http = GuardedHttp(conditions.allowed, outgoing=conditions.outgoing)
    return Webhook(settings.webhook, store=store, http=http, clock=machine.clock, entropy=machine.entropy)


def _transcriber(settings: ServerSettings) -> Transcriber:
    if settings.transcription is None:
        return NullTranscriber()
    from orcheo_adapters.runners.guarded_http import GuardedHttp
    from orcheo_adapters.transcription import EndpointTranscriber

    conditions = settings.runner_conditions
    return EndpointTranscriber(
        settings.transcription, http=GuardedHttp(conditions.allowed, outgoing=conditions.outgoing)
    )


def _flags(settings: ServerSettings) -> Flags | None:
    """None while everything is on."""
    if settings.flags_provider is None and all(settings.flags.values()):
        return None
    from orcheo_adapters.system.flags import open_flags

    return open_flags(settings.flags, settings.flags_provider)


def _load_mcp(*, questions: Questions, shows_secrets: bool) -> "McpApp":
    from orcheo_adapters.mcp.over_http import mcp_app

    return partial(mcp_app, questions=questions, shows_secrets=shows_secrets)


def _issuers(settings: ServerSettings) -> frozenset[str]:
    """Whose word about a visitor counts, today: a login by an issuer that is taken out ends."""
    trial = {DEV_LOGIN_ISSUER} if settings.dev_login else set()
    return frozenset(trial.union(each.issuer for each in settings.identity_providers))


def _attachment_links(settings: ServerSettings, tickets: AttachmentTickets) -> AttachmentLinks:
    def preview(attachment_id: str) -> str:
        ticket = tickets.issue(attachment_id, TicketUse.PREVIEW)
        return f"{settings.public_url}/api/chatkit/attachments/{attachment_id}?ticket={ticket}"

    return AttachmentLinks(preview=preview)
