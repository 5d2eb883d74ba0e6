"""Signed identities without cryptography."""

from datetime import timedelta

from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.host_identity import IDENTITY_LIFETIME, HostVisitor
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import IdentityExpired, IdentityInvalid
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.host_identities import HostIdentities


class FakeHostIdentities(HostIdentities):
    """Believes ``signed <user>`` where the workflow has a live secret."""

    def __init__(self, clock: Clock) -> None:
        self.ended: set[str] = set()
        self._clock = clock

    def verify(self, identity: str, workflow: Workflow) -> HostVisitor:
        now = self._clock.now()
        if not identity.startswith("signed ") or not any(each.is_live(now) for each in workflow.identity_keys):
            raise IdentityInvalid
        if identity in self.ended:
            raise IdentityExpired
        user = AppUser(user=identity.removeprefix("signed "))
        return HostVisitor(user=user, issued_at=now, expires_at=now + min(IDENTITY_LIFETIME, timedelta(minutes=1)))

    async def end(self, identity: str, visitor: HostVisitor) -> None:
        self.ended.add(identity)
