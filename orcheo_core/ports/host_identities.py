"""Signed identities: the short texts with which the server of another site says who its visitor is."""

from abc import abstractmethod
from typing import Protocol

from orcheo_core.domain.host_identity import HostVisitor
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import IdentityInvalid


class HostIdentities(Protocol):
    """Believes what the identity secrets of a workflow have signed."""

    @abstractmethod
    def verify(self, identity: str, workflow: Workflow) -> HostVisitor:
        """Whom a genuine identity names.

        Raises :class:`IdentityExpired` for a genuine one past its end or ended by a logout, :class:`IdentityInvalid`
        for anything else.
        """

    @abstractmethod
    async def end(self, identity: str, visitor: HostVisitor) -> None:
        """Believe this genuine identity no more."""


class NullHostIdentities(HostIdentities):
    """Believes no site."""

    def verify(self, identity: str, workflow: Workflow) -> HostVisitor:  # noqa: ARG002 - nothing is looked at
        """See the port."""
        raise IdentityInvalid

    async def end(self, identity: str, visitor: HostVisitor) -> None:
        """See the port."""
