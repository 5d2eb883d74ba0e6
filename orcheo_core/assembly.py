"""All services of the core joined over ports: what a server's composition root and an embedding service start from."""

from functools import partial

from attrs import field, frozen

from orcheo_core.domain.attachments import AttachmentRules
from orcheo_core.domain.budget import BudgetPlan
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.opaque_token import PepperRing
from orcheo_core.domain.owner_rule import OwnerRule
from orcheo_core.domain.rate import RatePlan
from orcheo_core.domain.share_link import ShareLinks
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.domain.workflow import TIME_LIMIT_MOST
from orcheo_core.operations.services import OwnerServices
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.background import Background
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.flags import Flags
from orcheo_core.ports.frame_encoder import FrameEncoder
from orcheo_core.ports.grants import Grants
from orcheo_core.ports.host_identities import HostIdentities, NullHostIdentities
from orcheo_core.ports.identity import IdentityProvider
from orcheo_core.ports.notices import Notices, NullNotices
from orcheo_core.ports.rate_limiter import RateLimiter
from orcheo_core.ports.runner import Runners
from orcheo_core.ports.telemetry import Telemetry
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.owners.asking import Asking
from orcheo_core.services.owners.audit import Auditing
from orcheo_core.services.owners.identity_secrets import IdentitySecrets
from orcheo_core.services.owners.keys import KeyRotation
from orcheo_core.services.owners.probing import Probing
from orcheo_core.services.owners.publishing import Publishing
from orcheo_core.services.owners.sessions import OwnerSessions
from orcheo_core.services.owners.signing_in import OwnerLogins
from orcheo_core.services.owners.space import Space
from orcheo_core.services.owners.threads import Transcripts
from orcheo_core.services.owners.tokens import OwnerAccess
from orcheo_core.services.owners.usage import UsageByDay
from orcheo_core.services.owners.watching import Watching
from orcheo_core.services.owners.workflows import Registering
from orcheo_core.services.shared.audit_trail import AuditListener, AuditTrail
from orcheo_core.services.shared.closing import Closing
from orcheo_core.services.shared.feature_gate import FeatureGate
from orcheo_core.services.shared.holding import Holding
from orcheo_core.services.shared.housekeeping import Housekeeping
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.shared.limiting import Limiting
from orcheo_core.services.shared.page_reports import PageReports
from orcheo_core.services.shared.removing import ThreadRemover
from orcheo_core.services.shared.tally import Tally
from orcheo_core.services.visitors.acting import Acting
from orcheo_core.services.visitors.admitting import Admitting
from orcheo_core.services.visitors.apps import Apps, SessionLimits
from orcheo_core.services.visitors.attaching import Attaching
from orcheo_core.services.visitors.chatting import Chatting
from orcheo_core.services.visitors.own_threads import OwnThreads
from orcheo_core.services.visitors.run_requests import RunRequests
from orcheo_core.services.visitors.signing_in import SigningIn
from orcheo_core.turns.engine import TurnEngine
from orcheo_core.turns.live import LiveTurns
from orcheo_core.turns.register import Register


@frozen(kw_only=True)
class Ports:
    """What the core needs from the world, and the few settings that its rules depend on.

    ``public_url`` is the address under which visitors reach the chats, without a slash at its end.
    """

    store: Store
    encoder: FrameEncoder
    background: Background
    runners: Runners
    files: AttachmentFiles
    grants: Grants
    host_identities: HostIdentities = field(factory=NullHostIdentities)
    clock: Clock
    entropy: Entropy
    telemetry: Telemetry
    limiter: RateLimiter
    peppers: PepperRing
    public_url: str
    rate_plan: RatePlan = field(factory=RatePlan)
    budgets: BudgetPlan = field(factory=BudgetPlan)
    identity_providers: tuple[IdentityProvider, ...] = ()
    owner_rules: tuple[OwnerRule, ...] = ()
    """Whom of those who sign in at an identity provider are owners; no one when nothing is said."""
    attachment_rules: AttachmentRules = field(factory=AttachmentRules)
    part_limits: PartLimits = field(factory=PartLimits)
    flags: Flags | None = None
    """Which features are switched on for whom; all of them when nothing is said."""
    longest_answer: int = TIME_LIMIT_MOST
    """Seconds that no workflow may ask more of, for one answer."""
    takes_page_events: bool = False
    """Whether the operator wants pages to report when they are opened and closed, and what fails."""
    notices: Notices = field(factory=NullNotices)
    audit_listeners: tuple[AuditListener, ...] = ()
    """Called with every audited act once it is durable."""


