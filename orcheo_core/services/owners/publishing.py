"""Publishing: open and close workflows to visitors, and the life of publish tokens."""

from datetime import datetime, timedelta

from attrs import define, field, frozen

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.audit import Act
from orcheo_core.domain.flags import Flag
from orcheo_core.domain.host_identity import IdentityKey
from orcheo_core.domain.opaque_token import OpaqueToken, PepperRing
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX, PublishToken, TokenEnd
from orcheo_core.domain.workflow import Publication, Workflow
from orcheo_core.errors import ClosedUntilRestart, FeatureDisabled, NoIdentityProvider, OrcheoError
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.owners.workflows import find_own
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.services.shared.closing import Closing, stage_ends
from orcheo_core.services.shared.feature_gate import FeatureGate

_NO_GRACE = timedelta(0)


@frozen(kw_only=True)
class Published:
    """A public workflow and its new publish token, whose text is shown this once."""

    workflow: Workflow
    publish_token: str = field(repr=False)


@frozen(kw_only=True)
class Standing:
    """What the publish state of a workflow means at the moment."""

    live_tokens: tuple[PublishToken, ...] = ()
    """The publish tokens that open chat sessions: the current one, then those in a grace period."""
    live_identity_keys: tuple[IdentityKey, ...] = ()
    """What is stored of the identity secrets that are believed: the current one, then those in a grace period."""
    obstacle: type[OrcheoError] | None = None
    """Why no visitor can come in although the workflow is public."""


