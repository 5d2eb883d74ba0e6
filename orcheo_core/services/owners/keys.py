"""Rotating the keys that sign chat grants."""

from attrs import define

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.audit import Act
from orcheo_core.ports.grants import Grants
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.audit_trail import AuditTrail


@define(kw_only=True, eq=False)
class KeyRotation:
    """For operators; no running chat notices."""

    _store: Store
    _grants: Grants
    _audit_trail: AuditTrail

    async def rotate(self, caller: Caller) -> str:
        """A new key signs from now on; its public name (``kid``)."""
        kid = self._grants.rotate()
        change = self._store.begin()
        self._audit_trail.record(change, Act.GRANT_KEY_ROTATED, caller, note=kid)
        await change.commit(must_land=True)
        return kid
