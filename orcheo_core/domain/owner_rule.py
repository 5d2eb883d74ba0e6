"""The operator's rules by which people who sign in at an identity provider are owners; no one without a rule."""

import re
from collections.abc import Iterable
from enum import StrEnum

from attrs import field, frozen

from orcheo_core.domain.actor import SERVER_NAME, Actor, Scope
from orcheo_core.domain.login import Identity

OWNER_NAME = r"^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$"
"""What the name of an owner looks like."""
_LONGEST = 255
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_ADDRESS = re.compile(r"[!-?A-~]+@[!-?A-~]+")


class RuleKind(StrEnum):
    """What of an identity a rule looks at."""

    SUB = "sub"
    """The provider's own name for the person."""
    EMAIL = "email"
    """A whole e-mail address that the provider has verified."""
    EMAIL_DOMAIN = "email_domain"
    """What is behind the @ of one."""
    GROUP = "group"
    """One entry of a claim that lists groups."""


def _check_value(rule: "OwnerRule", _attribute: object, value: str) -> None:
    if not 0 < len(value) <= _LONGEST or not value.isprintable() or value != value.strip():
        message = f"must have 1 to {_LONGEST} printable characters, no blank at either end"
        raise ValueError(message)
    if rule.kind is RuleKind.EMAIL and not (_ADDRESS.fullmatch(value) and value == value.lower()):
        message = "must be one e-mail address in lower case, such as ada@example.org"
        raise ValueError(message)
    if rule.kind is RuleKind.EMAIL_DOMAIN and not _DOMAIN.fullmatch(value):
        message = "must be a domain in lower case, such as example.org"
        raise ValueError(message)


def _check_claim(_rule: object, _attribute: object, claim: str) -> None:
    if not 0 < len(claim) <= _LONGEST or not claim.isprintable():
        message = f"must name a claim by 1 to {_LONGEST} printable characters"
        raise ValueError(message)


def _check_owner(_rule: object, _attribute: object, owner: Actor) -> None:
    if not re.fullmatch(OWNER_NAME, owner.name) or owner.name == SERVER_NAME:
        message = "must have 1 to 63 lower-case letters, digits, dots, hyphens or underscores"
        raise ValueError(message)


def _check_scopes(_rule: object, _attribute: object, scopes: frozenset[Scope]) -> None:
    if not scopes:
        message = f"must name at least one of {', '.join(Scope)}"
        raise ValueError(message)


@frozen(kw_only=True)
class OwnerRule:
    """Whom of an issuer's people it lets in, as which owner, with which scopes."""

    issuer: str
    kind: RuleKind
    value: str = field(validator=_check_value)
    claim: str = field(default="groups", validator=_check_claim)
    """Which claim lists the groups, for rules that look at one."""
    owner: Actor = field(validator=_check_owner)
    scopes: frozenset[Scope] = field(validator=_check_scopes)

    def admits(self, identity: Identity) -> bool:
        """Whether it is about this person.

        An address counts only where the provider says that it has verified it, and is compared without regard to case.
        """
        if identity.issuer != self.issuer:
            return False
        if self.kind is RuleKind.SUB:
            return identity.sub == self.value
        if self.kind is RuleKind.GROUP:
            return self.value in identity.groups.get(self.claim, ())
        email = identity.verified_email.lower()
        return email == self.value if self.kind is RuleKind.EMAIL else email.partition("@")[2] == self.value

    @property
    def key(self) -> str:
        """All that it says, by which an owner session knows it again: a changed rule is another one."""
        said = (self.issuer, self.kind, self.value, self.claim, self.owner.name, *sorted(self.scopes))
        return "\n".join(said)


def rule_for(rules: Iterable[OwnerRule], identity: Identity) -> OwnerRule | None:
    """The first rule that is about this person."""
    return next((each for each in rules if each.admits(identity)), None)
