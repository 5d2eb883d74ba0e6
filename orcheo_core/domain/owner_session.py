"""Owner sessions: an owner who has signed in to Canvas, in one browser, until the session ends.

An owner session begins as a ticket, the secret in a one-time address. Opening it replaces the ticket's digest by that
of a new secret, which the browser keeps in a cookie, so that neither secret can do what the other does.
"""

from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.login import EndedLogins
from orcheo_core.domain.opaque_token import TokenDigest
from orcheo_core.domain.shown_text import without_refused
from orcheo_core.errors import CanvasTicketInvalid, OrcheoError, OwnerSessionEnded, OwnerSessionMissing

CANVAS_TICKET_PREFIX = "orc_ct_"
OWNER_SESSION_PREFIX = "orc_os_"

CANVAS_TICKET_LIFETIME = timedelta(seconds=60)
"""From the one-time address to the browser that opens it."""

OWNER_SESSION_IDLE_LIFETIME = timedelta(hours=1)
"""An owner session that is not used for so long is over."""

OWNER_SESSION_LIFETIME = timedelta(hours=12)
"""An owner session lasts this long at most, however much it is used."""

_LONGEST_USER_AGENT = 200


def _shown(text: str) -> str:
    return " ".join(without_refused(" ".join(text.split())).split())[:_LONGEST_USER_AGENT]


@frozen(kw_only=True)
class OwnerSession:
    """What the server keeps of one owner session: whose it is, and what its scopes are from.

    That is a service token, or a rule of the operator's by which an identity is an owner's; the session ends with it.
    """

    public_id: str
    digest: TokenDigest
    """Of the ticket until it is opened, then of the secret in the browser's cookie."""
    owner: Actor
    token_id: str = ""
    """The public id of the service token that asked for the ticket; empty for one that began by a login."""
    rule: str = ""
    """The key of the operator's rule that let the identity in; empty for one that began by a ticket."""
    issuer: str = ""
    sub: str = ""
    sid: str = ""
    """Whom the identity provider vouched for, and its name for what the browser has open there."""
    label: str = ""
    """The display name of that identity, for the audit."""
    issued_at: datetime
    opened_at: datetime | None = None
    seen_at: datetime | None = None
    """When it was used last, to the minute."""
    ended_at: datetime | None = None
    address: str = ""
    """The client address that opened it."""
    user_agent: str = field(default="", converter=_shown)
    """What the browser that opened it calls itself."""

    @property
    def id(self) -> str:
        """What lists show."""
        return self.public_id

    @property
    def hint(self) -> str:
        """How the audit names it."""
        return f"{OWNER_SESSION_PREFIX}{self.public_id}…"

    @property
    def expires_at(self) -> datetime:
        """When it ends at the latest."""
        return (self.opened_at or self.issued_at) + OWNER_SESSION_LIFETIME

    @property
    def idle_ends_at(self) -> datetime:
        """When it ends unless it is used again."""
        return min((self.seen_at or self.issued_at) + OWNER_SESSION_IDLE_LIFETIME, self.expires_at)

    def is_of(self, whose: Actor | EndedLogins) -> bool:
        """Whether it is an owner's, or one of the logins that an identity provider has ended."""
        if isinstance(whose, Actor):
            return self.owner == whose
        is_it = self.sid == whose.session if whose.session else self.sub == whose.sub
        return self.issuer == whose.issuer and is_it

    def ticket_refusal(self, now: datetime) -> OrcheoError | None:
        """Why its ticket opens nothing at ``now``, or None."""
        is_new = timedelta(0) <= now - self.issued_at < CANVAS_TICKET_LIFETIME
        return None if self.opened_at is None and is_new else CanvasTicketInvalid()

    def refusal(self, now: datetime) -> OrcheoError | None:
        """Why the holder of its secret is refused at ``now``, or None."""
        if self.opened_at is None:
            return OwnerSessionMissing()
        if self.ended_at is not None:
            return OwnerSessionEnded("You have signed out of this owner session, or ended it elsewhere.")
        if now >= self.expires_at:
            return OwnerSessionEnded("This owner session has reached its longest time.")
        if now >= self.idle_ends_at:
            return OwnerSessionEnded("This owner session was not used for too long.")
        return None

    def opened(self, digest: TokenDigest, at: datetime, *, address: str, user_agent: str) -> "OwnerSession":
        """The same owner session in a browser, under another secret."""
        return evolve(self, digest=digest, opened_at=at, seen_at=at, address=address, user_agent=user_agent)
