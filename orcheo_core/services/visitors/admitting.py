"""Admitting: from a share link or a publish token to a chat session and its grants."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from attrs import evolve, field, frozen

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.admission import (
    Admission,
    Admitted,
    Refused,
    admit_by_link,
    admit_by_publish_token,
    admit_host_visitor,
    admit_owner,
    may_renew,
    why_over,
)
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.budget import Holders
from orcheo_core.domain.chat_session import (
    CHAT_SESSION_LIFETIME,
    GRANT_LIFETIME,
    ChatSession,
    GrantClaims,
    Way,
)
from orcheo_core.domain.flags import Flag
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.login import Login
from orcheo_core.domain.opaque_token import OpaqueToken, PepperRing
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX, PublishToken
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX
from orcheo_core.domain.session_rules import SessionRules
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.values import value
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import (
    ChatSessionEnded,
    ChatUnavailable,
    ConcurrentChange,
    GrantInvalid,
    IdentityExpired,
    IdentityInvalid,
    LoginRequired,
    OrcheoError,
    PublishTokenInvalid,
)
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.grants import Grants
from orcheo_core.ports.host_identities import HostIdentities
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.owners.workflows import find_own
from orcheo_core.services.shared.closing import Closing
from orcheo_core.services.shared.feature_gate import FeatureGate
from orcheo_core.services.shared.holding import Holding
from orcheo_core.services.shared.identifiers import Identifiers

_OF_THE_OWNER_API = "This is a service token, which is for the owner API."
_NOT_OF_CHATS = f"{_OF_THE_OWNER_API} This needs a publish token (orc_pt_…)."
_MATCHED_KEPT = 10_000
_TRIES = 3
"""Of opening a chat session while the workflow is being changed."""


@frozen(kw_only=True)
class ChatGrant:
    """A signed chat grant and what it says."""

    text: str = field(repr=False)
    claims: GrantClaims
    chat_session: ChatSession


@value(kw_only=True)
class Leave:
    """What a visit depends on: its chat session, or for a program the publication that it came in under."""

    chat_session_id: str | None = None
    publication_number: int = 0

    @classmethod
    def parse(cls, text: str) -> "Leave":
        """The leave that :attr:`text` was made of."""
        return cls(publication_number=int(text)) if text.isdecimal() else cls(chat_session_id=text)

    @property
    def text(self) -> str:
        """A short text without blanks."""
        return self.chat_session_id or str(self.publication_number)

    async def bind(self, change: UnitOfWork, workflow_id: str) -> None:
        """Let ``change`` land only if this has not ended by then; see :meth:`Visit.bind`."""
        if self.chat_session_id is not None:
            change.chat_sessions.check_open(self.chat_session_id)
            return
        workflow = await change.workflows.find(workflow_id)
        if workflow is None:
            raise ChatUnavailable
        change.workflows.check_publication(evolve(workflow, publication_number=self.publication_number))


@value(kw_only=True)
class Visit:
    """Who chats with what: the outcome of every admission, and the scope of every request under it."""

    workflow: Workflow
    subject: Subject
    app_user: AppUser | None = None
    """Whom the app named that opened the chat session."""
    display_name: str | None = None
    """The name of a visitor who is signed in."""
    chat_session_id: str | None = None
    """The chat session it belongs to; a program with a publish token needs none."""
    rules: SessionRules | None = None
    """Those of the chat session, if its app has set any."""
    address: str = ""
    """What the client's address is counted under; empty for a visit that comes over no network."""
    metadata: dict[str, Any] = field(factory=dict)
    """What came along with the request for the workflow."""
    locale: str | None = None
    """The language that the client wants most."""
    headers: dict[str, str] = field(factory=dict)
    """The request headers that the workflow asks for, by name in small letters."""
    holders: Holders = field(init=False, eq=False)
    """Whom what this visit takes is counted for."""

    @holders.default
    def _of_all(self) -> Holders:
        return Holders.of(self.subject, self.address, self.workflow.id)

    def bind(self, change: UnitOfWork) -> None:
        """Let ``change`` land only if the visit has not ended by then.

        Its commit raises :class:`ChatSessionEnded`, or :class:`ChatUnavailable` for a program.
        """
        if self.chat_session_id is None:
            change.workflows.check_publication(self.workflow)
        else:
            change.chat_sessions.check_open(self.chat_session_id)

    @property
    def leave(self) -> Leave:
        """What it depends on."""
        return Leave(chat_session_id=self.chat_session_id, publication_number=self.workflow.publication_number)


