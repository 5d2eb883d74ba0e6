"""A login: a browser's identity, verified by an identity provider, for a while."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from orcheo_core.domain.shown_text import has_something_to_see, without_refused
from orcheo_core.domain.subject import Subject

LOGIN_IDLE_LIFETIME = timedelta(minutes=30)
"""A login that is not used for so long is over."""

LOGIN_ATTEMPT_LIFETIME = timedelta(minutes=10)
"""From leaving for an identity provider to coming back."""

LOGOUT_NOTICE_LIFETIME = timedelta(minutes=20)
"""For how long an identity provider's notice of a logout could be sent again."""

LOGIN_LIFETIME = timedelta(hours=8)
"""A login lasts this long at most, however much it is used."""

LONGEST_SUB = 255
"""Characters of a subject identifier (OpenID Connect Core, section 2)."""

_LONGEST_ISSUER = 255
_LONGEST_NAME = 100
_LONGEST_EMAIL = 254


def _check_issuer(_identity: object, _attribute: object, issuer: str) -> None:
    if not 0 < len(issuer) <= _LONGEST_ISSUER or not _is_plain(issuer) or "#" in issuer:
        message = f"an issuer has 1 to {_LONGEST_ISSUER} printable ASCII characters and no #"
        raise ValueError(message)


def _check_sub(_identity: object, _attribute: object, sub: str) -> None:
    if not 0 < len(sub) <= LONGEST_SUB or not _is_plain(sub):
        message = f"a sub has 1 to {LONGEST_SUB} printable ASCII characters"
        raise ValueError(message)


def _check_session(_identity: object, _attribute: object, session: str) -> None:
    if len(session) > LONGEST_SUB or not _is_plain(session):
        message = f"a sid has at most {LONGEST_SUB} printable ASCII characters"
        raise ValueError(message)


def is_email(text: object) -> bool:
    """Whether it can be an e-mail address: printable ASCII with one @ in the middle."""
    if not isinstance(text, str) or len(text) > _LONGEST_EMAIL or not _is_plain(text) or " " in text:
        return False
    local, at, domain = text.partition("@")
    return bool(local and at and domain) and "@" not in domain


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def shown_name(text: str) -> str:
    """``text`` as it may be shown: no control or direction characters, single blanks, 100 characters at most.

    Empty when nothing of it can be seen.
    """
    shown = " ".join(without_refused(" ".join(text.split())).split())[:_LONGEST_NAME].rstrip()
    return shown if has_something_to_see(shown) else ""


@frozen(kw_only=True)
class Identity:
    """Whom an identity provider vouched for.

    Issuer and ``sub`` together are the person; the display name is for reading only, and never an e-mail address's
    stand-in for either.
    """

    issuer: str = field(validator=_check_issuer)
    sub: str = field(validator=_check_sub)
    display_name: str = field(converter=shown_name)
    session: str = field(default="", validator=_check_session)
    """The provider's own name for what the visitor's browser has open there (``sid``), empty when it says none."""
    verified_email: str = field(default="", eq=False, repr=False)
    """What the provider has verified; of visitors it is never asked for, and never kept."""
    groups: Mapping[str, frozenset[str]] = field(factory=dict, eq=False, repr=False)
    """The groups that a provider names, by the claim that has them; never kept either."""

    @property
    def subject(self) -> Subject:
        """Whose threads they are."""
        return Subject.logged_in(self.issuer, self.sub)


@frozen(kw_only=True)
class EndedLogins:
    """Logins that an identity provider has ended: those of one session there, or all of a person.

    One of ``sub`` and ``session`` is there at least; with both, only the session is meant.
    """

    issuer: str
    sub: str = ""
    session: str = ""


@frozen(kw_only=True)
class Login:
    """A verified identity in one browser: since when, and when it was used last."""

    id: str
    identity: Identity
    began_at: datetime
    seen_at: datetime

    @property
    def until(self) -> datetime:
        """When it ends unless it is used again: after 30 idle minutes, after 8 hours at most."""
        return min(self.seen_at + LOGIN_IDLE_LIFETIME, self.began_at + LOGIN_LIFETIME)

    @property
    def subject(self) -> Subject:
        """Whose threads they are."""
        return self.identity.subject

    def is_valid(self, now: datetime) -> bool:
        """Whether it still counts at ``now``."""
        return now < self.until

    def used(self, at: datetime) -> "Login":
        """The same login, seen again."""
        return evolve(self, seen_at=at)
