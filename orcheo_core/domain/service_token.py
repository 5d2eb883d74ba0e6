"""Service tokens: the credential of an owner or a program at the owner API."""

from datetime import datetime, timedelta

from attrs import field, frozen

from orcheo_core.domain.actor import Actor, Scope
from orcheo_core.domain.opaque_token import TokenDigest
from orcheo_core.domain.shown_text import check_shown, plain_blanks
from orcheo_core.errors import OrcheoError, ServiceTokenExpired, ServiceTokenRevoked

SERVICE_TOKEN_PREFIX = "orc_st_"  # noqa: S105 - the public prefix of all service tokens, no secret
LABEL_LENGTH = 100


def check_label(label: str) -> None:
    """Raise :class:`InvalidInput` for a label that cannot be shown."""
    check_shown("label", plain_blanks(label), longest=LABEL_LENGTH)


def _check_label(_token: object, _attribute: object, label: str) -> None:
    check_label(label)


@frozen(kw_only=True)
class ServiceToken:
    """What the server keeps of one service token: whose it is, what it may do, and until when.

    ``ended_at`` is when it was rotated or revoked; it lies in the future during the grace period of a rotation. Once
    ``is_final``, no clock that is set back makes it live again.
    """

    public_id: str
    digest: TokenDigest
    owner: Actor
    scopes: frozenset[Scope]
    issued_at: datetime
    label: str = field(default="", converter=plain_blanks, validator=_check_label)
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    is_final: bool = False
    last_used_at: datetime | None = None
    """When it was used last, to the minute."""

    @property
    def id(self) -> str:
        """What lists show, and what a page starts after."""
        return self.public_id

    @property
    def hint(self) -> str:
        """The masked form that owners see in lists."""
        return f"{SERVICE_TOKEN_PREFIX}{self.public_id}…"

    @property
    def lifetime(self) -> timedelta | None:
        """From its issue to its expiry."""
        return self.expires_at - self.issued_at if self.expires_at else None

    def is_live(self, now: datetime) -> bool:
        """Whether it is a credential at ``now``."""
        return self.refusal(now) is None

    def refusal(self, now: datetime) -> OrcheoError | None:
        """Why its holder is refused at ``now``, or None; to a holder of the whole token only."""
        if self.ended_at is not None and (self.is_final or self.ended_at <= now):
            return ServiceTokenRevoked.on(self.ended_at)
        if self.expires_at is not None and self.expires_at <= now:
            return ServiceTokenExpired.on(self.expires_at)
        return None
