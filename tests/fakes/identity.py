"""An identity provider that answers as it is told."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import define, evolve, field

from orcheo_core.domain.login import EndedLogins, Identity, Login
from orcheo_core.errors import IdentityProviderUnavailable, OrcheoError
from orcheo_core.ports.identity import IdentityProvider, LoginAttempt

ISSUER = "https://login.example.org"


def identity(name: str = "ada", issuer: str = ISSUER) -> Identity:
    """Someone the provider knows."""
    return Identity(issuer=issuer, sub=name, display_name=name.title())


def login(name: str = "ada", *, at: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)) -> Login:
    """A login that began at ``at``."""
    return Login(id=f"lgn_{name}", identity=identity(name), began_at=at, seen_at=at)


@define(kw_only=True)
class FakeIdentityProvider(IdentityProvider):
    """Vouches for whom ``answer["code"]`` names; raises ``refusal`` when there is one."""

    name: str = "fake"
    title: str = "Fake"
    issuer: str = ISSUER
    ends: str | None = None
    """Where a browser ends its login there."""
    is_down: bool = False
    refusal: OrcheoError | None = None
    vouched: dict[str, Any] = field(factory=dict)
    """The verified address and the groups that it names where an owner signs in."""
    attempts: list[LoginAttempt] = field(factory=list)

    async def begin(self, attempt: LoginAttempt) -> str:
        """See the port."""
        self.attempts.append(attempt)
        return f"{ISSUER}/authorize?state={attempt.state}"

    async def finish(self, attempt: LoginAttempt, answer: Mapping[str, str]) -> Identity:
        """See the port."""
        self.attempts.append(attempt)
        if self.refusal is not None:
            raise self.refusal
        found = identity(answer["code"])
        return found if attempt.claims is None else evolve(found, **self.vouched)

    async def end_url(self) -> str | None:
        """See the port."""
        if self.is_down:
            raise IdentityProviderUnavailable
        return self.ends

    async def ended(self, notice: str) -> EndedLogins:
        """All of whom ``notice`` names, or the session when it begins with ``sid:``."""
        kind, _, name = notice.rpartition(":")
        return EndedLogins(issuer=self.issuer, **({"session": name} if kind == "sid" else {"sub": name}))
