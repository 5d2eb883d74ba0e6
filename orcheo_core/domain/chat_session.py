"""A chat session: one visitor's leave to chat with one workflow, until it ends."""

from datetime import datetime, timedelta
from enum import StrEnum

from attrs import evolve, frozen

from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.session_rules import SESSION_SECONDS, SessionRules
from orcheo_core.domain.subject import Subject

GRANT_LIFETIME = timedelta(seconds=300)
"""A chat grant lives so long at most, unless it is the only one of its chat session."""

LONGEST_GRANT = timedelta(seconds=SESSION_SECONDS)
"""A chat session with rules of its own has one grant, which ends with it."""

CHAT_SESSION_LIFETIME = timedelta(hours=8)
"""After this a visitor must be admitted again."""

EXPIRED_IS_KEPT = timedelta(hours=1)
"""An expired chat session is removed after this time: no grant names it any more, and the app that opened it may still
ask for its state. Each visit adds one."""


class Way(StrEnum):
    """How a visitor came in."""

    PAGE = "page"
    PUBLISH_TOKEN = "publish_token"  # noqa: S105 - the name of a way in, no secret
    HOST = "host"
    """Another site has said who the visitor is, with the workflow's identity secret."""
    OWNER = "owner"
    """An owner tries a workflow of their own, public or not; never longer than one grant, as it is not renewed."""


@frozen(kw_only=True)
class ChatSession:
    """Leave to chat: for whom, with what, since when, and until when at most."""

    id: str
    workflow_id: str
    subject: Subject
    way: Way
    opened_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    publication_number: int = 0
    """The workflow's when it was opened."""
    app_user: AppUser | None = None
    """Whom the app named that opened it with its publish token."""
    rules: SessionRules | None = None
    """What that app has set for it, if it was opened by OpenAI's session API."""

    def is_open(self, now: datetime) -> bool:
        """Whether requests under this chat session are answered at ``now``."""
        return self.ended_at is None and now < self.expires_at

    def grant_until(self, now: datetime) -> datetime:
        """The end of a chat grant that is issued at ``now``."""
        return self.expires_at if self.rules else min(now + GRANT_LIFETIME, self.expires_at)

    def ended(self, at: datetime) -> "ChatSession":
        """Over, for good; the first end stays."""
        return self if self.ended_at else evolve(self, ended_at=at)


@frozen(kw_only=True)
class GrantClaims:
    """What a chat grant says, after its signature was verified."""

    workflow_id: str
    chat_session_id: str
    subject: Subject
    grant_id: str
    issued_at: datetime
    expires_at: datetime
    off: tuple[str, ...] | None = None
    """What the page need not offer, see :attr:`SessionRules.off`; None for a chat session without such rules."""
