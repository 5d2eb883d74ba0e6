"""Signing in: from an identity provider's word to a login."""

from collections.abc import Mapping, Sequence

from orcheo_core.domain.actor import Actor, Caller, Channel
from orcheo_core.domain.audit import Act
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.login import EndedLogins, Identity, Login
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import IdentityProviderUnavailable, LoginDenied, LoginNotSetUp, LoginNotVerified
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.identity import IdentityProvider, LoginAttempt
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.services.shared.holding import Holding
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.shared.tally import UNKNOWN_VISITOR, Tally


class SigningIn:
    """Sends visitors to identity providers, makes logins of what they bring back, and writes both down."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        identifiers: Identifiers,
        audit_trail: AuditTrail,
        tally: Tally,
        providers: Sequence[IdentityProvider],
        holding: Holding,
    ) -> None:
        """Join the ports this service needs; without ``providers`` no visitor can sign in."""
        self._store = store
        self._clock = clock
        self._identifiers = identifiers
        self._audit_trail = audit_trail
        self._tally = tally
        self._holding = holding
        self.providers = tuple(providers)

    @property
    def is_possible(self) -> bool:
        """Whether there is anywhere to sign in."""
        return bool(self.providers)

    def provider(self, name: str) -> IdentityProvider:
        """The identity provider of this name; :class:`LoginNotSetUp` when there is none."""
        found = next((each for each in self.providers if each.name == name), None)
        if found is None:
            raise LoginNotSetUp
        return found

    async def begin(self, provider: str, attempt: LoginAttempt) -> str:
        """The URL to send the browser to.

        Raises :class:`LoginNotSetUp`, :class:`IdentityProviderUnavailable`.
        """
        return await self.provider(provider).begin(attempt)

    async def finish(self, provider: str, attempt: LoginAttempt, answer: Mapping[str, str]) -> Login:
        """A new login for whom the provider vouched for, with an id of its own each time.

        Raises :class:`LoginNotSetUp`, :class:`LoginDenied`, :class:`LoginNotVerified`,
        :class:`IdentityProviderUnavailable`, :class:`BudgetExceeded`.
        """
        self._holding.check_entry(self._store.kept_bytes)  # the audit keeps each sign-in for good
        identity = await self.identify(provider, attempt, answer)
        now = self._clock.now()
        login = Login(id=self._identifiers.new(IdKind.LOGIN), identity=identity, began_at=now, seen_at=now)
        await self._write_down(Act.LOGGED_IN, _visitor(login), f"{provider}: {login.id}", identity.display_name)
        return login

    async def identify(self, provider: str, attempt: LoginAttempt, answer: Mapping[str, str]) -> Identity:
        """Whom the provider vouched for; raises as :meth:`finish`, and counts logins that did not come about."""
        try:
            return await self.provider(provider).finish(attempt, answer)
        except (LoginDenied, LoginNotVerified) as error:
            self._tally.count_denied(provider, error)
            raise

    async def end(self, login: Login) -> IdentityProvider | None:
        """A visitor signs out; the provider at which the browser may still be signed in, if that can be ended too."""
        await self._write_down(Act.LOGGED_OUT, _visitor(login), login.id, login.identity.display_name)
        provider = next((each for each in self.providers if each.issuer == login.identity.issuer), None)
        if provider is None:
            return None
        try:
            return provider if await provider.end_url() else None
        except IdentityProviderUnavailable:
            return None

    async def ended(self, provider: str, notice: str) -> EndedLogins:
        """A provider says that it has ended logins; which ones.

        Raises :class:`LoginNotSetUp`, :class:`LoginNotVerified`, :class:`IdentityProviderUnavailable`.
        """
        ended = await self.provider(provider).ended(notice)
        actor = Actor(Subject.logged_in(ended.issuer, ended.sub).key) if ended.sub else UNKNOWN_VISITOR
        await self._write_down(Act.LOGGED_OUT, actor, f"{provider}: ended by the provider")
        return ended

    async def _write_down(self, act: Act, actor: Actor, note: str, label: str = "") -> None:
        change = self._store.begin()
        caller = Caller(actor=actor, channel=Channel.HTTP, scopes=frozenset(), label=label)
        self._audit_trail.record(change, act, caller, note=note)
        await change.commit()


def _visitor(login: Login) -> Actor:
    return Actor(login.subject.key)
