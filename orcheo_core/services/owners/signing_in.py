"""Owners who sign in at an identity provider: from its word, by the operator's rules, to an owner session."""

from collections.abc import Mapping, Sequence

from attrs import define, evolve

from orcheo_core.domain.login import EndedLogins
from orcheo_core.domain.owner_rule import OwnerRule, rule_for
from orcheo_core.errors import LoginNotSetUp, OwnerNotKnown
from orcheo_core.ports.identity import IdentityProvider, LoginAttempt
from orcheo_core.services.owners.sessions import Opened, OwnerSessions
from orcheo_core.services.visitors.signing_in import SigningIn


@define(kw_only=True, eq=False)
class OwnerLogins:
    """Sends owners to identity providers and opens owner sessions; a visitor's login never comes of that."""

    _signing_in: SigningIn
    _sessions: OwnerSessions
    _rules: Sequence[OwnerRule]

    @property
    def providers(self) -> tuple[IdentityProvider, ...]:
        """The identity providers some of whose people are owners."""
        issuers = {each.issuer for each in self._rules}
        return tuple(each for each in self._signing_in.providers if each.issuer in issuers)

    async def begin(self, provider: str, attempt: LoginAttempt) -> str:
        """The URL to send the browser to.

        Raises :class:`LoginNotSetUp`, :class:`IdentityProviderUnavailable`.
        """
        return await self._signing_in.begin(provider, self._asking(provider, attempt))

    async def finish(
        self, provider: str, attempt: LoginAttempt, answer: Mapping[str, str], *, address: str, user_agent: str
    ) -> Opened:
        """A new owner session for whom the provider vouched for, if a rule says whose it is.

        Raises :class:`OwnerNotKnown` when none does, :class:`FeatureDisabled`, and what
        :meth:`SigningIn.identify` raises.
        """
        identity = await self._signing_in.identify(provider, self._asking(provider, attempt), answer)
        rule = rule_for(self._rules, identity)
        if rule is None:
            raise OwnerNotKnown
        return await self._sessions.open_by_rule(rule, identity, address=address, user_agent=user_agent)

    async def ended(self, ended: EndedLogins) -> None:
        """The provider has ended these logins, so the owner sessions that began with them are over."""
        await self._sessions.end_logins(ended)

    def _asking(self, provider: str, attempt: LoginAttempt) -> LoginAttempt:
        """The attempt with all that the rules for this provider look at."""
        found = next((each for each in self.providers if each.name == provider), None)
        if found is None:
            raise LoginNotSetUp
        claims = frozenset(each.claim for each in self._rules if each.issuer == found.issuer)
        return evolve(attempt, claims=claims)