@define(kw_only=True, eq=False)
class Publishing:
    """The transitions of the publish state; each writes its audit entry in the same commit."""

    _store: Store
    _clock: Clock
    _entropy: Entropy
    _peppers: PepperRing
    _audit_trail: AuditTrail
    _closing: Closing
    _gate: FeatureGate
    can_sign_in: bool
    """Whether there is an identity provider."""

    async def standing(self, workflow: Workflow) -> Standing:
        """Which of a workflow's secrets are live, and whether anything keeps all visitors out."""
        now = self._clock.now()
        keys = tuple(key for key in workflow.identity_keys if key.is_live(now))
        opened = workflow.publication
        if opened is None:
            return Standing(live_identity_keys=keys)
        live = await self._store.begin().publish_tokens.live(workflow.id, now)
        ordered = sorted(live, key=lambda token: (token.public_id != opened.token_id, token.issued_at))
        return Standing(live_tokens=tuple(ordered), live_identity_keys=keys, obstacle=self._obstacle(workflow, opened))

    def _obstacle(self, workflow: Workflow, opened: Publication) -> type[OrcheoError] | None:
        if self._closing.holds(workflow.id):
            return ClosedUntilRestart
        if not self._gate.is_on(Flag.CHATKIT_PUBLISH, workflow.owner):
            return FeatureDisabled
        return NoIdentityProvider if opened.require_login and not self.can_sign_in else None

    async def publish(
        self, caller: Caller, ref: str, *, require_login: bool = False, anyway: bool = False
    ) -> Published:
        """Private → public with a new publish token; a login that no visitor can have is asked for only ``anyway``.

        Raises :class:`WorkflowNotFound`, :class:`FeatureDisabled`, :class:`AlreadyPublished`,
        :class:`WorkflowArchived`, :class:`NoIdentityProvider`, :class:`ConcurrentChange`.
        """
        now = self._clock.now()
        change = self._store.begin()
        secret = self._generate()
        workflow = (await self._find_open(change, caller, ref)).published(
            caller.actor, at=now, token_id=secret.public_id, require_login=require_login
        )
        self._check_login(require_login=require_login, anyway=anyway)
        await self._stage_token(change, workflow, secret, now)
        self._audit_trail.record(change, Act.PUBLISHED, caller, workflow=workflow, note=f"publish token {secret.hint}")
        await change.commit()
        return Published(workflow=workflow, publish_token=secret.reveal())

    async def before_publish(
        self, caller: Caller, ref: str, *, require_login: bool = False, anyway: bool = False
    ) -> Workflow:
        """The workflow that :meth:`publish` would open; raises as that does."""
        found = await self._find_open(self._store.begin(), caller, ref)
        found.published(caller.actor, at=self._clock.now(), token_id="", require_login=require_login)
        self._check_login(require_login=require_login, anyway=anyway)
        return found

    async def rotate(self, caller: Caller, ref: str, *, grace: timedelta = _NO_GRACE) -> Published:
        """Replace the publish token; the old one opens no new chat session after ``grace``.

        Raises :class:`WorkflowNotFound`, :class:`FeatureDisabled`, :class:`NotPublished`, :class:`ConcurrentChange`.
        """
        now = self._clock.now()
        change = self._store.begin()
        secret = self._generate()
        workflow = (await self._find_open(change, caller, ref)).token_rotated(at=now, token_id=secret.public_id)
        await stage_ends(change, workflow, TokenEnd.ROTATED, grace)
        await self._stage_token(change, workflow, secret, now)
        note = f"publish token {secret.hint}, grace {int(grace.total_seconds())} s"
        self._audit_trail.record(change, Act.PUBLISH_TOKEN_ROTATED, caller, workflow=workflow, note=note)
        await change.commit(must_land=True)
        return Published(workflow=workflow, publish_token=secret.reveal())

    async def before_rotate(self, caller: Caller, ref: str) -> Workflow:
        """The workflow whose publish token :meth:`rotate` would replace; raises as that does."""
        found = await self._find_open(self._store.begin(), caller, ref)
        return found.token_rotated(at=self._clock.now(), token_id="")

    async def unpublish(self, caller: Caller, ref: str, *, end_sessions: bool = False) -> Workflow:
        """Public → private; running turns continue unless ``end_sessions``, which ends all at once.

        With ``end_sessions`` a workflow that is private already loses the chat sessions and turns that it has left.
        Raises :class:`WorkflowNotFound`, :class:`NotPublished`, :class:`ConcurrentChange`,
        :class:`ClosedUntilRestart`.
        """
        now = self._clock.now()
        found = await find_own(self._store.begin(), caller, ref)
        if end_sessions and not found.is_public:
            return await self._closing.close(caller, found.chats_ended(at=now), Act.SESSIONS_ENDED, ends_chats=True)
        note = "chat sessions ended" if end_sessions else ""
        closed = found.unpublished(at=now)
        return await self._closing.close(caller, closed, Act.UNPUBLISHED, note, ends_chats=end_sessions)

    async def before_unpublish(self, caller: Caller, ref: str, *, end_sessions: bool = False) -> Workflow:
        """The workflow that :meth:`unpublish` would close, public or not; raises as that does."""
        found = await find_own(self._store.begin(), caller, ref)
        if not end_sessions:
            found.unpublished(at=self._clock.now())
        return found

    async def archive(self, caller: Caller, ref: str) -> Workflow:
        """Put a workflow aside: private at once, its chat sessions and turns ended, its threads kept.

        Raises :class:`WorkflowNotFound`, :class:`AlreadyArchived`, :class:`ConcurrentChange`,
        :class:`ClosedUntilRestart`.
        """
        archived = (await find_own(self._store.begin(), caller, ref)).archived(at=self._clock.now())
        return await self._closing.close(caller, archived, Act.WORKFLOW_ARCHIVED, ends_chats=True)

    async def before_archive(self, caller: Caller, ref: str) -> Workflow:
        """The workflow that :meth:`archive` would put aside, public or not; raises as that does."""
        found = await find_own(self._store.begin(), caller, ref)
        found.archived(at=self._clock.now())
        return found

    async def unarchive(self, caller: Caller, ref: str) -> Workflow:
        """Bring an archived workflow back; it stays private.

        Raises :class:`WorkflowNotFound`, :class:`NotArchived`, :class:`ConcurrentChange`.
        """
        change = self._store.begin()
        workflow = (await find_own(change, caller, ref)).unarchived(at=self._clock.now())
        change.workflows.save(workflow)
        self._audit_trail.record(change, Act.WORKFLOW_UNARCHIVED, caller, workflow=workflow)
        await change.commit()
        return workflow

    async def set_login(self, caller: Caller, ref: str, *, require_login: bool, anyway: bool = False) -> Workflow:
        """Change the login rule of a public workflow, its publish token untouched; one that is so already stays.

        Raises :class:`WorkflowNotFound`, :class:`NotPublished`, :class:`NoIdentityProvider`,
        :class:`ConcurrentChange`.
        """
        change = self._store.begin()
        found = await find_own(change, caller, ref)
        workflow = found.with_login(at=self._clock.now(), require_login=require_login)
        self._check_login(require_login=require_login, anyway=anyway)
        if workflow.publication == found.publication:
            return found
        change.workflows.save(workflow)
        note = "login required" if require_login else "no login required"
        self._audit_trail.record(change, Act.LOGIN_RULE_SET, caller, workflow=workflow, note=note)
        await change.commit(must_land=True)
        return workflow

    async def before_set_login(
        self, caller: Caller, ref: str, *, require_login: bool, anyway: bool = False
    ) -> Workflow:
        """The workflow whose login rule :meth:`set_login` would change; raises as that does."""
        found = await find_own(self._store.begin(), caller, ref)
        found.with_login(at=self._clock.now(), require_login=require_login)
        self._check_login(require_login=require_login, anyway=anyway)
        return found

    async def _find_open(self, change: UnitOfWork, caller: Caller, ref: str) -> Workflow:
        """A workflow of the caller, who may open it to visitors."""
        workflow = await find_own(change, caller, ref)
        self._gate.require(Flag.CHATKIT_PUBLISH, workflow.owner)
        return workflow

    def _check_login(self, *, require_login: bool, anyway: bool) -> None:
        if require_login and not (anyway or self.can_sign_in):
            raise NoIdentityProvider

    @staticmethod
    async def _holder_id(change: UnitOfWork, workflow: Workflow, secret: OpaqueToken) -> str:
        """The holder of the workflow's publish token before; the new one is its own holder if there was none."""
        latest = await change.publish_tokens.latest(workflow.id)
        return latest.holder_id if latest else secret.public_id

    def _generate(self) -> OpaqueToken:
        return OpaqueToken.generate(PUBLISH_TOKEN_PREFIX, self._entropy.random_bytes)

    async def _stage_token(self, change: UnitOfWork, workflow: Workflow, secret: OpaqueToken, now: datetime) -> None:
        change.workflows.save(workflow)
        change.publish_tokens.save(
            PublishToken(
                public_id=secret.public_id,
                workflow_id=workflow.id,
                digest=self._peppers.digest(secret),
                issued_at=now,
                holder_id=await self._holder_id(change, workflow, secret),
            )
        )
