"""Rotating the keys that sign chat grants."""

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.audit import Act
from orcheo_core.ports.grants import Grants
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.audit_trail import AuditTrail


class KeyRotation:
    """For operators; no running chat notices."""

    def __init__(self, *, store: Store, grants: Grants, audit_trail: AuditTrail) -> None:
        """Join what this service needs."""
        self._store = store
        self._grants = grants
        self._audit_trail = audit_trail

    async def rotate(self, caller: Caller) -> str:
        """A new key signs from now on; its public name (``kid``)."""
        kid = self._grants.rotate()
        change = self._store.begin()
        self._audit_trail.record(change, Act.GRANT_KEY_ROTATED, caller, note=kid)
        await change.commit()
        return kid
