"""Whose threads they are."""

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.values import value

OWNER_PREFIX = "owner:"
"""What the keys of owners begin with, see :meth:`Subject.owner`."""
KEY_PREFIXES = ("anon:", "oidc:", "host:", "app:", "program:", OWNER_PREFIX)
"""What the keys of all visitors begin with."""


def app_prefix(holder_id: str) -> str:
    """What the keys of all users of an app begin with."""
    return f"app:{holder_id}:"


@value
class Subject:
    """One visitor as threads know them.

    ``key`` is ``anon:<visitor id>``, ``oidc:<issuer>#<sub>``, ``host:<workflow id>#<sub>``,
    ``app:<holder id>:<user>`` or ``program:<holder id>``.
    Threads belong to (workflow, subject), so the key never changes for one person.
    """

    key: str

    def __str__(self) -> str:
        """The key, for workflows that hand it on as a user id."""
        return self.key

    @classmethod
    def anonymous(cls, visitor_id: str) -> "Subject":
        """A visitor known only by the signed cookie of their browser."""
        return cls(f"anon:{visitor_id}")

    @classmethod
    def logged_in(cls, issuer: str, sub: str) -> "Subject":
        """A visitor whom an identity provider vouched for; an issuer holds no ``#``, so no two keys are alike."""
        return cls(f"oidc:{issuer}#{sub}")

    @classmethod
    def of_host(cls, workflow_id: str, sub: str) -> "Subject":
        """A visitor whom another site has signed in; a workflow id holds no ``#``, so no two keys are alike."""
        return cls(f"host:{workflow_id}#{sub}")

    @classmethod
    def program(cls, holder_id: str) -> "Subject":
        """A program that chats with a publish token and names no user; see :attr:`PublishToken.holder_id`."""
        return cls(f"program:{holder_id}")

    @classmethod
    def app_user(cls, holder_id: str, user: str) -> "Subject":
        """A user whom an app names; a holder id has no colon, so no two pairs are alike."""
        return cls(f"{app_prefix(holder_id)}{user}")

    def user_of(self, holder_id: str) -> str | None:
        """The name that an app has for this user; None for any other subject than a user of this app."""
        prefix = app_prefix(holder_id)
        return self.key.removeprefix(prefix) if self.key.startswith(prefix) else None

    @property
    def is_logged_in(self) -> bool:
        """Whether an identity provider vouched for the visitor."""
        return self.key.startswith("oidc:")

    @classmethod
    def owner(cls, actor: Actor) -> "Subject":
        """An owner who tries a workflow of their own."""
        return cls(str(actor))

    @property
    def is_owner(self) -> bool:
        """Whether it is an owner in a chat of their own rather than a visitor."""
        return self.key.startswith(OWNER_PREFIX)

    @property
    def is_program(self) -> bool:
        """Whether it is a program rather than one visitor."""
        return self.key.startswith("program:")