@frozen(kw_only=True)
class Program:
    """An app that has shown its publish token."""

    workflow: Workflow
    token: PublishToken


class Admitting:
    """Decides who comes in, opens chat sessions, renews their grants; :class:`FeatureDisabled` where that is off."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        grants: Grants,
        peppers: PepperRing,
        identifiers: Identifiers,
        gate: FeatureGate,
        closing: Closing,
        can_sign_in: bool,
        host_identities: HostIdentities,
        holding: Holding,
    ) -> None:
        """Join the ports this service needs; ``can_sign_in`` says whether there is an identity provider."""
        self._store = store
        self._clock = clock
        self._grants = grants
        self._peppers = peppers
        self._identifiers = identifiers
        self._gate = gate
        self._closing = closing
        self._can_sign_in = can_sign_in
        self._host_identities = host_identities
        self._holding = holding
        self._committed = store.begin()
        """For reading only, which a unit of work that was begun earlier does as well as a new one."""
        self._matched: dict[bytes, PublishToken] = {}
        """Rows by the hash of a publish token that matched their digest. The row is read again for each request; only
        the digest is not made again as long as the row has the same."""

    async def public_workflow(self, ref: str) -> Workflow:
        """A public workflow by id or handle; :class:`ChatUnavailable` for unknown and private ones alike."""
        workflow = await self._find(self._store.begin(), ref)
        if workflow is None or not workflow.is_public:
            raise ChatUnavailable
        return workflow

    async def by_link(self, ref: str, subject: Subject, login: Login | None = None) -> ChatGrant:
        """Open a chat session for a visitor who has the share link; ``subject`` is who they are without a login.

        Raises :class:`ChatUnavailable`, :class:`LoginRequired`.
        """

        async def decide(change: UnitOfWork) -> Admission:
            workflow = await self._find(change, ref)
            return admit_by_link(workflow, subject, login=login, now=self._clock.now())

        return await self._open(decide)

    async def by_publish_token(
        self, ref: str, publish_token: str, login: Login | None = None, *, app_user: AppUser | None = None
    ) -> ChatGrant:
        """Open a chat session for a holder of a publish token, or for one of the holder's users.

        Raises :class:`PublishTokenInvalid` (also for a token of another workflow), :class:`PublishTokenRotated`,
        :class:`PublishTokenRevoked`, :class:`LoginRequired`, :class:`InvalidInput` for a user beside a login.
        """

        async def decide(change: UnitOfWork) -> Admission:
            record, workflow = await self._look_up(change, publish_token)
            if workflow is None or ref not in {workflow.id, workflow.handle}:
                raise PublishTokenInvalid
            return admit_by_publish_token(workflow, record, login=login, now=self._clock.now(), app_user=app_user)

        return await self._open(decide)

    async def by_identity(self, ref: str, identity: str) -> ChatGrant:
        """Open a chat session for a visitor of another site, who is known there.

        Raises :class:`ChatUnavailable`, :class:`IdentityInvalid`, :class:`IdentityExpired`.
        """

        async def decide(change: UnitOfWork) -> Admission:
            workflow = await self._find(change, ref)
            if workflow is None or not workflow.is_public:
                return Refused(ChatUnavailable())
            return admit_host_visitor(workflow, self._host_identities.verify(identity, workflow))

        return await self._open(decide)

    async def leave(self, ref: str, grant: str, identity: str | None) -> ChatSession:
        """End the chat session of a grant for good, and the identity that opened it.

        Raises :class:`GrantInvalid`, :class:`GrantExpired`, :class:`ChatSessionEnded`.
        """
        change = self._store.begin()
        chat_session, workflow = await self._opened_by(grant, change)
        if ref not in {workflow.id, workflow.handle}:
            raise GrantInvalid
        ended = chat_session.ended(self._clock.now())
        change.chat_sessions.save(ended)
        await change.commit(must_land=True)
        if identity is not None:
            await self._end_identity(ended, workflow, identity)
        return ended

    async def _end_identity(self, chat_session: ChatSession, workflow: Workflow, identity: str) -> None:
        """Only that of the visit itself; one that is not believed anyway needs no end."""
        try:
            visitor = self._host_identities.verify(identity, workflow)
        except (IdentityInvalid, IdentityExpired):
            return
        if Subject.of_host(workflow.id, visitor.user.user) == chat_session.subject:
            await self._host_identities.end(identity, visitor)

    async def for_app_user(self, program: "Program", app_user: AppUser, rules: SessionRules) -> ChatGrant:
        """Open a chat session with rules of its own for a user of an app; the grant lasts as long as that.

        Raises :class:`PublishTokenRotated`, :class:`PublishTokenRevoked`, :class:`LoginRequired`.
        """

        async def decide(change: UnitOfWork) -> Admission:
            record = await change.publish_tokens.find(program.token.public_id) or program.token
            workflow = await self._find(change, record.workflow_id)
            now = self._clock.now()
            admission = admit_by_publish_token(workflow, record, login=None, now=now, app_user=app_user)
            return evolve(admission, rules=rules) if isinstance(admission, Admitted) else admission

        return await self._open(decide)

    async def program(self, publish_token: str) -> "Program":
        """The app that holds a publish token, which must be live.

        Raises :class:`PublishTokenInvalid`, :class:`PublishTokenRotated`, :class:`PublishTokenRevoked`,
        :class:`ChatUnavailable`.
        """
        record, workflow = await self._look_up(self._committed, publish_token)
        over = why_over(record, self._clock.now())
        if over is not None:
            raise over
        if workflow is None:
            raise ChatUnavailable
        self._gate.require(Flag.CHATKIT_PUBLISH, workflow.owner)
        return Program(workflow=workflow, token=record)

    async def by_owner(self, caller: Caller, ref: str) -> ChatGrant:
        """Open a chat session for the owner of a workflow, public or not; it lasts as long as its one grant.

        Raises :class:`WorkflowNotFound`.
        """

        async def decide(change: UnitOfWork) -> Admission:
            return admit_owner(await find_own(change, caller, ref), caller.actor)

        return await self._open(decide)

    async def renew(self, ref: str, grant: str, login: Login | None = None) -> ChatGrant:
        """A new grant for the chat session of a grant that is still good.

        Raises :class:`GrantInvalid`, :class:`GrantExpired`, :class:`ChatSessionEnded`, :class:`ChatUnavailable`,
        :class:`LoginRequired`.
        """
        claims = self._verified(grant)
        change = self._store.begin()
        workflow = await self._find(change, claims.workflow_id)
        chat_session = await change.chat_sessions.find(claims.chat_session_id)
        if workflow is None or chat_session is None:
            raise ChatSessionEnded
        if ref not in {workflow.id, workflow.handle}:
            raise GrantInvalid
        refused = may_renew(workflow, chat_session, login=login, now=self._clock.now())
        if refused is not None:
            raise self._reason(refused)
        self._gate.require(Flag.CHATKIT_PUBLISH, workflow.owner)
        return self._grant(chat_session, self._clock.now())

    async def visit_by_grant(self, grant: str, *, address: str = "") -> Visit:
        """Who chats under this grant; the chat session is looked up each time, so an ended one ends at once."""
        chat_session, workflow = await self._opened_by(grant, self._committed)
        return Visit(
            workflow=workflow,
            subject=chat_session.subject,
            app_user=chat_session.app_user,
            rules=chat_session.rules,
            chat_session_id=chat_session.id,
            address=address,
        )

    async def _opened_by(self, grant: str, change: UnitOfWork) -> tuple[ChatSession, Workflow]:
        claims = self._verified(grant)
        chat_session = await change.chat_sessions.find(claims.chat_session_id)
        if chat_session is None or not chat_session.is_open(self._clock.now()):
            raise ChatSessionEnded
        workflow = await self._find(change, chat_session.workflow_id)
        if workflow is None:
            raise ChatSessionEnded
        if workflow.id != claims.workflow_id or chat_session.subject != claims.subject:
            raise GrantInvalid
        return chat_session, workflow

    async def visit_by_publish_token(
        self, publish_token: str, login: Login | None = None, *, address: str = ""
    ) -> Visit:
        """Who chats when a program shows its publish token with each request, without a chat session."""
        record, workflow = await self._look_up(self._committed, publish_token)
        admission = admit_by_publish_token(workflow, record, login=login, now=self._clock.now())
        if isinstance(admission, Refused):
            raise self._reason(admission)
        self._gate.require(Flag.CHATKIT_PUBLISH, admission.workflow.owner)
        return Visit(workflow=admission.workflow, subject=admission.subject, address=address)

    async def _find(self, change: UnitOfWork, ref: str) -> Workflow | None:
        """A workflow, unless it is closed in memory."""
        workflow = await change.workflows.find(ref)
        return None if workflow is not None and self._closing.holds(workflow.id) else workflow

    def _verified(self, grant: str) -> GrantClaims:
        """What a grant says; a service token in its place is recognised by its first letters."""
        if grant.startswith(SERVICE_TOKEN_PREFIX):
            raise GrantInvalid(
                f"{_OF_THE_OWNER_API} A chat needs a chat grant or a publish token.", hint=GrantInvalid.either_hint
            )
        return self._grants.verify(grant)

    def _reason(self, refused: Refused) -> OrcheoError:
        """Why a visitor is refused; where signing in is not possible, the hint does not ask for it."""
        if isinstance(refused.reason, LoginRequired) and not self._can_sign_in:
            return LoginRequired(
                refused.reason.detail,
                hint="This server does not offer sign-in at the moment. Ask the person who gave you the link.",
            )
        return refused.reason

    async def _look_up(self, change: UnitOfWork, publish_token: str) -> tuple[PublishToken, Workflow | None]:
        fingerprint = sha256(publish_token.encode("utf-8", "surrogatepass")).digest()  # the text itself is not kept
        matched = self._matched.get(fingerprint)
        if matched is not None:  # whose row may be over since, or gone
            record = await change.publish_tokens.find(matched.public_id)
        else:
            record = await self._match(change, publish_token)
        if record is None or (matched is not None and matched is not record and matched.digest != record.digest):
            raise PublishTokenInvalid(_NOT_OF_CHATS if publish_token.startswith(SERVICE_TOKEN_PREFIX) else None)
        self._matched[fingerprint] = record
        return record, await self._find(change, record.workflow_id)

    async def _match(self, change: UnitOfWork, publish_token: str) -> PublishToken | None:
        """The row whose digest was made of this publish token."""
        secret = OpaqueToken.parse(PUBLISH_TOKEN_PREFIX, publish_token)
        if secret is None:
            return None
        record = await change.publish_tokens.find(secret.public_id)
        if not self._peppers.matches(secret, record.digest if record else None):
            return None
        if len(self._matched) >= _MATCHED_KEPT:
            self._matched.clear()
        return record

    async def _open(self, decide: Callable[[UnitOfWork], Awaitable[Admission]]) -> ChatGrant:
        """Open a chat session, if what was decided on still stands when it lands; else decide again."""
        tries = 0
        while True:
            change = self._store.begin()
            admission = await decide(change)
            if isinstance(admission, Refused):
                raise self._reason(admission)
            is_owner = admission.way is Way.OWNER
            self._gate.require(Flag.CHATKIT_CANVAS if is_owner else Flag.CHATKIT_PUBLISH, admission.workflow.owner)
            if not is_owner:
                self._holding.check_entry(self._store.kept_bytes)
            chat_session = self._new_chat_session(admission)
            change.workflows.check_unchanged(admission.workflow)
            change.chat_sessions.save(chat_session)
            try:
                await change.commit()
            except ConcurrentChange:
                tries += 1
                if tries == _TRIES:
                    raise
            else:
                return self._grant(chat_session, chat_session.opened_at)

    def _new_chat_session(self, admitted: Admitted) -> ChatSession:
        now, rules = self._clock.now(), admitted.rules
        lifetime = GRANT_LIFETIME if admitted.way is Way.OWNER else CHAT_SESSION_LIFETIME
        return ChatSession(
            id=self._identifiers.new(IdKind.CHAT_SESSION),
            workflow_id=admitted.workflow.id,
            subject=admitted.subject,
            way=admitted.way,
            app_user=admitted.app_user,
            opened_at=now,
            publication_number=admitted.workflow.publication_number,
            expires_at=now + (timedelta(seconds=rules.seconds) if rules else lifetime),
            rules=rules,
        )

    def _grant(self, chat_session: ChatSession, now: datetime) -> ChatGrant:
        claims = GrantClaims(
            workflow_id=chat_session.workflow_id,
            chat_session_id=chat_session.id,
            subject=chat_session.subject,
            grant_id=self._identifiers.new(IdKind.GRANT),
            issued_at=now,
            expires_at=chat_session.grant_until(now),
            off=chat_session.rules.off if chat_session.rules else None,
        )
        return ChatGrant(text=self._grants.sign(claims), claims=claims, chat_session=chat_session)
