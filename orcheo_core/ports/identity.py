"""Identity providers: they know who a visitor is."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol

from attrs import field, frozen

from orcheo_core.domain.login import EndedLogins, Identity
from orcheo_core.errors import LoginNotVerified


@frozen(kw_only=True)
class LoginAttempt:
    """One browser's way to an identity provider and back.

    ``state`` goes along in the open and comes back; ``seed`` stays between that browser and this server.
    """

    state: str
    seed: bytes = field(repr=False)
    claims: frozenset[str] | None = None
    """The claims that list groups, where an owner signs in; None for a visitor, of whom less is asked."""


class IdentityProvider(Protocol):
    """One identity provider: ``name`` names it in addresses, ``title`` to people, ``issuer`` in identities."""

    name: str
    title: str
    issuer: str

    @abstractmethod
    async def begin(self, attempt: LoginAttempt) -> str:
        """The URL to send the browser to; raises :class:`IdentityProviderUnavailable`."""

    @abstractmethod
    async def finish(self, attempt: LoginAttempt, answer: Mapping[str, str]) -> Identity:
        """Whom the provider vouched for; ``answer`` is what the browser brought back, each name once.

        With the verified e-mail address and the groups where an owner signs in.

        Raises :class:`LoginDenied` when the provider said no, :class:`LoginNotVerified` for an answer that proves
        nothing, :class:`IdentityProviderUnavailable`.
        """

    async def end_url(self) -> str | None:
        """Where a browser ends its login at the provider; None when the provider has no such page."""
        return None

    async def ended(self, notice: str) -> EndedLogins:  # noqa: ARG002 - for providers that send some
        """The logins that the provider says it has ended; ``notice`` is what it sent to this server.

        Raises :class:`LoginNotVerified` for a notice that proves nothing, :class:`IdentityProviderUnavailable`.
        """
        raise LoginNotVerified
