"""Visitors whom another site knows: its server signs who they are with the workflow's identity secret."""

from datetime import datetime, timedelta

from attrs import evolve, frozen

from orcheo_core.domain.app_user import AppUser

IDENTITY_SECRET_PREFIX = "orc_is_"  # noqa: S105 - the public prefix of all identity secrets, no secret
IDENTITY_LIFETIME = timedelta(minutes=10)
"""A signed identity lives so long at most; the chat session that it opens lives on."""
IDENTITY_SKEW = timedelta(seconds=60)
"""How far the clock of the other server may be ahead."""


@frozen(kw_only=True)
class IdentityKey:
    """What is stored of an identity secret: by which pepper the server can make it again, never the secret."""

    id: str
    """The public id of the secret."""
    pepper_id: str
    issued_at: datetime
    ends_at: datetime | None = None

    @property
    def hint(self) -> str:
        """What may be shown of the secret."""
        return f"{IDENTITY_SECRET_PREFIX}{self.id}…"

    def is_live(self, now: datetime) -> bool:
        """Whether identities that it signed are believed."""
        return self.ends_at is None or now < self.ends_at

    def ending(self, at: datetime) -> "IdentityKey":
        """With this end, or the earlier one that it has."""
        return evolve(self, ends_at=at if self.ends_at is None else min(at, self.ends_at))


@frozen(kw_only=True)
class HostVisitor:
    """What a genuine identity says: the site's own account of the visitor, in the words of an app's user."""

    user: AppUser
    issued_at: datetime
    expires_at: datetime
