"""The core over fakes: nothing runs before a test says so."""

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from orcheo_adapters.memory.attachment_files import MemoryAttachmentFiles
from orcheo_adapters.system.null_rate_limiter import NullRateLimiter
from orcheo_core.assembly import Core, Ports, assemble_core
from orcheo_core.domain.actor import Actor, Caller, Channel
from orcheo_core.domain.budget import BudgetPlan
from orcheo_core.domain.items import Item, TextInput
from orcheo_core.domain.opaque_token import Pepper, PepperRing
from orcheo_core.domain.owner_rule import OwnerRule
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.thread_events import ThreadEvent
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.flags import Flags
from orcheo_core.ports.identity import IdentityProvider
from orcheo_core.ports.notices import Notices, NullNotices
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.audit_trail import AuditListener
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.chatting import VisitorInput
from orcheo_core.turns.register import CANCELLED, Place
from tests.fakes.background import FakeBackground
from tests.fakes.clock import FakeClock
from tests.fakes.encoder import FakeEncoder
from tests.fakes.entropy import FakeEntropy
from tests.fakes.grants import FakeGrants
from tests.fakes.host_identities import FakeHostIdentities
from tests.fakes.identity import FakeIdentityProvider
from tests.fakes.runner import Batch, FakeRunners
from tests.fakes.store import FailingStore
from tests.fakes.telemetry import FakeTelemetry

ADA = Caller(actor=Actor("ada"), channel=Channel.PYTHON)
BOB = Caller(actor=Actor("bob"), channel=Channel.PYTHON)


@frozen(kw_only=True)
class CoreHarness:
    """Everything a test of the core looks at."""

    core: Core
    store: FailingStore
    grants: FakeGrants
    clock: FakeClock
    background: FakeBackground
    runners: FakeRunners
    telemetry: FakeTelemetry
    files: MemoryAttachmentFiles
    encoder: FakeEncoder

    async def add(self, handle: str = "echo", caller: Caller = ADA, runner: str = "python") -> None:
        """Register a workflow."""
        spec = RunnerSpec(kind=runner, target="tests.workflows:echo")
        await self.core.registering.add(caller, handle=handle, name=None, description="", runner=spec)

    async def publish(self, handle: str = "echo", **options: Any) -> str:
        """Register and publish a workflow; its publish token."""
        await self.add(handle)
        published = await self.core.publishing.publish(ADA, handle, **{"require_login": False, **options})
        return published.publish_token

    async def visit(self, handle: str = "echo") -> Visit:
        """A program's visit to a workflow that is published for it."""
        return await self.core.admitting.visit_by_publish_token(await self.publish(handle))

    async def ask(self, visit: Visit, *batches: Batch, text: str = "Hi", thread_id: str | None = None) -> Turn:
        """Begin a turn, in a new thread or this one; it runs when the background is let run."""
        if batches:
            self.runners.script = batches
        said = VisitorInput(content=(TextInput(text=text),))
        if thread_id is None:
            return await self.core.chatting.create_thread(visit, said)
        return await self.core.chatting.add_user_item(visit, thread_id, said)

    def cancel(self, turn: Turn) -> None:
        """Stop a turn as its visitor does."""
        self.core.register.stop(CANCELLED, Place(thread_id=turn.thread_id))

    async def answered(self, visit: Visit, *batches: Batch, **options: Any) -> Turn:
        """A turn that has come to its end."""
        turn = await self.ask(visit, *batches, **options)
        await self.background.run_all()
        return turn

    async def told(self, turn: Turn) -> list[ThreadEvent]:
        """What followers of a turn that is over were told."""
        relay = self.core.live_turns.find(turn.id)
        return self.encoder.read(relay.frames) if relay else []

    async def latest(self, thread_id: str) -> Turn:
        """The latest turn of a thread as it is stored."""
        turn = await self.store.begin().turns.latest(thread_id)
        assert turn is not None
        return turn

    async def items(self, thread_id: str) -> Sequence[Item]:
        """The items of a thread as they are stored, hidden ones too."""
        return (await self.store.begin().items.page(thread_id, PageQuery(), hidden=True)).entries


def build_hall(
    audit_listeners: tuple[AuditListener, ...] = (),
    identity_providers: tuple[IdentityProvider, ...] = (FakeIdentityProvider(),),
    store: Store | None = None,
    flags: Flags | None = None,
    notices: Notices | None = None,
    part_limits: PartLimits | None = None,
    clock: FakeClock | None = None,
    entropy: FakeEntropy | None = None,
    grants: FakeGrants | None = None,
    budgets: BudgetPlan | None = None,
    owner_rules: tuple[OwnerRule, ...] = (),
) -> CoreHarness:
    """A new harness, over memory when no store is given."""
    failing, clock, entropy = FailingStore(store), clock or FakeClock(), entropy or FakeEntropy()
    background, runners, telemetry = FakeBackground(), FakeRunners(), FakeTelemetry()
    files, encoder, grants = MemoryAttachmentFiles(), FakeEncoder(), grants or FakeGrants()
    core = assemble_core(
        Ports(
            store=failing,
            encoder=encoder,
            background=background,
            runners=runners,
            files=files,
            grants=grants,
            host_identities=FakeHostIdentities(clock),
            clock=clock,
            entropy=entropy,
            telemetry=telemetry,
            limiter=NullRateLimiter(),
            budgets=budgets or BudgetPlan.unlimited(),
            identity_providers=identity_providers,
            owner_rules=owner_rules,
            peppers=PepperRing((Pepper(id="p1", key=b"p" * 32),)),
            public_url="https://chat.example.org",
            audit_listeners=audit_listeners,
            flags=flags,
            notices=notices or NullNotices(),
            part_limits=part_limits or PartLimits(),
        )
    )
    return CoreHarness(
        core=core,
        store=failing,
        grants=grants,
        clock=clock,
        background=background,
        runners=runners,
        telemetry=telemetry,
        files=files,
        encoder=encoder,
    )
