"""Publish tokens: issued, rotated, revoked, verified.

The secret itself exists in the one answer that shows it. What stays is a :class:`PublishToken`: its public id, its
digest, and, once it is over, since when and why, so that a holder of an old one learns what happened to it.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_bytes

from attrs import evolve, field, frozen

from orcheo_core.domain.opaque_token import OpaqueToken, Pepper, RandomBytes, TokenDigest, keyed_digest

PUBLISH_TOKEN_PREFIX = "orc_pt_"  # noqa: S105 - the public prefix of all publish tokens, no secret


class TokenEnd(StrEnum):
    """Why a publish token is over."""

    ROTATED = "rotated"
    REVOKED = "revoked"


@frozen(kw_only=True)
class PublishToken:
    """What the server keeps of one publish token.

    ``ends_at`` lies in the future during a grace period; from then on the token opens no new chat session. Once
    ``is_final``, no clock that is set back makes it live again.
    ``holder_id`` stands for the program that holds the token: the public id of the workflow's first publish token,
    which every later one takes over, so that the holder keeps its threads, and each of its users theirs.
    """

    public_id: str
    workflow_id: str
    digest: TokenDigest
    issued_at: datetime
    ends_at: datetime | None = None
    end: TokenEnd | None = None
    is_final: bool = False
    holder_id: str = field()

    @holder_id.default
    def _first_of_its_workflow(self) -> str:
        return self.public_id

    @property
    def hint(self) -> str:
        """The masked form that owners see in lists."""
        return f"{PUBLISH_TOKEN_PREFIX}{self.public_id}…"

    def is_live(self, now: datetime) -> bool:
        """Whether it opens chat sessions at ``now``."""
        return self.over_since(now) is None

    def over_since(self, now: datetime) -> datetime | None:
        """When it ended, if it has by ``now``."""
        return self.ends_at if self.ends_at is not None and (self.is_final or self.ends_at <= now) else None

    def ended(self, end: TokenEnd, *, at: datetime, grace: timedelta = timedelta(0)) -> "PublishToken":
        """Over at ``at`` plus ``grace``, without grace for good; an end that is already set to come sooner stays."""
        ends_at, is_final = at + grace, self.is_final or not grace
        if self.ends_at is not None and (self.is_final or self.ends_at <= ends_at):
            return evolve(self, is_final=is_final)
        return evolve(self, ends_at=ends_at, end=end, is_final=is_final)


def generate_publish_token(random_bytes: RandomBytes = token_bytes) -> str:
    """A new publish token in its full text form; keep it as you would a password.

    ``random_bytes(n)`` must return ``n`` unpredictable bytes; the default is the operating system's.
    """
    return OpaqueToken.generate(PUBLISH_TOKEN_PREFIX, random_bytes).reveal()


def hash_publish_token(publish_token: str, pepper: bytes) -> str:
    """The digest that may be stored: HMAC-SHA-256 under ``pepper``, 64 hex digits.

    Raises :class:`ValueError` for a pepper of fewer than 32 bytes.
    """
    return keyed_digest(publish_token, Pepper(id="", key=pepper).key)


def mask_publish_token(publish_token: str) -> str:
    """What may be shown of a publish token: ``orc_pt_`` and its public id; a text of another form is all masked."""
    parsed = OpaqueToken.parse(PUBLISH_TOKEN_PREFIX, publish_token)
    return parsed.hint if parsed else f"{PUBLISH_TOKEN_PREFIX}…"