@frozen(kw_only=True)
class Core:
    """The services.

    The holder calls ``identifiers.begin_after(store)`` and ``engine.recover()`` once at the start, and
    ``engine.checkpoint()`` at least twice a second, which makes the text of running answers durable.
    """

    registering: Registering
    publishing: Publishing
    owner_access: OwnerAccess
    owner_sessions: OwnerSessions
    admitting: Admitting
    apps: Apps
    signing_in: SigningIn
    owner_logins: OwnerLogins
    chatting: Chatting
    acting: Acting
    own_threads: OwnThreads
    transcripts: Transcripts
    watching: Watching
    auditing: Auditing
    tally: Tally
    remover: ThreadRemover
    housekeeping: Housekeeping
    attaching: Attaching
    limiting: Limiting
    page_reports: PageReports
    holding: Holding
    engine: TurnEngine
    live_turns: LiveTurns
    register: Register
    closing: Closing
    identifiers: Identifiers
    owner_services: OwnerServices
    """What the operations of the catalogue work with."""


def assemble_core(ports: Ports) -> Core:
    """Join the services over ``ports``."""
    store, clock, entropy, peppers = ports.store, ports.clock, ports.entropy, ports.peppers
    identifiers = Identifiers(clock, entropy)
    audit_trail = AuditTrail(clock, identifiers, ports.audit_listeners, ports.notices)
    register = Register(ports.background)
    live_turns = LiveTurns(clock, register)
    gate = FeatureGate(ports.flags)
    holding = Holding(ports.budgets)
    engine = TurnEngine(
        store=store,
        runners=ports.runners,
        encoder=ports.encoder,
        background=ports.background,
        telemetry=ports.telemetry,
        clock=clock,
        new_item_id=partial(identifiers.new, IdKind.ITEM),
        live_turns=live_turns,
        register=register,
        part_limits=ports.part_limits,
        files=ports.files,
        notices=ports.notices,
    )
    closing = Closing(store=store, clock=clock, audit_trail=audit_trail, register=register)
    registering = Registering(
        store=store,
        runners=ports.runners,
        files=ports.files,
        clock=clock,
        identifiers=identifiers,
        audit_trail=audit_trail,
        register=register,
        closing=closing,
        longest_answer=ports.longest_answer,
    )
    publishing = Publishing(
        store=store,
        clock=clock,
        entropy=entropy,
        peppers=peppers,
        audit_trail=audit_trail,
        closing=closing,
        gate=gate,
        can_sign_in=bool(ports.identity_providers),
    )
    remover = ThreadRemover(store=store, runners=ports.runners, files=ports.files, register=register)
    transcripts = Transcripts(store=store, clock=clock, audit_trail=audit_trail, remover=remover, register=register)
    auditing = Auditing(store=store)
    usage = UsageByDay(store=store, clock=clock)
    admitting = Admitting(
        store=store,
        clock=clock,
        grants=ports.grants,
        peppers=peppers,
        identifiers=identifiers,
        gate=gate,
        closing=closing,
        can_sign_in=bool(ports.identity_providers),
        host_identities=ports.host_identities,
        holding=holding,
    )
    attaching = Attaching(
        store=store,
        files=ports.files,
        clock=clock,
        register=register,
        closing=closing,
        identifiers=identifiers,
        rules=ports.attachment_rules,
        budgets=ports.budgets,
        limiter=ports.limiter,
    )
    tally = Tally(store=store, audit_trail=audit_trail, clock=clock)
    apps = Apps(
        store=store,
        clock=clock,
        admitting=admitting,
        audit_trail=audit_trail,
        tally=tally,
        remover=remover,
        register=register,
        limits=SessionLimits(turns_a_minute=ports.rate_plan.turns_a_minute, file_bytes=ports.attachment_rules.max_size),
    )
    owner_access = OwnerAccess(store=store, clock=clock, entropy=entropy, peppers=peppers, audit_trail=audit_trail)
    owner_sessions = OwnerSessions(
        store=store,
        clock=clock,
        entropy=entropy,
        peppers=peppers,
        audit_trail=audit_trail,
        gate=gate,
        rules=ports.owner_rules,
    )
    signing_in = SigningIn(
        store=store,
        clock=clock,
        identifiers=identifiers,
        audit_trail=audit_trail,
        tally=tally,
        providers=ports.identity_providers,
        holding=holding,
    )
    requests = RunRequests(files=ports.files, clock=clock, identifiers=identifiers)
    page_reports = PageReports(telemetry=ports.telemetry, clock=clock, is_on=ports.takes_page_events)
    chatting = Chatting(
        store=store,
        engine=engine,
        requests=requests,
        clock=clock,
        identifiers=identifiers,
        register=register,
        holding=holding,
    )
    return Core(
        registering=registering,
        publishing=publishing,
        owner_access=owner_access,
        owner_sessions=owner_sessions,
        admitting=admitting,
        apps=apps,
        signing_in=signing_in,
        owner_logins=OwnerLogins(signing_in=signing_in, sessions=owner_sessions, rules=ports.owner_rules),
        chatting=chatting,
        acting=Acting(
            store=store,
            engine=engine,
            requests=requests,
            clock=clock,
            identifiers=identifiers,
            register=register,
            telemetry=ports.telemetry,
            part_limits=ports.part_limits,
            holding=holding,
            files=ports.files,
        ),
        own_threads=OwnThreads(store=store, live_turns=live_turns, clock=clock, remover=remover),
        remover=remover,
        transcripts=transcripts,
        watching=Watching(store=store, register=register, live_turns=live_turns, sessions=owner_sessions),
        auditing=auditing,
        tally=tally,
        housekeeping=Housekeeping(
            store=store, clock=clock, attaching=attaching, transcripts=transcripts, live_turns=live_turns
        ),
        attaching=attaching,
        holding=holding,
        limiting=Limiting(limiter=ports.limiter, plan=ports.rate_plan),
        page_reports=page_reports,
        engine=engine,
        live_turns=live_turns,
        register=register,
        closing=closing,
        identifiers=identifiers,
        owner_services=OwnerServices(
            registering=registering,
            publishing=publishing,
            owner_access=owner_access,
            owner_sessions=owner_sessions,
            transcripts=transcripts,
            usage=usage,
            auditing=auditing,
            admitting=admitting,
            asking=Asking(
                store=store,
                background=ports.background,
                live_turns=live_turns,
                admitting=admitting,
                chatting=chatting,
            ),
            notices=ports.notices,
            identity_secrets=IdentitySecrets(
                store=store, clock=clock, entropy=entropy, peppers=peppers, audit_trail=audit_trail
            ),
            key_rotation=KeyRotation(store=store, grants=ports.grants, audit_trail=audit_trail),
            probing=Probing(
                runners=ports.runners,
                clock=clock,
                identifiers=identifiers,
                telemetry=ports.telemetry,
                background=ports.background,
                register=register,
            ),
            space=Space(store=store, files=ports.files),
            page_reports=page_reports,
            share_links=ShareLinks(ports.public_url),
        ),
    )
